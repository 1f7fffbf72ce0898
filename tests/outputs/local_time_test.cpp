// SPDX-License-Identifier: Apache-2.0
#include "outputs/local_time.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <tuple>

namespace bmsgate::outputs {
namespace {

constexpr core::UtcMs kHour = 3'600'000;

class LocalTimeTest : public testing::Test {
 protected:
  LocalTimeTest() {
    setenv("TZ", "Europe/Rome", 1);
    tzset();
  }
  ~LocalTimeTest() override {
    unsetenv("TZ");
    tzset();
  }
};

TEST_F(LocalTimeTest, DaysOfDaylightSavingHaveTheirOwnLength) {
  for (const auto& [day, hours] :
       {std::pair{LocalDay{2026, 3, 29}, 23}, std::pair{LocalDay{2026, 10, 25}, 25}, std::pair{LocalDay{2026, 11, 22}, 24}}) {
    EXPECT_EQ(start_of(next(day)) - start_of(day), hours * kHour) << text(day);
    EXPECT_EQ(day_of(start_of(day)), day);
    EXPECT_EQ(day_of(start_of(next(day)) - 1), day);
  }
}

TEST_F(LocalTimeTest, MonthsAndYearsRollOver) {
  EXPECT_EQ(next({2026, 12, 31}), (LocalDay{2027, 1, 1}));
  EXPECT_EQ(next({2028, 2, 28}), (LocalDay{2028, 2, 29}));
}

TEST_F(LocalTimeTest, ReadsTimesInEveryUsualForm) {
  constexpr core::UtcMs kExpected = 1'795'370'405'000;  // 2026-11-22T18:00:05Z
  for (const auto* form : {"1795370405", "1795370405000", "2026-11-22T18:00:05Z", "2026-11-22T18:00:05.250Z", "2026-11-22T19:00:05+01:00",
                           "2026-11-22T19:00:05 0100", "2026-11-22 19:00:05", "2026-11-22T13:30:05-0430"}) {
    core::UtcMs got = 0;
    EXPECT_TRUE(parse_time(form, got)) << form;
    EXPECT_EQ(got, kExpected) << form;
  }
  core::UtcMs midnight = 0;
  EXPECT_TRUE(parse_time("2026-11-22", midnight));
  EXPECT_EQ(midnight, start_of({2026, 11, 22}));
}

TEST_F(LocalTimeTest, RefusesWhatIsNoTime) {
  for (const auto* form :
       {"", "now", "-5", "2026-13-01", "2026-11-22T", "2026-11-22T25:00Z", "2026-11-22T18:00:05+", "2026-11-22T18:00:05Zx", "2026-1-2"}) {
    core::UtcMs got = 7;
    EXPECT_FALSE(parse_time(form, got)) << form;
    EXPECT_EQ(got, 7) << form;
  }
}

TEST_F(LocalTimeTest, WritesLocalTimeWithItsOffset) {
  EXPECT_EQ(local_iso(1'795'370'405'000), "2026-11-22T19:00:05+01:00");
  EXPECT_EQ(minute_of_day(1'795'370'405'000), 19 * 60);
  EXPECT_EQ(local_ms(1'795'370'405'000), 1'795'370'405'000 + kHour);
}

TEST_F(LocalTimeTest, ManyTimesInARowAreWrittenTheSame) {
  IsoWriter writer;
  // Every 7 minutes through both changes of daylight saving time of a year.
  for (const auto day : {LocalDay{2026, 3, 28}, LocalDay{2026, 10, 24}}) {
    for (auto utc_ms = start_of(day); utc_ms < start_of(day) + 72 * kHour; utc_ms += 7 * 60'000 + 1'000) {
      std::string out;
      writer.append(out, utc_ms);
      ASSERT_EQ(out, local_iso(utc_ms));
    }
  }
}

}  // namespace
}  // namespace bmsgate::outputs
