// SPDX-License-Identifier: Apache-2.0
// Values that follow from the measured ones.
#include <algorithm>

#include "core/reading.hpp"

namespace bmsgate::core {
namespace {

constexpr std::int32_t kRestCurrentMa = 200;  // below this a pack rests: the dead band of JK boards

struct Extremes {
  std::int32_t min{0};
  std::int32_t max{0};
  std::int32_t sum{0};
  std::int32_t min_element{0};
  std::int32_t max_element{0};
  std::int32_t count{0};
};

Extremes extremes(const Sample& sample, Field field) noexcept {
  Extremes found;
  for (std::size_t i = 0; i < info(field).count; ++i) {
    if (!sample.has(field, i)) continue;
    const auto value = sample.get(field, i);
    if (found.count == 0 || value < found.min) {
      found.min = value;
      found.min_element = static_cast<std::int32_t>(i);
    }
    if (found.count == 0 || value > found.max) {
      found.max = value;
      found.max_element = static_cast<std::int32_t>(i);
    }
    found.sum += value;
    ++found.count;
  }
  return found;
}

void derive_cells(Sample& sample) noexcept {
  const auto cells = extremes(sample, Field::kCellVoltage);
  if (cells.count > 0) {
    sample.set(Field::kCellMinVoltage, cells.min);
    sample.set(Field::kCellMinNumber, cells.min_element + 1);
    sample.set(Field::kCellMaxVoltage, cells.max);
    sample.set(Field::kCellMaxNumber, cells.max_element + 1);
    sample.set(Field::kCellAverageVoltage, (cells.sum + cells.count / 2) / cells.count);
    if (!sample.has(Field::kCellCount)) sample.set(Field::kCellCount, cells.count);
  }
  if (sample.has(Field::kCellMinVoltage) && sample.has(Field::kCellMaxVoltage)) {
    sample.set(Field::kCellDeltaVoltage, sample.get(Field::kCellMaxVoltage) - sample.get(Field::kCellMinVoltage));
  }
}

void derive_temperatures(Sample& sample) noexcept {
  const auto probes = extremes(sample, Field::kTemperature);
  if (probes.count == 0) return;
  sample.set(Field::kTemperatureMin, probes.min);
  sample.set(Field::kTemperatureMax, probes.max);
}

void derive_flow(Sample& sample) noexcept {
  if (!sample.has(Field::kCurrent)) return;
  const std::int64_t current_ma = sample.get(Field::kCurrent);
  if (sample.has(Field::kPackVoltage)) {
    const std::int64_t power_uw = sample.get(Field::kPackVoltage) * current_ma;
    sample.set(Field::kPower, static_cast<std::int32_t>((power_uw + (power_uw < 0 ? -50'000 : 50'000)) / 100'000));
  }
  if (!sample.has(Field::kState)) {
    const auto state = current_ma > kRestCurrentMa ? State::kCharging : current_ma < -kRestCurrentMa ? State::kDischarging : State::kIdle;
    sample.set(Field::kState, static_cast<std::int32_t>(state));
  }
  sample.clear(Field::kTimeToFull);
  sample.clear(Field::kTimeToEmpty);
  if (!sample.has(Field::kRemainingCapacity)) return;
  const std::int64_t remaining_mah = sample.get(Field::kRemainingCapacity);
  const auto full = sample.has(Field::kFullCapacity) ? Field::kFullCapacity : Field::kNominalCapacity;
  if (current_ma > kRestCurrentMa && sample.has(full)) {
    const auto missing_mah = std::max<std::int64_t>(sample.get(full) - remaining_mah, 0);
    sample.set(Field::kTimeToFull, static_cast<std::int32_t>(missing_mah * 3600 / current_ma));
  } else if (current_ma < -kRestCurrentMa) {
    sample.set(Field::kTimeToEmpty, static_cast<std::int32_t>(remaining_mah * 3600 / -current_ma));
  }
}

/// An alarm about cells whose frame names none is about the extreme cell of the same reading.
void name_alarm_cells(Sample& sample) noexcept {
  for (auto& alarm : sample.alarms) {
    if (alarm.cell != 0) continue;
    const bool high = alarm.id == AlarmId::kCellOv;
    const bool low = alarm.id == AlarmId::kCellUv || alarm.id == AlarmId::kCellDelta;
    const auto number = high ? Field::kCellMaxNumber : Field::kCellMinNumber;
    if ((high || low) && sample.has(number)) alarm.cell = static_cast<std::uint8_t>(sample.get(number));
  }
}

}  // namespace

void derive(Sample& sample) noexcept {
  derive_cells(sample);
  derive_temperatures(sample);
  derive_flow(sample);
  name_alarm_cells(sample);
  sample.set(Field::kAlarm, sample.alarms.serious() ? 1 : 0);
}

}  // namespace bmsgate::core
