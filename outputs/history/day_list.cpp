// SPDX-License-Identifier: Apache-2.0
// Days with data.
#include "outputs/history/day_list.hpp"

#include <array>
#include <set>

#include "core/field.hpp"

namespace bmsgate::outputs {

std::vector<LocalDay> days_with_data(const Store& store, std::span<const Chunk> pending, std::string_view pack, core::UtcMs from_ms,
                                     core::UtcMs to_ms) {
  const std::array<std::uint16_t, 1> regs{core::info(core::Field::kSoc).reg};  // no more than needed: times come with any column
  const auto pieces = plan(store, pack, from_ms, to_ms - 1, info(HistoryTier::kTwentyMinutes).tick_ms);
  std::set<LocalDay> found;
  for_each_planned(store, pack, pieces, pending, {.regs = regs, .values_only = true}, [&](const Piece& piece, const Chunk& chunk) {
    core::UtcMs known_to_ms = 0;  // end of the day that was found last
    for (const auto tick : chunk.times) {
      const auto at_ms = tick * info(piece.tier).tick_ms;
      if (at_ms < piece.from_ms || at_ms >= piece.to_ms || at_ms < known_to_ms) continue;
      const auto day = day_of(at_ms);
      found.insert(day);
      known_to_ms = start_of(next(day));
    }
    return true;
  });
  return {found.begin(), found.end()};
}

}  // namespace bmsgate::outputs
