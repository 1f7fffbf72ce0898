// SPDX-License-Identifier: Apache-2.0
// Daly A5: frames of 13 bytes with an 8-bit sum; all classic smart BMS, 100Balance, MGod, Haidi. Framing, polling, listening.
// Facts: docs/protocols/daly.md.
#include "protocols/daly_a5.hpp"

#include <algorithm>
#include <new>

#include "core/crc.hpp"
#include "core/frame_buffer.hpp"
#include "protocols/registry.hpp"

namespace bmsgate::protocols {
namespace {

using namespace a5;
using core::FrameNote;
using core::Part;
using core::Progress;
using core::Scan;
using core::Verdict;

constexpr std::uint8_t kFirstHost = 0x20;  // addresses from here on are askers: GPRS 20, PC 40 (3F + board), Bluetooth 80, broadcast FF
constexpr std::uint8_t kPatience = 3;
constexpr auto kInfo = daly_info("daly-a5", "Daly A5", kMaxBoards);

Scan scan(Bytes bytes) noexcept {
  if (bytes[0] != kStart) return {Verdict::kNone};
  if (bytes.size() > 1 && !is_board(bytes[1]) && bytes[1] < kFirstHost) return {Verdict::kNone};
  if (bytes.size() > 3 && bytes[3] != kDataSize) return {Verdict::kNone};
  if (bytes.size() < kFrameSize) return {Verdict::kMore};
  const auto sum = static_cast<std::uint8_t>(core::byte_sum(bytes.first<kFrameSize - 1>()));
  if (sum != bytes[kFrameSize - 1]) return {Verdict::kBadCheck};
  return {Verdict::kFrame, kFrameSize};
}

class DalyA5 final : public core::Protocol {
 public:
  [[nodiscard]] const core::DialectInfo& info() const noexcept override { return kInfo; }
  void configure(std::uint8_t address, const core::DialectOptions& options) noexcept override;
  [[nodiscard]] bool next_request(Part part, std::uint8_t address, unsigned step, core::Request& out) noexcept override;
  [[nodiscard]] core::Result<bool> command(const core::Command& command, std::uint8_t address, unsigned step,
                                           core::Request& out) noexcept override;
  void begin(const core::Request& request) noexcept override;
  [[nodiscard]] Progress progress() const noexcept override { return progress_; }
  void end(bool answered, core::ReportSink& sink) noexcept override;
  void finish(std::uint8_t address, core::ReportSink& sink) noexcept override;
  [[nodiscard]] int learned_sign(std::uint8_t address) const noexcept override {
    return is_board(address) ? boards_[address - 1U].sign.learned() : 0;
  }
  void feed(Bytes bytes, core::ReportSink& sink) noexcept override {
    buffer_.feed(bytes, counters_, scan, [this, &sink](Bytes frame) { on_frame(frame, sink); });
  }
  void quiet(core::ReportSink& sink) noexcept override;
  void flush(core::ReportSink& sink) noexcept override;
  [[nodiscard]] const core::LineCounters& counters() const noexcept override { return counters_; }

 private:
  void on_frame(Bytes frame, core::ReportSink& sink) noexcept;
  void on_request(Bytes frame, core::ReportSink& sink) noexcept;
  void on_answer(Board& board, std::uint8_t id, Bytes data) noexcept;
  void on_heard(Board& board, std::uint8_t id, Bytes data) noexcept;
  [[nodiscard]] static bool is_tail(const Board& board, std::uint8_t id, std::uint8_t number) noexcept;
  void add_frame(Board& board, std::uint8_t id, Bytes data, bool heard) noexcept;
  void settle(Board& board, bool heard) noexcept;
  void close_cycle(std::uint8_t address, bool at_end, core::ReportSink& sink) noexcept;
  void report(std::uint8_t address, std::uint16_t mask, core::ReportSink& sink) noexcept;
  [[nodiscard]] Board& asked_board() noexcept { return boards_[asked_address_ - 1U]; }

  core::FrameBuffer<512> buffer_;
  core::LineCounters counters_;
  std::array<Board, kMaxBoards> boards_{};

  // The exchange of begin().
  bool asking_{false};
  bool own_{false};  // built by next_request(): its values belong to the poll
  bool answered_{false};
  std::uint8_t asked_address_{1};
  std::uint8_t asked_id_{0};
  core::Request request_;
  core::Request built_;
  Progress progress_{Progress::kWaiting};
};
static_assert(sizeof(DalyA5) <= kProtocolSize && alignof(DalyA5) <= alignof(std::max_align_t));

// ---- what comes in

void DalyA5::on_frame(Bytes frame, core::ReportSink& sink) noexcept {
  const auto address = frame[1];
  const auto id = frame[2];
  if (!is_board(address)) {
    on_request(frame, sink);
    return;
  }
  auto& board = boards_[address - 1U];
  // The frame that begins the next reading is not counted with the one that it ends.
  const bool expected = asking_ && address == asked_address_ && id == asked_id_;
  const bool heard = !asking_ || (expected && !own_);
  if (heard && id == kPack && (board.heard & bit(kPack)) != 0) close_cycle(address, false, sink);
  ++counters_.frames_ok;
  sink.on_frame({FrameNote::Kind::kReply, address, id, is_write(id), frame});
  const auto data = frame.subspan<kDataAt, kDataSize>();
  if (!asking_) {
    if (plausible(id, data)) on_heard(board, id, data);
    return;
  }
  if (address != asked_address_) return;  // board 1 may answer what was asked of board 2 (RUST)
  answered_ = true;
  if (expected) {
    if (!plausible(id, data)) return;
    if (own_ || is_write(id)) {
      on_answer(board, id, data);
    } else {
      on_heard(board, id, data);
      progress_ = in_frames(id) && board.frames_id != 0 ? Progress::kPartial : Progress::kComplete;
    }
  } else if (is_tail(board, id, data[0])) {
    board.usual_frames[id - kCells] = data[0];
  }
}

/// The tail of an answer that was taken for complete: next time we wait for it.
bool DalyA5::is_tail(const Board& board, std::uint8_t id, std::uint8_t number) noexcept {
  if ((id != kCells && id != kTemperatures) || board.frames_id == id || number > kMaxFrames) return false;
  const auto usual = board.usual_frames[id - kCells];
  return usual != 0 && number > usual;
}

/// A request with our own bytes has come back: an echo of the line, or a sleeping BMS that mirrors what it hears.
void DalyA5::on_request(Bytes frame, core::ReportSink& sink) noexcept {
  const bool mirror = asking_ && std::ranges::equal(frame, request_.bytes.view());
  const auto board = board_of_host(frame[1]);
  const auto kind = mirror ? FrameNote::Kind::kMirror : FrameNote::Kind::kRequest;
  if (!mirror && !asking_) settle(boards_[board - 1U], true);
  sink.on_frame({kind, board, frame[2], is_write(frame[2]), frame});
}

/// A frame of the answer that is awaited.
void DalyA5::on_answer(Board& board, std::uint8_t id, Bytes data) noexcept {
  if (is_write(id)) {
    progress_ = accepted(request_, data) ? Progress::kComplete : Progress::kRefused;
  } else if (in_frames(id)) {
    add_frame(board, id, data, false);
  } else {
    take_single(board, id, data);
    board.polled |= bit(id);
    progress_ = Progress::kComplete;
  }
}

/// A frame of somebody else's answer. A reading ends where the next one begins, with id 90 (see on_frame).
void DalyA5::on_heard(Board& board, std::uint8_t id, Bytes data) noexcept {
  if (is_write(id)) return;
  if (board.frames_id != id) settle(board, true);
  if (in_frames(id)) {
    add_frame(board, id, data, true);
    return;
  }
  take_single(board, id, data);
  board.heard |= bit(id);
}

void DalyA5::add_frame(Board& board, std::uint8_t id, Bytes data, bool heard) noexcept {
  const auto number = data[0];
  if (number > kMaxFrames) return;  // FF marks a bad frame
  if (is_tail(board, id, number)) {
    board.usual_frames[id - kCells] = number;
    return;
  }
  if (board.frames_id != id || board.frames.begins_anew(number)) {
    settle(board, heard);
    board.frames.clear();
  }
  board.frames_id = id;
  board.frames.put(number, data.subspan(1));
  if (!heard) progress_ = Progress::kPartial;
  // Known to be complete: all frames of a text, all sixteen, or as many as this board has always sent, and not fewer than it must.
  const auto extent = board.frames.extent();
  const unsigned usual = bit(id) != 0 ? board.usual_frames[id - kCells] : text_frames(id);
  const bool all = extent == kMaxFrames || (usual != 0 && extent >= usual);
  if (all && frames_suffice(board)) settle(board, heard);
}

/// The answer in frames has ended: takes it over if it is whole, else keeps what may be shown at the end of the input.
void DalyA5::settle(Board& board, bool heard) noexcept {
  if (board.frames_id == 0 || board.frames.empty()) return;
  const auto id = board.frames_id;
  const auto extent = static_cast<std::uint8_t>(board.frames.extent());
  const bool fresh = (board.heard & bit(id)) == 0;
  if (take_frames(board)) {
    if (heard) {
      board.heard |= bit(id);
    } else {
      board.polled |= bit(id);
      progress_ = Progress::kComplete;
    }
    if (bit(id) != 0) board.usual_frames[id - kCells] = extent;
  } else if (heard && fresh && id == kCells) {
    keep_partial_cells(board);
  }
  board.frames.clear();
  board.frames_id = 0;
}

void DalyA5::quiet(core::ReportSink& sink) noexcept {
  buffer_.quiet(counters_, scan, [this, &sink](Bytes frame) { on_frame(frame, sink); });
  if (asking_ && own_) {
    auto& board = asked_board();
    if (board.frames_id != 0 && frames_suffice(board)) settle(board, false);
    // With a frame missing this was no answer: it is asked for again, never mixed with another one.
    if (progress_ == Progress::kPartial) progress_ = Progress::kWaiting;
    board.frames.clear();
    return;
  }
  for (auto& board : boards_) settle(board, true);
  if (asking_ && progress_ == Progress::kPartial) progress_ = Progress::kComplete;
}

void DalyA5::flush(core::ReportSink& sink) noexcept {
  quiet(sink);
  for (std::uint8_t address = 1; address <= kMaxBoards; ++address) close_cycle(address, true, sink);
}

/// Reports a cycle of another master. One in which an id is missing that this master usually reads was damaged and is not a reading; at
/// the end of the input everything is shown.
void DalyA5::close_cycle(std::uint8_t address, bool at_end, core::ReportSink& sink) noexcept {
  auto& board = boards_[address - 1U];
  settle(board, true);
  auto mask = board.heard;
  if (at_end && (mask & bit(kCells)) == 0 && board.partial_slots.held != 0) {
    board.slots = board.partial_slots;
    board.known |= bit(kCells);
    mask |= bit(kCells);
  }
  board.partial_slots = {};
  const auto fast = static_cast<std::uint16_t>(mask & kFast);
  const bool damaged = (board.expected & ~fast) != 0;
  const bool bad = board.bad;
  board.heard = 0;
  board.bad = false;
  if (damaged && !at_end) {
    if (++board.patience >= kPatience) board.expected = fast;
  } else {
    board.patience = 0;
    board.expected |= fast;
  }
  if (bad || (damaged && !at_end)) mask = 0;
  if (mask != 0) {
    for (const auto id : kFastIds) {
      if ((mask & bit(id)) == 0) forget(board, id);
    }
  }
  report(address, mask, sink);
}

/// Reports what is new: live values if `mask` holds any, settings and identity if they came.
void DalyA5::report(std::uint8_t address, std::uint16_t mask, core::ReportSink& sink) noexcept {
  auto& board = boards_[address - 1U];
  core::Report out;
  out.address = address;
  if (mask != 0) {
    complete(board, mask);
    out.carried = carried(board, mask) | copy_settings(board.settings, board.live);
    out.live = &board.live;
  }
  if (board.settings_new) out.settings = &board.settings;
  if (board.identity_new) out.identity = &board.identity;
  board.settings_new = false;
  board.identity_new = false;
  if (out.live != nullptr || out.settings != nullptr || out.identity != nullptr) sink.on_report(out);
}

// ---- asking

void DalyA5::configure(std::uint8_t address, const core::DialectOptions& options) noexcept {
  if (!is_board(address)) return;
  boards_[address - 1U] = {};
  boards_[address - 1U].options = options;
  boards_[address - 1U].sign = SignLatch{options.sign_before};
}

bool DalyA5::next_request(Part part, std::uint8_t address, unsigned step, core::Request& out) noexcept {
  if (!is_board(address)) return false;
  auto& board = boards_[address - 1U];
  if (step == 0) {
    board.part = part;
    board.polled = 0;
    board.bad = false;
    make_plan(board, part);
  }
  if (step >= board.plan.size()) return false;
  std::array<std::uint8_t, kDataSize> data{};
  if (board.options.fill_aa) data.fill(0xAA);
  build_request(out, board, address, board.plan[step], data);
  built_ = out;
  return true;
}

core::Result<bool> DalyA5::command(const core::Command& command, std::uint8_t address, unsigned step, core::Request& out) noexcept {
  if (!is_board(address) || step != 0) return core::Error::kUnsupported;
  if (const auto error = build_command(command, boards_[address - 1U], address, out); error != core::Error::kNone) return error;
  return false;
}

void DalyA5::begin(const core::Request& request) noexcept {
  request_ = request;
  own_ = std::ranges::equal(request.bytes.view(), built_.bytes.view());
  answered_ = false;
  const bool framed = request.bytes.size() == kFrameSize;
  asked_address_ = framed ? board_of_host(request.bytes[1]) : std::uint8_t{1};
  asked_id_ = framed ? request.bytes[2] : std::uint8_t{0xFF};
  auto& board = asked_board();
  board.frames.clear();
  board.frames_id = 0;
  asking_ = true;
  progress_ = Progress::kWaiting;
}

void DalyA5::end(bool /*answered*/, core::ReportSink& sink) noexcept {
  quiet(sink);
  if (asking_ && own_) {
    auto& board = asked_board();
    if (answered_) {
      count_answer(board, request_, progress_ == Progress::kComplete);
    } else {
      count_silence(board, request_);
    }
    board.frames.clear();
    board.frames_id = 0;
  }
  asking_ = false;
}

void DalyA5::finish(std::uint8_t address, core::ReportSink& sink) noexcept {
  if (!is_board(address)) return;
  auto& board = boards_[address - 1U];
  const auto must = needed(board);
  const bool whole = board.part == Part::kLive && (board.polled & must) == must && !board.bad;
  report(address, whole ? board.polled : std::uint16_t{0}, sink);
  board.polled = 0;
  built_ = {};
}

}  // namespace

core::Protocol* make_daly_a5(ProtocolStorage storage) noexcept { return new (storage.data()) DalyA5{}; }

}  // namespace bmsgate::protocols
