// SPDX-License-Identifier: Apache-2.0
// Days that are taken out of the history, rows from elsewhere that are put in.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <future>

#include "outputs/history/csv.hpp"
#include "outputs/history/day_list.hpp"
#include "outputs/history/recorder.hpp"

namespace bmsgate::outputs {
namespace {

namespace fs = std::filesystem;

constexpr core::UtcMs kMinuteMs = 60'000;
constexpr core::UtcMs kHourMs = 60 * kMinuteMs;

struct FixedClock final : core::Clock {
  [[nodiscard]] core::Instant now() const noexcept override { return {}; }
  [[nodiscard]] core::UtcMs utc_ms() const noexcept override { return 1'795'370'400'000; }
};

struct NullLog final : core::Logger {
  void write(core::Level, std::string_view, std::string_view) noexcept override {}
};

class RecorderEditTest : public testing::Test {
 protected:
  RecorderEditTest() {
    folder_ = fs::temp_directory_path() /
              ("bmsgate-edit-" + std::to_string(::getpid()) + "-" + testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::create_directories(folder_);
    core::PackConfig config;
    config.id = std::string_view{"boat"};
    EXPECT_TRUE(hub_->add_pack(config).ok());
    options_.commit_s = 3600;
    recorder_ = std::make_unique<Recorder>(options_, path(), *hub_, clock_, log_);
    recorder_->start();
  }
  ~RecorderEditTest() override {
    recorder_.reset();
    fs::remove_all(folder_);
  }

  [[nodiscard]] std::string path() const { return (folder_ / "history.db").string(); }
  [[nodiscard]] std::unique_ptr<Store> store() {
    std::string why;
    return Store::open(path(), OpenMode::kRead, log_, why);
  }
  /// One reading a minute of [from, to).
  void feed(core::UtcMs from_ms, core::UtcMs to_ms) {
    for (auto at_ms = from_ms; at_ms < to_ms; at_ms += kMinuteMs) {
      core::Reading reading;
      reading.utc_ms = at_ms;
      reading.sample.set(core::Field::kCellVoltage, 3300, 0);
      reading.sample.set(core::Field::kSoc, 500);
      recorder_->on_reading(reading);
    }
  }
  [[nodiscard]] bool erase(core::UtcMs from_ms, core::UtcMs to_ms) {
    std::promise<bool> done;
    EXPECT_TRUE(recorder_->erase("boat", from_ms, to_ms, [&](bool ok) { done.set_value(ok); }));
    return done.get_future().get();
  }
  [[nodiscard]] std::optional<std::size_t> insert(Chunk rows) {
    std::promise<std::optional<std::size_t>> done;
    EXPECT_TRUE(recorder_->insert("boat", std::move(rows), [&](std::optional<std::size_t> added) { done.set_value(added); }));
    return done.get_future().get();
  }
  [[nodiscard]] std::vector<LocalDay> days() {
    const auto file = store();
    return days_with_data(*file, recorder_->pending("boat"), "boat", 0, clock_.utc_ms() + 24 * kHourMs);
  }
  [[nodiscard]] std::string csv(LocalDay day) {
    const auto file = store();
    return daily_csv(*file, recorder_->pending("boat"), "boat", day);
  }

  fs::path folder_;
  std::unique_ptr<core::Hub> hub_ = std::make_unique<core::Hub>();
  HistoryOptions options_;
  FixedClock clock_;
  NullLog log_;
  std::unique_ptr<Recorder> recorder_;
};

Chunk rows_at(std::initializer_list<core::UtcMs> times, std::int32_t soc) {
  ChunkBuilder rows;
  for (const auto at_ms : times) {
    core::Sample sample;
    sample.set(core::Field::kSoc, soc);
    rows.add(row_of(HistoryTier::kTwentyMinutes, at_ms, sample));
  }
  return rows.chunk();
}

TEST_F(RecorderEditTest, ADayIsTakenOutOfAllTiersAndOfMemory) {
  const auto first = day_of(clock_.utc_ms() - 72 * kHourMs);
  const auto second = next(first);
  const auto third = next(second);
  feed(start_of(first), start_of(third));
  ASSERT_TRUE(recorder_->flush());
  feed(start_of(third), start_of(third) + kHourMs);  // in memory alone
  ASSERT_EQ(days(), (std::vector{first, second, third}));

  ASSERT_TRUE(erase(start_of(second), start_of(third)));
  EXPECT_EQ(days(), (std::vector{first, third}));
  EXPECT_EQ(csv(second), "");
  EXPECT_FALSE(csv(first).empty());
  EXPECT_FALSE(csv(third).empty());
  for (const auto& tier : kTiers) {
    store()->for_each_chunk("boat", tier.tier, 0, INT64_MAX, [&](ChunkRow&& row) {
      const auto chunk = decode(row.bytes);
      EXPECT_TRUE(chunk);
      for (std::size_t i = 0; chunk && i < chunk->times.size(); ++i) {
        EXPECT_NE(day_of(chunk->times[i] * tier.tick_ms), second) << tier.key;
      }
      return true;
    });
  }

  ASSERT_TRUE(erase(start_of(third), start_of(next(third))));
  EXPECT_EQ(days(), (std::vector{first}));
  feed(start_of(third) + kHourMs, start_of(third) + 2 * kHourMs);  // the pack goes on
  EXPECT_EQ(days(), (std::vector{first, third}));
}

TEST_F(RecorderEditTest, OnlyThePackThatIsMeantLosesItsDay) {
  const auto day = day_of(clock_.utc_ms() - 48 * kHourMs);
  feed(start_of(day), start_of(day) + kHourMs);
  std::promise<bool> done;
  ASSERT_TRUE(recorder_->erase("van", start_of(day), start_of(next(day)), [&](bool ok) { done.set_value(ok); }));
  EXPECT_TRUE(done.get_future().get());
  EXPECT_EQ(days(), std::vector{day});
}

TEST_F(RecorderEditTest, RowsArePutInOnce) {
  const auto day = day_of(clock_.utc_ms() - 1000 * kHourMs);
  const auto at_ms = start_of(day);
  const auto rows = rows_at({at_ms, at_ms + 20 * kMinuteMs, at_ms + 40 * kMinuteMs}, 700);
  EXPECT_EQ(insert(rows), 3U);
  EXPECT_EQ(insert(rows), 0U);
  EXPECT_EQ(insert(rows_at({at_ms + 20 * kMinuteMs, at_ms + 60 * kMinuteMs}, 900)), 1U);
  EXPECT_EQ(days(), std::vector{day});
  EXPECT_EQ(csv(day), "time,soc\n" + local_iso(at_ms) + ",70\n" + local_iso(at_ms + 20 * kMinuteMs) + ",70\n" +
                          local_iso(at_ms + 40 * kMinuteMs) + ",70\n" + local_iso(at_ms + 60 * kMinuteMs) + ",90\n");
  std::size_t chunks = 0;
  store()->for_each_chunk("boat", HistoryTier::kTwentyMinutes, 0, INT64_MAX, [&](ChunkRow&&) { return ++chunks > 0; });
  EXPECT_EQ(chunks, 1U);
}

TEST_F(RecorderEditTest, YearsOfRowsBecomeAChunkPerPeriod) {
  ChunkBuilder rows;
  const auto end_ms = clock_.utc_ms() - 240 * kHourMs;
  core::Sample sample;
  sample.set(core::Field::kSoc, 500);
  for (auto at_ms = end_ms - 400 * 24 * kHourMs; at_ms < end_ms; at_ms += 20 * kMinuteMs) {
    rows.add(row_of(HistoryTier::kTwentyMinutes, at_ms, sample));
  }
  EXPECT_EQ(insert(rows.chunk()), 28'800U);
  store()->for_each_chunk("boat", HistoryTier::kTwentyMinutes, 0, INT64_MAX, [&](ChunkRow&& row) {
    const auto period_ms = info(HistoryTier::kTwentyMinutes).chunk_ms;
    EXPECT_EQ(row.from_ms / period_ms, row.to_ms / period_ms);
    return true;
  });
  EXPECT_EQ(days().size(), 401U);
}

}  // namespace
}  // namespace bmsgate::outputs
