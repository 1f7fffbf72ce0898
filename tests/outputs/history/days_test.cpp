// SPDX-License-Identifier: Apache-2.0
#include "outputs/history/days.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "core/tally.hpp"
#include "outputs/history/rows.hpp"

namespace bmsgate::outputs {
namespace {

namespace fs = std::filesystem;
using core::Field;

constexpr core::UtcMs kMinute = 60'000;
constexpr core::UtcMs kHour = 60 * kMinute;

struct Silent final : core::Logger {
  void write(core::Level, std::string_view, std::string_view) noexcept override {}
};

/// One day and more of a pack that takes 10 A for ten hours and gives 10 A for ten hours, at 50 V (in) and 48 V (out), 100 Ah.
class DaysTest : public testing::Test {
 protected:
  DaysTest() {
    file_ = fs::temp_directory_path() /
            ("bmsgate-days-" + std::to_string(::getpid()) + "-" + testing::UnitTest::GetInstance()->current_test_info()->name() + ".db");
    std::string why;
    store_ = Store::open(file_.string(), OpenMode::kWrite, log_, why);
  }
  ~DaysTest() override {
    store_.reset();
    for (const auto* end : {"", "-wal", "-shm"}) fs::remove(file_.string() + end);
  }

  /// The minutes from `from_h` to `to_h` of the day.
  void feed(int from_h, int to_h) {
    Condenser condenser{HistoryTier::kMinutes};
    ChunkBuilder rows;
    for (auto at_ms = start_ + from_h * kHour; at_ms < start_ + to_h * kHour; at_ms += kMinute) {
      auto sample = sample_at(at_ms - start_);
      tally_.count(sample, core::Instant{std::chrono::milliseconds{at_ms}}, 0);
      if (const auto row = condenser.add(at_ms, sample)) static_cast<void>(rows.add(*row));
    }
    if (const auto row = condenser.finish()) static_cast<void>(rows.add(*row));
    const auto& chunk = rows.chunk();
    ASSERT_TRUE(store_->begin());
    ASSERT_TRUE(store_->put_chunk(
        "boat", HistoryTier::kMinutes,
        {0, chunk.times.front() * kMinute, chunk.times.back() * kMinute, static_cast<std::uint32_t>(chunk.times.size()), encode(chunk)}));
    ASSERT_TRUE(store_->commit());
  }
  [[nodiscard]] static core::Sample sample_at(core::UtcMs since_ms) {
    const auto hour = static_cast<int>(since_ms / kHour % 24);
    const double part = static_cast<double>(since_ms % (24 * kHour)) / static_cast<double>(kHour);
    const bool in = hour < 10;
    const bool out = hour >= 12 && hour < 22;
    core::Sample sample;
    sample.set(Field::kCurrent, in ? 10'000 : out ? -10'000 : 0);
    sample.set(Field::kPower, in ? 5'000 : out ? -4'800 : 0);
    sample.set(Field::kSoc, static_cast<std::int32_t>(in ? part * 100 : out ? 1000 - (part - 12) * 100 : hour < 12 ? 1000 : 0));
    sample.set(Field::kFullCapacity, 100'000);
    for (std::size_t i = 0; i < 4; ++i) sample.set(Field::kCellVoltage, 3'300, i);
    if (since_ms / kMinute == 605) sample.set(Field::kCellVoltage, 3'612, 2);
    if (since_ms / kMinute == 1'310) sample.set(Field::kCellVoltage, 2'790, 1);
    sample.set(Field::kTemperatureMin, 150);
    sample.set(Field::kTemperatureMax, hour == 15 ? 310 : 200);
    return sample;
  }
  [[nodiscard]] std::vector<DaySummary> ask(int days_after = 0) const {
    auto last = first_;
    for (int i = 0; i < days_after; ++i) last = next(last);
    return days(*store_, {}, "boat", first_, last, start_ + 240 * kHour);
  }

  Silent log_;
  fs::path file_;
  std::unique_ptr<Store> store_;
  core::Tally tally_;
  const LocalDay first_{2026, 11, 20};
  const core::UtcMs start_{start_of(first_)};
};

TEST_F(DaysTest, ADayIsSummedUpWithItsExtremes) {
  feed(0, 24);
  const auto found = ask();
  ASSERT_EQ(found.size(), 1U);
  const auto& day = found[0];
  EXPECT_NEAR(static_cast<double>(day.energy_in_wh), 5'000, 20);
  EXPECT_NEAR(static_cast<double>(day.energy_out_wh), 4'800, 20);
  EXPECT_NEAR(static_cast<double>(day.charge_in_mah), 100'000, 300);
  EXPECT_NEAR(day.cycles(), 1, 0.01);
  ASSERT_TRUE(day.soc_max && day.soc_min && day.cell_max && day.cell_min && day.temperature_max);
  EXPECT_EQ(day.soc_max->value, 1000);
  EXPECT_EQ(day.soc_max->at_ms, start_ + 10 * kHour);
  EXPECT_EQ(day.cell_max->value, 3'612);
  EXPECT_EQ(day.cell_max->cell, 3);
  EXPECT_EQ(day.cell_max->at_ms, start_ + 605 * kMinute);
  EXPECT_EQ(day.cell_min->value, 2'790);
  EXPECT_EQ(day.cell_min->cell, 2);
  EXPECT_EQ(day.temperature_max->at_ms, start_ + 15 * kHour);
  EXPECT_NEAR(static_cast<double>(day.full_ms) / kHour, 2.2, 0.05);
  EXPECT_TRUE(day.complete);
}

TEST_F(DaysTest, WhatFlowedInAGapIsNotGuessed) {
  feed(0, 4);
  feed(6, 24);
  const auto day = ask()[0];
  EXPECT_NEAR(static_cast<double>(day.energy_in_wh), 4'000, 20);
  EXPECT_NEAR(static_cast<double>(day.charge_in_mah), 80'000, 300);
}

TEST_F(DaysTest, ARestartGoesOnCounting) {
  feed(0, 5);
  tally_ = core::Tally{tally_.state()};
  feed(5, 24);
  EXPECT_NEAR(static_cast<double>(ask()[0].energy_in_wh), 5'000, 30);
}

TEST_F(DaysTest, CountersThatFellBackAddNothing) {
  feed(0, 5);
  tally_ = core::Tally{};  // what was kept is gone
  feed(5, 24);
  const auto day = ask()[0];
  EXPECT_NEAR(static_cast<double>(day.energy_in_wh), 5'000, 40);
  EXPECT_GE(day.energy_out_wh, 0);
}

TEST_F(DaysTest, AClockThatJumpsKeepsTheSums) {
  feed(0, 12);
  feed(36, 48);  // set forward by a day at noon: the afternoon is written a day later
  const auto found = ask(1);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_NEAR(static_cast<double>(found[0].energy_in_wh), 5'000, 20);
  EXPECT_NEAR(static_cast<double>(found[1].energy_out_wh), 4'800, 20);
  const auto sum = sum_up(found);
  EXPECT_NEAR(static_cast<double>(sum.energy_out_wh), 4'800, 20);
}

TEST_F(DaysTest, TheRoundTripIsOfFullCycles) {
  feed(0, 48);
  const auto found = ask(1);
  const auto percent = sum_up(found).efficiency_percent();
  ASSERT_TRUE(percent.has_value());
  EXPECT_NEAR(*percent, 96, 0.5);
}

TEST_F(DaysTest, TheRoundTripAllowsForWhatIsStillInThePack) {
  feed(0, 240 + 3);  // ten days and 30 Ah more
  const auto sum = sum_up(ask(10));
  const auto percent = sum.efficiency_percent();
  ASSERT_TRUE(percent.has_value());
  EXPECT_NEAR(*percent, 96, 0.5);
}

TEST_F(DaysTest, HalfACycleHasNoRoundTrip) {
  feed(0, 20);
  EXPECT_FALSE(ask()[0].efficiency_percent().has_value());
  feed(24, 34);  // more went in than out by far
  EXPECT_FALSE(sum_up(ask(1)).efficiency_percent().has_value());
}

}  // namespace
}  // namespace bmsgate::outputs
