// SPDX-License-Identifier: Apache-2.0
// The study of cells. Three observations carry it:
//   - A step of the current steps the voltage of a cell by its resistance.
//   - At the end of a charge all cells have taken the same charge since the last one: who is behind has lost some by himself.
//   - At the bottom of a discharge all cells have given the same: who is lower there, though full at the top, holds less.
#include "outputs/history/cell_study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace bmsgate::outputs {
namespace {

using core::Field;

constexpr core::UtcMs kDayMs = 86'400'000;
constexpr core::UtcMs kMaxStepMs = 5 * 60'000;  // rows further apart are no neighbours
constexpr double kMinStepA = 4;
constexpr int kMinSteps = 30;
constexpr std::size_t kMinEnds = 5;
constexpr double kUsual = 0.6;  // share of the ends at which a cell must stand out
constexpr double kLeakMv = 7;
constexpr double kFlatFrom = 40;  // % of charge between which a cell's voltage tells its load rather than its charge
constexpr double kFlatTo = 85;
constexpr int kMinLoadRows = 500;
constexpr double kMissingPercent = 3;
constexpr std::uint32_t kMinCurveRows = 10;
constexpr double kSteepMvPerPercent = 30;  // of a cell below the curve's end

/// Where the curve of a chemistry is steep enough to tell cells apart.
struct Knees {
  double top_mv;
  double top_left_mv;  // below this the next charge counts anew
  double bottom_mv;    // a discharge counts if the median cell gets below this
};
constexpr Knees kLfp{3'420, 3'390, 3'285};
constexpr Knees kNmc{4'100, 4'050, 3'650};
constexpr double kOnlyNmcReaches = 3'800;

Knees knees_of(double highest_mv) noexcept { return highest_mv > kOnlyNmcReaches ? kNmc : kLfp; }

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

template <class Better>
std::size_t extreme_cell(const std::array<double, core::kMaxCells>& values, std::size_t cells, Better better) {
  std::size_t found = 0;
  for (std::size_t i = 1; i < cells; ++i) {
    if (better(values[i], values[found])) found = i;
  }
  return found;
}

}  // namespace

CellStudy::CellStudy() = default;

double CellStudy::days() const noexcept { return static_cast<double>(last_ms_ - first_ms_) / static_cast<double>(kDayMs); }

double CellStudy::median_of(const Millivolts& values) const {
  return median({values.begin(), values.begin() + static_cast<std::ptrdiff_t>(cells_)});
}

void CellStudy::add(core::UtcMs utc_ms, const core::Sample& sample) {
  const auto cells = sample.extent(Field::kCellVoltage);
  if (cells < 2 || !sample.has(Field::kCurrent) || !sample.has(Field::kSoc)) return;
  if (cells != cells_) {
    // Another number of cells is another pack (or another BMS): what was learned does not hold for it.
    *this = CellStudy{};
    cells_ = cells;
    first_ms_ = utc_ms;
  }
  Millivolts values{};
  for (std::size_t i = 0; i < cells; ++i) {
    if (!sample.has(Field::kCellVoltage, i)) return;
    values[i] = sample.get(Field::kCellVoltage, i);
    highest_mv_ = std::max(highest_mv_, values[i]);
  }
  const auto balancing = sample.value(Field::kBalancing);
  add_row(utc_ms, values, sample.get(Field::kCurrent) / 1000.0, sample.get(Field::kSoc) / 10.0,
          balancing ? std::optional{*balancing != 0} : std::nullopt);
}

void CellStudy::add_row(core::UtcMs utc_ms, const Millivolts& cells, double current_a, double soc, std::optional<bool> balancing) {
  if (has_last_ && utc_ms - last_ms_ > kMaxStepMs) has_last_ = false;
  watch_steps(cells, current_a);
  watch_ends(utc_ms, cells, current_a, soc);
  const auto top = cells[extreme_cell(cells, cells_, std::greater<>{})];
  if (top >= knees_of(highest_mv_).top_mv && balancing) {
    tells_balancing_ = true;
    ++top_rows_;
    if (*balancing) ++balancing_rows_;
  }
  last_cells_ = cells;
  last_current_a_ = current_a;
  last_ms_ = utc_ms;
  has_last_ = true;
}

void CellStudy::watch_steps(const Millivolts& cells, double current_a) {
  if (!has_last_) return;
  const double step_a = current_a - last_current_a_;
  if (std::abs(step_a) < kMinStepA) return;
  for (std::size_t i = 0; i < cells_; ++i) steps_.product[i] += (cells[i] - last_cells_[i]) * step_a;
  steps_.square += step_a * step_a;
  ++steps_.count;
}

void CellStudy::watch_ends(core::UtcMs utc_ms, const Millivolts& cells, double current_a, double soc) {
  const auto knees = knees_of(highest_mv_);
  const double middle = median_of(cells);
  const auto end_here = [&] {
    End end{utc_ms, {}, current_a, middle, soc};
    for (std::size_t i = 0; i < cells_; ++i) end.deviation[i] = cells[i] - middle;
    return end;
  };
  if (soc >= kFlatFrom && soc <= kFlatTo) {
    load_.current += current_a;
    load_.square += current_a * current_a;
    for (std::size_t i = 0; i < cells_; ++i) {
      load_.deviation[i] += cells[i] - middle;
      load_.product[i] += (cells[i] - middle) * current_a;
    }
    ++load_.count;
  }
  const double highest = cells[extreme_cell(cells, cells_, std::greater<>{})];
  if (highest < knees.top_left_mv) tops_.armed = true;
  if (tops_.armed && current_a > 1 && highest >= knees.top_mv) {
    tops_.armed = false;
    tops_.ends.push_back(end_here());
    bottoms_.armed = true;  // from here on it goes down again
  }
  if (current_a >= -1) return;
  const auto percent = static_cast<std::size_t>(std::clamp(soc, 0.0, 100.0));
  curve_mv_[percent] += middle;
  curve_a_[percent] += current_a;
  ++curve_rows_[percent];
  if (middle > knees.bottom_mv) return;
  // The lowest point between two tops.
  if (bottoms_.armed || bottoms_.ends.empty()) {
    bottoms_.ends.push_back(end_here());
    bottoms_.armed = false;
  } else if (middle < bottoms_.ends.back().middle_mv) {
    bottoms_.ends.back() = end_here();
  }
}

CellStudy::Millivolts CellStudy::resistances_mohm() const {
  Millivolts found{};
  if (steps_.count < kMinSteps || steps_.square <= 0) return found;
  for (std::size_t i = 0; i < cells_; ++i) found[i] = steps_.product[i] / steps_.square;
  return found;
}

CellStudy::Millivolts CellStudy::load_mohm() const {
  Millivolts found{};
  const double count = load_.count;
  const double spread = load_.square - load_.current * load_.current / std::max(count, 1.0);
  if (load_.count < kMinLoadRows || spread <= 0) return found;
  for (std::size_t i = 0; i < cells_; ++i) found[i] = (load_.product[i] - load_.deviation[i] * load_.current / count) / spread;
  return found;
}

/// Deviations at some ends, without what the currents make of them.
CellStudy::Millivolts CellStudy::mean_deviation(const std::vector<End>& ends, const Millivolts& load_mohm) const {
  Millivolts mean{};
  for (std::size_t i = 0; i < cells_; ++i) {
    std::vector<double> values;
    values.reserve(ends.size());
    for (const auto& end : ends) values.push_back(end.deviation[i] - load_mohm[i] * end.current_a);
    mean[i] = median(std::move(values));
  }
  return mean;
}

void CellStudy::find_resistances(const Millivolts& resistance_mohm, std::vector<Finding>& out) const {
  if (steps_.count < kMinSteps) return;
  const double usual = median_of(resistance_mohm);
  for (std::size_t i = 0; i < cells_; ++i) {
    const double more = resistance_mohm[i] - usual;
    if (usual <= 0 || resistance_mohm[i] < 2 * usual || more < 0.3) continue;
    Finding finding;
    finding.kind = FindingKind::kHighResistance;
    finding.severity = more > 2 ? core::Severity::kAlarm : core::Severity::kWarning;
    finding.cell = static_cast<int>(i + 1);
    finding.score = std::min(1.0, more / (more + usual));
    finding.times = steps_.count;
    finding.of = steps_.count;
    finding.amount = resistance_mohm[i];
    finding.to_ms = last_ms_;
    finding.from_ms = last_ms_ - kDayMs;
    finding.text = fmt::format(
        "cell {} answers load steps like {:.1f} mΩ, the others like {:.1f} mΩ ({} steps): look at its connection first, then at the cell",
        i + 1, resistance_mohm[i], usual, steps_.count);
    out.push_back(std::move(finding));
  }
}

void CellStudy::find_leak(const Millivolts& load_mohm, std::vector<Finding>& out) const {
  if (tops_.ends.size() < kMinEnds) return;
  const auto top = mean_deviation(tops_.ends, load_mohm);
  const auto last = extreme_cell(top, cells_, std::less<>{});
  double second_last = 0;
  for (std::size_t i = 0; i < cells_; ++i) {
    if (i != last) second_last = std::min(second_last, top[i]);
  }
  int times = 0;
  for (const auto& end : tops_.ends) {
    Millivolts own{};
    for (std::size_t i = 0; i < cells_; ++i) own[i] = end.deviation[i] - load_mohm[i] * end.current_a;
    if (extreme_cell(own, cells_, std::less<>{}) == last) ++times;
  }
  if (top[last] > -kLeakMv || top[last] > 2 * second_last || times < kUsual * static_cast<double>(tops_.ends.size())) return;
  Finding finding;
  finding.kind = FindingKind::kLeaky;
  finding.cell = static_cast<int>(last + 1);
  finding.score = std::min(1.0, -top[last] / 60 + 0.3);
  finding.times = times;
  finding.of = static_cast<int>(tops_.ends.size());
  finding.amount = -top[last];
  finding.from_ms = tops_.ends.back().at_ms - kDayMs / 4;
  finding.to_ms = tops_.ends.back().at_ms + kDayMs / 8;
  finding.text =
      fmt::format("cell {} is last at the end of {} of {} charges, {:.0f} mV behind: it loses charge by itself, or something draws from it",
                  finding.cell, times, finding.of, finding.amount);
  out.push_back(std::move(finding));
}

std::optional<double> CellStudy::soc_of(double mv, double usual_mohm) const {
  // The curve rises with SOC; bins that few rows fell into are passed over.
  double last_mv = 0;
  double last_soc = -1;
  for (std::size_t percent = 0; percent < curve_mv_.size(); ++percent) {
    if (curve_rows_[percent] < kMinCurveRows) continue;
    const double here_mv = (curve_mv_[percent] - usual_mohm * curve_a_[percent]) / curve_rows_[percent];
    const double soc = static_cast<double>(percent) + 0.5;
    if (here_mv >= mv && last_soc < 0) return std::max(0.0, soc - (here_mv - mv) / kSteepMvPerPercent);  // below all that was seen
    if (here_mv >= mv) return here_mv <= last_mv ? soc : last_soc + (soc - last_soc) * (mv - last_mv) / (here_mv - last_mv);
    last_mv = here_mv;
    last_soc = soc;
  }
  return std::nullopt;
}

std::vector<double> CellStudy::missing_percent(const Millivolts& load_mohm, double usual_mohm) const {
  std::vector<std::vector<double>> missing(cells_);
  for (const auto& end : bottoms_.ends) {
    const auto middle_soc = soc_of(end.middle_mv - usual_mohm * end.current_a, usual_mohm);
    if (!middle_soc || *middle_soc > 60) continue;
    for (std::size_t i = 0; i < cells_; ++i) {
      const auto own_soc = soc_of(end.middle_mv + end.deviation[i] - (usual_mohm + load_mohm[i]) * end.current_a, usual_mohm);
      if (!own_soc) continue;
      // All cells gave the same charge since they were full: middle: 1 - soc of its capacity, this one: 1 - own soc of a smaller one.
      missing[i].push_back(100 * (1 - (100 - *middle_soc) / (100 - *own_soc)));
    }
  }
  std::vector<double> found;
  found.reserve(cells_);
  for (auto& values : missing) found.push_back(values.size() < kMinEnds ? 0 : median(std::move(values)));
  return found;
}

void CellStudy::find_capacity(const Millivolts& load_mohm, double usual_mohm, std::vector<Finding>& out) const {
  if (tops_.ends.size() < kMinEnds || bottoms_.ends.size() < kMinEnds) return;
  const auto top = mean_deviation(tops_.ends, load_mohm);
  const auto missing = missing_percent(load_mohm, usual_mohm);
  for (std::size_t i = 0; i < cells_; ++i) {
    // Behind at the top already: that is charge lost, not capacity. A bad connection blurs the voltage under load too much to tell.
    const bool blurred = std::any_of(out.begin(), out.end(), [&](const Finding& have) { return have.cell == static_cast<int>(i + 1); });
    if (missing[i] < kMissingPercent || top[i] < -kLeakMv || blurred) continue;
    int times = 0;
    for (const auto& end : bottoms_.ends) times += extreme_cell(end.deviation, cells_, std::less<>{}) == i ? 1 : 0;
    if (times < kUsual * static_cast<double>(bottoms_.ends.size())) continue;
    Finding finding;
    finding.kind = FindingKind::kLowCapacity;
    finding.severity = missing[i] > 15 ? core::Severity::kAlarm : core::Severity::kWarning;
    finding.cell = static_cast<int>(i + 1);
    finding.score = std::min(1.0, missing[i] / 20 + 0.3);
    finding.times = times;
    finding.of = static_cast<int>(bottoms_.ends.size());
    finding.amount = missing[i];
    finding.from_ms = bottoms_.ends.back().at_ms - kDayMs / 2;
    finding.to_ms = bottoms_.ends.back().at_ms + kDayMs / 4;
    finding.text = fmt::format(
        "cell {} is the lowest at the end of {} of {} discharges, though it was full with the others: it holds about {:.0f} % less",
        finding.cell, times, finding.of, finding.amount);
    out.push_back(std::move(finding));
  }
}

void CellStudy::find_balancer(std::vector<Finding>& out) const {
  if (!tells_balancing_ || tops_.ends.size() < kMinEnds || top_rows_ < 60) return;
  const auto top = mean_deviation(tops_.ends, load_mohm());
  const auto high = extreme_cell(top, cells_, std::greater<>{});
  const auto low = extreme_cell(top, cells_, std::less<>{});
  const double spread_mv = top[high] - top[low];
  const double active = static_cast<double>(balancing_rows_) / static_cast<double>(top_rows_);
  if (spread_mv < 8 || active > 0.02) return;
  Finding finding;
  finding.kind = FindingKind::kDeadBalancer;
  finding.score = std::min(1.0, spread_mv / 60 + 0.3);
  finding.times = static_cast<int>(balancing_rows_);
  finding.of = static_cast<int>(top_rows_);
  finding.amount = spread_mv;
  finding.from_ms = tops_.ends.back().at_ms - kDayMs / 8;
  finding.to_ms = tops_.ends.back().at_ms + kDayMs / 8;
  finding.text = fmt::format(
      "the cells differ by {:.0f} mV at the end of charges, always in the same way (highest {}, lowest {}), and the balancer did not "
      "work in {:.0f} hours near full: look at its settings and its wires",
      spread_mv, high + 1, low + 1, static_cast<double>(top_rows_) / 60);
  out.push_back(std::move(finding));
}

std::vector<Finding> CellStudy::findings() const {
  std::vector<Finding> found;
  if (cells_ < 2) return found;
  const auto resistance_mohm = resistances_mohm();
  find_resistances(resistance_mohm, found);
  const auto load = load_mohm();
  find_leak(load, found);
  find_capacity(load, median_of(resistance_mohm), found);
  find_balancer(found);
  std::stable_sort(found.begin(), found.end(), [](const Finding& a, const Finding& b) { return a.score > b.score; });
  return found;
}

}  // namespace bmsgate::outputs
