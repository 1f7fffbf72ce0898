// SPDX-License-Identifier: Apache-2.0
// Questions to the history: a range of time in so many points, with the least, mean and greatest value of each, so that no spike is lost.
// Reads from the coarsest tier that is fine enough, and fills its ends from the others. Blocks on the disk: reader thread.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/field.hpp"
#include "outputs/history/store.hpp"

namespace bmsgate::outputs {

inline constexpr int kMaxPoints = 10'000;

struct HistoryQuery {
  std::string pack;
  core::UtcMs from_ms{0};
  core::UtcMs to_ms{0};
  std::vector<core::Field> fields;
  int points{1'440};  // 1 to kMaxPoints: how many steps the range is cut into
};

/// One element of one field: a value for each time of the envelope, scaled as the field.
struct Series {
  core::Field field{};
  std::uint8_t element{0};
  std::vector<std::int32_t> min;
  std::vector<std::int32_t> mean;
  std::vector<std::int32_t> max;
  std::vector<bool> valid;
};

struct Envelope {
  core::UtcMs from_ms{0};
  core::UtcMs to_ms{0};
  std::int64_t step_ms{0};
  std::vector<std::int64_t> t_ms;  // start of each step that has data, ascending; in a gap one step without data stands for it
  std::vector<Series> series;      // fields in the order asked for, elements ascending
};

/// `pending`: rows of this pack that are not in the file yet.
[[nodiscard]] Envelope query(const Store& store, std::span<const Chunk> pending, const HistoryQuery& question);

/// Which tier answers for which part of a range.
struct Piece {
  HistoryTier tier{};
  core::UtcMs from_ms{0};  // inclusive
  core::UtcMs to_ms{0};    // exclusive
};
[[nodiscard]] std::vector<Piece> plan(const Store& store, std::string_view pack, core::UtcMs from_ms, core::UtcMs to_ms,
                                      std::int64_t step_ms);

/// Calls visit(tier, chunk) for every chunk that a plan reads, oldest piece first; rows outside of the piece's time must be left out by the
/// caller. `pending` comes last, as tier kReadings. visit answers false to stop.
void for_each_planned(const Store& store, std::string_view pack, std::span<const Piece> pieces, std::span<const Chunk> pending,
                      const Wanted& wanted, const std::function<bool(const Piece& piece, const Chunk& chunk)>& visit);

}  // namespace bmsgate::outputs
