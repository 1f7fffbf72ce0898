// SPDX-License-Identifier: Apache-2.0
// Curve and least squares of the study of cells.
#include "outputs/history/cell_fit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace bmsgate::outputs {
namespace {

constexpr std::size_t kTerms = 6;
using Vector = std::array<double, kTerms>;
using Matrix = std::array<Vector, kTerms>;
enum Term : std::uint8_t { kOffset, kLoad, kLack, kSmaller, kLossSinceFull, kDrift };

constexpr double kDayMs = 86'400'000;
constexpr double kErrorMv = 2;                 // of a row: noise, and what the model leaves out …
constexpr double kErrorPart = 0.2;             // … and of what it explains, because the slope of the curve is only known so well
constexpr double kIndependentMs = 10'800'000;  // rows closer together share their error …
constexpr double kIndependentMv = 20;          // … unless the curve has moved on by so much between them
constexpr double kMaxRowMs = 600'000;
constexpr double kMaxDeviationMv = 400;  // an empty cell tells nothing more the lower it falls
constexpr double kLongestSinceFull = 4;  // days
constexpr core::UtcMs kNewTopMs = 3 * 3'600'000;
constexpr core::UtcMs kUntouchedMs = 10 * 60'000;
/// What is believed before anything was seen, as standard deviations: mV, mΩ, parts of the capacity, parts a day.
constexpr Vector kUsual{2, 2, 0.005, 0.05, 0.004, 0.001};
constexpr std::size_t kPercents = 101;
constexpr int kRounds = 2;

/// Inverts a symmetric positive matrix in place (Gauss-Jordan; the priors keep it regular).
void invert(Matrix& m) noexcept {
  Matrix inverse{};
  for (std::size_t i = 0; i < kTerms; ++i) inverse[i][i] = 1;
  for (std::size_t i = 0; i < kTerms; ++i) {
    const double pivot = m[i][i];
    for (std::size_t k = 0; k < kTerms; ++k) {
      m[i][k] /= pivot;
      inverse[i][k] /= pivot;
    }
    for (std::size_t j = 0; j < kTerms; ++j) {
      if (j == i) continue;
      const double times = m[j][i];
      for (std::size_t k = 0; k < kTerms; ++k) {
        m[j][k] -= times * m[i][k];
        inverse[j][k] -= times * inverse[i][k];
      }
    }
  }
  m = inverse;
}

/// What a row says about all cells alike.
struct Scene {
  double rest_mv{0};  // the middle cell without load
  double used{0};     // charge taken out since full, of the capacity
  double since_full{0};
  double day{0};
  double weight{0};
};

/// `load_mohm`: of each cell, as far as it is known: a bad connection must not look like a full cell.
std::vector<Scene> scenes_of(const StudyRows& rows, const PackCurve& curve, double top_mv, const std::vector<CellFit>& fits) {
  std::vector<Scene> scenes(rows.size());
  if (rows.size() == 0) return scenes;
  const auto middle_ms = rows[0].at_ms / 2 + rows[rows.size() - 1].at_ms / 2;
  auto full_ms = rows[0].at_ms;   // when balancing last did its work
  auto begin_ms = rows[0].at_ms;  // when it began to
  auto last_top_ms = rows[0].at_ms;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& row = rows[i];
    auto& scene = scenes[i];
    scene.rest_mv = row.middle_mv - curve.load_mohm() * row.current_a;
    double highest_mv = 0;
    for (std::size_t cell = 0; cell < fits.size(); ++cell)
      highest_mv = std::max(highest_mv, scene.rest_mv + rows.deviation_mv(i, cell) - fits[cell].load_mohm * row.current_a);
    const bool top = highest_mv >= top_mv || row.balancing;
    if (top && row.at_ms - last_top_ms > kNewTopMs) begin_ms = row.at_ms;
    if (top) last_top_ms = row.at_ms;
    // In its first minutes balancing has moved next to nothing: they show best what was lost since.
    const bool full = top && row.at_ms - begin_ms > kUntouchedMs;
    if (full) full_ms = row.at_ms;
    scene.used = 1 - static_cast<double>(row.soc) / 100;
    scene.since_full = std::min(static_cast<double>(row.at_ms - full_ms) / kDayMs, kLongestSinceFull);
    scene.day = static_cast<double>(row.at_ms - middle_ms) / kDayMs;
    const double span_ms = i > 0 ? std::min(static_cast<double>(row.at_ms - rows[i - 1].at_ms), kMaxRowMs) : 0;
    const double moved_mv = i > 0 ? std::abs(scene.rest_mv - scenes[i - 1].rest_mv) : 0;
    // While the charge of a cell is being changed by balancing the row says little about the rest.
    const double independent = std::min(1.0, std::max(span_ms / kIndependentMs, moved_mv / kIndependentMv));
    scene.weight = independent * (full ? 0.02 : 1);
    if (!curve.covers(scene.rest_mv)) scene.weight = 0;
  }
  return scenes;
}

class Fit {
 public:
  Fit(const StudyRows& rows, const std::vector<Scene>& scenes, const PackCurve& curve) : rows_{rows}, scenes_{scenes}, curve_{curve} {}

  [[nodiscard]] CellFit run(std::size_t cell) {
    Vector found{};
    Matrix spread{};
    double far_off = 1;
    for (int round = 0; round < kRounds; ++round) {
      Vector sums{};
      spread = {};
      weights_ = squares_ = 0;
      for (std::size_t i = 0; i < kTerms; ++i) spread[i][i] = 1 / (kUsual[i] * kUsual[i]);
      for (std::size_t row = 0; row < rows_.size(); ++row) add(row, cell, found, spread, sums);
      invert(spread);
      for (std::size_t i = 0; i < kTerms; ++i) {
        found[i] = 0;
        for (std::size_t k = 0; k < kTerms; ++k) found[i] += spread[i][k] * sums[k];
      }
      // Where the model fits badly its estimates are less sure.
      for (std::size_t i = 0; i < kTerms; ++i) squares_ -= found[i] * sums[i];
      far_off = weights_ > 0 ? std::max(1.0, std::sqrt(std::max(0.0, squares_) / weights_)) : 1;
    }
    CellFit fit;
    fit.offset_mv = found[kOffset];
    fit.load_mohm = found[kLoad];
    fit.lack = found[kLack];
    // A cell of (1 - w) times the capacity falls 1 / (1 - w) times as fast: the term is w / (1 - w).
    const double ratio = std::max(found[kSmaller], -0.5);
    fit.smaller = {ratio / (1 + ratio), far_off * std::sqrt(spread[kSmaller][kSmaller])};
    const double both = spread[kLossSinceFull][kLossSinceFull] + spread[kDrift][kDrift] + 2 * spread[kLossSinceFull][kDrift];
    fit.loss_a_day = {found[kLossSinceFull] + found[kDrift], far_off * std::sqrt(std::max(both, 0.0))};
    fit.drift_per_day = {found[kDrift], far_off * std::sqrt(spread[kDrift][kDrift])};
    return fit;
  }

 private:
  void add(std::size_t row, std::size_t cell, const Vector& so_far, Matrix& matrix, Vector& sums) {
    const auto& scene = scenes_[row];
    const double current_a = rows_[row].current_a;
    const double deviation_mv = rows_.deviation_mv(row, cell);
    if (std::abs(deviation_mv) > kMaxDeviationMv || scene.weight <= 0) return;
    // The slope of the curve between the middle cell and this one; beside it where they are too close to tell.
    const double own_mv = deviation_mv - so_far[kOffset] - so_far[kLoad] * current_a;
    double slope = curve_.slope_at(scene.rest_mv);
    if (std::abs(own_mv) > 5) {
      const double apart = curve_.soc_at(scene.rest_mv + own_mv) - curve_.soc_at(scene.rest_mv);
      if (std::abs(apart) > 1e-6) slope = own_mv / apart;
    }
    const Vector x{1, current_a, -slope, -slope * scene.used, -slope * scene.since_full, -slope * scene.day};
    const double error_mv2 = kErrorMv * kErrorMv + kErrorPart * kErrorPart * own_mv * own_mv;
    const double weight = scene.weight / error_mv2;
    weights_ += scene.weight;
    squares_ += weight * deviation_mv * deviation_mv;
    for (std::size_t i = 0; i < kTerms; ++i) {
      sums[i] += weight * x[i] * deviation_mv;
      for (std::size_t k = 0; k < kTerms; ++k) matrix[i][k] += weight * x[i] * x[k];
    }
  }

  const StudyRows& rows_;
  const std::vector<Scene>& scenes_;
  const PackCurve& curve_;
  double weights_{0};
  double squares_{0};  // of what is left, over what was expected
};

}  // namespace

void StudyRows::add(const StudyRow& row, const double* deviation_mv) {
  rows_.push_back(row);
  for (std::size_t i = 0; i < cells_; ++i)
    deviation_.push_back(static_cast<std::int16_t>(std::clamp(std::lround(deviation_mv[i] * 10), -32'000L, 32'000L)));
}

std::size_t StudyRows::highest(std::size_t row) const noexcept {
  const auto begin = deviation_.begin() + static_cast<std::ptrdiff_t>(row * cells_);
  return static_cast<std::size_t>(std::max_element(begin, begin + static_cast<std::ptrdiff_t>(cells_)) - begin);
}

std::size_t StudyRows::lowest(std::size_t row) const noexcept {
  const auto begin = deviation_.begin() + static_cast<std::ptrdiff_t>(row * cells_);
  return static_cast<std::size_t>(std::min_element(begin, begin + static_cast<std::ptrdiff_t>(cells_)) - begin);
}

void StudyRows::thin() {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < rows_.size(); i += 2, ++kept) {
    rows_[kept] = rows_[i];
    std::copy_n(deviation_.begin() + static_cast<std::ptrdiff_t>(i * cells_), cells_,
                deviation_.begin() + static_cast<std::ptrdiff_t>(kept * cells_));
  }
  rows_.resize(kept);
  deviation_.resize(kept * cells_);
}

PackCurve::PackCurve(const StudyRows& rows) {
  struct Bin {
    double count{0}, mv{0}, a{0}, mv_a{0}, a_a{0};
  };
  std::array<Bin, kPercents> bins{};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double mv = rows[i].middle_mv;
    const double a = rows[i].current_a;
    auto& bin = bins[static_cast<std::size_t>(std::clamp(rows[i].soc, 0.0F, 100.0F))];
    bin.count += 1;
    bin.mv += mv;
    bin.a += a;
    bin.mv_a += mv * a;
    bin.a_a += a * a;
  }
  // At one state of charge voltages differ by load; at the ends they differ by much else.
  double product = 0;
  double square = 0;
  for (std::size_t i = 15; i < 95; ++i) {
    const auto& bin = bins[i];
    if (bin.count < 5) continue;
    product += bin.mv_a - bin.mv * bin.a / bin.count;
    square += bin.a_a - bin.a * bin.a / bin.count;
  }
  load_mohm_ = square > 0 ? std::max(0.0, product / square) : 0;
  constexpr double kMinRows = 3;
  for (std::size_t i = 0; i < kPercents; ++i) {
    const auto& bin = bins[i];
    if (bin.count < kMinRows) continue;
    const double mv = (bin.mv - load_mohm_ * bin.a) / bin.count;
    const double least = points_.empty() ? 0 : points_.back().mv + 0.1;  // it rises, however little
    points_.push_back({(static_cast<double>(i) + 0.5) / 100, std::max(mv, least)});
  }
}

std::size_t PackCurve::segment_of(double mv) const noexcept {
  const auto above =
      std::upper_bound(points_.begin(), points_.end(), mv, [](double value, const Point& point) { return value < point.mv; });
  const auto index = static_cast<std::size_t>(above - points_.begin());
  return std::clamp<std::size_t>(index, 1, points_.size() - 1) - 1;
}

double PackCurve::soc_at(double mv) const noexcept {
  const auto i = segment_of(mv);
  const auto& from = points_[i];
  return from.soc + (mv - from.mv) / slope_at(mv);
}

double PackCurve::slope_at(double mv) const noexcept {
  const auto i = segment_of(mv);
  return (points_[i + 1].mv - points_[i].mv) / (points_[i + 1].soc - points_[i].soc);
}

std::vector<CellFit> fit_cells(const StudyRows& rows, const PackCurve& curve, double top_mv) {
  std::vector<CellFit> fits(rows.cells());
  if (!curve.known()) return fits;
  for (int pass = 0; pass < 2; ++pass) {
    const auto scenes = scenes_of(rows, curve, top_mv, fits);
    Fit fit{rows, scenes, curve};
    for (std::size_t cell = 0; cell < rows.cells(); ++cell) fits[cell] = fit.run(cell);
  }
  return fits;
}

}  // namespace bmsgate::outputs
