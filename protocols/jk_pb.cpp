// SPDX-License-Identifier: Apache-2.0
// JK-PB on RS485, protocol 001: a trigger write is answered by a frame of 300 bytes and an acknowledgement that names the address; the same
// content can be read as Modbus registers. Also listens beside a pack with DIP 0, which is the master of its line.
// Facts: docs/protocols/jk.md (vendor's "BMS RS485 Modbus" V1.0/V1.1, mr-manuel/venus-os_dbus-serialbattery, txubelaxu/esphome-jk-bms).
#include "protocols/jk_pb.hpp"

#include <algorithm>
#include <new>

#include "core/map.hpp"
#include "protocols/registry.hpp"

namespace bmsgate::protocols {
namespace pb {
namespace {

using core::FrameNote;
using core::Verdict;

constexpr std::uint32_t kAckWithin = 16;  // skipped bytes between a frame and the acknowledgement that belongs to it

constexpr core::DialectInfo kInfo{
    .key = "jk-pb",
    .title = "JK-PB, RS485 protocol 001",
    .timing = {.baud = 115200, .gap_ms = 100, .reply_timeout_ms = 350, .quiet_ms = 30, .retries = 1, .wake_requests = 0},
    .min_address = 0,
    .max_address = kJkMaxAddress,
    .default_address = 1,
    .has_master = true,
};

constexpr std::array<RegisterRead, 2> kSettingReads{{{kRegSettings, 120}, {0x1114, 1}}};
constexpr std::array<RegisterRead, 1> kAboutReads{{{kRegAbout, 80}}};

/// True if a 00 is followed by something else than the function of address 0. The 03 of pack 3 is told from that by what comes behind it.
constexpr bool is_padding(Bytes bytes) noexcept {
  if (bytes[0] != 0) return false;
  if (bytes.size() == 1) return true;
  if (bytes[1] != kReadRegisters) return bytes[1] != kWriteRegisters;
  if (bytes.size() < 4) return false;
  return bytes[2] == kWriteRegisters ? bytes[3] == kTriggerStatus >> 8U : bytes[2] == kReadRegisters;
}

constexpr std::array<std::uint16_t, 3> kAllTriggers{kTriggerAbout, kTriggerSettings, kTriggerStatus};
constexpr std::uint8_t kFailuresUntilNextWay = 2;
constexpr std::uint8_t kFailuresOfProvenWay = 6;

}  // namespace

static_assert(sizeof(JkPb) <= kProtocolSize);

const core::DialectInfo& JkPb::info() const noexcept { return kInfo; }

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
  const bool padding = padding_left_ > 0 && padding_from_ == counters_.bytes_skipped && is_padding(bytes);
  if (padding && (bytes.size() > 1 || closing_)) return {Verdict::kFrame, 1};
  const std::size_t expected = open_.valid ? std::size_t{2} * open_.count : 0U;
  const auto found = scan_jk_modbus(bytes, expected);
  if (!closing_ || found.verdict != Verdict::kMore) return found;
  // So weak a beginning is a frame that was cut off only if its size was to be expected.
  const bool likely = bytes.size() >= 3 && (bytes[2] == expected || jk_block_of_size(bytes[2]) != 0);
  return {likely ? Verdict::kMore : Verdict::kNone};
}

void JkPb::on_piece(Bytes bytes, ReportSink& sink) noexcept {
  if (bytes.size() == 1) {  // padding
    --padding_left_;
    return;
  }
  if (bytes.size() == kJkFrameSize && bytes[0] == 0x55) {
    settle(sink);
    ++counters_.frames_ok;
    std::copy(bytes.begin(), bytes.end(), frame_.begin());
    waits_for_ack_ = true;
    allow_padding(kAckWithin);
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
  allow_padding(frame.kind == Kind::kAck ? 1 : 0);
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

}  // namespace pb

core::Protocol* make_jk_pb(ProtocolStorage storage) noexcept { return new (storage.data()) pb::JkPb; }

}  // namespace bmsgate::protocols
