// SPDX-License-Identifier: Apache-2.0
// A battery pack as physics: cells with capacity, resistance and open-circuit voltage, a day of sun and load, balancer, temperatures,
// protections. Same profile and same seed give the same pack. It knows no wire format; the virtual BMSs of this folder read its state.
// One owner, one thread. Time is UTC and only moves when advance() is called.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/alarm.hpp"
#include "core/clock.hpp"
#include "core/sample.hpp"

namespace bmsgate::sim {

enum class Chemistry : std::uint8_t { kLfp, kNmc };
enum class Balancer : std::uint8_t { kDead, kPassive, kActive };

/// An alarm raised on purpose: from `first_s` after the start for `for_s`, again every `every_s` (0 = it stays).
struct ForcedAlarm {
  core::AlarmId id{};
  core::Severity severity{core::Severity::kAlarm};
  std::uint32_t first_s{0};
  std::uint32_t every_s{0};
  std::uint32_t for_s{60};
};

/// What a pack is made of. Cell numbers count from 1; 0 = no such cell.
struct PackProfile {
  std::uint8_t cells{16};
  Chemistry chemistry{Chemistry::kLfp};
  double capacity_ah{280};
  double soh{1.0};  // of a usual cell
  double start_soc{0.6};
  std::uint64_t seed{1};

  double capacity_spread{0.004};  // standard deviation, relative
  double resistance_ohm{0.0006};  // of a usual cell with its connectors
  double resistance_spread{0.05};
  std::uint8_t weak_cell{0};
  double weak_capacity{0.93};  // relative to a usual cell
  double weak_resistance{1.6};
  std::uint8_t leaky_cell{0};
  double leak_a{0.02};
  std::uint8_t high_resistance_cell{0};
  double high_resistance{3.0};

  Balancer balancer{Balancer::kActive};
  double balance_a{1.0};
  double balance_start_v{3.42};
  double balance_delta_v{0.005};

  double solar_peak_a{75};
  double evening_load_a{34};
  double idle_load_a{4};
  double load_noise{1.0};                   // 0 = a smooth day
  double charge_limit_v{0};                 // a cell's share of the charger's voltage; 0 = usual for the chemistry
  double utc_offset_h{1};                   // the site's clock
  std::optional<double> fixed_current_a{};  // in place of the day's profile; positive = charging

  std::uint8_t probes{2};
  bool heater{false};
  std::optional<ForcedAlarm> forced_alarm{};
  double cycles_so_far{37};
};

/// What its BMS measures and knows, in the units of the wire formats.
struct PackState {
  core::UtcMs utc_ms{0};
  std::uint8_t cells{0};
  std::array<std::uint16_t, 48> cell_mv{};
  std::array<std::uint16_t, 48> wire_mohm{};
  std::uint32_t pack_mv{0};
  std::int32_t current_ma{0};  // positive = charging
  core::State state{core::State::kIdle};
  std::uint16_t soc_permille{0};
  std::uint16_t soh_permille{1000};
  std::uint32_t nominal_mah{0};
  std::uint32_t full_mah{0};
  std::uint32_t remaining_mah{0};
  std::uint32_t cycles{0};
  std::uint64_t cycled_mah{0};
  std::uint64_t charged_mah{0};
  std::uint64_t discharged_mah{0};
  std::uint8_t probes{0};
  std::array<std::int16_t, 8> temperature_dc{};  // 0.1 degC
  std::int16_t mos_temperature_dc{0};
  std::int32_t balance_ma{0};
  std::uint64_t balancing_cells{0};  // bit 0 = cell 1
  bool charge_mos{true};
  bool discharge_mos{true};
  bool charge_switch{true};
  bool discharge_switch{true};
  bool balance_switch{true};
  bool heating{false};
  std::uint32_t runtime_s{0};
  core::AlarmList alarms;

  // Follow from the cells.
  std::uint16_t min_mv{0}, max_mv{0}, average_mv{0};
  std::uint8_t min_number{0}, max_number{0};
};

/// Where the protections of such a pack act; the settings replies report the same numbers.
struct Limits {
  std::uint16_t cell_ov_mv, cell_ov_release_mv, cell_uv_mv, cell_uv_release_mv, cell_full_mv, cell_empty_mv, cell_delta_mv;
  std::uint32_t charge_oc_ma, discharge_oc_ma;
  std::int16_t charge_ot_dc, charge_ut_dc, discharge_ot_dc, discharge_ut_dc, mos_ot_dc;  // 0.1 degC
  std::uint8_t soc_low_percent;
};

class PackModel {
 public:
  explicit PackModel(const PackProfile& profile);

  /// Moves on to `utc_ms` (never back). The first call only sets the clock. Long stretches are walked in steps of at most a minute.
  void advance(core::UtcMs utc_ms);
  [[nodiscard]] const PackState& state() const { return state_; }
  [[nodiscard]] const PackProfile& profile() const { return profile_; }
  [[nodiscard]] const Limits& limits() const { return limits_; }
  /// The state as fields; values that no measurement stands behind (power, extremes) are as core::derive() would work them out.
  [[nodiscard]] core::Sample truth() const;

  // What a BMS can be told.
  void set_charge_switch(bool on);
  void set_discharge_switch(bool on);
  void set_balance_switch(bool on);
  void set_soc(std::uint16_t permille);
  /// Both MOS open for three seconds, the running time begins anew.
  void restart();

  // For tests and for the makers of scenes.
  void set_fixed_current(std::optional<double> current_a) { profile_.fixed_current_a = current_a; }
  /// Charge that went through the pack before: raises the cycle counter and the totals.
  void add_past_throughput(double ah);
  /// Charge in the cells (Ah, mean over the string), for energy balances.
  [[nodiscard]] double stored_ah() const;

 private:
  struct Cell {
    double capacity_as;  // ampere seconds
    double resistance_ohm;
    double leak_a;
    double charge_as;
    double polarisation_v{0};
    double balance_a{0};
    double volt{0};
  };
  void step(double seconds);
  [[nodiscard]] double solar_a() const;
  [[nodiscard]] double load_a() const;
  [[nodiscard]] double wanted_current() const;
  [[nodiscard]] double limited_current(double wanted_a) const;
  void run_balancer();
  void switch_mos();
  void run_protections();
  void run_temperatures(double seconds, double current_a);
  void count_charge(double seconds, double current_a);
  void measure(double current_a);
  void measure_extremes();
  [[nodiscard]] bool forced_now() const;

  PackProfile profile_;
  Limits limits_;
  std::array<Cell, 48> cells_{};
  PackState state_;
  double soc_as_{0};   // the BMS's own charge counter
  double full_as_{0};  // what it takes for full
  double cycled_as_{0}, charged_as_{0}, discharged_as_{0};
  double battery_c_{18}, mos_c_{20};
  double current_a_{0};
  double runtime_s_{0};
  core::UtcMs now_ms_{0};
  core::UtcMs start_ms_{0};
  core::UtcMs restart_until_ms_{0};
  bool over_voltage_{false}, under_voltage_{false}, too_cold_{false}, balancing_{false};
};

/// A number in [-1, 1] that belongs to (seed, n) for ever: noise that does not depend on how often one looks.
[[nodiscard]] double hash_noise(std::uint64_t seed, std::uint64_t n);

}  // namespace bmsgate::sim
