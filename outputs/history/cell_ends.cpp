// SPDX-License-Identifier: Apache-2.0
// What is read off the rows of a study. Two observations carry it: at the end of a charge all cells have taken the same charge since the
// last one, so who is behind has lost some; at the bottom of a discharge all have given the same, so who is lower there holds less.
#include "outputs/history/cell_ends.hpp"

#include <algorithm>
#include <cmath>

namespace bmsgate::outputs {
namespace {

constexpr double kDayMs = 86'400'000;
constexpr double kMonthDays = 30;
constexpr double kOnlyNmcReaches = 3'750;
constexpr double kMostlyNmc = 3'450;
constexpr Knees kLfp{3'385, 3'365, 3'290, 3'280};
constexpr Knees kNmc{4'030, 3'980, 3'660, 3'400};
constexpr double kTurnSoc = 15;  // % that a discharge is followed by, to count as one
constexpr double kLeastTrendDays = 9;
constexpr int kLeastTrendCount = 5;
constexpr std::int64_t kSettleMs = 3 * 3'600'000;  // what polarisation needs to fade
constexpr double kLeastRestDays = 0.25;
constexpr double kMostRestSoc = 1;  // % a day that small currents may move

double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// A straight line through values over days.
class Line {
 public:
  void add(double day, double value) {
    ++count_;
    day_ += day;
    value_ += value;
    day_day_ += day * day;
    day_value_ += day * value;
  }
  [[nodiscard]] std::optional<Trend> trend() const {
    if (count_ == 0) return std::nullopt;
    Trend found{count_, value_ / count_, std::nullopt};
    const double spread = day_day_ - day_ * day_ / count_;
    // Evenly spread days have a variance of a twelfth of their square.
    if (count_ >= kLeastTrendCount && spread / count_ > kLeastTrendDays * kLeastTrendDays / 12)
      found.per_month = kMonthDays * (day_value_ - day_ * value_ / count_) / spread;
    return found;
  }

 private:
  int count_{0};
  double day_{0}, value_{0}, day_day_{0}, day_value_{0};
};

/// Rows by their meaning.
struct Ends {
  std::vector<std::size_t> arrivals;  // the first cell is full
  std::vector<std::size_t> peaks;     // the highest point of the same charges
  std::vector<std::size_t> lows;      // ends of discharges
  std::vector<std::size_t> bottoms;   // those near empty
};

class Reader {
 public:
  Reader(PackFacts& facts, const StudyRows& rows, double highest_mv)
      : facts_{facts}, rows_{rows}, knees_{knees_of(rows, highest_mv)}, curve_{rows} {
    fits_ = fit_cells(rows, curve_, knees_.top_mv);
    find_ends();
  }

  void run() {
    for (std::size_t i = 0; i < rows_.cells(); ++i) facts_.cells[i].fit = fits_[i];
    facts_.charges = static_cast<int>(ends_.arrivals.size());
    facts_.discharges = static_cast<int>(ends_.lows.size());
    if (!ends_.arrivals.empty()) facts_.last_full_ms = rows_[ends_.arrivals.back()].at_ms;
    if (!ends_.lows.empty()) facts_.last_empty_ms = rows_[ends_.lows.back()].at_ms;
    count_ends();
    add_deviations();
    add_spread();
    add_rest_falls();
  }

 private:
  [[nodiscard]] double rest_mv(std::size_t row) const { return rows_[row].middle_mv - curve_.load_mohm() * rows_[row].current_a; }
  /// Deviation without what load and measurement make of it.
  [[nodiscard]] double own_mv(std::size_t row, std::size_t cell) const {
    const double offset_mv = knees_.top_mv < kOnlyNmcReaches ? fits_[cell].offset_mv : 0;  // told apart on a flat curve only
    return rows_.deviation_mv(row, cell) - fits_[cell].load_mohm * rows_[row].current_a - offset_mv;
  }
  [[nodiscard]] double day(std::size_t row) const { return static_cast<double>(rows_[row].at_ms - rows_[0].at_ms) / kDayMs; }

  template <class Better>
  [[nodiscard]] std::size_t extreme(std::size_t row, Better better) const {
    std::size_t found = 0;
    for (std::size_t i = 1; i < rows_.cells(); ++i) {
      if (better(own_mv(row, i), own_mv(row, found))) found = i;
    }
    return found;
  }

  void find_ends() {
    bool armed = true;
    double peak_mv = 0;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const auto high = rows_.highest(i);
      const double highest_mv = rest_mv(i) + rows_.deviation_mv(i, high) - fits_[high].load_mohm * rows_[i].current_a;
      if (highest_mv < knees_.top_left_mv) armed = true;
      if (highest_mv < knees_.top_mv || rows_[i].current_a <= 0) continue;
      if (armed) {
        ends_.arrivals.push_back(i);
        ends_.peaks.push_back(i);
        peak_mv = highest_mv;
      } else if (!ends_.peaks.empty() && highest_mv > peak_mv) {
        ends_.peaks.back() = i;
        peak_mv = highest_mv;
      }
      armed = false;
    }
    find_lows();
  }

  void find_lows() {
    bool falling = true;
    std::size_t low = 0;
    float high_soc = 0;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const auto soc = rows_[i].soc;
      if (falling) {
        if (soc < rows_[low].soc || (soc == rows_[low].soc && rest_mv(i) < rest_mv(low))) low = i;
        if (soc < rows_[low].soc + static_cast<float>(kTurnSoc)) continue;
        ends_.lows.push_back(low);
        falling = false;
        high_soc = soc;
      }
      high_soc = std::max(high_soc, soc);
      falling = soc < high_soc - 5;
      low = i;
    }
    for (const auto row : ends_.lows) {
      if (rest_mv(row) < knees_.bottom_mv) ends_.bottoms.push_back(row);
    }
  }

  void count_ends() {
    for (const auto row : ends_.arrivals) {
      ++facts_.cells[extreme(row, std::greater<>{})].first_full;
      ++facts_.cells[extreme(row, std::less<>{})].last_full;
    }
    for (const auto row : ends_.lows) ++facts_.cells[extreme(row, std::less<>{})].first_empty;
    std::vector<double> tops;
    for (const auto row : ends_.peaks) tops.push_back(rows_[row].middle_mv + rows_.deviation_mv(row, rows_.highest(row)));
    if (!tops.empty()) facts_.full_mv = median(tops);
  }

  void add_deviations() {
    double most_a = 0;
    for (std::size_t i = 0; i < rows_.size(); ++i) most_a = std::max(most_a, std::abs(static_cast<double>(rows_[i].current_a)));
    std::vector<Line> rest(rows_.cells());
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (std::abs(rows_[i].current_a) > 0.1 * most_a || rest_mv(i) < knees_.flat_mv || rest_mv(i) > knees_.top_left_mv) continue;
      for (std::size_t cell = 0; cell < rows_.cells(); ++cell)
        rest[cell].add(day(i), rows_.deviation_mv(i, cell) - fits_[cell].load_mohm * rows_[i].current_a);
    }
    for (std::size_t cell = 0; cell < rows_.cells(); ++cell) {
      auto& facts = facts_.cells[cell];
      facts.rest_mv = rest[cell].trend();
      facts.full_mv = trend_at(ends_.arrivals, cell);
      facts.empty_mv = trend_at(ends_.bottoms, cell);
    }
  }

  [[nodiscard]] std::optional<Trend> trend_at(const std::vector<std::size_t>& ends, std::size_t cell) const {
    Line line;
    for (const auto row : ends) line.add(day(row), own_mv(row, cell));
    return line.trend();
  }

  /// How far the cells are apart at the top in a lasting way: by their median deviation there, not by the noise of one charge.
  void add_spread() {
    if (ends_.peaks.empty()) return;
    std::vector<double> usual(rows_.cells());
    for (std::size_t cell = 0; cell < rows_.cells(); ++cell) {
      std::vector<double> values;
      for (const auto row : ends_.peaks) values.push_back(own_mv(row, cell));
      usual[cell] = median(values);
    }
    auto& balancer = facts_.balancer;
    const auto [low, high] = std::minmax_element(usual.begin(), usual.end());
    balancer.lowest = static_cast<std::size_t>(low - usual.begin());
    balancer.highest = static_cast<std::size_t>(high - usual.begin());
    Line line;
    for (const auto row : ends_.peaks) line.add(day(row), own_mv(row, balancer.highest) - own_mv(row, balancer.lowest));
    balancer.spread_mv = line.trend();
    if (balancer.spread_mv) balancer.spread_mv->mean = *high - *low;
  }

  /// Straight lines through the deviations of each rest, all with one slope.
  void add_rest_falls() {
    double most_a = 0;
    for (std::size_t i = 0; i < rows_.size(); ++i) most_a = std::max(most_a, std::abs(static_cast<double>(rows_[i].current_a)));
    const double rest_a = std::max(0.3, 0.01 * most_a);
    std::vector<double> sums(rows_.cells());
    std::vector<double> squares(rows_.cells());
    double days_square = 0;
    double days_total = 0;
    std::size_t count = 0;
    for (std::size_t i = 0; i < rows_.size();) {
      const auto from = i;
      while (i < rows_.size() && std::abs(rows_[i].current_a) <= rest_a && (i == from || rows_[i].at_ms - rows_[i - 1].at_ms <= kSettleMs))
        ++i;
      if (i == from) {
        ++i;
        continue;
      }
      auto first = from;
      while (first < i && rows_[first].at_ms - rows_[from].at_ms < kSettleMs) ++first;
      while (first < i && (rest_mv(first) > knees_.top_left_mv || rows_[first].balancing)) ++first;
      const double rest_days = first < i ? day(i - 1) - day(first) : 0;
      if (rest_days < kLeastRestDays || std::abs(rows_[i - 1].soc - rows_[first].soc) > kMostRestSoc * std::max(1.0, rest_days)) continue;
      const auto rows = i - first;
      double middle_day = 0;
      for (auto row = first; row < i; ++row) middle_day += day(row) / static_cast<double>(rows);
      std::vector<double> mean(rows_.cells());
      for (auto row = first; row < i; ++row)
        for (std::size_t cell = 0; cell < rows_.cells(); ++cell) mean[cell] += rows_.deviation_mv(row, cell) / static_cast<double>(rows);
      for (auto row = first; row < i; ++row) {
        const double apart = day(row) - middle_day;
        days_square += apart * apart;
        for (std::size_t cell = 0; cell < rows_.cells(); ++cell) {
          const double left = rows_.deviation_mv(row, cell) - mean[cell];
          sums[cell] += apart * left;
          squares[cell] += left * left;
        }
      }
      days_total += rest_days;
      count += rows;
    }
    if (days_total < 2 || days_square <= 0) return;
    for (std::size_t cell = 0; cell < rows_.cells(); ++cell) {
      const double slope = sums[cell] / days_square;
      const double left = std::max(0.0, squares[cell] - slope * sums[cell]) / static_cast<double>(count);
      // Rows of one hour share their error.
      facts_.cells[cell].rest_fall_mv = Estimate{-slope, std::sqrt((left + 0.01) * 12 / days_square)};
    }
  }

  PackFacts& facts_;
  const StudyRows& rows_;
  const Knees knees_;
  const PackCurve curve_;
  std::vector<CellFit> fits_;
  Ends ends_;
};

}  // namespace

Knees knees_of(const StudyRows& rows, double highest_mv) {
  if (highest_mv > kOnlyNmcReaches) return kNmc;
  std::size_t above = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) above += rows[i].middle_mv > kMostlyNmc ? 1 : 0;
  return above * 2 > rows.size() ? kNmc : kLfp;
}

double near_full_mv(double highest_mv) noexcept { return highest_mv > kOnlyNmcReaches ? 4'080 : 3'420; }

void add_rows(PackFacts& facts, const StudyRows& rows, double highest_mv) {
  if (rows.size() == 0) return;
  Reader{facts, rows, highest_mv}.run();
}

}  // namespace bmsgate::outputs
