// SPDX-License-Identifier: Apache-2.0
// JK-PB on RS485, protocol 001: a trigger write is answered by a frame of 300 bytes and an acknowledgement that names the address; the same
// content can be read as Modbus registers. Also listens beside a pack with DIP 0, which is the master of its line.
// Facts: docs/protocols/jk.md (vendor's "BMS RS485 Modbus" V1.0/V1.1, mr-manuel/venus-os_dbus-serialbattery, txubelaxu/esphome-jk-bms).
#include <algorithm>
#include <array>
#include <new>

#include "core/map.hpp"
#include "protocols/jk_frame.hpp"
#include "protocols/jk_modbus.hpp"
#include "protocols/registry.hpp"

namespace bmsgate::protocols {
namespace {

using core::BmsSettings;
using core::Field;
using core::FrameNote;
using core::Part;
using core::Progress;
using core::ReportSink;
using core::Request;
using core::Sample;
using core::Scan;
using core::Verdict;
using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t kAddresses = kJkMaxAddress + 1;
constexpr std::uint32_t kAckWithin = 16;  // skipped bytes between a frame and the acknowledgement that belongs to it
constexpr std::int32_t kApart = 20;       // 2.0 degrees: T3 so far from the MOS value is a probe of its own ...
constexpr std::uint8_t kProbeProven = 5;  // ... once it was so in this many frames in a row: a damaged frame can pass its 8-bit sum

constexpr core::DialectInfo kInfo{
    .key = "jk-pb",
    .title = "JK-PB, RS485 protocol 001",
    .timing = {.baud = 115200, .gap_ms = 100, .reply_timeout_ms = 350, .quiet_ms = 30, .retries = 1, .wake_requests = 0},
    .min_address = 0,
    .max_address = kJkMaxAddress,
    .default_address = 1,
    .has_master = true,
};

struct RegisterRead {
  std::uint16_t reg;
  std::uint16_t count;
};
// Firmware answers at most about 120 registers at a time.
constexpr std::array<RegisterRead, 2> kLiveReads{{{kRegLive, 120}, {0x12F0, 16}}};
constexpr std::array<RegisterRead, 2> kSettingReads{{{kRegSettings, 120}, {0x1114, 1}}};
constexpr std::array<RegisterRead, 1> kAboutReads{{{kRegAbout, 80}}};

struct FrameTrigger {
  std::uint8_t type;
  std::uint16_t reg;
};
constexpr std::array<FrameTrigger, 5> kFrameTriggers{{{kJkSettings, kTriggerSettings},
                                                      {kJkStatus, kTriggerStatus},
                                                      {kJkAbout, kTriggerAbout},
                                                      {kJkSystemLog, kTriggerSystemLog},
                                                      {kJkDetailLog, kTriggerDetailLog}}};
constexpr std::uint16_t trigger_of(std::uint8_t type) noexcept {
  for (const auto& entry : kFrameTriggers) {
    if (entry.type == type) return entry.reg;
  }
  return 0;
}

constexpr bool in_about(std::uint16_t reg) noexcept { return reg >= kRegAbout && reg < kTriggerAbout - 0x1CU; }
constexpr std::size_t about_offset(std::uint16_t reg) noexcept { return in_about(reg) ? 6U + reg - kRegAbout : 0U; }
constexpr std::size_t kNoSecrets = SIZE_MAX;

/// Ways to ask for live values; a pack that does not answer one is asked in the next. Firmware from 15.36 on was seen that sends no status
/// before it was asked for the other two.
enum class Way : std::uint8_t { kStatus, kAllThree, kRegisters, kEnd };
constexpr std::array<std::uint16_t, 3> kAllTriggers{kTriggerAbout, kTriggerSettings, kTriggerStatus};
constexpr std::uint8_t kFailuresUntilNextWay = 2;
constexpr std::uint8_t kFailuresOfProvenWay = 6;

struct Pack {
  Way way{Way::kStatus};
  bool answered{false};
  std::uint8_t third_probe{0};  // frames in a row with T3 apart from the MOS value, up to kProbeProven
  std::uint8_t failures{0};
  BmsSettings settings;  // as confirmed; its switches and capacity go along with live values
};

/// The request that is open: our own, or the last one heard from another master.
struct Open {
  bool valid{false};
  bool own{false};
  std::uint8_t address{0};
  std::uint16_t reg{0};
  std::uint16_t count{0};  // registers of a read; 0 = a write
  bool taken{false};       // its register reply has come: it does not name another one
  Progress progress{Progress::kWaiting};

  [[nodiscard]] bool is_live() const noexcept { return reg == kTriggerStatus || (reg >= kRegLive && reg < kRegAbout); }
};

class JkPb final : public core::Protocol {
 public:
  [[nodiscard]] const core::DialectInfo& info() const noexcept override { return kInfo; }
  [[nodiscard]] const core::LineCounters& counters() const noexcept override { return counters_; }

  void configure(std::uint8_t address, const core::DialectOptions& /*options*/) noexcept override {
    if (address < kAddresses) packs_[address] = {};
  }
  [[nodiscard]] bool next_request(Part part, std::uint8_t address, unsigned step, Request& out) noexcept override;
  [[nodiscard]] core::Result<bool> command(const core::Command& command, std::uint8_t address, unsigned step,
                                           Request& out) noexcept override;
  void begin(const Request& request) noexcept override;
  [[nodiscard]] Progress progress() const noexcept override { return open_.own ? open_.progress : Progress::kWaiting; }
  void end(bool answered, ReportSink& sink) noexcept override;
  void finish(std::uint8_t address, ReportSink& sink) noexcept override;

  void feed(Bytes bytes, ReportSink& sink) noexcept override {
    buffer_.feed(
        bytes, counters_, [this](Bytes b) { return scan(b); }, [&](Bytes b) { on_piece(b, sink); });
  }
  void quiet(ReportSink& sink) noexcept override {
    closing_ = true;
    buffer_.quiet(
        counters_, [this](Bytes b) { return scan(b); }, [&](Bytes b) { on_piece(b, sink); });
    closing_ = false;
    may_pad_ = false;
    settle(sink);
  }
  void flush(ReportSink& sink) noexcept override {
    quiet(sink);
    report_gathered(sink);
  }

 private:
  [[nodiscard]] Scan scan(Bytes bytes) const noexcept;
  void on_piece(Bytes bytes, ReportSink& sink) noexcept;
  void on_modbus(Bytes frame, ReportSink& sink) noexcept;
  void on_request(const JkModbusFrame& frame, Bytes bytes, ReportSink& sink) noexcept;
  void on_ack(const JkModbusFrame& frame, Bytes bytes, ReportSink& sink) noexcept;
  void on_registers(const JkModbusFrame& frame, Bytes bytes, ReportSink& sink) noexcept;

  void note(const FrameNote& note, std::size_t data_at, std::size_t offset, ReportSink& sink) const noexcept;

  /// A frame that waited for its acknowledgement will not get it.
  void settle(ReportSink& sink) noexcept;
  void report_frame(std::uint8_t address, bool confirmed, ReportSink& sink) noexcept;
  void report_status(std::uint8_t address, bool confirmed, ReportSink& sink) noexcept;
  void report_settings(std::uint8_t address, bool confirmed, ReportSink& sink) noexcept;
  void gather_live(std::uint8_t address, const JkBlock& block, ReportSink& sink) noexcept;
  void report_gathered(ReportSink& sink) noexcept;
  void watch_third_probe(Pack& pack, const JkBlock& block, Sample& sample) const noexcept;

  core::FrameBuffer<1024> buffer_;
  core::LineCounters counters_;
  std::array<Pack, kAddresses> packs_{};
  Open open_;
  bool closing_{false};  // inside quiet(): nothing more will come
  bool may_pad_{false};  // some firmware puts a 00 before or after the acknowledgement

  bool waits_for_ack_{false};
  std::uint32_t skipped_before_{0};
  std::array<std::uint8_t, kJkFrameSize> frame_{};

  Sample live_;
  core::Identity identity_;
  BmsSettings unproven_;  // settings of the last frame without an acknowledgement
  std::uint8_t unproven_address_{0xFF};

  // One reading in the making, out of several register reads.
  Sample gathered_;
  std::uint8_t gathered_address_{0xFF};  // FF: none
  std::size_t gathered_to_{0};           // content offset up to which it has come
  bool gathered_main_{false};
};
static_assert(sizeof(JkPb) <= kProtocolSize);

// ---- asking

bool JkPb::next_request(Part part, std::uint8_t address, unsigned step, Request& out) noexcept {
  if (address >= kAddresses) return false;
  const auto way = packs_[address].way;
  const auto read = [&](std::span<const RegisterRead> plan) {
    if (step >= plan.size()) return false;
    build_jk_read(address, plan[step].reg, plan[step].count, out);
    return true;
  };
  if (way == Way::kRegisters) {
    return read(part == Part::kLive       ? std::span<const RegisterRead>{kLiveReads}
                : part == Part::kSettings ? std::span<const RegisterRead>{kSettingReads}
                                          : std::span<const RegisterRead>{kAboutReads});
  }
  if (part == Part::kLive && way == Way::kAllThree) {
    if (step >= kAllTriggers.size()) return false;
    build_jk_trigger(address, kAllTriggers[step], out);
    return true;
  }
  if (step > 0) return false;
  build_jk_trigger(address, part == Part::kLive ? kTriggerStatus : part == Part::kSettings ? kTriggerSettings : kTriggerAbout, out);
  return true;
}

core::Result<bool> JkPb::command(const core::Command& command, std::uint8_t address, unsigned step, Request& out) noexcept {
  if (address >= kAddresses || command.value < 0 || command.value > 1 || step > 0) return core::Error::kOutOfRange;
  std::uint16_t reg = 0;
  switch (command.id) {
    case core::CommandId::kChargeMos: reg = 0x1070; break;
    case core::CommandId::kDischargeMos: reg = 0x1074; break;
    case core::CommandId::kBalance: reg = 0x1078; break;
    // The register of the restart differs between versions of the vendor's document; a SOC cannot be set.
    case core::CommandId::kRestart:
    case core::CommandId::kSetSoc: return core::Error::kUnsupported;
  }
  build_jk_write32(address, reg, static_cast<std::uint32_t>(command.value), out);
  return false;
}

/// Goes by the bytes: a guest's request has no tag.
void JkPb::begin(const Request& request) noexcept {
  open_ = {};
  const auto bytes = request.bytes.view();
  if (bytes.size() < 8 || bytes[0] >= kAddresses) return;
  open_.valid = true;
  open_.own = true;
  open_.address = bytes[0];
  open_.reg = core::u16be(bytes, 2);
  open_.count = bytes[1] == kReadRegisters ? core::u16be(bytes, 4) : std::uint16_t{0};
}

void JkPb::end(bool answered, ReportSink& sink) noexcept {
  quiet(sink);
  if (!open_.own) return;
  auto& pack = packs_[open_.address];
  const bool counts = open_.is_live() || (!answered && pack.way == Way::kAllThree);  // settings alone do not prove a way
  if (counts && answered) {
    pack.answered = true;
    pack.failures = 0;
  } else if (counts) {
    const auto limit = pack.answered ? kFailuresOfProvenWay : kFailuresUntilNextWay;
    if (++pack.failures >= limit) {
      pack.way = static_cast<Way>((static_cast<unsigned>(pack.way) + 1) % static_cast<unsigned>(Way::kEnd));
      pack.failures = 0;
    }
  }
  open_.own = false;
}

void JkPb::finish(std::uint8_t address, ReportSink& sink) noexcept {
  if (gathered_address_ == address && gathered_main_) report_gathered(sink);
}

// ---- hearing

Scan JkPb::scan(Bytes bytes) const noexcept {
  if (bytes[0] == 0x55) {
    const auto found = scan_jk_frame(bytes);
    return closing_ && found.verdict == Verdict::kMore && bytes.size() < 4 ? Scan{Verdict::kNone} : found;
  }
  if (may_pad_ && bytes[0] == 0) {
    // Address 0 begins with 00 as well, but goes on with its function.
    if (bytes.size() == 1 ? closing_ : bytes[1] != kWriteRegisters && bytes[1] != kReadRegisters) return {Verdict::kFrame, 1};
  }
  const std::size_t expected = open_.valid ? std::size_t{2} * open_.count : 0U;
  const auto found = scan_jk_modbus(bytes, expected);
  if (!closing_ || found.verdict != Verdict::kMore) return found;
  // So weak a beginning is a frame that was cut off only if its size was to be expected.
  const bool likely = bytes.size() >= 3 && (bytes[2] == expected || jk_block_of_size(bytes[2]) != 0);
  return {likely ? Verdict::kMore : Verdict::kNone};
}

void JkPb::on_piece(Bytes bytes, ReportSink& sink) noexcept {
  if (bytes.size() == 1) {  // padding
    may_pad_ = waits_for_ack_;
    return;
  }
  if (bytes.size() == kJkFrameSize && bytes[0] == 0x55) {
    settle(sink);
    ++counters_.frames_ok;
    std::copy(bytes.begin(), bytes.end(), frame_.begin());
    waits_for_ack_ = true;
    may_pad_ = true;
    skipped_before_ = counters_.bytes_skipped;
    const bool asked = open_.own && open_.progress == Progress::kWaiting && open_.reg == trigger_of(bytes[kJkTypeAt]);
    if (asked) open_.progress = Progress::kPartial;
    return;
  }
  on_modbus(bytes, sink);
}

void JkPb::on_modbus(Bytes bytes, ReportSink& sink) noexcept {
  using Kind = JkModbusFrame::Kind;
  const auto frame = parse_jk_modbus(bytes);
  may_pad_ = frame.kind == Kind::kAck;
  if (frame.kind == Kind::kAck) return on_ack(frame, bytes, sink);
  settle(sink);
  switch (frame.kind) {
    case Kind::kRead:
    case Kind::kWrite: return on_request(frame, bytes, sink);
    case Kind::kReadReply: return on_registers(frame, bytes, sink);
    case Kind::kException:
      ++counters_.frames_ok;
      sink.on_frame({FrameNote::Kind::kReply, frame.address, open_.reg, false, bytes});
      if (open_.own && open_.address == frame.address) open_.progress = Progress::kRefused;
      return;
    case Kind::kAck: return;
  }
}

void JkPb::on_request(const JkModbusFrame& frame, Bytes bytes, ReportSink& sink) noexcept {
  const bool is_write = frame.kind == JkModbusFrame::Kind::kWrite;
  const bool changes = is_write && !is_jk_trigger(frame.reg);
  const auto count = is_write ? std::uint16_t{0} : frame.count;
  const bool echo = open_.own && open_.address == frame.address && open_.reg == frame.reg && open_.count == count;
  const auto kind = echo ? FrameNote::Kind::kMirror : FrameNote::Kind::kRequest;
  note({kind, frame.address, frame.reg, changes, bytes}, is_write && in_about(frame.reg) ? 7 : kNoSecrets, about_offset(frame.reg), sink);
  if (!open_.own) open_ = {.valid = true, .own = false, .address = frame.address, .reg = frame.reg, .count = count};
}

void JkPb::on_ack(const JkModbusFrame& frame, Bytes bytes, ReportSink& sink) noexcept {
  const bool near = counters_.bytes_skipped - skipped_before_ <= kAckWithin;
  const bool of_frame = waits_for_ack_ && near && trigger_of(frame_[kJkTypeAt]) == frame.reg;
  if (of_frame) {
    report_frame(frame.address, true, sink);
  } else {
    settle(sink);
    ++counters_.frames_ok;
  }
  sink.on_frame({FrameNote::Kind::kAck, frame.address, frame.reg, !is_jk_trigger(frame.reg), bytes});
  const bool asked = open_.own && open_.address == frame.address && open_.reg == frame.reg;
  if (asked && (of_frame || !is_jk_trigger(frame.reg))) open_.progress = Progress::kComplete;
}

/// Others see a frame without its secrets. `data_at`: where the content of the about frame begins, `offset`: with what offset of it.
void JkPb::note(const FrameNote& note, std::size_t data_at, std::size_t offset, ReportSink& sink) const noexcept {
  if (data_at == kNoSecrets) return sink.on_frame(note);
  std::array<std::uint8_t, kJkFrameSize> shown{};
  const auto size = std::min(note.bytes.size(), shown.size());
  std::copy_n(note.bytes.begin(), size, shown.begin());
  hide_jk_secrets(std::span{shown}.first(size).subspan(data_at), offset);
  auto hidden = note;
  hidden.bytes = Bytes{shown}.first(size);
  sink.on_frame(hidden);
}

void JkPb::settle(ReportSink& sink) noexcept {
  if (waits_for_ack_) report_frame(open_.valid ? open_.address : std::uint8_t{0}, false, sink);
}

void JkPb::report_frame(std::uint8_t address, bool confirmed, ReportSink& sink) noexcept {
  waits_for_ack_ = false;
  const JkBlock block{frame_};
  const auto reg = trigger_of(frame_[kJkTypeAt]);
  note({FrameNote::Kind::kReply, address, reg, false, frame_}, reg == kTriggerAbout ? 0 : kNoSecrets, 0, sink);
  switch (frame_[kJkTypeAt]) {
    case kJkStatus: return report_status(address, confirmed, sink);
    case kJkSettings: return report_settings(address, confirmed, sink);
    case kJkAbout:
      identity_ = {};
      read_jk_about(block, identity_);
      return sink.on_report({.address = address, .confirmed = confirmed, .identity = &identity_});
    default: return;
  }
}

void JkPb::report_status(std::uint8_t address, bool confirmed, ReportSink& sink) noexcept {
  const JkBlock block{frame_};
  auto& pack = packs_[address];
  live_.reset();
  read_jk_status(block, JkLayout::k32S, live_);
  watch_third_probe(pack, block, live_);
  settings_to_fields(pack.settings, live_);
  sink.on_report({.address = address, .confirmed = confirmed, .live = &live_});
}

/// Without an acknowledgement, settings count once they have been heard twice.
void JkPb::report_settings(std::uint8_t address, bool confirmed, ReportSink& sink) noexcept {
  BmsSettings heard;
  read_jk_settings({frame_}, heard);
  const bool again = unproven_address_ == address && unproven_ == heard;
  if (!confirmed) {
    unproven_ = heard;
    unproven_address_ = address;
  }
  if (confirmed || again) packs_[address].settings = heard;
  sink.on_report({.address = address, .confirmed = confirmed, .settings = &heard});
}

/// A third probe that happens to be as warm as the MOS is still one.
void JkPb::watch_third_probe(Pack& pack, const JkBlock& block, Sample& sample) const noexcept {
  if (!sample.has(Field::kMosTemperature)) return;
  const auto mos = sample.get(Field::kMosTemperature);
  if (const auto third = sample.value(Field::kTemperature, 2); third && (*third > mos + kApart || *third < mos - kApart)) {
    if (pack.third_probe < kProbeProven) ++pack.third_probe;
  } else if (pack.third_probe < kProbeProven) {
    pack.third_probe = 0;
  } else if (!third && jk_third_probe_is_copy(block)) {
    sample.set(Field::kTemperature, mos, 2);
  }
}

// ---- registers

void JkPb::on_registers(const JkModbusFrame& frame, Bytes bytes, ReportSink& sink) noexcept {
  ++counters_.frames_ok;
  const bool answers = open_.valid && !open_.taken && open_.address == frame.address && frame.data.size() == std::size_t{2} * open_.count;
  const auto reg = answers ? open_.reg : jk_block_of_size(frame.data.size());
  if (answers) {
    open_.taken = true;
    open_.progress = Progress::kComplete;
  }
  note({FrameNote::Kind::kReply, frame.address, reg, false, bytes}, in_about(reg) ? 3 : kNoSecrets, about_offset(reg), sink);
  const std::uint16_t base = reg >= kRegAbout ? kRegAbout : reg >= kRegLive ? kRegLive : kRegSettings;
  const JkBlock block{frame.data, 6U + reg - base, true};
  // 240 bytes may as well be the settings.
  const bool doubtful = !answers && reg == kRegLive && !jk_layout_fits(block, JkLayout::k32S);
  if (reg < kRegSettings || reg >= kTriggerAbout - 0x1CU || doubtful) {
    ++counters_.unknown;
    return;
  }
  if (base == kRegLive) return gather_live(frame.address, block, sink);
  if (base == kRegSettings) {
    read_jk_settings(block, packs_[frame.address].settings);
    return sink.on_report({.address = frame.address, .settings = &packs_[frame.address].settings});
  }
  identity_ = {};
  read_jk_about(block, identity_);
  sink.on_report({.address = frame.address, .identity = &identity_});
}

/// Our own reads end with finish(). Another master's cycle ends where it begins anew, or as soon as all that we would read has come.
void JkPb::gather_live(std::uint8_t address, const JkBlock& block, ReportSink& sink) noexcept {
  const auto to = block.first + block.bytes.size();
  const bool again = open_.own && to == gathered_to_;  // the same reply twice
  if (gathered_address_ != address || (block.first < gathered_to_ && !again)) {
    if (open_.own) {
      gathered_address_ = 0xFF;
    } else {
      report_gathered(sink);
    }
    gathered_.reset();
    gathered_main_ = false;
  }
  gathered_address_ = address;
  gathered_to_ = to;
  read_jk_status(block, JkLayout::k32S, gathered_);
  // The T3 slot and the MOS value come in different reads: on boards with registers T3 repeats it, and is left out.
  gathered_main_ = gathered_main_ || (gathered_.has(Field::kPackVoltage) && gathered_.has(Field::kSoc));
  constexpr auto kEnd = 6U + kLiveReads[1].reg - kRegLive + 2U * kLiveReads[1].count;
  if (!open_.own && gathered_main_ && gathered_to_ >= kEnd) report_gathered(sink);
}

void JkPb::report_gathered(ReportSink& sink) noexcept {
  if (gathered_address_ == 0xFF) return;
  const auto address = gathered_address_;
  gathered_address_ = 0xFF;
  settings_to_fields(packs_[address].settings, gathered_);
  sink.on_report({.address = address, .live = &gathered_});
}

}  // namespace

core::Protocol* make_jk_pb(ProtocolStorage storage) noexcept { return new (storage.data()) JkPb; }

}  // namespace bmsgate::protocols
