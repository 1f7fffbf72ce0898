// SPDX-License-Identifier: Apache-2.0
// Runs the study of cells over what the history holds of a pack. Reader thread: takes some 100 ms for two months.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "outputs/history/cell_study.hpp"
#include "outputs/history/query.hpp"

namespace bmsgate::outputs {

struct Study {
  PackFacts facts;
  std::vector<Finding> findings;
  double days{0};  // how much past they are based on
};
[[nodiscard]] Study study_cells(const Store& store, std::span<const Chunk> pending, std::string_view pack, core::UtcMs from_ms,
                                core::UtcMs to_ms);

/// {"computed","based_on_days","findings":[…],"cells":[…],"balancer":{…}}: what stands out, and what it was judged by (docs/findings.md).
void append_study(std::string& out, const Study& study, core::UtcMs now_ms);

}  // namespace bmsgate::outputs
