// SPDX-License-Identifier: Apache-2.0
// Framing, attribution and polling of Daly's Modbus-like dialects.
#include "protocols/daly_modbus.hpp"

#include <algorithm>

#include "core/crc.hpp"

namespace bmsgate::protocols {
namespace {

using core::FrameNote;
using core::Part;
using core::Progress;
using core::Scan;
using core::Verdict;
using Kind = core::FrameNote::Kind;

constexpr std::uint8_t kRead = 0x03;
constexpr std::uint8_t kWriteOne = 0x06;
constexpr std::uint8_t kWriteMany = 0x10;
constexpr std::uint8_t kError = 0x80;
constexpr std::size_t kShort = 8;  // a read request, a write of one register and its echo, the answer to a write of many
constexpr std::size_t kMaxReplyBytes = 250;
constexpr std::uint16_t kJournal = 0x3000;  // a record of 133 bytes whatever was asked (ANTON)
constexpr std::size_t kJournalBytes = 133;
constexpr std::uint8_t kTriesUntilAbsent = 2;
constexpr std::uint8_t kMissesUntilForgotten = 3;  // values of an optional block are carried over for so many unanswered requests
constexpr std::uint16_t kTrigger = 1;              // what is written where the write itself is the command

/// A frame of known size: whole and right, whole and wrong, or still coming.
Scan sized(Bytes bytes, std::size_t size) noexcept {
  if (bytes.size() < size) return {Verdict::kMore};
  if (!core::crc16_modbus_ok(bytes.first(size))) return {Verdict::kBadCheck};
  return {Verdict::kFrame, static_cast<std::uint16_t>(size)};
}

}  // namespace

std::uint8_t ModbusDialect::board_of(std::uint8_t wire_address, std::uint8_t first) const noexcept {
  const int board = wire_address - first + 1;
  return board >= 1 && board <= traits_.addressing.boards ? static_cast<std::uint8_t>(board) : std::uint8_t{0};
}

std::uint8_t ModbusDialect::blocks_in(std::uint16_t reg, std::size_t count) const noexcept {
  unsigned blocks = 0;
  for (const auto& mark : traits_.marks) {
    if (mark.reg >= reg && mark.reg < reg + count) blocks |= mark.block;
  }
  return static_cast<std::uint8_t>(blocks);
}

std::uint16_t ModbusDialect::listed_register(std::size_t bytes) const noexcept {
  for (const auto& row : traits_.listed) {
    if (row.bytes == bytes) return row.reg;
  }
  return kUnknownRegister;
}

// ---- framing

Scan ModbusDialect::scan(Bytes bytes) const noexcept {
  const bool request = board_of(bytes[0], traits_.addressing.request) != 0;
  const bool reply = board_of(bytes[0], traits_.addressing.reply) != 0;
  if (!request && !reply) return {Verdict::kNone};
  if (bytes.size() < 2) return {Verdict::kMore};
  switch (bytes[1]) {
    case kRead | kError:
    case kWriteOne | kError:
    case kWriteMany | kError: return reply ? sized(bytes, 5) : Scan{Verdict::kNone};
    case kWriteOne: return sized(bytes, kShort);
    case kWriteMany: return scan_write_many(bytes, reply);
    case kRead: break;
    default: return {Verdict::kNone};
  }
  if (bytes.size() < 3) return {Verdict::kMore};
  const std::size_t count = bytes[2];
  // Where both sides use one address, the third byte tells them apart: the high byte of a register (0 in that map) or a byte count.
  if (!reply || (traits_.addressing.shared() && count == 0)) return sized(bytes, kShort);
  const bool odd_record = count == kJournalBytes && !traits_.addressing.shared();
  if (count == 0 || count > kMaxReplyBytes || (count % 2 != 0 && !odd_record)) return {Verdict::kNone};
  // While an answer is awaited its length is known: noise must not make us wait for a frame that nobody sends.
  if (asking_ && own_ && count != register_bytes(asked_.count) && listed_register(count) == kUnknownRegister) return {Verdict::kNone};
  return sized(bytes, count + 5);
}

/// Daly's own programs leave out the byte count of a write of several registers; others send it.
Scan ModbusDialect::scan_write_many(Bytes bytes, bool reply) const noexcept {
  if (bytes.size() < kShort) return {Verdict::kMore};
  if (reply && core::crc16_modbus_ok(bytes.first(kShort))) return {Verdict::kFrame, kShort};
  if (reply && !traits_.addressing.shared()) return {Verdict::kBadCheck};
  const std::size_t count = core::u16be(bytes, 4);
  if (count == 0 || count > 123) return {Verdict::kBadCheck};
  const auto bare = sized(bytes, kShort + 2 * count);
  if (bare.verdict != Verdict::kBadCheck || bytes[6] != 2 * count) return bare;
  return sized(bytes, kShort + 1 + 2 * count);
}

void ModbusDialect::feed(Bytes bytes, core::ReportSink& sink) noexcept {
  buffer_.feed(
      bytes, counters_, [this](Bytes b) { return scan(b); }, [this, &sink](Bytes frame) { on_frame(frame, sink); });
}

void ModbusDialect::quiet(core::ReportSink& sink) noexcept {
  buffer_.quiet(
      counters_, [this](Bytes b) { return scan(b); }, [this, &sink](Bytes frame) { on_frame(frame, sink); });
}

// ---- what a frame says

ModbusDialect::Exchange ModbusDialect::parse_request(Bytes frame) const noexcept {
  if (frame.size() < kShort) return {};
  return {board_of(frame[0], traits_.addressing.request), frame[1], core::u16be(frame, 2), core::u16be(frame, 4)};
}

void ModbusDialect::on_frame(Bytes frame, core::ReportSink& sink) noexcept {
  const auto replier = board_of(frame[0], traits_.addressing.reply);
  const bool shared = traits_.addressing.shared();
  const auto function = frame[1];
  if ((function & kError) != 0) {
    ++counters_.frames_ok;
    if (asking_ && replier == asked_.board && (function & ~kError) == asked_.function) progress_ = Progress::kRefused;
    note({Kind::kReply, replier, frame[2], (function & ~kError) != kRead, frame}, frame.size(), sink);
  } else if (function == kRead && replier != 0 && !(shared && frame[2] == 0)) {
    on_read_reply(replier, frame, sink);
  } else if (function != kRead && replier != 0 && frame.size() == kShort) {
    on_write(replier, frame, sink);
  } else {
    on_request(frame, sink);
  }
}

void ModbusDialect::on_request(Bytes frame, core::ReportSink& sink) noexcept {
  const auto request = parse_request(frame);
  const bool mirror = asking_ && std::ranges::equal(frame, request_.bytes.view());
  if (!mirror && request.function == kRead) {
    if (heard_requests_.size() == heard_requests_.capacity()) heard_requests_.clear();
    static_cast<void>(heard_requests_.push_back(request));
  }
  const std::size_t data_at = request.function == kRead       ? frame.size()
                              : request.function == kWriteOne ? 4
                                                              : frame.size() - 2 - register_bytes(request.count);
  note({mirror ? Kind::kMirror : Kind::kRequest, request.board, request.reg, request.function != kRead, frame}, data_at, sink);
}

/// An echo of a write, or (D2, where both look alike) the write itself. Seen twice in a row they are one answer.
void ModbusDialect::on_write(std::uint8_t board, Bytes frame, core::ReportSink& sink) noexcept {
  const auto reg = core::u16be(frame, 2);
  const std::size_t data_at = frame[1] == kWriteOne ? 4 : frame.size();
  if (asking_ && board == asked_.board && frame[1] == asked_.function && reg == asked_.reg) {
    ++counters_.frames_ok;
    progress_ = core::u16be(frame, 4) == asked_.count ? Progress::kComplete : Progress::kRefused;
    note({Kind::kReply, board, reg, true, frame}, data_at, sink);
    return;
  }
  const bool echo = !traits_.addressing.shared() || frame[1] != kWriteOne || std::ranges::equal(frame, open_write_.view());
  const bool counted = !open_write_.empty() && std::ranges::equal(frame, open_write_.view());
  if (!counted) ++counters_.frames_ok;
  open_write_.clear();
  if (!echo) static_cast<void>(open_write_.append(frame));
  note({echo ? Kind::kReply : Kind::kRequest, board, reg, true, frame}, data_at, sink);
}

void ModbusDialect::on_read_reply(std::uint8_t board, Bytes frame, core::ReportSink& sink) noexcept {
  const auto data = frame.subspan(3, frame.size() - 5);
  const auto answers = [&](const Exchange& request) {
    if (request.board != board || request.function != kRead) return false;
    return data.size() == register_bytes(request.count) || (request.reg >= kJournal && data.size() == kJournalBytes);
  };
  std::uint16_t reg = kUnknownRegister;
  const bool asked = asking_ && answers(asked_);
  if (asked) {
    reg = asked_.reg;
  } else if (const auto* request = std::ranges::find_if(heard_requests_, answers); request != heard_requests_.end()) {
    reg = request->reg;  // those before it got no answer
    const auto open = static_cast<std::size_t>(heard_requests_.end() - request - 1);
    std::copy_n(request + 1, open, heard_requests_.begin());
    heard_requests_.resize(open);
  } else {
    reg = listed_register(data.size());
  }
  const bool named = reg != kUnknownRegister && data.size() % 2 == 0;
  // An answer that comes too late to be the one awaited says nothing new.
  const bool heard = named && (asked ? !own_ : !asking_);
  // The frame that begins the next reading is not counted with the one that it ends.
  if (heard) close_reading(board, blocks_in(reg, data.size() / 2), sink);
  ++counters_.frames_ok;
  note({Kind::kReply, board, reg, false, frame}, 3, sink);
  if (asked) progress_ = Progress::kComplete;
  if (reg == kUnknownRegister) ++counters_.unknown;
  if (heard) {
    hear_block(board, reg, data, sink);
  } else if (named && asked) {
    auto& entry = boards_[board - 1U];
    take_block(entry, reg, data);
    entry.polled |= blocks_in(reg, data.size() / 2);
  }
}

/// The sniffer gets every frame, passwords blanked. `data_at`: where the values of the registers begin.
void ModbusDialect::note(const FrameNote& note, std::size_t data_at, core::ReportSink& sink) const noexcept {
  const auto& secret = traits_.secret;
  const std::size_t values = data_at + 2 < note.bytes.size() ? note.bytes.size() - 2 - data_at : 0;
  const bool nameless = note.tag == kUnknownRegister && values == register_bytes(secret.last - secret.first + 1U);
  const std::size_t first = nameless ? 0 : secret.first < note.tag ? 0 : register_bytes(secret.first - note.tag);
  const std::size_t last = nameless ? values : secret.last < note.tag ? 0 : register_bytes(secret.last - note.tag + 1U);
  if (first >= std::min(last, values)) {
    sink.on_frame(note);
    return;
  }
  std::array<std::uint8_t, kMaxReplyBytes + 16> blanked{};
  std::ranges::copy(note.bytes, blanked.begin());
  for (std::size_t i = first; i < std::min(last, values); ++i) blanked[data_at + i] = '*';
  auto masked = note;
  masked.bytes = Bytes{blanked}.first(note.bytes.size());
  sink.on_frame(masked);
}

// ---- readings

/// Another master reads a block again that a reading begins with: the one before has ended.
void ModbusDialect::close_reading(std::uint8_t address, std::uint8_t blocks, core::ReportSink& sink) noexcept {
  auto& board = boards_[address - 1U];
  if ((board.heard & blocks & ModbusBoard::kMain) == 0) return;
  board.usual = board.heard & (ModbusBoard::kMain | ModbusBoard::kExtra);
  report(address, board.heard, sink);
}

/// Another master's traffic: a reading is reported as soon as the blocks that this master usually reads are there.
void ModbusDialect::hear_block(std::uint8_t address, std::uint16_t reg, Bytes data, core::ReportSink& sink) noexcept {
  auto& board = boards_[address - 1U];
  take_block(board, reg, data);
  board.heard |= blocks_in(reg, data.size() / 2);
  if ((board.heard & ModbusBoard::kMain) != 0 && (board.heard & board.usual) == board.usual) report(address, board.heard, sink);
}

/// Reports what is new: live values if `blocks` holds any, settings and identity if they came.
void ModbusDialect::report(std::uint8_t address, std::uint8_t blocks, core::ReportSink& sink) noexcept {
  using enum core::Field;
  auto& board = boards_[address - 1U];
  core::Report out;
  out.address = address;
  if (blocks != 0 && !board.bad) {
    const auto state = board.live.value(kState);
    if ((blocks & traits_.required) == traits_.required && board.has_current && state) board.sign.observe(board.current_tenths, *state);
    const auto current_ma = board.sign.factor(board.options.current_sign) * board.current_tenths * 100;
    if (board.has_current) board.live.set(kCurrent, current_ma);
    if (const auto power = board.live.value(kPower)) {  // sent without a sign
      const auto magnitude = *power < 0 ? -*power : *power;
      const bool giving = current_ma < 0 || (current_ma == 0 && state == static_cast<std::int32_t>(core::State::kDischarging));
      board.live.set(kPower, giving ? -magnitude : magnitude);
    }
    out.carried = copy_settings(board.settings, board.live);
    if ((blocks & ModbusBoard::kExtra) == 0) out.carried |= traits_.extra_fields;
    if ((blocks & ModbusBoard::kAside) == 0) out.carried |= traits_.aside_fields;
    out.live = &board.live;
  }
  if (board.settings_new) out.settings = &board.settings;
  if (board.identity_new) out.identity = &board.identity;
  if (blocks != 0) {
    board.heard = 0;
    board.bad = false;
  }
  board.settings_new = false;
  board.identity_new = false;
  if (out.live != nullptr || out.settings != nullptr || out.identity != nullptr) sink.on_report(out);
}

void ModbusDialect::flush(core::ReportSink& sink) noexcept {
  quiet(sink);
  for (std::uint8_t address = 1; address <= traits_.addressing.boards; ++address) report(address, boards_[address - 1U].heard, sink);
}

// ---- asking

void ModbusDialect::configure(std::uint8_t address, const core::DialectOptions& options) noexcept {
  if (address < 1 || address > traits_.addressing.boards) return;
  boards_[address - 1U] = {};
  boards_[address - 1U].options = options;
  boards_[address - 1U].sign = SignLatch{options.sign_before};
}

void ModbusDialect::build(core::Request& out, std::uint8_t board, std::uint8_t function, std::uint16_t reg,
                          std::uint16_t value) const noexcept {
  out = {};
  out.address = board;
  out.tag = reg;
  const auto put16 = [&](unsigned word) {
    static_cast<void>(out.bytes.push_back(static_cast<std::uint8_t>(word >> 8U)));
    static_cast<void>(out.bytes.push_back(static_cast<std::uint8_t>(word)));
  };
  static_cast<void>(out.bytes.push_back(static_cast<std::uint8_t>(traits_.addressing.request + board - 1)));
  static_cast<void>(out.bytes.push_back(function));
  put16(reg);
  put16(value);
  const unsigned crc = core::crc16_modbus(out.bytes.view());
  put16((crc & 0xFFU) << 8U | crc >> 8U);
}

bool ModbusDialect::next_request(Part part, std::uint8_t address, unsigned step, core::Request& out) noexcept {
  if (address < 1 || address > traits_.addressing.boards) return false;
  auto& board = boards_[address - 1U];
  board.part = part;
  if (step == 0) {
    board.polled = 0;
    board.bad = false;
  }
  for (std::size_t row = 0; row < traits_.plan.size(); ++row) {
    const auto& block = traits_.plan[row];
    const bool absent = block.optional && !board.served[row] && board.misses[row] >= kTriesUntilAbsent;
    if (block.part != part || absent || step-- != 0) continue;
    build(out, address, kRead, block.reg, block.count);
    built_ = out;
    built_row_ = row;
    return true;
  }
  return false;
}

core::Result<bool> ModbusDialect::command(const core::Command& command, std::uint8_t address, unsigned step, core::Request& out) noexcept {
  if (address < 1 || address > traits_.addressing.boards) return core::Error::kUnsupported;
  const auto row = std::ranges::find(traits_.commands, command.id, &ModbusCommand::id);
  if (row == traits_.commands.end() || step != 0) return core::Error::kUnsupported;
  if (const auto error = check_argument(command); error != core::Error::kNone) return error;
  const bool plain = core::info(command.id).argument == core::Argument::kNone;
  build(out, address, kWriteOne, row->reg, plain ? kTrigger : static_cast<std::uint16_t>(command.value));
  out.changes_state = true;
  return false;
}

void ModbusDialect::begin(const core::Request& request) noexcept {
  request_ = request;
  asked_ = parse_request(request.bytes.view());
  own_ = std::ranges::equal(request.bytes.view(), built_.bytes.view());
  row_ = built_row_;
  asking_ = true;
  progress_ = Progress::kWaiting;
}

void ModbusDialect::end(bool answered, core::ReportSink& sink) noexcept {
  quiet(sink);
  if (asking_ && own_ && asked_.board != 0) {
    auto& board = boards_[asked_.board - 1U];
    if (answered && progress_ == Progress::kComplete) {
      board.served[row_] = true;
      board.misses[row_] = 0;
    } else if (progress_ == Progress::kRefused) {
      board.misses[row_] = kTriesUntilAbsent;
    } else if (std::ranges::find(board.served, true) != board.served.end() && board.misses[row_] < kMissesUntilForgotten) {
      ++board.misses[row_];  // a board that answers nothing at all sleeps; that says nothing about one block
      const auto& block = traits_.plan[row_];
      const bool stale = block.optional && block.part == Part::kLive && board.misses[row_] == kMissesUntilForgotten;
      if (stale) clear_fields(board.live, traits_.extra_fields);
    }
  }
  asking_ = false;
}

void ModbusDialect::finish(std::uint8_t address, core::ReportSink& sink) noexcept {
  if (address < 1 || address > traits_.addressing.boards) return;
  auto& board = boards_[address - 1U];
  const bool whole = (board.polled & traits_.required) == traits_.required;
  report(address, board.part == Part::kLive && whole ? board.polled : std::uint8_t{0}, sink);
  board.polled = 0;
  built_ = {};
}

int ModbusDialect::learned_sign(std::uint8_t address) const noexcept {
  return address >= 1 && address <= traits_.addressing.boards ? boards_[address - 1U].sign.learned() : 0;
}

}  // namespace bmsgate::protocols
