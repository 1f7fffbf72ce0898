// SPDX-License-Identifier: Apache-2.0
// The physics of a pack: charge, voltage, heat, and what its BMS does about them.
#include "sim/pack_model.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

namespace bmsgate::sim {
namespace {

constexpr double kHourS = 3600;
constexpr double kDayS = 24 * kHourS;
constexpr double kPi = 3.14159265358979;
constexpr double kMaxStepS = 60;
constexpr double kUsualLeakA = 0.008;  // self-discharge and the measuring chip

struct OcvPoint {
  double soc;
  double volt;
};
// Rest voltages of a usual cell, from the shape that data sheets of either chemistry share: a flat middle, a knee at both ends.
constexpr std::array<OcvPoint, 16> kLfpOcv{{{-0.05, 2.20},
                                            {0, 2.65},
                                            {0.01, 2.85},
                                            {0.03, 3.03},
                                            {0.06, 3.13},
                                            {0.10, 3.200},
                                            {0.20, 3.250},
                                            {0.30, 3.280},
                                            {0.45, 3.295},
                                            {0.60, 3.305},
                                            {0.68, 3.325},
                                            {0.80, 3.335},
                                            {0.95, 3.345},
                                            {0.98, 3.365},
                                            {1.0, 3.450},
                                            {1.02, 3.95}}};
constexpr std::array<OcvPoint, 12> kNmcOcv{{{-0.05, 2.50},
                                            {0, 3.00},
                                            {0.03, 3.30},
                                            {0.10, 3.45},
                                            {0.20, 3.55},
                                            {0.35, 3.62},
                                            {0.50, 3.68},
                                            {0.65, 3.80},
                                            {0.80, 3.95},
                                            {0.95, 4.10},
                                            {1.0, 4.19},
                                            {1.05, 4.50}}};

double interpolate(std::span<const OcvPoint> curve, double soc) {
  if (soc <= curve.front().soc) return curve.front().volt;
  for (std::size_t i = 1; i < curve.size(); ++i) {
    if (soc > curve[i].soc) continue;
    const double part = (soc - curve[i - 1].soc) / (curve[i].soc - curve[i - 1].soc);
    return curve[i - 1].volt + part * (curve[i].volt - curve[i - 1].volt);
  }
  return curve.back().volt;
}

double open_circuit(Chemistry chemistry, double soc) {
  return chemistry == Chemistry::kLfp ? interpolate(kLfpOcv, soc) : interpolate(kNmcOcv, soc);
}

constexpr Limits kLfpLimits{3650, 3500, 2600, 2800, 3450, 2700, 300, 100'000, 150'000, 550, 0, 650, -200, 900, 10};
constexpr Limits kNmcLimits{4250, 4150, 3000, 3200, 4180, 3100, 300, 100'000, 150'000, 550, 0, 650, -200, 900, 10};

double charger_volt(const PackProfile& profile) {
  if (profile.charge_limit_v > 0) return profile.charge_limit_v;
  return profile.chemistry == Chemistry::kLfp ? 3.45 : 4.15;
}

double bell(double x, double middle, double width) { return std::exp(-0.5 * (x - middle) * (x - middle) / (width * width)); }

/// Roughly Gaussian, from three even ones.
double bell_noise(std::uint64_t seed, std::uint64_t n) {
  return hash_noise(seed, n * 3) + hash_noise(seed, n * 3 + 1) + hash_noise(seed, n * 3 + 2);
}

}  // namespace

double hash_noise(std::uint64_t seed, std::uint64_t n) {
  std::uint64_t x = seed * 0x9E3779B97F4A7C15ULL + n * 0xD1B54A32D192ED03ULL + 0x632BE59BD9B4E019ULL;
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBULL;
  x ^= x >> 31U;
  return static_cast<double>(x >> 11U) * 0x1.0p-52 - 1.0;
}

PackModel::PackModel(const PackProfile& profile)
    : profile_{profile}, limits_{profile.chemistry == Chemistry::kLfp ? kLfpLimits : kNmcLimits} {
  profile_.cells = std::clamp<std::uint8_t>(profile_.cells, 1, 48);
  profile_.probes = std::min<std::uint8_t>(profile_.probes, 8);
  const double usual_as = profile_.capacity_ah * kHourS * profile_.soh;
  full_as_ = usual_as;
  soc_as_ = usual_as * profile_.start_soc;
  for (unsigned i = 0; i < profile_.cells; ++i) {
    const auto number = i + 1;
    auto& cell = cells_[i];
    cell.capacity_as = usual_as * (1 + profile_.capacity_spread * bell_noise(profile_.seed, i));
    cell.resistance_ohm = profile_.resistance_ohm * (1 + profile_.resistance_spread * bell_noise(profile_.seed, 100 + i));
    cell.leak_a = kUsualLeakA * (1 + 0.1 * bell_noise(profile_.seed, 500 + i));
    if (number == profile_.leaky_cell) cell.leak_a += profile_.leak_a;
    if (number == profile_.weak_cell) {
      cell.capacity_as *= profile_.weak_capacity;
      cell.resistance_ohm *= profile_.weak_resistance;
      cell.leak_a *= 0.5;  // it drifts up beside the others and so is the first at the top
    }
    if (number == profile_.high_resistance_cell) cell.resistance_ohm *= profile_.high_resistance;
    // A balanced string is even when full: below that, each cell lacks the same charge.
    const double uneven_as = usual_as * 0.0005 * bell_noise(profile_.seed, 200 + i);
    cell.charge_as = cell.capacity_as - (1 - profile_.start_soc) * usual_as + uneven_as;
    state_.wire_mohm[i] = static_cast<std::uint16_t>(std::lround(35 + 4 * hash_noise(profile_.seed, 300 + i)));
  }
  cycled_as_ = profile_.cycles_so_far * usual_as;
  charged_as_ = cycled_as_ * 1.01;
  discharged_as_ = cycled_as_;
  measure(0);
}

void PackModel::advance(core::UtcMs utc_ms) {
  if (start_ms_ == 0) {
    start_ms_ = now_ms_ = utc_ms;
    step(0);
    return;
  }
  while (now_ms_ < utc_ms) {
    const auto part_ms = std::min<core::UtcMs>(utc_ms - now_ms_, static_cast<core::UtcMs>(kMaxStepS * 1000));
    now_ms_ += part_ms;
    step(static_cast<double>(part_ms) / 1000);
  }
}

void PackModel::step(double seconds) {
  const double current = limited_current(wanted_current());
  current_a_ = current;
  run_balancer();
  const double settle = 1 - std::exp(-seconds / 120);
  for (unsigned i = 0; i < profile_.cells; ++i) {
    auto& cell = cells_[i];
    cell.charge_as += (current + cell.balance_a - cell.leak_a) * seconds;
    cell.charge_as = std::clamp(cell.charge_as, -0.05 * cell.capacity_as, 1.05 * cell.capacity_as);
    cell.polarisation_v += settle * (0.5 * current * cell.resistance_ohm - cell.polarisation_v);
    cell.volt = open_circuit(profile_.chemistry, cell.charge_as / cell.capacity_as) + cell.polarisation_v +
                (current + cell.balance_a) * cell.resistance_ohm;
  }
  count_charge(seconds, current);
  run_temperatures(seconds, current);
  runtime_s_ += seconds;
  measure(current);
  run_protections();
}

// ---- the day

double PackModel::solar_a() const {
  const double local_s = static_cast<double>(now_ms_) / 1000 + profile_.utc_offset_h * kHourS;
  const auto day = static_cast<std::uint64_t>(local_s / kDayS);
  const double hour = std::fmod(local_s, kDayS) / kHourS;
  const double season = std::sin(2 * kPi * (std::fmod(static_cast<double>(day), 365.25) - 80) / 365.25);
  const double half_day_h = 6.3 + 1.5 * season;
  const double height = std::cos((hour - 12.5) / half_day_h * kPi / 2);
  if (std::abs(hour - 12.5) >= half_day_h || height <= 0) return 0;
  const double clear = 0.7 + 0.3 * hash_noise(7, day);  // the same weather for all packs of a site
  const double passing = 1 + (1 - clear) * 0.5 * hash_noise(8, static_cast<std::uint64_t>(local_s / 300));
  return profile_.solar_peak_a * (0.85 + 0.15 * season) * clear * passing * std::pow(height, 1.3);
}

double PackModel::load_a() const {
  const double local_s = static_cast<double>(now_ms_) / 1000 + profile_.utc_offset_h * kHourS;
  const auto day = static_cast<std::uint64_t>(local_s / kDayS);
  const double hour = std::fmod(local_s, kDayS) / kHourS;
  const auto seed = profile_.seed;
  const double noise = profile_.load_noise;
  const double busy = 1 + 0.25 * noise * hash_noise(seed + 1, day);
  double load = profile_.idle_load_a;
  load += profile_.evening_load_a * busy * (bell(hour, 19.5, 1.7) + 0.35 * bell(hour, 7.2, 0.8));
  const auto fridge_s = static_cast<std::uint64_t>(local_s) % 2220;
  if (fridge_s < 840) load += 0.4 * profile_.idle_load_a * noise;
  const auto slot = static_cast<std::uint64_t>(local_s) / 600;
  const bool kettle = hash_noise(seed + 2, slot) > 0.7 && static_cast<std::uint64_t>(local_s) % 600 < 180;
  if (kettle && hour > 6 && hour < 23) load += 0.4 * profile_.evening_load_a * noise;
  load *= 1 + 0.02 * noise * hash_noise(seed + 3, static_cast<std::uint64_t>(local_s / 2));
  return load;
}

double PackModel::wanted_current() const {
  if (profile_.fixed_current_a) return *profile_.fixed_current_a;
  return solar_a() - load_a();
}

double PackModel::limited_current(double wanted_a) const {
  if (wanted_a > 0) {
    if (!state_.charge_mos) return 0;
    double rest_v = 0, resistance = 0;
    for (unsigned i = 0; i < profile_.cells; ++i) {
      const auto& cell = cells_[i];
      rest_v += open_circuit(profile_.chemistry, cell.charge_as / cell.capacity_as) + cell.polarisation_v;
      resistance += cell.resistance_ohm;
    }
    // The charger holds its voltage: near full it can only push what the resistance lets through. It steps down in the pace of its loop.
    const double room_v = charger_volt(profile_) * profile_.cells - rest_v;
    return std::clamp(room_v / resistance * 0.2, 0.0, wanted_a);
  }
  if (!state_.discharge_mos) return 0;
  if (profile_.fixed_current_a) return wanted_a;
  // The house goes over to the grid before the pack is empty; on some days there is none.
  const auto day = static_cast<std::uint64_t>(now_ms_ / 86'400'000);
  const double reserve = hash_noise(9, day) > 0.9 ? 0.06 : 0.2;
  return soc_as_ < reserve * full_as_ ? std::max(wanted_a, -0.002 * profile_.capacity_ah) : wanted_a;
}

// ---- what the BMS does

void PackModel::run_balancer() {
  for (auto& cell : cells_) cell.balance_a = 0;
  const auto [low, high] =
      std::minmax_element(cells_.begin(), cells_.begin() + profile_.cells, [](const Cell& a, const Cell& b) { return a.volt < b.volt; });
  const double spread = high->volt - low->volt;
  const double start_v = profile_.chemistry == Chemistry::kLfp ? profile_.balance_start_v : profile_.balance_start_v + 0.5;
  balancing_ = profile_.balancer != Balancer::kDead && state_.balance_switch && high->volt > start_v &&
               spread > (balancing_ ? 0.5 : 1.0) * profile_.balance_delta_v;
  state_.balancing_cells = 0;
  state_.balance_ma = 0;
  if (!balancing_) return;
  const auto mark = [this](std::size_t i) { state_.balancing_cells |= std::uint64_t{1} << i; };
  if (profile_.balancer == Balancer::kActive) {
    high->balance_a = -profile_.balance_a;
    low->balance_a = profile_.balance_a;
    mark(static_cast<std::size_t>(high - cells_.begin()));
    mark(static_cast<std::size_t>(low - cells_.begin()));
    state_.balance_ma = static_cast<std::int32_t>(std::lround(profile_.balance_a * 1000));
    return;
  }
  constexpr double kBleedA = 0.1;
  for (std::size_t i = 0; i < profile_.cells; ++i) {
    if (cells_[i].volt < low->volt + profile_.balance_delta_v) continue;
    cells_[i].balance_a = -kBleedA;
    mark(i);
  }
  state_.balance_ma = static_cast<std::int32_t>(std::lround(kBleedA * 1000));
}

void PackModel::run_temperatures(double seconds, double current_a) {
  const double local_s = static_cast<double>(now_ms_) / 1000 + profile_.utc_offset_h * kHourS;
  const double season = std::sin(2 * kPi * (std::fmod(local_s / kDayS, 365.25) - 110) / 365.25);
  const double outside = 14 + 7 * season + 3 * std::sin((std::fmod(local_s, kDayS) / kHourS - 9) / 12 * kPi);
  const auto settle = [seconds](double tau_s) { return 1 - std::exp(-seconds / tau_s); };
  battery_c_ += settle(4 * kHourS) * (outside + 3 + 0.0015 * current_a * current_a - battery_c_);
  double mos_target = battery_c_ + 1 + 0.006 * current_a * current_a;
  // Where a hot MOS is wanted, the MOS gets hot too: alarm and value agree.
  const bool hot = forced_now() && profile_.forced_alarm->id == core::AlarmId::kMosOt;
  if (hot) mos_target = 97;
  mos_c_ += settle(hot ? 20 : 200) * (mos_target - mos_c_);
  if (profile_.heater) state_.heating = battery_c_ < (state_.heating ? 8 : 5);
}

void PackModel::count_charge(double seconds, double current_a) {
  const double moved_as = std::abs(current_a) * seconds;
  (current_a > 0 ? charged_as_ : discharged_as_) += moved_as;
  if (current_a < 0) cycled_as_ += moved_as;
  soc_as_ += current_a * seconds;
  const double full_v = charger_volt(profile_) - 0.01;
  const double mean_v =
      std::accumulate(cells_.begin(), cells_.begin() + profile_.cells, 0.0, [](double sum, const Cell& cell) { return sum + cell.volt; }) /
      profile_.cells;
  // Full is learned from the charger's last amperes; the counter glides there instead of jumping.
  if (current_a >= 0 && mean_v > full_v && current_a < 0.06 * profile_.capacity_ah)
    soc_as_ += (full_as_ - soc_as_) * (1 - std::exp(-seconds / 120));
  soc_as_ = std::clamp(soc_as_, 0.0, full_as_);
}

void PackModel::run_protections() {
  const auto cell_latch = [](bool was, bool trip, bool release) { return trip || (was && !release); };
  over_voltage_ = cell_latch(over_voltage_, state_.max_mv >= limits_.cell_ov_mv, state_.max_mv <= limits_.cell_ov_release_mv);
  under_voltage_ = cell_latch(under_voltage_, state_.min_mv <= limits_.cell_uv_mv, state_.min_mv >= limits_.cell_uv_release_mv);
  too_cold_ = cell_latch(too_cold_, battery_c_ * 10 < limits_.charge_ut_dc, battery_c_ * 10 > limits_.charge_ut_dc + 50);
  state_.alarms.clear();
  const auto raise = [this](bool when, core::AlarmId id, core::Severity severity, std::uint8_t cell = 0) {
    if (when) state_.alarms.add({id, severity, cell, {}});
  };
  raise(over_voltage_, core::AlarmId::kCellOv, core::Severity::kAlarm);
  raise(under_voltage_, core::AlarmId::kCellUv, core::Severity::kAlarm);
  raise(too_cold_, core::AlarmId::kChargeUt, core::Severity::kAlarm);
  raise(state_.max_mv - state_.min_mv > limits_.cell_delta_mv, core::AlarmId::kCellDelta, core::Severity::kAlarm);
  raise(state_.soc_permille < limits_.soc_low_percent * 10, core::AlarmId::kSocLow, core::Severity::kWarning);
  raise(state_.mos_temperature_dc >= limits_.mos_ot_dc, core::AlarmId::kMosOt, core::Severity::kAlarm);
  if (forced_now()) state_.alarms.add({profile_.forced_alarm->id, profile_.forced_alarm->severity, 0, {}});
  switch_mos();
}

bool PackModel::forced_now() const {
  if (!profile_.forced_alarm) return false;
  const auto& forced = *profile_.forced_alarm;
  const auto since_start_s = (now_ms_ - start_ms_) / 1000;
  if (since_start_s < forced.first_s) return false;
  return forced.every_s == 0 || (since_start_s - forced.first_s) % forced.every_s < forced.for_s;
}

void PackModel::switch_mos() {
  const bool restarting = now_ms_ < restart_until_ms_;
  state_.charge_mos = state_.charge_switch && !over_voltage_ && !too_cold_ && !restarting;
  state_.discharge_mos = state_.discharge_switch && !under_voltage_ && !restarting;
}

}  // namespace bmsgate::sim
