// SPDX-License-Identifier: Apache-2.0
// Integrals of power and current by trapezoids.
#include "core/tally.hpp"

#include <algorithm>

namespace bmsgate::core {
namespace {

/// Adds the area between two values, split by sign: what lies above zero to `in`, what lies below to `out`.
void add_area(std::int64_t a, std::int64_t b, std::int64_t dt_us, std::int64_t& in, std::int64_t& out) noexcept {
  constexpr std::int64_t kHalfSecond = 2'000'000;
  if (a >= 0 && b >= 0) {
    in += (a + b) * dt_us / kHalfSecond;
  } else if (a <= 0 && b <= 0) {
    out -= (a + b) * dt_us / kHalfSecond;
  } else {
    const std::int64_t crossing_us = dt_us * a / (a - b);
    add_area(a, 0, crossing_us, in, out);
    add_area(0, b, dt_us - crossing_us, in, out);
  }
}

std::int32_t to_counter(std::int64_t amount, std::int64_t per_unit) noexcept {
  return static_cast<std::int32_t>(std::min<std::int64_t>(amount / per_unit, INT32_MAX));
}

}  // namespace

void Tally::count(Sample& sample, Instant at, std::int64_t local_ms) noexcept {
  if (sample.has(Field::kCurrent) && sample.has(Field::kPower)) {
    const std::int64_t power_mw = std::int64_t{sample.get(Field::kPower)} * 100;
    const std::int64_t current_ma = sample.get(Field::kCurrent);
    const auto gap = at - last_at_;
    if (has_last_ && gap > Duration::zero() && gap <= kMaxGap) {
      add_area(last_power_mw_, power_mw, gap.count(), state_.energy_in_mws, state_.energy_out_mws);
      add_area(last_current_ma_, current_ma, gap.count(), state_.charge_in_mas, state_.charge_out_mas);
    }
    last_power_mw_ = power_mw;
    last_current_ma_ = current_ma;
    last_at_ = at;
    has_last_ = true;
  }
  constexpr std::int64_t kMwsPerWh = 3'600'000;  // the field counts 0.001 kWh
  constexpr std::int64_t kMasPerMah = 3'600;
  sample.set(Field::kEnergyCharged, to_counter(state_.energy_in_mws, kMwsPerWh));
  sample.set(Field::kEnergyDischarged, to_counter(state_.energy_out_mws, kMwsPerWh));
  sample.set(Field::kChargeCharged, to_counter(state_.charge_in_mas, kMasPerMah));
  sample.set(Field::kChargeDischarged, to_counter(state_.charge_out_mas, kMasPerMah));
  if (local_ms != 0) count_day(sample, local_ms);
}

void Tally::count_day(Sample& sample, std::int64_t local_ms) noexcept {
  constexpr std::int64_t kDayMs = 86'400'000;
  const auto day = local_ms / kDayMs;
  if (day != state_.day) {
    state_.day = day;
    state_.soc_max = -1;
  }
  if (sample.has(Field::kSoc) && sample.get(Field::kSoc) > state_.soc_max) {
    state_.soc_max = sample.get(Field::kSoc);
    state_.soc_max_minute = static_cast<std::int32_t>(local_ms % kDayMs / 60'000);
  }
  if (state_.soc_max < 0) return;
  sample.set(Field::kSocMaxToday, state_.soc_max);
  sample.set(Field::kSocMaxTodayAt, state_.soc_max_minute);
}

}  // namespace bmsgate::core
