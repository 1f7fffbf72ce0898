// SPDX-License-Identifier: Apache-2.0
// Time-series servers of the distribution as references: each is started on a free port of this machine with a folder of its own, takes the
// same data, is left until everything is compacted on the disk, measured, asked and ended.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "bench/gateway.hpp"
#include "bench/history_data.hpp"

namespace bmsgate::bench {

struct ServerFigures {
  std::string name;
  std::array<double, kSized.size()> bytes_a_value{};  // with its index
  double month_ms{0};                                 // 30 days of minutes, 16 cells, mean in 1,000 steps; HTTP, JSON decoded
};

/// nullopt: the package is not installed.
[[nodiscard]] std::optional<ServerFigures> measure_victoria_metrics(const Folder& folder);
[[nodiscard]] std::optional<ServerFigures> measure_influxdb(const Folder& folder);

}  // namespace bmsgate::bench
