// SPDX-License-Identifier: Apache-2.0
// What the BMS of a pack measures, reports and can be told.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/reading.hpp"
#include "sim/pack_model.hpp"

namespace bmsgate::sim {
namespace {

constexpr double kHourS = 3600;
constexpr core::UtcMs kRestartMs = 3000;
constexpr std::int32_t kRestCurrentMa = 200;

std::uint32_t milli(double value) { return static_cast<std::uint32_t>(std::lround(std::max(value, 0.0) * 1000)); }
std::uint32_t mah(double ampere_seconds) { return milli(ampere_seconds / kHourS); }
std::int16_t tenths(double value) { return static_cast<std::int16_t>(std::lround(value * 10)); }

}  // namespace

void PackModel::measure(double current_a) {
  const auto second = static_cast<std::uint64_t>(now_ms_ / 1000);
  state_.utc_ms = now_ms_;
  state_.cells = profile_.cells;
  state_.pack_mv = 0;
  for (std::size_t i = 0; i < profile_.cells; ++i) {
    const double noise_mv = 0.45 * hash_noise(profile_.seed * 64 + i, second);
    state_.cell_mv[i] = static_cast<std::uint16_t>(std::lround(std::max(cells_[i].volt * 1000 + noise_mv, 0.0)));
    state_.pack_mv += state_.cell_mv[i];
  }
  state_.current_ma = static_cast<std::int32_t>(std::lround(current_a * 1000));
  state_.state = state_.current_ma > kRestCurrentMa    ? core::State::kCharging
                 : state_.current_ma < -kRestCurrentMa ? core::State::kDischarging
                                                       : core::State::kIdle;
  state_.nominal_mah = milli(profile_.capacity_ah);
  state_.full_mah = mah(full_as_);
  state_.remaining_mah = mah(soc_as_);
  state_.soc_permille = static_cast<std::uint16_t>(std::lround(soc_as_ / full_as_ * 1000));
  state_.soh_permille = static_cast<std::uint16_t>(std::lround(profile_.soh * 1000));
  state_.cycles = static_cast<std::uint32_t>(cycled_as_ / full_as_);
  state_.cycled_mah = mah(cycled_as_);
  state_.charged_mah = mah(charged_as_);
  state_.discharged_mah = mah(discharged_as_);
  state_.probes = profile_.probes;
  for (std::size_t i = 0; i < profile_.probes; ++i)
    state_.temperature_dc[i] = tenths(battery_c_ + 0.8 * hash_noise(profile_.seed, 400 + i));
  state_.mos_temperature_dc = tenths(mos_c_);
  state_.runtime_s = static_cast<std::uint32_t>(runtime_s_);
  measure_extremes();
}

void PackModel::measure_extremes() {
  const auto* begin = state_.cell_mv.data();
  const auto* end = begin + profile_.cells;
  const auto* low = std::min_element(begin, end);
  const auto* high = std::max_element(begin, end);
  state_.min_mv = *low;
  state_.max_mv = *high;
  state_.min_number = static_cast<std::uint8_t>(low - begin + 1);
  state_.max_number = static_cast<std::uint8_t>(high - begin + 1);
  state_.average_mv = static_cast<std::uint16_t>((state_.pack_mv + profile_.cells / 2U) / profile_.cells);
}

void PackModel::add_past_throughput(double ah) {
  const double more_as = ah * kHourS;
  cycled_as_ += more_as;
  charged_as_ += more_as;
  discharged_as_ += more_as;
}

double PackModel::stored_ah() const {
  const double sum = std::accumulate(cells_.begin(), cells_.begin() + profile_.cells, 0.0,
                                     [](double so_far, const Cell& cell) { return so_far + cell.charge_as; });
  return sum / profile_.cells / kHourS;
}

// ---- commands

void PackModel::set_charge_switch(bool on) {
  state_.charge_switch = on;
  switch_mos();
}

void PackModel::set_discharge_switch(bool on) {
  state_.discharge_switch = on;
  switch_mos();
}

void PackModel::set_balance_switch(bool on) {
  state_.balance_switch = on;
  run_balancer();
}

void PackModel::set_soc(std::uint16_t permille) {
  soc_as_ = full_as_ * std::min<std::uint16_t>(permille, 1000) / 1000.0;
  state_.remaining_mah = mah(soc_as_);
  state_.soc_permille = static_cast<std::uint16_t>(std::lround(soc_as_ / full_as_ * 1000));
}

void PackModel::restart() {
  restart_until_ms_ = now_ms_ + kRestartMs;
  runtime_s_ = 0;
  state_.runtime_s = 0;
  switch_mos();
}

core::Sample PackModel::truth() const {
  using core::Field;
  core::Sample sample;
  const auto& s = state_;
  const auto set = [&sample](Field field, std::int64_t value) {
    sample.set(field, static_cast<std::int32_t>(std::min<std::int64_t>(value, INT32_MAX)));
  };
  for (std::size_t i = 0; i < s.cells; ++i) {
    sample.set(Field::kCellVoltage, s.cell_mv[i], i);
    if (i < core::info(Field::kWireResistance).count) sample.set(Field::kWireResistance, s.wire_mohm[i], i);
    sample.set(Field::kBalancingCell, static_cast<std::int32_t>(s.balancing_cells >> i & 1U), i);
  }
  for (std::size_t i = 0; i < s.probes; ++i) sample.set(Field::kTemperature, s.temperature_dc[i], i);
  set(Field::kCellCount, s.cells);
  set(Field::kPackVoltage, s.pack_mv);
  set(Field::kCurrent, s.current_ma);
  set(Field::kState, static_cast<std::int32_t>(s.state));
  set(Field::kSoc, s.soc_permille);
  set(Field::kSoh, s.soh_permille);
  set(Field::kRemainingCapacity, s.remaining_mah);
  set(Field::kFullCapacity, s.full_mah);
  set(Field::kNominalCapacity, s.nominal_mah);
  set(Field::kCycles, s.cycles);
  set(Field::kCycledCapacity, static_cast<std::int64_t>(s.cycled_mah));
  set(Field::kMosTemperature, s.mos_temperature_dc);
  set(Field::kBalanceCurrent, s.balance_ma);
  set(Field::kBalancing, s.balancing_cells != 0);
  set(Field::kChargeMos, s.charge_mos);
  set(Field::kDischargeMos, s.discharge_mos);
  set(Field::kChargeSwitch, s.charge_switch);
  set(Field::kDischargeSwitch, s.discharge_switch);
  set(Field::kBalanceSwitch, s.balance_switch);
  set(Field::kHeating, s.heating);
  set(Field::kRuntime, s.runtime_s);
  set(Field::kChargeCharged, static_cast<std::int64_t>(s.charged_mah));
  set(Field::kChargeDischarged, static_cast<std::int64_t>(s.discharged_mah));
  sample.alarms = s.alarms;
  core::derive(sample);
  return sample;
}

}  // namespace bmsgate::sim
