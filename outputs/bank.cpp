// SPDX-License-Identifier: Apache-2.0
// Sums, weighted means and extremes over all packs.
#include "outputs/bank.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "outputs/pack_json.hpp"

namespace bmsgate::outputs {
namespace {

using core::Field;
using core::Sample;

constexpr double kParallelSpread = 0.1;
constexpr std::int64_t kRestPower = 30;  // 3 W, in the unit of Field::kPower: below it a bank is idle

std::int32_t narrow(double value) noexcept {
  constexpr double kMax = std::numeric_limits<std::int32_t>::max();
  return static_cast<std::int32_t>(std::lround(std::clamp(value, -kMax, kMax)));
}

std::int64_t capacity_mah(const Sample& sample) noexcept {
  const auto field = sample.has(Field::kFullCapacity) ? Field::kFullCapacity : Field::kNominalCapacity;
  return sample.value(field).value_or(0);
}

class Maker {
 public:
  explicit Maker(const core::Hub& hub) : hub_{hub} {}

  Bank make() {
    choose_members();
    bank_.parallel = are_parallel();
    add_charge();
    add_sums();
    add_times();
    add_extremes();
    return bank_;
  }

 private:
  [[nodiscard]] const Sample& sample(core::PackIndex pack) const noexcept { return hub_.latest(pack).sample; }
  void set(Field field, double value) noexcept { bank_.sample.set(field, narrow(value)); }

  void choose_members() {
    bank_.total = hub_.pack_count();
    for (std::size_t i = 0; i < bank_.total; ++i) {
      const auto pack = static_cast<core::PackIndex>(i);
      const auto& reading = hub_.latest(pack);
      const bool live = reading.quality == core::Quality::kGood || reading.quality == core::Quality::kHeld;
      if (live && reading.sequence > 0) {
        bank_.members.push_back(pack);
      } else {
        bank_.left_out.push_back({pack, core::kQualityNames[static_cast<std::size_t>(reading.quality)]});
      }
    }
    bank_.online = bank_.members.size();
  }

  [[nodiscard]] bool are_parallel() {
    double lowest = 0;
    double highest = 0;
    double sum = 0;
    int count = 0;
    for (const auto pack : bank_.members) {
      const auto mv = sample(pack).value(Field::kPackVoltage);
      if (!mv) continue;
      lowest = count == 0 ? *mv : std::min<double>(lowest, *mv);
      highest = std::max<double>(highest, *mv);
      sum += *mv;
      ++count;
    }
    const bool parallel = count > 0 && highest - lowest <= kParallelSpread * highest;
    if (parallel) set(Field::kPackVoltage, sum / count);
    return parallel;
  }

  /// What a pack's state of charge weighs: Ah of a parallel bank, else Wh; 0 = it cannot be weighed.
  [[nodiscard]] double weight(core::PackIndex pack) const noexcept {
    const auto& values = sample(pack);
    if (!values.has(Field::kSoc)) return 0;
    const auto mah = static_cast<double>(capacity_mah(values));
    return bank_.parallel ? mah : mah * values.value(Field::kPackVoltage).value_or(0) / 1000;
  }

  void add_charge() {
    double weights = 0;
    double sum = 0;
    for (const auto pack : bank_.members) {
      const auto one = weight(pack);
      if (one <= 0) {
        bank_.left_out.push_back({pack, "no_soc"});
        continue;
      }
      weights += one;
      sum += one * sample(pack).get(Field::kSoc);
      const double volts = sample(pack).value(Field::kPackVoltage).value_or(0) / 1000.0;
      const double mwh = static_cast<double>(capacity_mah(sample(pack))) * volts;
      energy_full_mwh_ += mwh;
      energy_left_mwh_ += mwh * sample(pack).get(Field::kSoc) / 1000;
    }
    if (weights > 0) set(Field::kSoc, sum / weights);
  }

  /// The sum of a field over the members that have it.
  [[nodiscard]] std::optional<std::int64_t> total(Field field) const noexcept {
    std::optional<std::int64_t> sum;
    for (const auto pack : bank_.members) {
      if (const auto value = sample(pack).value(field)) sum = sum.value_or(0) + *value;
    }
    return sum;
  }

  void add_sums() {
    const auto sum_up = [&](Field field) {
      if (const auto sum = total(field)) set(field, static_cast<double>(*sum));
    };
    for (const auto field : {Field::kPower, Field::kEnergyCharged, Field::kEnergyDischarged}) sum_up(field);
    if (bank_.parallel) {
      for (const auto field : {Field::kCurrent, Field::kRemainingCapacity, Field::kFullCapacity}) sum_up(field);
    }
    if (const auto power = bank_.sample.value(Field::kPower)) {
      const auto state = std::abs(*power) < kRestPower ? core::State::kIdle
                         : *power > 0                  ? core::State::kCharging
                                                       : core::State::kDischarging;
      bank_.sample.set(Field::kState, static_cast<std::int32_t>(state));
    }
  }

  void add_times() {
    const double watts = bank_.sample.value(Field::kPower).value_or(0) / 10.0;
    if (std::abs(watts) < kRestPower / 10.0 || energy_full_mwh_ <= 0) return;
    const double missing_mwh = watts > 0 ? energy_full_mwh_ - energy_left_mwh_ : energy_left_mwh_;
    set(watts > 0 ? Field::kTimeToFull : Field::kTimeToEmpty, std::max(missing_mwh, 0.0) / 1000 / std::abs(watts) * 3600);
  }

  void add_extremes() {
    bool alarm = false;
    for (const auto pack : bank_.members) {
      const auto& values = sample(pack);
      alarm = alarm || values.value(Field::kAlarm).value_or(0) != 0;
      for (std::size_t i = 0; i < core::kMaxCells; ++i) {
        if (values.has(Field::kCellVoltage, i)) note_cell(pack, i, values.get(Field::kCellVoltage, i));
      }
      keep(values, Field::kTemperatureMin, false);
      keep(values, Field::kTemperatureMax, true);
      keep(values, Field::kCellDeltaVoltage, true);
    }
    if (bank_.weakest.pack != core::kNoPack) {
      bank_.sample.set(Field::kCellMinVoltage, bank_.weakest.mv);
      bank_.sample.set(Field::kCellMaxVoltage, bank_.strongest.mv);
    }
    if (!bank_.members.empty()) bank_.sample.set(Field::kAlarm, alarm ? 1 : 0);
  }

  void note_cell(core::PackIndex pack, std::size_t cell, std::int32_t mv) noexcept {
    const Bank::Cell here{pack, static_cast<std::uint8_t>(cell + 1), mv};
    if (bank_.weakest.pack == core::kNoPack || mv < bank_.weakest.mv) bank_.weakest = here;
    if (bank_.strongest.pack == core::kNoPack || mv > bank_.strongest.mv) bank_.strongest = here;
  }

  void keep(const Sample& values, Field field, bool highest) noexcept {
    const auto value = values.value(field);
    const auto have = bank_.sample.value(field);
    if (value && (!have || (highest ? *value > *have : *value < *have))) bank_.sample.set(field, *value);
  }

  const core::Hub& hub_;
  Bank bank_;
  double energy_full_mwh_{0};
  double energy_left_mwh_{0};
};

void append_cell(std::string& out, const core::Hub& hub, const Bank::Cell& cell) {
  if (cell.pack == core::kNoPack) {
    out += "null";
    return;
  }
  out += R"({"pack":)";
  append_string(out, hub.config(cell.pack).id.view());
  out += R"(,"cell":)";
  append_integer(out, cell.number);
  out += R"(,"voltage":)";
  append_scaled(out, cell.mv, 3);
  out += '}';
}

void append_shares(std::string& out, const core::Hub& hub, const Bank& bank) {
  const auto power_of = [&](core::PackIndex pack) { return hub.latest(pack).sample.value(Field::kPower).value_or(0); };
  std::int64_t whole = 0;
  for (const auto pack : bank.members) whole += std::abs(std::int64_t{power_of(pack)});
  out += '[';
  for (const auto pack : bank.members) {
    if (whole < kRestPower) break;
    out += R"({"pack":)";
    append_string(out, hub.config(pack).id.view());
    out += R"(,"power":)";
    append_scaled(out, power_of(pack), core::info(Field::kPower).decimals);
    out += R"(,"share":)";
    append_scaled(out, static_cast<std::int32_t>(std::abs(std::int64_t{power_of(pack)}) * 1000 / whole), 3);
    out += "},";
  }
  if (out.back() == ',') out.pop_back();
  out += ']';
}

}  // namespace

Bank make_bank(const core::Hub& hub) { return Maker{hub}.make(); }

void append_bank(std::string& out, const core::Hub& hub) {
  const auto bank = make_bank(hub);
  out += R"({"total":)";
  append_integer(out, static_cast<std::int64_t>(bank.total));
  out += R"(,"online":)";
  append_integer(out, static_cast<std::int64_t>(bank.online));
  out += bank.parallel ? R"(,"parallel":true,"fields":)" : R"(,"parallel":false,"fields":)";
  append_fields(out, bank.sample);
  out += R"(,"weakest":)";
  append_cell(out, hub, bank.weakest);
  out += R"(,"strongest":)";
  append_cell(out, hub, bank.strongest);
  out += R"(,"shares":)";
  append_shares(out, hub, bank);
  out += R"(,"left_out":[)";
  for (const auto& one : bank.left_out) {
    out += R"({"pack":)";
    append_string(out, hub.config(one.pack).id.view());
    out += R"(,"reason":)";
    append_string(out, one.reason);
    out += "},";
  }
  if (out.back() == ',') out.pop_back();
  out += "]}";
}

}  // namespace bmsgate::outputs
