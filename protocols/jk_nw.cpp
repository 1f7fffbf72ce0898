// SPDX-License-Identifier: Apache-2.0
// JK's "NW" protocol: the GPS/UART socket of JK-B and JK-BD boards, and JK-PB set to protocol 000. One answer brings everything, as a walk
// over (id, value) pairs. Facts: docs/protocols/jk.md (vendor's "4G-GPS common protocol V4.2", syssi/esphome-jk-bms, captures).
#include <algorithm>
#include <array>
#include <bit>
#include <new>
#include <optional>

#include "core/crc.hpp"
#include "core/map.hpp"
#include "protocols/jk_nw_data.hpp"
#include "protocols/registry.hpp"
#include "protocols/text.hpp"

namespace bmsgate::protocols {
namespace {

using core::BmsSetting;
using core::Field;
using core::FrameNote;
using core::Part;
using core::Progress;
using core::ReportSink;
using core::Request;
using core::Scan;
using core::Verdict;
using nw::Datum;
using nw::Use;
using Bytes = std::span<const std::uint8_t>;

constexpr core::DialectInfo kInfo{
    .key = "jk-nw",
    .title = "JK, GPS/UART socket (NW)",
    .timing = {.baud = 115200, .gap_ms = 100, .reply_timeout_ms = 500, .quiet_ms = 50, .retries = 1, .wake_requests = 1},
    .min_address = 0,
    .max_address = 15,
    .default_address = 0,
    .has_master = false,
};

// ---- the frame: 4E 57, length, terminal number (4), command, source, transport, information, record number (4), 68, check (4)

constexpr std::size_t kCommandAt = 8;
constexpr std::size_t kTransportAt = 10;
constexpr std::size_t kInfoAt = 11;
constexpr std::size_t kTailSize = 9;  // record number, end, check
constexpr std::size_t kMinLength = 19;
constexpr std::size_t kMaxLength = 500;
constexpr std::uint8_t kEnd = 0x68;

enum NwCommand : std::uint8_t { kActivate = 1, kWrite = 2, kReadOne = 3, kPassword = 5, kReadAll = 6 };
constexpr std::uint8_t kFromPc = 3;
constexpr std::uint8_t kUnheardUntilWake = 2;

/// 0-100 are degrees, what is above counts downwards: 101 is -1. The scale ends at -40.
constexpr std::optional<std::int32_t> degrees10(std::int32_t raw) noexcept {
  if (raw > 140) return std::nullopt;
  return 10 * (raw <= 100 ? raw : 100 - raw);
}

void build(std::uint8_t address, NwCommand command, Bytes information, Request& out) noexcept {
  out = {};
  out.address = address;
  out.tag = static_cast<std::uint16_t>(command << 8U | information[0]);
  const auto length = static_cast<std::uint8_t>(kInfoAt + information.size() + kTailSize - 2);
  const std::array<std::uint8_t, kInfoAt> head{0x4E, 0x57, 0, length, 0, 0, 0, 0, command, kFromPc, 0};
  constexpr std::array<std::uint8_t, 5> kRecordAndEnd{0, 0, 0, 0, kEnd};
  out.bytes.append(head);
  out.bytes.append(information);
  out.bytes.append(kRecordAndEnd);
  const auto sum = core::byte_sum(out.bytes.view());
  const std::array<std::uint8_t, 4> check{0, 0, static_cast<std::uint8_t>(sum >> 8U & 0xFFU), static_cast<std::uint8_t>(sum & 0xFFU)};
  out.bytes.append(check);
}

class JkNw final : public core::Protocol {
 public:
  [[nodiscard]] const core::DialectInfo& info() const noexcept override { return kInfo; }
  [[nodiscard]] const core::LineCounters& counters() const noexcept override { return counters_; }

  void configure(std::uint8_t address, const core::DialectOptions& /*options*/) noexcept override {
    address_ = address;
    unheard_ = 0;
    woken_ = false;
    version_.reset();
  }
  [[nodiscard]] bool next_request(Part part, std::uint8_t address, unsigned step, Request& out) noexcept override;
  [[nodiscard]] core::Result<bool> command(const core::Command& command, std::uint8_t address, unsigned step,
                                           Request& out) noexcept override;
  void begin(const Request& request) noexcept override {
    const auto bytes = request.bytes.view();
    asking_ = bytes.size() > kInfoAt;  // by the bytes: a guest's request has no tag
    address_ = request.address;
    asked_ = asking_ ? bytes[kCommandAt] : std::uint8_t{0};
    asked_id_ = asking_ ? bytes[kInfoAt] : std::uint8_t{0};
    woken_ = asked_ == kActivate;
    progress_ = Progress::kWaiting;
  }
  [[nodiscard]] Progress progress() const noexcept override { return progress_; }
  void end(bool answered, ReportSink& sink) noexcept override {
    quiet(sink);
    const bool read = asked_ == kReadAll || asked_ == kReadOne;
    if (asking_ && read) unheard_ = answered ? std::uint8_t{0} : static_cast<std::uint8_t>(std::min(unheard_ + 1, 0xFF));
    asking_ = false;
  }
  void finish(std::uint8_t /*address*/, ReportSink& /*sink*/) noexcept override {}

  void feed(Bytes bytes, ReportSink& sink) noexcept override {
    buffer_.feed(
        bytes, counters_, [this](Bytes b) { return scan(b); }, [&](Bytes b) { on_frame(b, sink); });
  }
  void quiet(ReportSink& sink) noexcept override {
    closing_ = true;
    buffer_.quiet(
        counters_, [this](Bytes b) { return scan(b); }, [&](Bytes b) { on_frame(b, sink); });
    closing_ = false;
  }
  void flush(ReportSink& sink) noexcept override {
    quiet(sink);
    if (gathered_) report(sink);
  }

 private:
  [[nodiscard]] Scan scan(Bytes bytes) const noexcept;
  void on_frame(Bytes frame, ReportSink& sink) noexcept;
  void note(const FrameNote& note, ReportSink& sink) const noexcept;
  [[nodiscard]] bool walk(Bytes information) noexcept;
  void take(const Datum& datum, Bytes value) noexcept;
  void take_cells(Bytes cells) noexcept;
  void take_alarms(unsigned bits) noexcept;
  void conclude(bool whole) noexcept;
  void report(ReportSink& sink) noexcept;

  core::FrameBuffer<1024> buffer_;
  core::LineCounters counters_;
  bool closing_{false};

  std::uint8_t address_{0};
  bool asking_{false};
  std::uint8_t asked_{0};
  std::uint8_t asked_id_{0};
  std::uint8_t unheard_{0};  // reads in a row without an answer
  bool woken_{false};        // the request before was the one that wakes
  Progress progress_{Progress::kWaiting};

  std::optional<std::uint8_t> version_;        // C0, as the last whole answer had it
  std::optional<std::uint8_t> heard_version_;  // C0 in this answer
  std::optional<std::uint16_t> raw_current_;
  Bytes secret_;          // where the password stands in the frame at hand
  bool gathered_{false};  // single data that make no reading yet
  core::Sample live_;
  core::BmsSettings settings_;
  core::Identity identity_;
};
static_assert(sizeof(JkNw) <= kProtocolSize);

// ---- asking

/// A board that sleeps may wake without a word: then its poll ends unanswered, and the next one reads.
bool JkNw::next_request(Part part, std::uint8_t address, unsigned step, Request& out) noexcept {
  constexpr std::array<std::uint8_t, 1> kNothing{0};
  if (part != Part::kLive) return false;  // the answer brings settings and identity along
  const bool wake = step == 0 && unheard_ >= kUnheardUntilWake && !woken_;
  if (step > 1 || (step == 1 && !woken_)) return false;
  build(address, wake ? kActivate : kReadAll, kNothing, out);
  return true;
}

core::Result<bool> JkNw::command(const core::Command& command, std::uint8_t address, unsigned step, Request& out) noexcept {
  std::uint8_t id = 0;
  switch (command.id) {
    case core::CommandId::kChargeMos: id = 0xAB; break;
    case core::CommandId::kDischargeMos: id = 0xAC; break;
    case core::CommandId::kBalance: id = 0x9D; break;
    case core::CommandId::kRestart: id = 0xBB; break;
    case core::CommandId::kSetSoc: return core::Error::kUnsupported;
  }
  const auto value = command.id == core::CommandId::kRestart ? 1 : command.value;
  if (value < 0 || value > 1 || step > 1) return core::Error::kOutOfRange;
  if (step == 0) {
    constexpr std::array<std::uint8_t, 1> kNothing{0};
    build(address, kPassword, kNothing, out);
  } else {
    const std::array<std::uint8_t, 2> information{id, static_cast<std::uint8_t>(value)};
    build(address, kWrite, information, out);
  }
  out.changes_state = true;
  return step == 0;
}

// ---- hearing

Scan JkNw::scan(Bytes bytes) const noexcept {
  if (bytes[0] != 0x4E || (bytes.size() > 1 && bytes[1] != 0x57)) return {Verdict::kNone};
  if (bytes.size() < 4) return {closing_ ? Verdict::kNone : Verdict::kMore};
  const std::size_t length = core::u16be(bytes, 2);
  if (length < kMinLength || length > kMaxLength) return {Verdict::kNone};
  const auto size = length + 2;
  if (bytes.size() < size) return {Verdict::kMore};
  const auto body = bytes.first(size - 4);
  const bool good = body.back() == kEnd && (core::byte_sum(body) & 0xFFFFU) == core::u16be(bytes, size - 2);
  return {good ? Verdict::kFrame : Verdict::kBadCheck, static_cast<std::uint16_t>(size)};
}

void JkNw::on_frame(Bytes frame, ReportSink& sink) noexcept {
  const auto command = frame[kCommandAt];
  const auto information = frame.subspan(kInfoAt, frame.size() - kInfoAt - kTailSize);
  const auto id = information.empty() ? std::uint8_t{0} : information[0];
  const auto tag = static_cast<std::uint16_t>(command << 8U | id);
  const bool read = command == kReadAll || command == kReadOne;
  secret_ = command == kPassword ? information : id == nw::kPasswordId && !read ? information.subspan(1) : Bytes{};
  if (frame[kTransportAt] == 0) {
    const bool echo = asking_ && progress_ == Progress::kWaiting && command == asked_ && id == asked_id_;
    note({echo ? FrameNote::Kind::kMirror : FrameNote::Kind::kRequest, address_, tag, command == kWrite, frame}, sink);
    return;
  }
  ++counters_.frames_ok;
  // Firmware 11.261 answers a read-all as if one datum had been asked.
  const bool asked_read = asked_ == kReadAll || asked_ == kReadOne;
  if (asking_ && (read ? asked_read : command == asked_ && (command != kWrite || id == asked_id_))) progress_ = Progress::kComplete;
  if (read && !walk(information)) ++counters_.unknown;
  note({read ? FrameNote::Kind::kReply : FrameNote::Kind::kAck, address_, tag, command == kWrite, frame}, sink);
  if (!read) return;
  const bool whole = live_.has(Field::kPackVoltage) && live_.has(Field::kSoc);
  conclude(whole);
  gathered_ = !whole;
  if (whole) report(sink);
}

/// Others see a frame without its password.
void JkNw::note(const FrameNote& note, ReportSink& sink) const noexcept {
  if (secret_.empty()) return sink.on_frame(note);
  std::array<std::uint8_t, kMaxLength + 2> shown{};
  std::copy(note.bytes.begin(), note.bytes.end(), shown.begin());
  std::fill_n(shown.begin() + (secret_.data() - note.bytes.data()), secret_.size(), std::uint8_t{'*'});
  auto hidden = note;
  hidden.bytes = Bytes{shown}.first(note.bytes.size());
  sink.on_frame(hidden);
}

/// An id that is not in the table has an unknown width: what follows it is left alone (false), what came before is good.
bool JkNw::walk(Bytes information) noexcept {
  if (!gathered_) {
    live_.reset();
    settings_.clear();
    identity_ = {};
  }
  raw_current_.reset();
  heard_version_.reset();
  std::size_t at = 0;
  while (at < information.size() && information[at] >= nw::kFirstId) {
    const auto& datum = nw::kById[information[at] - std::size_t{nw::kFirstId}];
    ++at;
    const auto rest = information.size() - at;
    if (datum.use == Use::kUnknown || rest < 1) return false;
    const std::size_t width = datum.use == Use::kCells ? 1U + information[at] : datum.width;
    if (width > rest) return false;
    take(datum, information.subspan(at, width));
    at += width;
  }
  return at == information.size();
}

void JkNw::take(const Datum& datum, Bytes value) noexcept {
  const auto number = [&] { return core::read(datum.encoding, value, 0); };
  const auto scaled = [&](std::int64_t multiply) -> std::optional<std::int32_t> {
    const auto product = number() * multiply;
    if (product > INT32_MAX) return std::nullopt;
    return static_cast<std::int32_t>(product);
  };
  switch (datum.use) {
    case Use::kField:
      if (const auto v = scaled(datum.multiply)) live_.set_slot(datum.target, *v);
      break;
    case Use::kSetting:
      if (const auto v = scaled(datum.multiply)) settings_.set(static_cast<BmsSetting>(datum.target), *v);
      break;
    case Use::kProbe:
      if (const auto v = degrees10(core::u16be(value, 0))) live_.set_slot(datum.target, *v);
      break;
    case Use::kCells: take_cells(value.subspan(1)); break;
    case Use::kCurrent: raw_current_ = core::u16be(value, 0); break;
    case Use::kRuntime:
      if (const auto v = scaled(60)) live_.set(Field::kRuntime, *v);
      break;
    case Use::kAlarms: take_alarms(core::u16be(value, 0)); break;
    case Use::kStatus:
      live_.set(Field::kChargeMos, value[1] & 1);
      live_.set(Field::kDischargeMos, value[1] >> 1U & 1);
      live_.set(Field::kBalancing, value[1] >> 2U & 1);
      break;
    case Use::kVersion: heard_version_ = value[0]; break;
    case Use::kFull:
      if (const auto v = scaled(1000); v && *v > 0) live_.set(Field::kFullCapacity, *v);
      break;
    case Use::kName: assign_text(identity_.device_name, value, Zero::kIsBlank); break;
    case Use::kDate: assign_text(identity_.production_date, value, Zero::kIsBlank); break;
    case Use::kSoftware: assign_text(identity_.software, value, Zero::kIsBlank); break;
    case Use::kManufacturer: assign_text(identity_.manufacturer, value, Zero::kIsBlank); break;
    case Use::kSecret: secret_ = value; break;
    case Use::kSkip:
    case Use::kUnknown: break;
  }
}

void JkNw::take_cells(Bytes cells) noexcept {
  for (std::size_t at = 0; at + 3 <= cells.size(); at += 3) {
    const std::size_t number = cells[at];
    if (number >= 1 && number <= core::kMaxCells) live_.set(Field::kCellVoltage, core::u16be(cells, at + 1), number - 1);
  }
}

void JkNw::take_alarms(unsigned bits) noexcept {
  live_.alarms.clear();
  for (; bits != 0; bits &= bits - 1) {
    const auto& alarm = nw::kAlarmBits[static_cast<unsigned>(std::countr_zero(bits))];
    live_.alarms.add({alarm.id, alarm.severity, 0, alarm.detail});
  }
}

/// What needs the whole answer: the sign of the current hangs on C0, which comes last; remaining capacity is an estimate.
void JkNw::conclude(bool whole) noexcept {
  // A single datum says nothing about the version; a whole answer without C0 is an old one.
  if (heard_version_ || (whole && !gathered_)) version_ = heard_version_.value_or(0);
  settings_to_fields(settings_, live_);
  if (raw_current_ && version_) {
    const std::int32_t raw = *raw_current_;
    const std::int32_t magnitude = raw & 0x7FFF;
    const auto current = *version_ == 0 ? 10'000 - raw : raw == magnitude ? -magnitude : magnitude;
    live_.set(Field::kCurrent, 10 * current);
  }
  if (live_.has(Field::kNominalCapacity) && live_.has(Field::kSoc)) {
    const auto share = std::int64_t{live_.get(Field::kNominalCapacity)} * live_.get(Field::kSoc) / 1000;
    live_.set(Field::kRemainingCapacity, static_cast<std::int32_t>(share));
  }
}

void JkNw::report(ReportSink& sink) noexcept {
  gathered_ = false;
  sink.on_report({.address = address_, .live = &live_, .settings = &settings_, .identity = &identity_});
}

}  // namespace

core::Protocol* make_jk_nw(ProtocolStorage storage) noexcept { return new (storage.data()) JkNw; }

}  // namespace bmsgate::protocols
