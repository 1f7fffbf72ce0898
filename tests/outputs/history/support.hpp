// SPDX-License-Identifier: Apache-2.0
// What the tests of the history share: a folder, a pack, clocks that stand or are turned by hand, a log that keeps its lines.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "outputs/history/csv.hpp"
#include "outputs/history/recorder.hpp"

namespace bmsgate::outputs {

inline constexpr core::UtcMs kHistoryStart = 1'795'370'400'000;  // 2026-11-22T18:00:00Z, a full hour

/// Time by hand: seconds since the machine's start, and what the clock shows.
struct HandClock final : core::Clock {
  [[nodiscard]] core::Instant now() const noexcept override { return core::Instant{std::chrono::milliseconds{up_ms.load()}}; }
  [[nodiscard]] core::UtcMs utc_ms() const noexcept override { return utc.load(); }
  void pass(std::int64_t ms) {
    up_ms += ms;
    if (utc != 0) utc += ms;
  }
  std::atomic<std::int64_t> up_ms{0};
  std::atomic<core::UtcMs> utc{kHistoryStart};
};

struct HistoryLog final : core::Logger {
  void write(core::Level, std::string_view, std::string_view message) noexcept override {
    const std::lock_guard lock{mutex};
    lines.emplace_back(message);
  }
  [[nodiscard]] std::size_t count(std::string_view part) {
    const std::lock_guard lock{mutex};
    std::size_t found = 0;
    for (const auto& line : lines) found += line.find(part) != std::string::npos ? 1U : 0U;
    return found;
  }
  std::mutex mutex;
  std::vector<std::string> lines;
};

class HistoryFolder : public testing::Test {
 protected:
  HistoryFolder() {
    // In memory where there is such a place: these tests sync often, and none of them pulls the plug.
    const std::filesystem::path memory{"/dev/shm"};
    const auto base = ::access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
    auto pattern = (base / "bmsgate_history_XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    add_pack("boat");
    options_.commit_s = 3600;
  }
  ~HistoryFolder() override { std::filesystem::remove_all(folder_); }

  void add_pack(std::string_view id) {
    core::PackConfig config;
    config.id = id;
    EXPECT_TRUE(hub_->add_pack(config).ok());
  }
  [[nodiscard]] std::string path() const { return (folder_ / "history.db").string(); }
  [[nodiscard]] std::string bytes(const std::string& file) const {
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
  }
  [[nodiscard]] std::unique_ptr<Recorder> recorder(std::string boot = "this boot") {
    auto made = std::make_unique<Recorder>(options_, path(), *hub_, clock_, log_, std::move(boot));
    made->start();
    return made;
  }
  [[nodiscard]] std::unique_ptr<Store> reader() {
    std::string why;
    auto store = Store::open(path(), OpenMode::kRead, log_, why);
    EXPECT_TRUE(store) << why;
    return store;
  }
  /// A reading at the clock's time.
  [[nodiscard]] core::Reading reading(std::int32_t number) const {
    core::Reading made;
    made.at = clock_.now();
    made.utc_ms = clock_.utc_ms();
    made.sample.set(core::Field::kCellVoltage, 3'300 + number % 23, 0);
    made.sample.set(core::Field::kSoc, number % 1000);
    return made;
  }
  /// All readings between two times as CSV: "time,soc" and a line for each.
  [[nodiscard]] std::string readings_csv(const Store& store, core::UtcMs from_ms, core::UtcMs to_ms, std::span<const Chunk> pending = {}) {
    CsvWriter writer{{"boat", from_ms, to_ms, 0, {core::Field::kSoc}}};
    std::string csv;
    while (writer.next(store, pending, csv)) {
    }
    return csv;
  }

  std::filesystem::path folder_;
  std::unique_ptr<core::Hub> hub_ = std::make_unique<core::Hub>();
  HistoryOptions options_;
  HandClock clock_;
  HistoryLog log_;
};

/// The times in the first column of CSV, the header left out.
inline std::vector<core::UtcMs> times_in(const std::string& csv) {
  std::vector<core::UtcMs> times;
  std::size_t at = csv.find('\n') + 1;
  while (at < csv.size()) {
    core::UtcMs time = 0;
    EXPECT_TRUE(parse_time(csv.substr(at, csv.find(',', at) - at), time));
    times.push_back(time);
    at = csv.find('\n', at) + 1;
  }
  return times;
}

}  // namespace bmsgate::outputs
