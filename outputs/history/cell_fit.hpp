// SPDX-License-Identifier: Apache-2.0
// What sets the voltage of each cell apart from the middle one: a fixed offset, load, lack of charge, lack of capacity, loss of charge with
// time; told apart by least squares over rows of the past. Pure arithmetic; any thread. Methods and limits: docs/findings.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/clock.hpp"

namespace bmsgate::outputs {

/// A few minutes of a pack as one row.
struct StudyRow {
  core::UtcMs at_ms{0};
  float middle_mv{0};  // median of the cells
  float current_a{0};  // positive = charging
  float soc{0};        // % as the BMS tells it
  bool balancing{false};
};

/// Rows, oldest first, and beside each the deviation of every cell from its middle.
class StudyRows {
 public:
  explicit StudyRows(std::size_t cells = 0) noexcept : cells_{cells} {}
  void add(const StudyRow& row, const double* deviation_mv);
  [[nodiscard]] std::size_t cells() const noexcept { return cells_; }
  [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
  [[nodiscard]] const StudyRow& operator[](std::size_t row) const noexcept { return rows_[row]; }
  [[nodiscard]] double deviation_mv(std::size_t row, std::size_t cell) const noexcept {
    return static_cast<double>(deviation_[row * cells_ + cell]) / 10;
  }
  /// The cell that is highest (or lowest) by its deviation.
  [[nodiscard]] std::size_t highest(std::size_t row) const noexcept;
  [[nodiscard]] std::size_t lowest(std::size_t row) const noexcept;
  /// Leaves out every other row: bounds the memory of a long study.
  void thin();

 private:
  std::size_t cells_;
  std::vector<StudyRow> rows_;
  std::vector<std::int16_t> deviation_;  // 0.1 mV
};

/// The pack's own discharge curve: what the middle cell shows without load, by state of charge.
class PackCurve {
 public:
  explicit PackCurve(const StudyRows& rows);
  /// By how much lasting load moves the middle cell, polarisation included.
  [[nodiscard]] double load_mohm() const noexcept { return load_mohm_; }
  [[nodiscard]] bool known() const noexcept { return points_.size() >= 2; }
  [[nodiscard]] bool covers(double mv) const noexcept { return mv >= points_.front().mv && mv <= points_.back().mv; }
  /// State of charge at a voltage without load, 0 to 1; beyond the ends of what was seen it goes on as steeply as there.
  [[nodiscard]] double soc_at(double mv) const noexcept;
  /// mV for the whole charge, at a voltage without load.
  [[nodiscard]] double slope_at(double mv) const noexcept;

 private:
  struct Point {
    double soc;
    double mv;
  };
  [[nodiscard]] std::size_t segment_of(double mv) const noexcept;
  std::vector<Point> points_;  // ascending in both
  double load_mohm_{0};
};

/// Something estimated, and how far off it may well be (standard deviation).
struct Estimate {
  double value{0};
  double error{0};
  [[nodiscard]] bool sure(double least) const noexcept { return value >= least && value >= 3 * error; }
};

struct CellFit {
  double offset_mv{0};     // of its measurement
  double load_mohm{0};     // more than the middle cell, polarisation included
  double lack{0};          // charge it lacks when the others are full, of the capacity
  Estimate smaller;        // capacity it lacks, of a usual cell's
  Estimate loss_a_day;     // charge it loses a day more than the others, of the capacity
  Estimate drift_per_day;  // the part of it that no balancing makes up for
};

/// `top_mv`: the highest cell without load at which a pack counts as full (and is balanced); losses are counted from there.
[[nodiscard]] std::vector<CellFit> fit_cells(const StudyRows& rows, const PackCurve& curve, double top_mv);

}  // namespace bmsgate::outputs
