// SPDX-License-Identifier: Apache-2.0
// What is in the file survives: kill -9, a disk without room, a flipped byte. And all ways of asking agree with each other.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include "outputs/history/csv.hpp"
#include "outputs/history/query.hpp"
#include "outputs/history/recorder.hpp"

namespace bmsgate::outputs {
namespace {

namespace fs = std::filesystem;
using core::Field;

constexpr core::UtcMs kStart = 1'795'370'400'000;

struct FixedClock final : core::Clock {
  [[nodiscard]] core::Instant now() const noexcept override { return {}; }
  [[nodiscard]] core::UtcMs utc_ms() const noexcept override { return kStart; }
};
struct Quiet final : core::Logger {
  void write(core::Level, std::string_view, std::string_view) noexcept override {}
};

class DurabilityTest : public testing::Test {
 protected:
  DurabilityTest() {
    // In memory where there is such a place: a killed process leaves the same there as on a disk.
    const fs::path memory{"/dev/shm"};
    folder_ =
        (::access(memory.c_str(), W_OK) == 0 ? memory : fs::temp_directory_path()) / ("bmsgate-durability-" + std::to_string(::getpid()));
    fs::create_directories(folder_);
    core::PackConfig config;
    config.id = std::string_view{"boat"};
    EXPECT_TRUE(hub_->add_pack(config).ok());
    options_.commit_s = 3600;
  }
  ~DurabilityTest() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string path() const { return (folder_ / "history.db").string(); }
  static core::Reading reading(std::int64_t second) {
    core::Reading made;
    made.utc_ms = kStart + second * 1000;
    for (std::size_t cell = 0; cell < 16; ++cell) {
      made.sample.set(Field::kCellVoltage, 3'300 + static_cast<std::int32_t>((second * 7 + static_cast<std::int64_t>(cell)) % 23), cell);
    }
    made.sample.set(Field::kSoc, static_cast<std::int32_t>(second % 1000));
    return made;
  }
  /// Seconds whose readings are in the file, and whole.
  [[nodiscard]] std::vector<std::int64_t> seconds_in_file() {
    std::vector<std::int64_t> found;
    std::string why;
    const auto store = Store::open(path(), OpenMode::kWrite, log_, why);
    EXPECT_TRUE(store) << why;
    EXPECT_FALSE(fs::exists(path() + ".damaged-1"));
    if (!store) return found;
    store->for_each_chunk("boat", HistoryTier::kReadings, 0, INT64_MAX, [&](ChunkRow&& row) {
      const auto chunk = decode(row.bytes);
      EXPECT_TRUE(chunk);
      for (std::size_t i = 0; chunk && i < chunk->times.size(); ++i) {
        const auto second = (chunk->times[i] * info(HistoryTier::kReadings).tick_ms - kStart) / 1000;
        found.push_back(second);
        for (const auto& column : chunk->columns) {
          if (column.key.reg != core::info(Field::kSoc).reg) continue;
          EXPECT_EQ(column.values[i], second % 1000);
        }
      }
      return true;
    });
    return found;
  }

  fs::path folder_;
  std::unique_ptr<core::Hub> hub_ = std::make_unique<core::Hub>();
  HistoryOptions options_;
  FixedClock clock_;
  Quiet log_;
};

TEST_F(DurabilityTest, AHundredKillsLoseAtMostWhatWasNotCommitted) {
  constexpr int kKills = 100;
  constexpr int kPerCommit = 10;
  std::mt19937 random{7};
  std::int64_t next = 0;
  for (int kill_number = 0; kill_number < kKills; ++kill_number) {
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    const auto child = fork();
    if (child == 0) {
      Recorder recorder{options_, path(), *hub_, clock_, log_};
      recorder.start();
      for (auto second = next;; ++second) {
        recorder.on_reading(reading(second));
        if (second % kPerCommit != 0) continue;
        if (recorder.flush() && write(pipe_ends[1], &second, sizeof second) != sizeof second) _exit(1);
      }
    }
    close(pipe_ends[1]);
    std::int64_t promised = -1;
    ASSERT_EQ(read(pipe_ends[0], &promised, sizeof promised), static_cast<ssize_t>(sizeof promised));
    std::this_thread::sleep_for(std::chrono::microseconds{random() % 12'000});
    kill(child, SIGKILL);
    std::int64_t more = 0;
    while (read(pipe_ends[0], &more, sizeof more) == static_cast<ssize_t>(sizeof more)) promised = more;
    close(pipe_ends[0]);
    int status = 0;
    waitpid(child, &status, 0);

    const auto found = seconds_in_file();
    ASSERT_FALSE(found.empty());
    const std::set<std::int64_t> unique(found.begin(), found.end());
    for (std::int64_t second = 0; second <= promised; ++second) ASSERT_TRUE(unique.contains(second)) << second << " of " << promised;
    next = *unique.rbegin() + 1;
  }
}

TEST_F(DurabilityTest, AFullDiskLosesNothingThatWasThere) {
  const auto child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    Recorder recorder{options_, path(), *hub_, clock_, log_};
    recorder.start();
    for (int second = 0; second < 600; ++second) recorder.on_reading(reading(second));
    if (!recorder.flush()) _exit(1);
    // No file may grow any more: what a disk without room looks like to SQLite.
    const rlimit none{1, 1};
    setrlimit(RLIMIT_FSIZE, &none);
    for (int second = 600; second < 1'200; ++second) recorder.on_reading(reading(second));
    if (recorder.flush()) _exit(2);
    if (recorder.pending("boat").empty()) _exit(3);  // still there to be written when there is room again
    if (recorder.counters().failed_commits == 0) _exit(4);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(seconds_in_file().size(), 600U);
}

TEST_F(DurabilityTest, AFlippedByteCostsItsChunkOnly) {
  {
    std::string why;
    const auto store = Store::open(path(), OpenMode::kWrite, log_, why);
    ASSERT_TRUE(store && store->begin());
    for (int hour = 0; hour < 3; ++hour) {
      ChunkBuilder builder;
      for (int second = 0; second < 100; ++second) {
        const auto made = reading(hour * 3'600 + second);
        builder.add(row_of(HistoryTier::kReadings, made.utc_ms, made.sample));
      }
      auto bytes = encode(builder.chunk());
      if (hour == 1) bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
      const auto from_ms = kStart + hour * 3'600'000;
      ASSERT_TRUE(store->put_chunk("boat", HistoryTier::kReadings, {0, from_ms, from_ms + 99'000, 100, bytes}));
    }
    ASSERT_TRUE(store->commit());
  }
  std::string why;
  const auto store = Store::open(path(), OpenMode::kRead, log_, why);
  CsvWriter writer{{"boat", kStart, kStart + 3 * 3'600'000, 0, {Field::kSoc}}};
  std::string csv;
  while (writer.next(*store, {}, csv)) {
  }
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 200);
}

/// Random readings with gaps, holes and jumps, written through the recorder in random portions.
TEST_F(DurabilityTest, EnvelopeCsvAndReadingsAgree) {
  for (unsigned seed = 1; seed <= 12; ++seed) {
    fs::remove(path());
    std::mt19937 random{seed};
    std::map<core::UtcMs, std::int32_t> truth;  // of cell 3, by time
    {
      Recorder recorder{options_, path(), *hub_, clock_, log_};
      recorder.start();
      std::int32_t value = 3'300;
      core::UtcMs at_ms = kStart;
      for (int i = 0; i < 4'000; ++i) {
        at_ms += 1'000 * (1 + static_cast<core::UtcMs>(random() % 3)) + (random() % 700 == 0 ? 2'000'000 : 0);
        value += static_cast<std::int32_t>(random() % 5) - 2;
        core::Reading made;
        made.utc_ms = at_ms;
        made.sample.set(Field::kSoc, 500);
        if (random() % 20 != 0) {
          made.sample.set(Field::kCellVoltage, value, 2);
          truth[at_ms] = value;
        }
        recorder.on_reading(made);
        if (random() % 400 == 0) {
          ASSERT_TRUE(recorder.flush());
        }
      }
      ASSERT_TRUE(recorder.flush());
    }
    std::string why;
    const auto store = Store::open(path(), OpenMode::kRead, log_, why);
    ASSERT_TRUE(store) << why;
    const auto last_ms = truth.rbegin()->first;

    // Raw CSV is the truth, line by line.
    CsvWriter writer{{"boat", kStart, last_ms, 0, {Field::kCellVoltage}}};
    std::string csv;
    while (writer.next(*store, {}, csv)) {
    }
    std::istringstream lines{csv};
    std::string line;
    std::getline(lines, line);
    EXPECT_EQ(line, "time,cell_voltage_3");
    std::size_t filled = 0;
    while (std::getline(lines, line)) {
      const auto comma = line.find(',');
      core::UtcMs at_ms = 0;
      ASSERT_TRUE(parse_time(line.substr(0, comma), at_ms));
      if (comma + 1 == line.size()) continue;
      ++filled;
      ASSERT_TRUE(truth.contains(at_ms)) << line;
      EXPECT_EQ(std::lround(std::stod(line.substr(comma + 1)) * 1000), truth[at_ms]);
    }
    EXPECT_EQ(filled, truth.size());

    // Every step of every envelope holds the least and greatest of its readings; condensed tiers may place them up to a tick away.
    for (const int points : {3, 40, 333, 2'000}) {
      const auto answer = query(*store, {}, {"boat", kStart, last_ms, {Field::kCellVoltage}, points});
      ASSERT_EQ(answer.series.size(), 1U);
      std::int32_t least = INT32_MAX;
      std::int32_t greatest = INT32_MIN;
      const auto& series = answer.series[0];
      for (std::size_t i = 0; i < series.min.size(); ++i) {
        if (!series.valid[i]) continue;
        least = std::min(least, series.min[i]);
        greatest = std::max(greatest, series.max[i]);
        EXPECT_LE(series.min[i], series.mean[i]);
        EXPECT_LE(series.mean[i], series.max[i]);
        if (answer.step_ms >= info(HistoryTier::kMinutes).tick_ms) continue;
        std::int32_t low = INT32_MAX;
        std::int32_t high = INT32_MIN;
        for (auto it = truth.lower_bound(answer.t_ms[i]); it != truth.end() && it->first < answer.t_ms[i] + answer.step_ms; ++it) {
          low = std::min(low, it->second);
          high = std::max(high, it->second);
        }
        EXPECT_EQ(series.min[i], low);
        EXPECT_EQ(series.max[i], high);
      }
      const auto by_value = [](const auto& a, const auto& b) { return a.second < b.second; };
      EXPECT_EQ(least, std::min_element(truth.begin(), truth.end(), by_value)->second) << points << " points, seed " << seed;
      EXPECT_EQ(greatest, std::max_element(truth.begin(), truth.end(), by_value)->second) << points << " points, seed " << seed;
    }
  }
}

}  // namespace
}  // namespace bmsgate::outputs
