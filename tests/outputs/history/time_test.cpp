// SPDX-License-Identifier: Apache-2.0
// Time as it comes: clocks that are a year off, days of 23 and 25 hours, machines that do not know the time when they start.
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>

#include "outputs/history/day_list.hpp"
#include "outputs/history/days.hpp"
#include "tests/outputs/history/support.hpp"

namespace bmsgate::outputs {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kHourMs = 60 * kMinuteMs;
constexpr std::int64_t kDayMs = 24 * kHourMs;
constexpr std::int64_t kYearMs = 365 * kDayMs;

class HistoryTime : public HistoryFolder {
 protected:
  ~HistoryTime() override { set_zone("UTC"); }
  static void set_zone(const char* zone) {
    ::setenv("TZ", zone, 1);
    ::tzset();
  }
  /// A reading each `step_ms` for `span_ms`; with a commit each hour.
  void feed(Recorder& recorder, std::int64_t span_ms, std::int64_t step_ms) {
    for (std::int64_t passed = 0; passed < span_ms; passed += step_ms) {
      auto one = reading(number_++);
      one.sample.set(core::Field::kEnergyCharged, 1'000 + number_);
      if (one.utc_ms != 0) fed_.push_back(one.utc_ms);
      recorder.on_reading(one);
      clock_.pass(step_ms);
      if (passed / kHourMs != (passed + step_ms) / kHourMs) {
        ASSERT_TRUE(recorder.flush());
      }
    }
  }
  /// Every reading that was fed is there once, in order of time, and nothing else is.
  void expect_all(const Store& store, std::span<const Chunk> pending = {}) {
    auto wanted = fed_;
    std::sort(wanted.begin(), wanted.end());
    EXPECT_EQ(times_in(readings_csv(store, 1, wanted.back(), pending)).size(), wanted.size());
    std::vector<core::UtcMs> found;
    for (const auto from_ms : {kHistoryStart - kYearMs, kHistoryStart, kHistoryStart + kYearMs}) {
      const auto times = times_in(readings_csv(store, from_ms - kYearMs / 2, from_ms + kYearMs / 2 - 1, pending));
      found.insert(found.end(), times.begin(), times.end());
    }
    for (auto& time : wanted) time = time / 1'000 * 1'000;  // CSV has whole seconds
    EXPECT_EQ(found, wanted);
  }
  /// Minutes that the minute tier holds between two times.
  [[nodiscard]] static std::size_t minutes(const Store& store, core::UtcMs from_ms, core::UtcMs to_ms) {
    std::set<std::int64_t> ticks;
    store.for_each_chunk("boat", HistoryTier::kMinutes, from_ms, to_ms, [&](ChunkRow&& row) {
      const auto chunk = decode(row.bytes);
      for (const auto tick : chunk->times) {
        if (tick * kMinuteMs >= from_ms && tick * kMinuteMs < to_ms) ticks.insert(tick);
      }
      return true;
    });
    return ticks.size();
  }

  std::int32_t number_{0};
  std::vector<core::UtcMs> fed_;
};

TEST_F(HistoryTime, AClockThatIsAYearOffForAWhileCostsNothing) {
  options_.minute_days = 14;
  for (const auto jump_ms : {kYearMs, -kYearMs}) {
    const auto before = clock_.utc.load();
    {
      const auto made = recorder();
      feed(*made, 6 * kHourMs, 10'000);
      clock_.utc += jump_ms;
      feed(*made, 2 * kHourMs, 10'000);  // retention runs here, too
    }
    {
      const auto made = recorder();  // a restart while the clock is wrong
      feed(*made, kHourMs, 10'000);
      clock_.utc -= jump_ms;
      feed(*made, 6 * kHourMs, 10'000);
      ASSERT_TRUE(made->flush());
      expect_all(*reader());
    }
    const auto store = reader();
    expect_all(*store);
    // What has been condensed: all but the hour that is on its way, of which the readings tell.
    EXPECT_GE(minutes(*store, before, before + 6 * kHourMs), 359U);
    EXPECT_GE(minutes(*store, before + jump_ms + 6 * kHourMs, before + jump_ms + 9 * kHourMs), 178U);
    EXPECT_GE(minutes(*store, before + 9 * kHourMs, before + 15 * kHourMs), 5U * 60U);
    const auto envelope = query(*store, {}, {"boat", before, before + 15 * kHourMs, {core::Field::kSoc}, 900});
    ASSERT_THAT(envelope.series, SizeIs(1));
    const auto& valid = envelope.series[0].valid;
    EXPECT_GE(std::count(valid.begin(), valid.end(), true), 12 * 60 - 1);  // without the three hours in the other year
  }
}

TEST_F(HistoryTime, AClockThatIsSetBackTenMinutesKeepsBothTimesAndTheirOrder) {
  {
    const auto made = recorder();
    feed(*made, kHourMs, 10'000);
    clock_.utc += -10 * kMinuteMs + 5'000;
    feed(*made, 10 * kMinuteMs, 10'000);
    expect_all(*reader(), made->pending("boat"));
    feed(*made, 2 * kHourMs, 10'000);
  }
  const auto store = reader();
  expect_all(*store);
  EXPECT_GE(minutes(*store, kHistoryStart, kHistoryStart + 3 * kHourMs), 2U * 60U);
}

TEST_F(HistoryTime, RetentionCountsDaysThatHoldSomething) {
  options_.recent_days = 2;
  for (int day = 0; day < 6; ++day) {
    const auto made = recorder();
    feed(*made, 2 * kHourMs, kMinuteMs);
    ASSERT_TRUE(made->flush());
    clock_.pass((day == 4 ? 100 : 1) * kDayMs - 2 * kHourMs);
  }
  // The two last days before the winter are still there beside that of today.
  EXPECT_THAT(times_in(readings_csv(*reader(), kHistoryStart, clock_.utc)), SizeIs(3 * 120));
}

struct DstCase {
  const char* name;
  const char* zone;
  LocalDay day;
  int minutes;  // of that day
};

class DstDay : public HistoryTime, public testing::WithParamInterface<DstCase> {};

TEST_P(DstDay, HasItsFileItsEnergyAndAllItsReadings) {
  const auto& [name, zone, day, minutes_of_day] = GetParam();
  set_zone(zone);
  const auto eve = day_of(start_of(day) - 1);
  const auto last = next(day);
  const auto from_ms = start_of(eve);
  const auto to_ms = start_of(next(last));
  EXPECT_EQ(start_of(last) - start_of(day), minutes_of_day * kMinuteMs);
  clock_.utc = from_ms;
  {
    const auto made = recorder();
    feed(*made, to_ms - from_ms + kHourMs, kMinuteMs);  // and an hour more, so that the last minutes are condensed
  }
  const auto store = reader();
  EXPECT_EQ(times_in(readings_csv(*store, from_ms, to_ms - 1)).size(), static_cast<std::size_t>((to_ms - from_ms) / kMinuteMs));

  const auto found = days(*store, {}, "boat", eve, last, to_ms);
  ASSERT_THAT(found, SizeIs(3));
  std::int64_t energy_wh = 0;
  for (const auto& one : found) {
    energy_wh += one.energy_in_wh;
    EXPECT_EQ(one.covered_ms, start_of(next(one.day)) - start_of(one.day)) << text(one.day);
    EXPECT_TRUE(one.complete);
  }
  EXPECT_EQ(found[1].day, day);
  EXPECT_EQ(found[1].energy_in_wh, minutes_of_day);         // 1 Wh a minute
  EXPECT_EQ(energy_wh, (to_ms - from_ms) / kMinuteMs - 1);  // from the first reading on
  EXPECT_EQ(sum_up(found).energy_in_wh, energy_wh);

  EXPECT_THAT(days_with_data(*store, {}, "boat", from_ms, to_ms), ElementsAre(eve, day, last));
  std::vector<core::UtcMs> marks;
  for (const auto one : {eve, day, last}) {
    const auto rows = times_in(daily_csv(*store, {}, "boat", one));
    EXPECT_EQ(rows.size(), static_cast<std::size_t>((start_of(next(one)) - start_of(one) + 20 * kMinuteMs - 1) / (20 * kMinuteMs)));
    for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(rows[i], start_of(one) + static_cast<std::int64_t>(i) * 20 * kMinuteMs);
    marks.insert(marks.end(), rows.begin(), rows.end());
  }
  EXPECT_TRUE(std::is_sorted(marks.begin(), marks.end(), std::less_equal<>{}));  // no mark in two files
}

INSTANTIATE_TEST_SUITE_P(All, DstDay,
                         testing::Values(DstCase{"RomeSpring", "Europe/Rome", {2026, 3, 29}, 23 * 60},
                                         DstCase{"RomeAutumn", "Europe/Rome", {2026, 10, 25}, 25 * 60},
                                         DstCase{"AucklandSpring", "Pacific/Auckland", {2026, 9, 27}, 23 * 60},
                                         DstCase{"AucklandAutumn", "Pacific/Auckland", {2026, 4, 5}, 25 * 60},
                                         DstCase{"LordHoweSpring", "Australia/Lord_Howe", {2026, 10, 4}, 23 * 60 + 30},
                                         DstCase{"LordHoweAutumn", "Australia/Lord_Howe", {2026, 4, 5}, 24 * 60 + 30},
                                         DstCase{"SantiagoWithoutMidnight", "America/Santiago", {2026, 9, 6}, 23 * 60},
                                         DstCase{"HavanaWithTwoMidnights", "America/Havana", {2026, 11, 1}, 25 * 60}),
                         [](const auto& one) { return one.param.name; });

TEST_F(HistoryTime, DaysFollowEachOtherWithoutAGapInAllZones) {
  for (const char* zone : {"Europe/Rome", "Pacific/Auckland", "Australia/Lord_Howe", "America/Santiago", "America/Havana", "Asia/Beirut",
                           "Asia/Kolkata", "America/St_Johns", "Pacific/Chatham"}) {
    set_zone(zone);
    for (LocalDay day{2024, 1, 1}; day < LocalDay{2028, 1, 1}; day = next(day)) {
      const auto start_ms = start_of(day);
      EXPECT_EQ(day_of(start_ms), day) << zone;
      EXPECT_EQ(day_of(start_of(next(day)) - 1), day) << zone;
      EXPECT_LT(start_ms, start_of(next(day))) << zone << ' ' << text(day);
    }
  }
}

TEST_F(HistoryTime, ReadingsFromBeforeTheTimeWasKnownOutliveARestartOfTheProgram) {
  clock_.utc = 0;
  clock_.up_ms = 20'000;
  {
    const auto made = recorder();
    feed(*made, 30 * kMinuteMs, 10'000);
    ASSERT_TRUE(made->flush());
  }
  EXPECT_FALSE(reader()->range("boat", HistoryTier::kReadings));
  {
    const auto made = recorder();
    feed(*made, 10 * kMinuteMs, 10'000);
    clock_.utc = kHistoryStart + clock_.up_ms;  // the time server has answered
    feed(*made, 2 * kHourMs, 10'000);
  }
  for (std::int64_t up_ms = 20'000; up_ms < 20'000 + 40 * kMinuteMs; up_ms += 10'000) fed_.push_back(kHistoryStart + up_ms);
  const auto store = reader();
  expect_all(*store);
  EXPECT_GE(minutes(*store, kHistoryStart, kHistoryStart + 3 * kHourMs), 100U);
  EXPECT_GE(minutes(*store, kHistoryStart, kHistoryStart + 40 * kMinuteMs), 40U);
  EXPECT_FALSE(store->newest_adrift());
}

TEST_F(HistoryTime, ReadingsOfAStartThatNeverKnewTheTimeStandBeforeTheNextOne) {
  for (const char* boot : {"first", "second"}) {
    clock_.utc = 0;
    clock_.up_ms = 0;
    const auto made = recorder(boot);
    feed(*made, 10 * kMinuteMs, 10'000);
    ASSERT_TRUE(made->flush());
  }
  clock_.up_ms = 0;
  clock_.utc = kHistoryStart;
  {
    const auto made = recorder("third");
    feed(*made, 10 * kMinuteMs, 10'000);
  }
  const auto store = reader();
  const auto times = times_in(readings_csv(*store, 1, kHistoryStart + kHourMs));
  ASSERT_THAT(times, SizeIs(180));
  EXPECT_TRUE(std::is_sorted(times.begin(), times.end()));
  EXPECT_LT(times[119], kHistoryStart);
  EXPECT_GE(times[0], kHistoryStart - 21 * kMinuteMs);
  // Their order is that in which they were measured.
  const auto csv = readings_csv(*store, 1, kHistoryStart + kHourMs);
  std::size_t at = 0;
  for (int number = 0; number < 180; ++number) {
    at = csv.find(number % 10 == 0 ? "," + std::to_string(number / 10) + "\n"
                                   : "," + std::to_string(number / 10) + "." + std::to_string(number % 10) + "\n",
                  at);
    ASSERT_NE(at, std::string::npos) << number;
  }
  const auto events = store->events({});
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_THAT(events[0].text, HasSubstr("120 readings come from an earlier start"));
}

TEST_F(HistoryTime, EventsFromBeforeTheTimeWasKnownGetTheirTime) {
  clock_.utc = 0;
  clock_.up_ms = 30'000;
  EventRow alarm;
  alarm.kind = "alarm";
  alarm.pack = "boat";
  alarm.key = "cell_uv";
  const auto made = recorder();
  made->log_event(alarm);
  clock_.pass(5'000);
  made->end_event("boat", "alarm", "cell_uv", 0, std::nullopt);
  ASSERT_TRUE(made->flush());
  EXPECT_TRUE(reader()->events({}).empty());
  clock_.pass(5'000);
  clock_.utc = kHistoryStart;
  ASSERT_TRUE(made->flush());
  const auto events = reader()->events({});
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].at_ms, kHistoryStart - 10'000);
  EXPECT_EQ(events[0].end_ms, kHistoryStart - 5'000);
}

TEST_F(HistoryTime, AMachineThatNeverKnowsTheTimeFillsNeitherMemoryNorDisk) {
  clock_.utc = 0;
  const auto made = recorder();
  std::string why;
  feed(*made, 10'000 * 1'000, 1'000);
  ASSERT_TRUE(made->flush());
  EXPECT_EQ(made->counters().lost, 0U);
  const auto store = Store::open(path(), OpenMode::kWrite, log_, why);
  ASSERT_TRUE(store && store->begin());
  for (std::int64_t i = 0; i < Store::kMaxAdrift + 10; ++i) ASSERT_TRUE(store->put_adrift({0, "boot", "boat", "x"}));
  ASSERT_TRUE(store->commit());
  std::int64_t rows = 0;
  ASSERT_TRUE(store->begin());
  while (const auto newest = store->newest_adrift()) {
    ASSERT_TRUE(store->drop_adrift(newest->id));
    ++rows;
  }
  store->rollback();
  EXPECT_EQ(rows, Store::kMaxAdrift);
}

}  // namespace
}  // namespace bmsgate::outputs
