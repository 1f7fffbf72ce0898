// SPDX-License-Identifier: Apache-2.0
#include "core/tally.hpp"

#include <gtest/gtest.h>

namespace bmsgate::core {
namespace {

using std::chrono::seconds;

Sample flow(std::int32_t current_ma, std::int32_t power_dw, std::int32_t soc = 500) {
  Sample sample;
  sample.set(Field::kCurrent, current_ma);
  sample.set(Field::kPower, power_dw);
  sample.set(Field::kSoc, soc);
  return sample;
}

constexpr Instant at(std::int64_t s) { return Instant{seconds{s}}; }

TEST(Tally, ASteadyFlowOfAnHourIsItsPower) {
  Tally tally;
  Sample last;
  for (int s = 0; s <= 3600; s += 5) {
    last = flow(20'000, 10'000);  // 20 A, 1 kW
    tally.count(last, at(s), 0);
  }
  EXPECT_EQ(last.value(Field::kEnergyCharged), 1'000);
  EXPECT_EQ(last.value(Field::kChargeCharged), 20'000);
  EXPECT_EQ(last.value(Field::kEnergyDischarged), 0);
  EXPECT_FALSE(last.has(Field::kSocMaxToday));
}

TEST(Tally, AChangeOfSignIsSplitAtItsZero) {
  Tally tally;
  auto a = flow(36'000, 36'000);
  auto b = flow(-36'000, -36'000);
  tally.count(a, at(0), 0);
  tally.count(b, at(80), 0);
  EXPECT_EQ(b.value(Field::kEnergyCharged), 20);  // 3.6 kW falling to 0 in 40 s
  EXPECT_EQ(b.value(Field::kEnergyDischarged), 20);
  EXPECT_EQ(b.value(Field::kChargeCharged), 200);
}

TEST(Tally, AGapIsNotGuessed) {
  Tally tally;
  auto a = flow(20'000, 10'000);
  tally.count(a, at(0), 0);
  tally.count(a, at(3600), 0);
  EXPECT_EQ(a.value(Field::kEnergyCharged), 0);
}

TEST(Tally, GoesOnWhereARestartLeftIt) {
  Tally before;
  auto a = flow(-20'000, -10'000);
  for (int s = 0; s <= 360; s += 10) before.count(a, at(s), 0);
  Tally after{before.state()};
  auto b = flow(-20'000, -10'000);
  after.count(b, at(5), 0);
  EXPECT_EQ(b.value(Field::kEnergyDischarged), 100);
}

TEST(Tally, TheHighestSocBelongsToItsLocalDay) {
  constexpr std::int64_t kDayMs = 86'400'000;
  Tally tally;
  auto noon = flow(0, 0, 801);
  tally.count(noon, at(0), 20'000 * kDayMs + 12 * 3'600'000 + 34 * 60'000);
  auto evening = flow(0, 0, 640);
  tally.count(evening, at(60), 20'000 * kDayMs + 20 * 3'600'000);
  EXPECT_EQ(evening.value(Field::kSocMaxToday), 801);
  EXPECT_EQ(evening.value(Field::kSocMaxTodayAt), 12 * 60 + 34);
  auto next_day = flow(0, 0, 500);
  tally.count(next_day, at(120), 20'001 * kDayMs + 60'000);
  EXPECT_EQ(next_day.value(Field::kSocMaxToday), 500);
  EXPECT_EQ(next_day.value(Field::kSocMaxTodayAt), 1);
}

}  // namespace
}  // namespace bmsgate::core
