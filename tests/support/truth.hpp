// SPDX-License-Identifier: Apache-2.0
// Is a value what the simulated pack really has, as far as its dialect can tell? The resolutions are those of the wire formats.
#pragma once

#include <cstdlib>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/sample.hpp"

namespace bmsgate::test {

struct Resolution {
  core::Field field;
  std::int32_t step;  // scaled as the field
};

struct DialectResolutions {
  std::string_view protocol;
  std::vector<Resolution> rows;  // fields not named are exact
};

/// Resolutions of `protocol` for a pack of `nominal_mah`.
[[nodiscard]] inline std::vector<Resolution> resolutions(std::string_view protocol, std::int32_t nominal_mah) {
  using enum core::Field;
  if (protocol == "jk-nw") {
    // Remaining capacity is worked out from whole percents of the capacity.
    return {{kPackVoltage, 10},
            {kCurrent, 10},
            {kSoc, 10},
            {kTemperature, 10},
            {kTemperatureMin, 10},
            {kTemperatureMax, 10},
            {kMosTemperature, 10},
            {kRemainingCapacity, nominal_mah / 100},
            {kFullCapacity, 1000},
            {kNominalCapacity, 1000},
            {kCycledCapacity, 1000},
            {kRuntime, 60}};
  }
  if (protocol == "jk-pb") return {{kSoc, 10}, {kSoh, 10}, {kPackVoltage, 1}};
  return {{kPackVoltage, 100},   {kCurrent, 100},       {kTemperature, 10},        {kTemperatureMin, 10},
          {kTemperatureMax, 10}, {kMosTemperature, 10}, {kRemainingCapacity, 100}, {kNominalCapacity, 100}};
}

/// Compares samples with the truth of the last moments: a reading of several answers is as old as its first one.
class TruthCheck {
 public:
  TruthCheck(std::string_view protocol, std::int32_t nominal_mah, std::size_t moments) : moments_{moments} {
    step_.fill(0);
    for (const auto& row : resolutions(protocol, nominal_mah)) step_[core::index(row.field)] = row.step;
  }

  void note(const core::Sample& truth) {
    truths_.push_back(truth);
    if (truths_.size() > moments_) truths_.pop_front();
  }

  struct Lie {
    core::Field field;
    std::size_t element;
    std::int32_t value;
    std::int32_t truth;
  };
  /// The first value of `sample` that is further from every truth noted than its resolution; nothing = all are right.
  [[nodiscard]] std::optional<Lie> first_lie(const core::Sample& sample) const {
    for (const auto& field : core::kFields) {
      if (!compared(field.field)) continue;
      for (std::size_t i = 0; i < field.count; ++i) {
        if (!sample.has(field.field, i)) continue;
        if (!truths_.back().has(field.field, i)) {
          if (field.field == core::Field::kCellVoltage) return Lie{field.field, i, sample.get(field.field, i), 0};
          continue;
        }
        if (!true_once(sample, field.field, i)) return Lie{field.field, i, sample.get(field.field, i), truths_.back().get(field.field, i)};
      }
    }
    return alarm_lie(sample);
  }

 private:
  /// Values worked out from others (power, times, numbers of extremes) add nothing; the balancer's sign turns by itself; the charge
  /// totals are asked now and then only.
  [[nodiscard]] static bool compared(core::Field field) {
    using enum core::Field;
    switch (field) {
      case kPower:
      case kTimeToFull:
      case kTimeToEmpty:
      case kAlarm:
      case kBalanceCurrent:
      case kCellMinNumber:
      case kCellMaxNumber:
      case kChargeCharged:
      case kChargeDischarged: return false;
      default: return true;
    }
  }
  /// Between the lowest and the highest truth noted, give or take the resolution.
  [[nodiscard]] bool true_once(const core::Sample& sample, core::Field field, std::size_t element) const {
    const auto value = sample.get(field, element);
    const auto step = step_[core::index(field)];
    if (std::abs(value - truths_.back().get(field, element)) <= step) return true;
    std::int32_t low = INT32_MAX, high = INT32_MIN;
    for (const auto& truth : truths_) {
      low = std::min(low, truth.get(field, element));
      high = std::max(high, truth.get(field, element));
    }
    if (field == core::Field::kState && std::abs(std::abs(truths_.back().get(core::Field::kCurrent)) - 200) <= 100)
      return true;  // on the edge
    return value >= low - step && value <= high + step;
  }
  [[nodiscard]] std::optional<Lie> alarm_lie(const core::Sample& sample) const {
    for (const auto& alarm : sample.alarms) {
      bool seen = false;
      for (const auto& truth : truths_) {
        for (const auto& real : truth.alarms) seen = seen || real.id == alarm.id;
      }
      if (!seen && alarm.severity != core::Severity::kHint) return Lie{core::Field::kAlarm, static_cast<std::size_t>(alarm.id), 1, 0};
    }
    return std::nullopt;
  }

  std::size_t moments_;
  std::array<std::int32_t, core::kFieldCount> step_{};
  std::deque<core::Sample> truths_;
};

[[nodiscard]] inline std::string describe(const TruthCheck::Lie& lie) {
  return std::string{core::info(lie.field).key} + "[" + std::to_string(lie.element) + "] is " + std::to_string(lie.value) + ", truth " +
         std::to_string(lie.truth);
}

}  // namespace bmsgate::test
