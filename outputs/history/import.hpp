// SPDX-License-Identifier: Apache-2.0
// History from elsewhere: the original's daily and monthly CSV files (`time,soc,b1…bN`), as rows of the 20-minute tier. Takes what such
// files look like after years, editors and spreadsheets: `,` `;` or tab, decimal commas, V or mV, several forms of date. Any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "outputs/history/chunk.hpp"
#include "outputs/local_time.hpp"

namespace bmsgate::outputs {

struct ImportedCsv {
  Chunk rows;              // of the 20-minute tier, derived values included
  std::size_t skipped{0};  // lines without a time or value that can be used, second ones of a mark, ones that are not past yet
  core::UtcMs from_ms{0};
  core::UtcMs to_ms{0};
  std::string error;  // as a sentence; empty: the file was understood
};

/// `name`: the file's name; where its lines have a time of day alone, the day is taken from it (batt_20261122.csv, batt_2026-11-22.csv).
/// Rows of `before_ms` and later are skipped. A date 3/4/2026 is the third of April, unless the numbers do not allow it.
[[nodiscard]] ImportedCsv read_original_csv(std::string_view text, std::string_view name, core::UtcMs before_ms);

}  // namespace bmsgate::outputs
