// SPDX-License-Identifier: Apache-2.0
// What bench/history measures in its own process: sizes of files, our queries, and SQL on plain rows.
#pragma once

#include <array>

#include "bench/gateway.hpp"
#include "bench/history_data.hpp"

namespace bmsgate::bench {

/// Bytes a value of each data set of kSized, everything in the file counted.
struct Sizes {
  std::array<double, kSized.size()> ours{};
  std::array<double, kSized.size()> rows{};
};
[[nodiscard]] Sizes measure_sizes(const Folder& folder);

/// Medians in ms; every one includes writing the JSON text.
struct LocalTimes {
  double month{0};           // 30 days of minutes, 16 cells, 1,000 points
  double month_rows{0};      // GROUP BY on plain rows
  double day{0};             // 24 h of seconds, 16 cells, 1,440 points
  double day_rows{0};        // GROUP BY on plain rows
  double half_year{0};       // 180 days of 20 minutes, 16 cells, 1,440 points
  double half_year_rows{0};  // all plain rows read and written, nothing else
};
/// After measure_sizes() in the same folder.
[[nodiscard]] LocalTimes measure_local(const Folder& folder);

}  // namespace bmsgate::bench
