// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "core/reading.hpp"

namespace bmsgate::core {
namespace {

Sample four_cells() {
  Sample sample;
  constexpr std::array<std::int32_t, 4> kCellsMv{3300, 3312, 3290, 3301};
  for (std::size_t i = 0; i < kCellsMv.size(); ++i) sample.set(Field::kCellVoltage, kCellsMv[i], i);
  sample.set(Field::kPackVoltage, 13'203);
  return sample;
}

TEST(Derive, FindsTheExtremeCellsAndTheirNumbers) {
  auto sample = four_cells();
  derive(sample);
  EXPECT_EQ(sample.value(Field::kCellMinVoltage), 3290);
  EXPECT_EQ(sample.value(Field::kCellMinNumber), 3);
  EXPECT_EQ(sample.value(Field::kCellMaxVoltage), 3312);
  EXPECT_EQ(sample.value(Field::kCellMaxNumber), 2);
  EXPECT_EQ(sample.value(Field::kCellAverageVoltage), 3301);
  EXPECT_EQ(sample.value(Field::kCellDeltaVoltage), 22);
  EXPECT_EQ(sample.value(Field::kCellCount), 4);
}

TEST(Derive, PowerHasTheSignOfTheCurrent) {
  auto sample = four_cells();
  sample.set(Field::kPackVoltage, 52'800);
  sample.set(Field::kCurrent, -18'700);
  derive(sample);
  EXPECT_EQ(sample.value(Field::kPower), -9874);  // -987.36 W
  EXPECT_EQ(sample.value(Field::kState), static_cast<std::int32_t>(State::kDischarging));
}

TEST(Derive, TimesNeedAFlowAndACapacity) {
  auto sample = four_cells();
  sample.set(Field::kRemainingCapacity, 100'000);
  sample.set(Field::kFullCapacity, 280'000);
  sample.set(Field::kCurrent, 60'000);
  derive(sample);
  EXPECT_EQ(sample.value(Field::kTimeToFull), 3 * 3600);
  EXPECT_FALSE(sample.has(Field::kTimeToEmpty));

  sample.set(Field::kCurrent, 100);  // rest
  derive(sample);
  EXPECT_FALSE(sample.has(Field::kTimeToFull));
  EXPECT_FALSE(sample.has(Field::kTimeToEmpty));
}

TEST(Derive, LeavesMissingThingsMissing) {
  Sample sample;
  derive(sample);
  EXPECT_FALSE(sample.has(Field::kPower));
  EXPECT_FALSE(sample.has(Field::kState));
  EXPECT_FALSE(sample.has(Field::kCellMinVoltage));
  EXPECT_FALSE(sample.has(Field::kTemperatureMin));
  EXPECT_EQ(sample.value(Field::kAlarm), 0);
}

TEST(Derive, AnAlarmWithoutACellIsAboutTheExtremeOne) {
  auto sample = four_cells();
  sample.alarms.add({.id = AlarmId::kCellUv, .severity = Severity::kWarning});
  sample.alarms.add({.id = AlarmId::kCellOv, .severity = Severity::kAlarm, .cell = 4});
  derive(sample);
  EXPECT_EQ(sample.alarms.begin()[0].cell, 3);
  EXPECT_EQ(sample.alarms.begin()[1].cell, 4);
  EXPECT_EQ(sample.value(Field::kAlarm), 1);
}

TEST(Derive, AHintIsNoAlarm) {
  Sample sample;
  sample.alarms.add({.id = AlarmId::kDefaultPassword, .severity = Severity::kHint});
  derive(sample);
  EXPECT_EQ(sample.value(Field::kAlarm), 0);
}

}  // namespace
}  // namespace bmsgate::core
