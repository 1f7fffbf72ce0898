// SPDX-License-Identifier: Apache-2.0
// What each local day was like: energy, extremes with their times, hours at full. Reads the condensed tiers. Reader thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "outputs/history/query.hpp"
#include "outputs/local_time.hpp"

namespace bmsgate::outputs {

/// An extreme value, where and when it was reached.
struct Extreme {
  std::int32_t value{0};  // scaled as its field
  core::UtcMs at_ms{0};
  int cell{0};  // 1-based; 0: not about a cell
};

struct DaySummary {
  LocalDay day;
  std::int64_t energy_in_wh{0};
  std::int64_t energy_out_wh{0};
  std::int64_t charge_in_mah{0};
  std::int64_t charge_out_mah{0};
  std::optional<Extreme> soc_min, soc_max;
  std::optional<Extreme> cell_min, cell_max;
  std::optional<Extreme> delta_max;
  std::optional<Extreme> temperature_min, temperature_max;
  std::int64_t soc_gain{0};      // by how much the state of charge rose while it was watched, 0.1 %; jumps of the BMS left out
  std::int64_t full_ms{0};       // time at 99 % and above
  std::int64_t covered_ms{0};    // time for which there is data
  std::int32_t capacity_mah{0};  // full (else nominal) capacity, the last that was told; 0: not known
  bool complete{false};          // the day is over

  /// Half of what went in and out, in full capacities; 0 where the capacity is not known.
  [[nodiscard]] double cycles() const noexcept;
  /// Round trip in %: what came out of what went in, corrected for what is still (or no longer) in the pack. nullopt: less than a full
  /// cycle, a correction of more than a tenth, or a result that cannot be (the state of charge is not to be relied on).
  [[nodiscard]] std::optional<double> efficiency_percent() const noexcept;
};

/// Days from `first` to `last` that have data, oldest first. `now_ms` decides which day is over.
[[nodiscard]] std::vector<DaySummary> days(const Store& store, std::span<const Chunk> pending, std::string_view pack, LocalDay first,
                                           LocalDay last, core::UtcMs now_ms);

/// Several days as one: sums and extremes. `day` is the first one's.
[[nodiscard]] DaySummary sum_up(std::span<const DaySummary> days);

}  // namespace bmsgate::outputs
