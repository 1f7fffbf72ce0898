// SPDX-License-Identifier: Apache-2.0
// All packs seen as one.
#include "outputs/bank.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>

#include "outputs/pack_json.hpp"

namespace bmsgate::outputs {
namespace {

using core::Field;

bool usable(const core::Reading& reading) {
  return reading.sequence > 0 && (reading.quality == core::Quality::kGood || reading.quality == core::Quality::kHeld);
}

/// Energy when full, in arbitrary units: capacity x voltage.
double weight_of(const core::Sample& sample) {
  const auto full = sample.value(Field::kFullCapacity);
  const auto capacity = full && *full > 0 ? full : sample.value(Field::kNominalCapacity);
  return static_cast<double>(capacity.value_or(0)) * static_cast<double>(sample.value(Field::kPackVoltage).value_or(0));
}

std::int32_t to_int(double value) { return static_cast<std::int32_t>(std::clamp(value, -2.1e9, 2.1e9) + (value < 0 ? -0.5 : 0.5)); }

class Gatherer {
 public:
  explicit Gatherer(Bank& bank) : bank_{bank} {}

  void add(core::PackIndex pack, const core::Sample& sample) {
    if (const auto volts = sample.value(Field::kPackVoltage)) {
      low_voltage_ = voltages_ == 0 ? *volts : std::min(low_voltage_, *volts);
      high_voltage_ = voltages_ == 0 ? *volts : std::max(high_voltage_, *volts);
      voltage_ += *volts;
      ++voltages_;
    }
    current_ += sample.value(Field::kCurrent).value_or(0);
    power_ += sample.value(Field::kPower).value_or(0);
    remaining_ += sample.value(Field::kRemainingCapacity).value_or(0);
    full_ += sample.value(Field::kFullCapacity).value_or(sample.value(Field::kNominalCapacity).value_or(0));
    const auto soc = sample.value(Field::kSoc);
    const double weight = weight_of(sample);
    if (soc && weight > 0) {
      soc_ += *soc * weight;
      weight_ += weight;
    } else {
      bank_.left_out.push_back({pack, "no_soc"});
    }
    extremes(pack, sample);
    ++count_;
  }

  void finish() {
    auto& out = bank_.fields;
    if (count_ == 0) return;
    bank_.parallel = voltages_ > 0 && high_voltage_ - low_voltage_ <= high_voltage_ / 10;
    if (weight_ > 0) out.set(Field::kSoc, to_int(soc_ / weight_));
    out.set(Field::kPower, to_int(power_));
    const auto state = std::abs(power_) < 30 ? core::State::kIdle : power_ > 0 ? core::State::kCharging : core::State::kDischarging;
    out.set(Field::kState, static_cast<std::int32_t>(state));
    if (!bank_.parallel) return;
    out.set(Field::kPackVoltage, to_int(voltage_ / voltages_));
    out.set(Field::kCurrent, to_int(current_));
    if (remaining_ > 0) out.set(Field::kRemainingCapacity, to_int(remaining_));
    if (full_ > 0) out.set(Field::kFullCapacity, to_int(full_));
    times(state);
  }

 private:
  void extremes(core::PackIndex pack, const core::Sample& sample) {
    auto& out = bank_.fields;
    const auto better = [&](Field field, bool high) {
      const auto value = sample.value(field);
      if (!value) return false;
      const auto have = out.value(field);
      if (have && (high ? *have >= *value : *have <= *value)) return false;
      out.set(field, *value);
      return true;
    };
    if (better(Field::kCellMinVoltage, false)) {
      bank_.lowest_cell_pack = pack;
      if (const auto number = sample.value(Field::kCellMinNumber)) out.set(Field::kCellMinNumber, *number);
    }
    if (better(Field::kCellMaxVoltage, true)) {
      bank_.highest_cell_pack = pack;
      if (const auto number = sample.value(Field::kCellMaxNumber)) out.set(Field::kCellMaxNumber, *number);
    }
    static_cast<void>(better(Field::kTemperatureMin, false));
    static_cast<void>(better(Field::kTemperatureMax, true));
    static_cast<void>(better(Field::kCellDeltaVoltage, true));
  }
  void times(core::State state) {
    if (full_ <= 0 || current_ == 0) return;
    const double hours = state == core::State::kCharging ? (full_ - remaining_) / current_ : remaining_ / -current_;
    if (hours < 0 || hours > 1000) return;
    if (state == core::State::kCharging) bank_.fields.set(Field::kTimeToFull, to_int(hours * 3600));
    if (state == core::State::kDischarging) bank_.fields.set(Field::kTimeToEmpty, to_int(hours * 3600));
  }

  Bank& bank_;
  double voltage_{0}, current_{0}, power_{0}, remaining_{0}, full_{0}, soc_{0}, weight_{0};
  std::int32_t low_voltage_{0}, high_voltage_{0};
  int voltages_{0}, count_{0};
};

void append_cell(std::string& out, const core::Hub& hub, core::PackIndex pack, const core::Sample& sample, Field number, Field voltage) {
  if (pack == core::kNoPack) {
    out += "null";
    return;
  }
  out += "{\"pack\":";
  append_string(out, hub.config(pack).id.view());
  out += ",\"cell\":";
  if (const auto cell = sample.value(number)) {
    append_integer(out, *cell);
  } else {
    out += "null";
  }
  out += ",\"voltage\":";
  append_value(out, core::info(voltage), sample.get(voltage));
  out += '}';
}

}  // namespace

Bank bank_of(const core::Hub& hub) {
  Bank bank;
  Gatherer gatherer{bank};
  bank.packs = hub.pack_count();
  for (std::size_t i = 0; i < bank.packs; ++i) {
    const auto pack = static_cast<core::PackIndex>(i);
    const auto& reading = hub.latest(pack);
    if (!usable(reading)) {
      bank.left_out.push_back({pack, core::kQualityNames[static_cast<std::size_t>(reading.quality)]});
      continue;
    }
    if (reading.quality == core::Quality::kGood) ++bank.online;
    gatherer.add(pack, reading.sample);
  }
  gatherer.finish();
  return bank;
}

void append_bank(std::string& out, const core::Hub& hub) {
  const auto bank = bank_of(hub);
  out += "{\"packs\":";
  append_integer(out, static_cast<std::int64_t>(bank.packs));
  out += ",\"online\":";
  append_integer(out, static_cast<std::int64_t>(bank.online));
  out += bank.parallel ? ",\"parallel\":true,\"fields\":" : ",\"parallel\":false,\"fields\":";
  append_fields(out, bank.fields);
  out += ",\"lowest_cell\":";
  append_cell(out, hub, bank.lowest_cell_pack, bank.fields, Field::kCellMinNumber, Field::kCellMinVoltage);
  out += ",\"highest_cell\":";
  append_cell(out, hub, bank.highest_cell_pack, bank.fields, Field::kCellMaxNumber, Field::kCellMaxVoltage);
  out += ",\"left_out\":[";
  for (const auto& [pack, reason] : bank.left_out) {
    out += out.back() == '[' ? "{\"pack\":" : ",{\"pack\":";
    append_string(out, hub.config(pack).id.view());
    out += ",\"reason\":";
    append_string(out, reason);
    out += '}';
  }
  out += "]}";
}

}  // namespace bmsgate::outputs
