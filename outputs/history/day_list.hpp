// SPDX-License-Identifier: Apache-2.0
// Which local days a pack has data of: the list behind the daily files. Reads times alone, so that years take milliseconds. Reader thread.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "outputs/history/query.hpp"
#include "outputs/local_time.hpp"

namespace bmsgate::outputs {

/// Days in [from_ms, to_ms) with at least one row, oldest first. `pending`: rows that are not in the file yet.
[[nodiscard]] std::vector<LocalDay> days_with_data(const Store& store, std::span<const Chunk> pending, std::string_view pack,
                                                   core::UtcMs from_ms, core::UtcMs to_ms);

}  // namespace bmsgate::outputs
