// SPDX-License-Identifier: Apache-2.0
// The physics: charge is neither made nor lost, values stay where a pack's values are, faulty cells show.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "sim/pack_model.hpp"

namespace bmsgate::sim {
namespace {

constexpr core::UtcMs kStart = 1'750'000'000'000;
constexpr core::UtcMs kMinute = 60'000;
constexpr core::UtcMs kHour = 60 * kMinute;

PackProfile steady(double current_a) {
  PackProfile profile;
  profile.fixed_current_a = current_a;
  profile.balancer = Balancer::kDead;
  return profile;
}

TEST(PackModel, ChargeThatFlowsInIsStored) {
  PackModel model{steady(20)};
  model.advance(kStart);
  const auto before_ah = model.stored_ah();
  const auto before_mah = model.state().remaining_mah;
  model.advance(kStart + 3 * kHour);
  EXPECT_NEAR(model.stored_ah() - before_ah, 60, 0.05);
  EXPECT_NEAR(model.state().remaining_mah - before_mah, 60'000, 10);
  EXPECT_EQ(model.state().current_ma, 20'000);
  EXPECT_EQ(model.state().state, core::State::kCharging);
}

TEST(PackModel, TheSameSeedGivesTheSamePack) {
  PackProfile profile;
  profile.seed = 77;
  PackModel a{profile}, b{profile};
  profile.seed = 78;
  PackModel other{profile};
  for (auto* model : {&a, &b, &other}) {
    model->advance(kStart);
    model->advance(kStart + kHour);
  }
  EXPECT_TRUE(a.truth() == b.truth());
  EXPECT_FALSE(a.truth() == other.truth());
}

TEST(PackModel, AYearStaysInsideWhatAPackCanDo) {
  PackProfile profile;
  profile.weak_cell = 5;
  PackModel model{profile};
  unsigned lowest_soc = 1000, highest_soc = 0;
  for (core::UtcMs t = kStart; t < kStart + 365 * 24 * kHour; t += 10 * kMinute) {
    model.advance(t);
    const auto& s = model.state();
    ASSERT_GT(s.min_mv, 2400);
    ASSERT_LT(s.max_mv, 3800);
    ASSERT_LE(s.soc_permille, 1000);
    ASSERT_LE(std::abs(s.current_ma), 120'000);
    ASSERT_GT(s.temperature_dc[0], -200);
    ASSERT_LT(s.temperature_dc[0], 600);
    lowest_soc = std::min<unsigned>(lowest_soc, s.soc_permille);
    highest_soc = std::max<unsigned>(highest_soc, s.soc_permille);
  }
  EXPECT_EQ(highest_soc, 1000);
  EXPECT_LT(lowest_soc, 300);
  EXPECT_GT(model.state().cycles, 150U);
}

TEST(PackModel, EveryChemistryKeepsItsVoltages) {
  PackProfile profile;
  profile.chemistry = Chemistry::kNmc;
  PackModel model{profile};
  for (core::UtcMs t = kStart; t < kStart + 30 * 24 * kHour; t += 10 * kMinute) {
    model.advance(t);
    ASSERT_GT(model.state().min_mv, 2900);
    ASSERT_LT(model.state().max_mv, 4300);
  }
}

TEST(PackModel, AWeakCellReachesBothEndsFirst) {
  PackProfile profile;
  profile.weak_cell = 7;
  PackModel model{profile};
  unsigned full_days = 0, first_at_top = 0, low_moments = 0, first_at_bottom = 0;
  bool counted_today = false;
  for (core::UtcMs t = kStart; t < kStart + 100 * 24 * kHour; t += kMinute) {
    model.advance(t);
    const auto& s = model.state();
    if (s.soc_permille < 800) counted_today = false;
    if (!counted_today && s.max_mv >= 3440) {
      counted_today = true;
      ++full_days;
      first_at_top += s.max_number == 7;
    }
    if (s.soc_permille < 250 && s.state == core::State::kDischarging) {
      ++low_moments;
      first_at_bottom += s.min_number == 7;
    }
  }
  EXPECT_GT(full_days, 20U);
  EXPECT_GT(first_at_top, full_days * 7 / 10);
  EXPECT_GT(low_moments, 100U);
  EXPECT_GT(first_at_bottom, low_moments * 9 / 10);
}

TEST(PackModel, AHighResistanceShowsInTheLoadStep) {
  auto profile = steady(0);
  profile.high_resistance_cell = 3;
  PackModel model{profile};
  model.advance(kStart);
  model.advance(kStart + 1000);
  const auto rest = model.state().cell_mv;
  model.set_fixed_current(-50);
  model.advance(kStart + 2000);
  const auto loaded = model.state().cell_mv;
  EXPECT_GT(rest[2] - loaded[2], 2 * (rest[1] - loaded[1]));
}

TEST(PackModel, ALeakyCellFallsAtRestAndABalancerCannotBeDeadToHelp) {
  auto profile = steady(0);
  profile.leaky_cell = 4;
  profile.leak_a = 0.5;
  profile.start_soc = 0.15;
  PackModel model{profile};
  model.advance(kStart);
  model.advance(kStart + 48 * kHour);
  EXPECT_EQ(model.state().min_number, 4);
}

TEST(PackModel, TheBalancerEvensOutAFullString) {
  const auto spread_after = [](Balancer balancer) {
    auto profile = steady(5);
    profile.balancer = balancer;
    profile.start_soc = 0.98;
    profile.leaky_cell = 2;
    profile.leak_a = 0.02;
    PackModel model{profile};
    model.advance(kStart);
    model.advance(kStart + 24 * kHour);
    return model.state().max_mv - model.state().min_mv;
  };
  EXPECT_LT(spread_after(Balancer::kActive), 12);
  EXPECT_GT(spread_after(Balancer::kDead), 3 * spread_after(Balancer::kActive));
}

TEST(PackModel, SwitchesStopTheCurrent) {
  PackModel model{steady(20)};
  model.advance(kStart);
  model.set_charge_switch(false);
  model.advance(kStart + 1000);
  EXPECT_FALSE(model.state().charge_mos);
  EXPECT_TRUE(model.state().discharge_mos);
  EXPECT_EQ(model.state().current_ma, 0);
  model.set_fixed_current(-20);
  model.set_discharge_switch(false);
  model.advance(kStart + 2000);
  EXPECT_EQ(model.state().current_ma, 0);
  model.set_discharge_switch(true);
  model.advance(kStart + 3000);
  EXPECT_EQ(model.state().current_ma, -20'000);
}

TEST(PackModel, ARestartOpensTheMosForAWhile) {
  PackModel model{steady(-20)};
  model.advance(kStart);
  model.advance(kStart + kHour);
  EXPECT_EQ(model.state().runtime_s, 3600U);
  model.restart();
  EXPECT_FALSE(model.state().discharge_mos);
  EXPECT_EQ(model.state().runtime_s, 0U);
  model.advance(kStart + kHour + 5000);
  EXPECT_TRUE(model.state().discharge_mos);
}

TEST(PackModel, SocIsWhatItWasSetTo) {
  PackModel model{steady(0)};
  model.advance(kStart);
  model.set_soc(423);
  EXPECT_EQ(model.state().soc_permille, 423);
  EXPECT_NEAR(model.state().remaining_mah, 0.423 * 280'000, 1);
}

TEST(PackModel, DischargeEndsAtTheCellLimit) {
  PackModel model{steady(-100)};
  model.advance(kStart);
  model.advance(kStart + 6 * kHour);
  EXPECT_FALSE(model.state().discharge_mos);
  ASSERT_FALSE(model.state().alarms.empty());
  bool under_voltage = false;
  for (const auto& alarm : model.state().alarms) under_voltage = under_voltage || alarm.id == core::AlarmId::kCellUv;
  EXPECT_TRUE(under_voltage);
  EXPECT_GT(model.state().min_mv, 2000);
}

TEST(PackModel, AForcedAlarmComesAndGoes) {
  auto profile = steady(-10);
  profile.forced_alarm = ForcedAlarm{core::AlarmId::kMosOt, core::Severity::kAlarm, 60, 600, 60};
  PackModel model{profile};
  const auto hot = [&model] {
    for (const auto& alarm : model.state().alarms) {
      if (alarm.id == core::AlarmId::kMosOt) return true;
    }
    return false;
  };
  model.advance(kStart);
  EXPECT_FALSE(hot());
  for (int s = 1; s <= 100; ++s) model.advance(kStart + s * 1000);
  EXPECT_TRUE(hot());
  EXPECT_GT(model.state().mos_temperature_dc, 800);
  for (int s = 100; s <= 600; ++s) model.advance(kStart + s * 1000);
  EXPECT_FALSE(hot());
}

TEST(PackModel, TruthCarriesTheStateAsFields) {
  PackProfile profile;
  profile.cells = 8;
  PackModel model{profile};
  model.advance(kStart);
  const auto truth = model.truth();
  EXPECT_EQ(truth.extent(core::Field::kCellVoltage), 8U);
  EXPECT_EQ(truth.get(core::Field::kPackVoltage), static_cast<std::int32_t>(model.state().pack_mv));
  EXPECT_EQ(truth.get(core::Field::kCellMaxNumber), model.state().max_number);
  EXPECT_EQ(truth.get(core::Field::kCellAverageVoltage), model.state().average_mv);
  EXPECT_FALSE(truth.has(core::Field::kCellVoltage, 8));
}

}  // namespace
}  // namespace bmsgate::sim
