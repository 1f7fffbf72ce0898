// SPDX-License-Identifier: Apache-2.0
// Ends of charges and discharges in the rows of a study, and what the cells show there and at rest. Any thread.
#pragma once

#include <vector>

#include "outputs/history/cell_study.hpp"

namespace bmsgate::outputs {

/// Where the curve of a chemistry is steep enough to tell cells apart; mV of a cell without load.
struct Knees {
  double top_mv;       // a cell is full
  double top_left_mv;  // below this the next charge counts anew
  double bottom_mv;    // a discharge counts if the middle cell gets below this
  double flat_mv;      // above this (and below the top) a cell's voltage tells its load rather than its charge
};
[[nodiscard]] Knees knees_of(const StudyRows& rows, double highest_mv);
/// Where balancing is expected: the highest cell as measured.
[[nodiscard]] double near_full_mv(double highest_mv) noexcept;

/// Fills in everything that is read off the rows: deviations and their trends, ends, spread, fits.
void add_rows(PackFacts& facts, const StudyRows& rows, double highest_mv);

}  // namespace bmsgate::outputs
