// SPDX-License-Identifier: Apache-2.0
// Our own answers through the real program, over HTTP, while it polls and writes 16 packs once a second.
#pragma once

#include <cstddef>

#include "bench/gateway.hpp"

namespace bmsgate::bench {

struct LiveFigures {
  // Medians in ms, JSON decoded, on the data sets of bench/history_data.hpp.
  double month_ms{0};       // 30 days of minutes, 16 cells, 1,000 points
  double day_ms{0};         // 24 h of seconds, 16 cells, 1,440 points
  double half_year_ms{0};   // 180 days of 20 minutes, 16 cells, 1,440 points
  double csv_mb_s{0};       // 30 days of minutes, 28 columns
  double csv_memory_mb{0};  // what the program gained while it streamed months, after it had streamed one day
  std::size_t queries{0};   // how many were answered meanwhile
  Quantiles poll_late_ms;
  Quantiles timer_late_ms;  // of an empty timer in the same seconds
  double polls_a_second{0};
  double processor_pct{0};  // of the program, with nobody asking; of one core
};
[[nodiscard]] LiveFigures measure_live(const Folder& folder);

}  // namespace bmsgate::bench
