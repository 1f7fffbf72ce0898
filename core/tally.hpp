// SPDX-License-Identifier: Apache-2.0
// Counters that a gateway keeps about a pack itself: energy and charge in and out, and the day's highest SOC. They only ever grow, whatever
// the BMS's own counters do. One per pack, loop thread.
#pragma once

#include <cstdint>

#include "core/clock.hpp"
#include "core/sample.hpp"

namespace bmsgate::core {

/// What has to survive a restart.
struct TallyState {
  std::int64_t energy_in_mws{0};  // milliwatt seconds
  std::int64_t energy_out_mws{0};
  std::int64_t charge_in_mas{0};  // milliampere seconds
  std::int64_t charge_out_mas{0};
  std::int64_t day{0};             // local days since 1970 that the next two belong to
  std::int32_t soc_max{-1};        // 0.1 %; -1: none yet
  std::int32_t soc_max_minute{0};  // minutes since local midnight
};

class Tally {
 public:
  /// Readings further apart are not joined: what flowed between them is not known.
  static constexpr Duration kMaxGap = std::chrono::seconds{90};

  Tally() noexcept = default;
  explicit Tally(const TallyState& state) noexcept : state_{state} {}
  [[nodiscard]] const TallyState& state() const noexcept { return state_; }
  /// Counts a reading (trapezoids between neighbours; a change of sign is split at its zero) and writes the counters into its sample.
  /// `local_ms`: UTC plus the offset of the time zone; 0 = not known, then the day's values are left out.
  void count(Sample& sample, Instant at, std::int64_t local_ms) noexcept;

 private:
  void count_day(Sample& sample, std::int64_t local_ms) noexcept;

  TallyState state_;
  Instant last_at_{};
  std::int64_t last_power_mw_{0};
  std::int64_t last_current_ma_{0};
  bool has_last_{false};
};

}  // namespace bmsgate::core
