// SPDX-License-Identifier: Apache-2.0
// The study of cells: steps of load, work of the balancer, and rows of some minutes for what needs the whole past.
#include "outputs/history/cell_study.hpp"

#include <algorithm>
#include <cmath>

#include "outputs/history/cell_ends.hpp"

namespace bmsgate::outputs {
namespace {

using core::Field;

constexpr core::UtcMs kDayMs = 86'400'000;
constexpr double kHourMs = 3'600'000;
constexpr double kMonthDays = 30;
constexpr core::UtcMs kMaxStepMs = 5 * 60'000;  // samples further apart are no neighbours
constexpr core::UtcMs kRowMs = 5 * 60'000;
constexpr double kRowMv = 8;  // a row ends early where the highest cell moves more than this
constexpr std::size_t kMaxRows = 60'000;
constexpr double kMinStepA = 1;
constexpr double kStepSocFrom = 15;  // % between which a step is a step, and not the end of the curve
constexpr double kStepSocTo = 97;
constexpr double kStepSpreadMv = 80;
constexpr int kMinSteps = 30;
constexpr core::UtcMs kMinRunMs = 10 * 60'000;

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 != 0) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

}  // namespace

double CellStudy::days() const noexcept { return static_cast<double>(last_ms_ - first_ms_) / static_cast<double>(kDayMs); }

double CellStudy::day_of(core::UtcMs utc_ms) const noexcept {
  return static_cast<double>(utc_ms - first_ms_) / static_cast<double>(kDayMs);
}

double CellStudy::median_of(const Millivolts& values) const {
  return median({values.begin(), values.begin() + static_cast<std::ptrdiff_t>(cells_)});
}

void CellStudy::add(core::UtcMs utc_ms, const core::Sample& sample) {
  const auto cells = sample.extent(Field::kCellVoltage);
  if (cells < 2 || !sample.has(Field::kCurrent) || !sample.has(Field::kSoc)) return;
  Millivolts values{};
  for (std::size_t i = 0; i < cells; ++i) {
    if (!sample.has(Field::kCellVoltage, i)) return;
    values[i] = sample.get(Field::kCellVoltage, i);
  }
  if (cells != cells_) {
    // Another number of cells is another pack (or another BMS): what was learned does not hold for it.
    *this = CellStudy{};
    cells_ = cells;
    rows_ = StudyRows{cells};
    shortest_row_ms_ = kRowMs;
    first_ms_ = last_ms_ = utc_ms;
  }
  if (utc_ms < last_ms_) return;
  if (utc_ms - last_ms_ > kMaxStepMs) {
    close_window();
    has_last_ = false;
  }
  highest_mv_ = std::max(highest_mv_, *std::max_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(cells)));
  const double current_a = sample.get(Field::kCurrent) / 1000.0;
  const double soc = sample.get(Field::kSoc) / 10.0;
  Balancing balancing;
  if (const auto flag = sample.value(Field::kBalancing)) balancing.active = *flag != 0;
  if (const auto milliamperes = sample.value(Field::kBalanceCurrent)) balancing.current_a = std::abs(*milliamperes) / 1000.0;
  watch_steps(utc_ms, values, current_a, soc);
  watch_balancer(utc_ms, values, balancing);
  collect(utc_ms, values, current_a, soc, balancing.active.value_or(false));
  last_cells_ = values;
  last_current_a_ = current_a;
  last_ms_ = utc_ms;
  has_last_ = true;
}

void CellStudy::watch_steps(core::UtcMs utc_ms, const Millivolts& cells, double current_a, double soc) {
  if (!has_last_ || soc < kStepSocFrom || soc > kStepSocTo) return;
  const double step_a = current_a - last_current_a_;
  const auto end = cells.begin() + static_cast<std::ptrdiff_t>(cells_);
  const auto [low, high] = std::minmax_element(cells.begin(), end);
  if (std::abs(step_a) < kMinStepA || *high >= near_full_mv(highest_mv_) || *high - *low > kStepSpreadMv) return;
  const double day = day_of(utc_ms);
  steps_.square += step_a * step_a;
  steps_.square_day += step_a * step_a * day;
  steps_.square_day_day += step_a * step_a * day * day;
  ++steps_.count;
  for (std::size_t i = 0; i < cells_; ++i) {
    const double step_mv = cells[i] - last_cells_[i];
    steps_.product[i] += step_mv * step_a;
    steps_.product_day[i] += step_mv * step_a * day;
    steps_.voltage_square[i] += step_mv * step_mv;
  }
}

void CellStudy::watch_balancer(core::UtcMs utc_ms, const Millivolts& cells, const Balancing& balancing) {
  if (!balancing.active) return;
  balancer_.told = true;
  const auto [low, high] = std::minmax_element(cells.begin(), cells.begin() + static_cast<std::ptrdiff_t>(cells_));
  const double hours = has_last_ ? static_cast<double>(utc_ms - last_ms_) / kHourMs : 0;
  if (*high >= near_full_mv(highest_mv_)) {
    balancer_.near_full_hours += hours;
    if (*balancing.active) balancer_.near_full_active_hours += hours;
  }
  if (*balancing.active) {
    balancer_.hours += hours;
    if (balancing.current_a) balance_current_sum_ += *balancing.current_a;
    if (balancing.current_a) ++balance_current_count_;
    if (run_from_ms_ == 0) run_from_spread_mv_ = *high - *low;
    if (run_from_ms_ == 0) run_from_ms_ = utc_ms;
    run_spread_mv_ = *high - *low;
    return;
  }
  if (run_from_ms_ != 0 && last_ms_ - run_from_ms_ >= kMinRunMs) {
    ++balancer_.runs;
    if (run_spread_mv_ < run_from_spread_mv_) ++balancer_.shrank;
  }
  run_from_ms_ = 0;
}

void CellStudy::collect(core::UtcMs utc_ms, const Millivolts& cells, double current_a, double soc, bool balancing) {
  const double highest_mv = *std::max_element(cells.begin(), cells.begin() + static_cast<std::ptrdiff_t>(cells_));
  if (window_.count > 0 && (utc_ms - window_.from_ms >= shortest_row_ms_ || std::abs(highest_mv - window_.highest_mv) > kRowMv))
    close_window();
  if (window_.count == 0) {
    window_.from_ms = utc_ms;
    window_.highest_mv = highest_mv;
  }
  ++window_.count;
  for (std::size_t i = 0; i < cells_; ++i) window_.sum[i] += cells[i];
  window_.current_a += current_a;
  window_.soc += soc;
  window_.balancing = window_.balancing || balancing;
}

void CellStudy::close_window() {
  if (window_.count == 0) return;
  const double count = window_.count;
  Millivolts mean{};
  for (std::size_t i = 0; i < cells_; ++i) mean[i] = window_.sum[i] / count;
  const double middle = median_of(mean);
  for (std::size_t i = 0; i < cells_; ++i) mean[i] -= middle;
  rows_.add({last_ms_, static_cast<float>(middle), static_cast<float>(window_.current_a / count), static_cast<float>(window_.soc / count),
             window_.balancing},
            mean.data());
  window_ = {};
  if (rows_.size() < kMaxRows) return;
  rows_.thin();
  shortest_row_ms_ *= 2;
}

void CellStudy::add_resistances(PackFacts& facts) const {
  if (steps_.count < kMinSteps) return;
  const double middle_day = steps_.square_day / steps_.square;
  const double spread = steps_.square_day_day - steps_.square_day * middle_day;
  // A trend needs steps in more than a few days: their days' spread, weighted like the fit.
  const bool lasting = spread / steps_.square > 9;
  for (std::size_t i = 0; i < cells_; ++i) {
    const double mohm = steps_.product[i] / steps_.square;
    Trend trend{steps_.count, mohm, std::nullopt};
    if (lasting) trend.per_month = kMonthDays * (steps_.product_day[i] - middle_day * steps_.product[i]) / spread;
    facts.cells[i].resistance_mohm = trend;
    const double left = std::max(0.0, steps_.voltage_square[i] - mohm * steps_.product[i]);
    facts.cells[i].resistance_error = std::sqrt(left / steps_.count / steps_.square);
  }
}

PackFacts CellStudy::facts() const {
  auto whole = *this;
  whole.close_window();
  PackFacts facts;
  facts.cells.resize(cells_);
  facts.balancer = balancer_;
  facts.last_ms = last_ms_;
  if (balance_current_count_ > 0) facts.balancer.current_a = balance_current_sum_ / balance_current_count_;
  add_resistances(facts);
  if (cells_ >= 2) add_rows(facts, whole.rows_, highest_mv_);
  return facts;
}

}  // namespace bmsgate::outputs
