// SPDX-License-Identifier: Apache-2.0
// The same made-up series for everything that bench/history measures: 16 cells in mV (random walk, 43 % of the steps zero, mean step 0.67)
// and 12 single values; the worst case is white noise of 3 mV on each cell.
#pragma once

#include <sqlite3.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/field.hpp"
#include "core/log.hpp"
#include "outputs/history/store.hpp"

namespace bmsgate::bench {

inline constexpr core::UtcMs kStart = 1'760'000'400'000;  // on a full hour
inline constexpr core::UtcMs kDayMs = 86'400'000;
inline constexpr std::size_t kCells = 16;
inline constexpr auto kScalars = std::to_array<core::Field>(
    {core::Field::kPackVoltage, core::Field::kCurrent, core::Field::kPower, core::Field::kSoc, core::Field::kRemainingCapacity,
     core::Field::kTemperatureMin, core::Field::kTemperatureMax, core::Field::kMosTemperature, core::Field::kCellMinVoltage,
     core::Field::kCellMaxVoltage, core::Field::kCellAverageVoltage, core::Field::kCellDeltaVoltage});
inline constexpr std::size_t kValues = kCells + kScalars.size();

struct DataSet {
  std::string_view name;
  outputs::HistoryTier tier;
  std::int64_t rows;
  std::int64_t step_ms;
  bool worst;
  double limit;  // bytes a value; 0: its size is not looked at
};
inline constexpr DataSet kMinutes{"minutes", outputs::HistoryTier::kMinutes, 30 * 1'440, 60'000, false, 0.36};
inline constexpr DataSet kSeconds{"seconds", outputs::HistoryTier::kReadings, 86'400, 1'000, false, 0.36};
inline constexpr DataSet kMinutesWorst{"minutes, worst", outputs::HistoryTier::kMinutes, 30 * 1'440, 60'000, true, 0.9};
inline constexpr DataSet kSecondsWorst{"seconds, worst", outputs::HistoryTier::kReadings, 86'400, 1'000, true, 0.9};
inline constexpr DataSet kHalfYear{"half a year", outputs::HistoryTier::kTwentyMinutes, 180 * 72, 1'200'000, false, 0};
inline constexpr std::array kSized{kMinutes, kSeconds, kMinutesWorst, kSecondsWorst};

/// Row after row of a data set.
class Source {
 public:
  explicit Source(const DataSet& set) : worst_{set.worst} {}
  const std::vector<std::int32_t>& next();

 private:
  bool worst_;
  std::mt19937 random_{1};
  std::normal_distribution<double> step_{0, 0.88};
  std::normal_distribution<double> noise_{0, 3};
  std::vector<std::int32_t> values_ = std::vector<std::int32_t>(kValues, 3'300);
};

struct Quiet final : core::Logger {
  void write(core::Level, std::string_view, std::string_view) noexcept override {}
};

/// Writes a data set as history of the pack `pack`, as the recorder leaves it when the periods of the chunks are over. Gives up where the
/// disk does not allow it.
void add_history(const std::string& path, const std::string& pack, const DataSet& set);

using Database = std::unique_ptr<sqlite3, decltype(&sqlite3_close)>;
/// The same as plain rows: a table `sample` with the time in seconds and 28 columns c0, c1, …
[[nodiscard]] Database make_rows(const std::string& path, const DataSet& set);

/// Median of `runs` after one that warms up, in ms.
[[nodiscard]] double median_ms(int runs, const std::function<void()>& work);

}  // namespace bmsgate::bench
