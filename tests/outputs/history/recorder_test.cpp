// SPDX-License-Identifier: Apache-2.0
#include "outputs/history/recorder.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "outputs/history/query.hpp"

namespace bmsgate::outputs {
namespace {

namespace fs = std::filesystem;

constexpr core::UtcMs kStart = 1'795'370'400'000;  // a full hour

struct FixedClock final : core::Clock {
  [[nodiscard]] core::Instant now() const noexcept override { return {}; }
  [[nodiscard]] core::UtcMs utc_ms() const noexcept override { return kStart; }
};

struct Lines final : core::Logger {
  void write(core::Level, std::string_view, std::string_view message) noexcept override { lines.emplace_back(message); }
  std::vector<std::string> lines;
};

class RecorderTest : public testing::Test {
 protected:
  RecorderTest() {
    folder_ = fs::temp_directory_path() /
              ("bmsgate-recorder-" + std::to_string(::getpid()) + "-" + testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::create_directories(folder_);
    core::PackConfig config;
    config.id = std::string_view{"boat"};
    EXPECT_TRUE(hub_->add_pack(config).ok());
    options_.commit_s = 3600;
  }
  ~RecorderTest() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string path() const { return (folder_ / "history.db").string(); }
  [[nodiscard]] std::unique_ptr<Recorder> recorder() {
    auto made = std::make_unique<Recorder>(options_, path(), *hub_, clock_, log_);
    made->start();
    return made;
  }
  void feed(Recorder& recorder, core::UtcMs utc_ms, std::int32_t cell_mv, std::int64_t boot_s = 0) {
    core::Reading reading;
    reading.utc_ms = utc_ms;
    reading.at = core::Instant{std::chrono::seconds{boot_s}};
    reading.sample.set(core::Field::kCellVoltage, cell_mv, 0);
    reading.sample.set(core::Field::kSoc, 500);
    reading.sample.set(core::Field::kCycles, 12);
    recorder.on_reading(reading);
  }
  [[nodiscard]] Envelope ask(Recorder* recorder, core::UtcMs from_ms, core::UtcMs to_ms, int points) {
    std::string why;
    const auto store = Store::open(path(), OpenMode::kRead, log_, why);
    if (!store) return {};
    const auto pending = recorder != nullptr ? recorder->pending("boat") : std::vector<Chunk>{};
    return query(*store, pending, {"boat", from_ms, to_ms, {core::Field::kCellVoltage}, points});
  }

  fs::path folder_;
  std::unique_ptr<core::Hub> hub_ = std::make_unique<core::Hub>();
  HistoryOptions options_;
  FixedClock clock_;
  Lines log_;
};

TEST_F(RecorderTest, WhatIsNotWrittenYetIsSeenToo) {
  const auto made = recorder();
  for (int i = 0; i < 10; ++i) feed(*made, kStart + i * 1000, 3300 + i);
  ASSERT_TRUE(made->flush());
  for (int i = 10; i < 20; ++i) feed(*made, kStart + i * 1000, 3300 + i);
  const auto answer = ask(made.get(), kStart, kStart + 20'000, 20);
  ASSERT_EQ(answer.series.size(), 1U);
  ASSERT_EQ(answer.t_ms.size(), 20U);
  EXPECT_EQ(answer.series[0].mean.front(), 3300);
  EXPECT_EQ(answer.series[0].mean.back(), 3319);
}

TEST_F(RecorderTest, NoSpikeIsLost) {
  {
    const auto made = recorder();
    for (int i = 0; i < 3 * 3600; ++i) {
      feed(*made, kStart + i * 1000, i == 4321 ? 2500 : 3300);
      if (i % 3000 == 0) {
        ASSERT_TRUE(made->flush());
      }
    }
    ASSERT_TRUE(made->flush());
  }
  for (const int points : {1, 9, 180, 1000}) {
    const auto answer = ask(nullptr, kStart, kStart + 3 * 3'600'000, points);
    ASSERT_EQ(answer.series.size(), 1U) << points;
    EXPECT_EQ(*std::min_element(answer.series[0].min.begin(), answer.series[0].min.end()), 2500) << points;
    EXPECT_EQ(*std::max_element(answer.series[0].max.begin(), answer.series[0].max.end()), 3300) << points;
  }
}

TEST_F(RecorderTest, ARestartLeavesNoHoleInTheCondensedTiers) {
  for (int run = 0; run < 4; ++run) {
    const auto made = recorder();
    for (int i = 0; i < 1800; i += 5) feed(*made, kStart + run * 1'800'000 + i * 1000, 3300);
  }
  std::string why;
  const auto store = Store::open(path(), OpenMode::kRead, log_, why);
  ASSERT_TRUE(store) << why;
  const auto minutes = store->use(HistoryTier::kMinutes);
  EXPECT_GE(minutes.rows, 60U);
  const auto answer = ask(nullptr, kStart, kStart + 7'200'000, 120);
  EXPECT_EQ(answer.t_ms.size(), 120U);
  for (const bool valid : answer.series[0].valid) EXPECT_TRUE(valid);
}

TEST_F(RecorderTest, AGapStaysAGap) {
  const auto made = recorder();
  for (int i = 0; i < 100; ++i) feed(*made, kStart + i * 1000, 3300);
  for (int i = 200; i < 300; ++i) feed(*made, kStart + i * 1000, 3300);
  const auto answer = (static_cast<void>(made->flush()), ask(made.get(), kStart, kStart + 300'000, 300));
  ASSERT_EQ(answer.t_ms.size(), 201U);
  EXPECT_FALSE(answer.series[0].valid[100]);
}

TEST_F(RecorderTest, AClockSetBackLosesNothing) {
  {
    const auto made = recorder();
    for (int i = 0; i < 100; ++i) feed(*made, kStart + 365LL * 86'400'000 + i * 1000, 3400);
    for (int i = 0; i < 100; ++i) feed(*made, kStart + i * 1000, 3300);
  }
  EXPECT_EQ(ask(nullptr, kStart, kStart + 100'000, 100).t_ms.size(), 100U);
  EXPECT_EQ(ask(nullptr, kStart + 365LL * 86'400'000, kStart + 365LL * 86'400'000 + 100'000, 100).t_ms.size(), 100U);
}

TEST_F(RecorderTest, ReadingsFromBeforeTheClockWasSetArePlaced) {
  {
    const auto made = recorder();
    for (int i = 0; i < 50; ++i) feed(*made, 0, 3300, 100 + i);
    feed(*made, kStart + 60'000, 3300, 160);
  }
  const auto answer = ask(nullptr, kStart, kStart + 60'000, 60);
  EXPECT_GE(answer.t_ms.size(), 50U);
  EXPECT_EQ(answer.t_ms.front(), kStart);
}

TEST_F(RecorderTest, ADamagedFileIsSetAsideAndANewOneBegun) {
  std::ofstream{path()} << std::string(20'000, 'x');
  const auto made = recorder();
  feed(*made, kStart, 3300);
  EXPECT_TRUE(made->flush());
  EXPECT_TRUE(fs::exists(path() + ".damaged-1"));
  ASSERT_FALSE(log_.lines.empty());
  EXPECT_NE(log_.lines[0].find("damaged"), std::string::npos);
}

TEST_F(RecorderTest, ADiskThatTakesNothingIsTriedAgain) {
  fs::create_directories(path());  // a folder where the file should be
  const auto made = recorder();
  feed(*made, kStart, 3300);
  EXPECT_FALSE(made->flush());
  fs::remove_all(path());
  EXPECT_TRUE(made->flush());
  EXPECT_EQ(ask(made.get(), kStart, kStart + 1000, 1).t_ms.size(), 1U);
}

TEST_F(RecorderTest, EventsHaveABeginningAndAnEnd) {
  const auto made = recorder();
  EventRow event;
  event.at_ms = kStart;
  event.kind = "alarm";
  event.pack = "boat";
  event.key = "cell_uv";
  event.cell = 5;
  event.value = 2.79;
  made->log_event(event);
  ASSERT_TRUE(made->flush());
  made->end_event("boat", "alarm", "cell_uv", kStart + 9000, 2.75);
  made->keep_note("tally.boat", "1 2 3");
  ASSERT_TRUE(made->flush());
  std::string why;
  const auto store = Store::open(path(), OpenMode::kRead, log_, why);
  EventFilter filter;
  filter.pack = "boat";
  const auto found = store->events(filter);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].end_ms, kStart + 9000);
  EXPECT_EQ(found[0].cell, 5);
  EXPECT_EQ(found[0].worst, 2.75);
  EXPECT_EQ(store->note("tally.boat"), "1 2 3");
}

TEST_F(RecorderTest, TwoOtherAlarmsEndEachForItself) {
  const auto made = recorder();
  for (const auto* text : {"fan stuck", "fuse blown"}) {
    EventRow event;
    event.at_ms = kStart;
    event.kind = "alarm";
    event.pack = "boat";
    event.key = "other";
    event.text = text;
    made->log_event(event);
  }
  made->end_event("boat", "alarm", "other", kStart + 9000, std::nullopt, "fan stuck");
  ASSERT_TRUE(made->flush());
  std::string why;
  const auto left = Store::open(path(), OpenMode::kRead, log_, why)->unfinished("alarm");
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].text, "fuse blown");
}

TEST_F(RecorderTest, AnAlarmThatARestartCutOffEndsWithTheLastReading) {
  EventRow event;
  event.at_ms = kStart;
  event.kind = "alarm";
  event.pack = "boat";
  event.key = "cell_uv";
  auto first = recorder();
  first->log_event(event);
  feed(*first, kStart + 5000, 2'790);
  ASSERT_TRUE(first->flush());
  first.reset();
  const auto second = recorder();
  event.at_ms = kStart + 60'000;
  second->log_event(event);
  feed(*second, kStart + 60'000, 2'790);
  ASSERT_TRUE(second->flush());
  std::string why;
  const auto events = Store::open(path(), OpenMode::kRead, log_, why)->events(EventFilter{});
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].end_ms, 0);
  EXPECT_EQ(events[1].end_ms, kStart + 5000);
}

}  // namespace
}  // namespace bmsgate::outputs
