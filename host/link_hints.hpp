// SPDX-License-Identifier: Apache-2.0
// What the numbers of a line say in plain words: wires swapped, wrong speed, nobody there. For /buses and the page Bus. Loop thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/bus.hpp"

namespace bmsgate::host {

struct LinkHint {
  std::string_view key;
  bool warning{true};  // false: good to know
  std::string text;
};
[[nodiscard]] std::vector<LinkHint> hints_of(const BusSnapshot& bus);
[[nodiscard]] std::vector<LinkHint> hints_of(const BusSnapshot& bus, const PackLink& pack);

struct LatencySummary {
  double median_ms{0};
  double p95_ms{0};
};
/// Interpolated in the buckets; 0 where nothing has been counted.
[[nodiscard]] LatencySummary latency_of(const core::LinkStats& stats);
[[nodiscard]] double success_percent(const core::LinkStats& stats);

}  // namespace bmsgate::host
