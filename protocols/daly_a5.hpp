// SPDX-License-Identifier: Apache-2.0
// Daly A5: the state of a board and of an answer in several frames. Used by protocols/daly_a5*.cpp only; loop thread.
// Frames and rules: docs/protocols/daly.md (V1.2, HAIDI, MRM, D2MQTT; captures a5-*).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/protocol.hpp"
#include "protocols/daly_common.hpp"

namespace bmsgate::protocols::a5 {

inline constexpr std::uint8_t kStart = 0xA5;
inline constexpr std::size_t kFrameSize = 13;
inline constexpr std::size_t kDataAt = 4;
inline constexpr std::size_t kDataSize = 8;
inline constexpr std::size_t kMaxBoards = 16;
inline constexpr std::size_t kMaxFrames = 16;  // of one answer
inline constexpr std::size_t kCellsPerFrame = 3;
inline constexpr std::size_t kSensorsPerFrame = 7;
inline constexpr std::size_t kTextPerFrame = 7;
inline constexpr unsigned kMaxSensors = 21;

// Data ids.
inline constexpr std::uint8_t kPack = 0x90;
inline constexpr std::uint8_t kCellExtremes = 0x91;
inline constexpr std::uint8_t kTemperatureExtremes = 0x92;
inline constexpr std::uint8_t kSwitches = 0x93;
inline constexpr std::uint8_t kStatus = 0x94;
inline constexpr std::uint8_t kCells = 0x95;
inline constexpr std::uint8_t kTemperatures = 0x96;
inline constexpr std::uint8_t kBalance = 0x97;
inline constexpr std::uint8_t kFailures = 0x98;

inline constexpr std::uint8_t kTotals = 0x52;  // ampere-hours in and out: read with the settings, shown with the live values

/// Bit of an id with live values in a mask; 0 for every other id.
[[nodiscard]] constexpr std::uint16_t bit(std::uint8_t id) noexcept {
  if (id == kTotals) return 0x8000;
  return id >= kPack && id <= kFailures ? static_cast<std::uint16_t>(1U << (id - kPack)) : std::uint16_t{0};
}
/// Ids that a plan may hold: 50 and up.
inline constexpr std::uint8_t kFirstPlanned = 0x50;
inline constexpr std::size_t kPlannedIds = kFailures - kFirstPlanned + 1;

/// Without these there is no reading.
inline constexpr std::uint16_t kFast = bit(kPack) | bit(kSwitches) | bit(kCells) | bit(kFailures);

inline constexpr std::array<std::uint8_t, 4> kFastIds{kPack, kSwitches, kCells, kFailures};

/// The frames of one answer, in whatever numbering: frames count from 1, on some boards from 0.
class FrameSet {
 public:
  constexpr void clear() noexcept {
    held_ = 0;
    last_ = 0;
  }
  [[nodiscard]] constexpr bool empty() const noexcept { return held_ == 0; }
  /// A number that goes back begins a new answer.
  [[nodiscard]] constexpr bool begins_anew(std::uint8_t number) const noexcept { return held_ != 0 && number < last_; }
  constexpr void put(std::uint8_t number, Bytes data) noexcept {
    for (std::size_t i = 0; i < kTextPerFrame; ++i) data_[number][i] = data[i];
    held_ |= 1U << number;
    last_ = number;
  }
  [[nodiscard]] constexpr unsigned base() const noexcept { return held_ & 1U ? 0 : 1; }
  [[nodiscard]] constexpr bool from_zero() const noexcept { return (held_ & 1U) != 0; }
  /// Frames without a gap, counted from the first.
  [[nodiscard]] constexpr unsigned run() const noexcept {
    unsigned frames = 0;
    while (has(frames)) ++frames;
    return frames;
  }
  /// The n-th frame (from 0) of the answer.
  [[nodiscard]] constexpr bool has(unsigned n) const noexcept { return n < kMaxFrames && ((held_ >> (n + base())) & 1U) != 0; }
  [[nodiscard]] constexpr Bytes frame(unsigned n) const noexcept { return data_[n + base()]; }
  /// How many frames there are up to the highest one, gaps included.
  [[nodiscard]] constexpr unsigned extent() const noexcept {
    unsigned frames = kMaxFrames;
    while (frames > 0 && !has(frames - 1)) --frames;
    return frames;
  }

 private:
  std::array<std::array<std::uint8_t, kTextPerFrame>, kMaxFrames + 1> data_{};
  std::uint32_t held_{0};
  std::uint8_t last_{0};
};

/// Cell voltages of one answer by slot, before trimming.
struct CellSlots {
  std::array<std::uint16_t, core::kMaxCells> mv{};
  std::uint64_t held{0};
};

/// What is known of one board.
struct Board {
  core::Sample live;
  core::BmsSettings settings;
  core::Identity identity;
  core::DialectOptions options;
  SignLatch sign;

  std::int32_t current_tenths{0};  // before the sign rule
  std::uint8_t cells{0};           // from 0x94; 0 = not known; a change counts when it was said twice
  std::uint8_t cells_said{0};
  std::uint8_t sensors{0};
  bool status_known{false};
  std::uint64_t balance_bits{0};
  CellSlots slots;          // of the last whole answer
  CellSlots partial_slots;  // of an answer with gaps, heard: shown at the end of the input if nothing better came
  std::array<std::uint8_t, kMaxSensors> temperatures{};
  std::uint8_t temperatures_held{0};

  FrameSet frames;                             // of the answer that is coming in
  std::uint8_t frames_id{0};                   // its id; 0 = none
  std::array<bool, 3> from_zero{};             // the last answer (to 95, to 96, a text) counted its frames from 0
  std::array<std::uint8_t, 2> usual_frames{};  // how many frames the answers to 95 and 96 have; 0 = not known

  std::uint16_t known{0};     // live ids whose values are in `live`
  std::uint16_t polled{0};    // ids of the poll that is going on
  std::uint16_t heard{0};     // ids heard in other masters' traffic in this cycle
  std::uint16_t expected{0};  // fast ids that the other master reads in each cycle
  std::uint8_t patience{0};   // cycles in which an expected id was missing
  bool bad{false};            // start-up values: this cycle is dropped
  bool settings_new{false};
  bool identity_new{false};

  core::Part part{core::Part::kLive};
  core::FixedVector<std::uint8_t, 16> plan;
  std::uint8_t turn{0};   // whose turn it is among the slower ids
  std::uint8_t again{0};  // a slower id whose answer changed: asked again in the next poll, so that the gate need not wait for it
  std::array<std::uint32_t, 3> last_said{};  // of 94, 96 and 97, as a sum that tells a change
  bool host_80{false};                       // ask as host 80, not 40
  bool host_works{false};
  std::uint8_t host_misses{0};
  core::FixedVector<std::uint8_t, 16> silent;      // ids unanswered since the last answer; full: the board sleeps
  std::array<std::uint8_t, kPlannedIds> misses{};  // unanswered in a row, by id from 50
  std::array<bool, kPlannedIds> served{};          // has answered once, by id from 50
};

/// Answers 95, 96 and texts come in several frames.
[[nodiscard]] bool in_frames(std::uint8_t id) noexcept;
/// Frames of a text answer; 0 for any other id.
[[nodiscard]] unsigned text_frames(std::uint8_t id) noexcept;

/// False for content that the protocol rules out: the 8-bit sum lets some damage through.
[[nodiscard]] bool plausible(std::uint8_t id, Bytes data) noexcept;
/// Takes over the data of an answer in one frame.
void take_single(Board& board, std::uint8_t id, Bytes data) noexcept;
/// Takes over an answer in several frames. false: it is not whole, nothing was taken.
[[nodiscard]] bool take_frames(Board& board) noexcept;
/// Keeps the cells of an answer with gaps aside.
void keep_partial_cells(Board& board) noexcept;
/// True if the frames that came hold all that the answer must hold.
[[nodiscard]] bool frames_suffice(const Board& board) noexcept;
/// The fields that an id fills.
[[nodiscard]] FieldMask fields_of(std::uint8_t id) noexcept;
/// The fields of all known ids that are not in `mask`: a report carries them over.
[[nodiscard]] FieldMask carried(const Board& board, std::uint16_t mask) noexcept;
/// Makes the values of a live id missing.
void forget(Board& board, std::uint8_t id) noexcept;
/// Completes `live` for a report of the ids in `mask`: sign, cells and temperatures trimmed to their counts, balancing.
void complete(Board& board, std::uint16_t mask) noexcept;

// daly_a5_plan.cpp: what to ask

/// True if this board has never answered an id that it was asked often enough.
[[nodiscard]] bool absent(const Board& board, std::uint8_t id) noexcept;
/// What one poll asks.
void make_plan(Board& board, core::Part part) noexcept;
/// The ids without which there is no reading.
[[nodiscard]] std::uint16_t needed(const Board& board) noexcept;
/// A request for board `address`; which host asks depends on what has worked.
void build_request(core::Request& out, const Board& board, std::uint8_t address, std::uint8_t id, Bytes data) noexcept;
/// The request of a command; the error says why there is none.
[[nodiscard]] core::Error build_command(const core::Command& command, const Board& board, std::uint8_t address,
                                        core::Request& out) noexcept;
/// A request of the plan was answered (`whole`: with all its frames), or met with silence.
void count_answer(Board& board, const core::Request& request, bool whole) noexcept;
void count_silence(Board& board, const core::Request& request) noexcept;
/// True if the answer to a command says that it was done.
[[nodiscard]] bool accepted(const core::Request& command, Bytes answer) noexcept;

/// The board that a request is for: several on one line are asked at 3F + board (esphome #12445).
[[nodiscard]] std::uint8_t board_of_host(std::uint8_t host) noexcept;
[[nodiscard]] constexpr bool is_board(std::uint8_t address) noexcept { return address >= 1 && address <= kMaxBoards; }
/// True for ids that change something in the BMS.
[[nodiscard]] bool is_write(std::uint8_t id) noexcept;

}  // namespace bmsgate::protocols::a5
