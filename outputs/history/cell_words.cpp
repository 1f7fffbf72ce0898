// SPDX-License-Identifier: Apache-2.0
// What of the facts about cells stands out, in plain words.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "outputs/history/cell_study.hpp"

namespace bmsgate::outputs {
namespace {

constexpr core::UtcMs kDayMs = 86'400'000;
constexpr double kMonthDays = 30;
constexpr int kMinCharges = 5;
constexpr int kMinDischarges = 3;
constexpr double kSmaller = 0.025;
constexpr double kLossADay = 0.0009;
constexpr double kLossADayUntold = 0.0035;  // a balancer that does not tell moves charge about unseen
constexpr double kFallMvADay = 1;
constexpr double kTimesResistance = 1.7;
constexpr double kTimesResistanceOfWeak = 2.2;  // an old cell has both, and its capacity says more
constexpr double kMoreMohm = 0.2;
constexpr double kSpreadMv = 10;
constexpr double kWideSpreadMv = 60;
constexpr double kIdleShare = 0.02;

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 != 0) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

/// By how much a value exceeds the middle of the others; 0 unless it stands out from how they lie apart (`least`: not less than this).
double standing_out(std::vector<double> values, std::size_t which, double least) {
  const double own = values[which];
  values.erase(values.begin() + static_cast<std::ptrdiff_t>(which));
  const double middle = median(values);
  for (auto& value : values) value = std::abs(value - middle);
  return own - middle >= 4 * std::max(least, 1.48 * median(std::move(values))) ? own - middle : 0;
}

class Words {
 public:
  explicit Words(const PackFacts& facts) : facts_{facts} {}

  std::vector<Finding> run() {
    find_resistances();
    find_leaks();
    find_rest_falls();
    find_capacities();
    find_balancer();
    std::stable_sort(found_.begin(), found_.end(), [](const Finding& a, const Finding& b) { return a.score > b.score; });
    return std::move(found_);
  }

 private:
  template <class Of>
  [[nodiscard]] std::vector<double> all(Of of) const {
    std::vector<double> values;
    for (const auto& cell : facts_.cells) values.push_back(of(cell));
    return values;
  }
  [[nodiscard]] bool has(FindingKind kind, int cell) const {
    return std::any_of(found_.begin(), found_.end(), [&](const Finding& have) { return have.kind == kind && have.cell == cell; });
  }
  [[nodiscard]] bool balancer_idle() const {
    const auto& balancer = facts_.balancer;
    return balancer.told && balancer.near_full_hours >= 1 && balancer.near_full_active_hours <= kIdleShare * balancer.near_full_hours;
  }
  Finding& add(FindingKind kind, int cell, double score, double amount) {
    Finding finding;
    finding.kind = kind;
    finding.cell = cell;
    finding.score = std::min(1.0, score);
    finding.amount = amount;
    found_.push_back(std::move(finding));
    return found_.back();
  }
  static void show(Finding& finding, core::UtcMs around_ms, core::UtcMs before_ms, core::UtcMs after_ms) {
    finding.from_ms = around_ms - before_ms;
    finding.to_ms = around_ms + after_ms;
  }

  void find_capacities() {
    if (facts_.charges < kMinCharges || facts_.discharges < kMinDischarges) return;
    const auto values = all([](const CellFacts& cell) { return cell.fit.smaller.value; });
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto& cell = facts_.cells[i];
      const auto number = static_cast<int>(i + 1);
      const Estimate less{standing_out(values, i, 0.005), cell.fit.smaller.error};
      // Charge that was lost is missing at the bottom too, and a bad connection blurs the voltage.
      const bool blurred = has(FindingKind::kHighResistance, number);
      if (!less.sure(blurred ? 2 * kSmaller : kSmaller) || has(FindingKind::kLeaky, number)) continue;
      auto& finding = add(FindingKind::kLowCapacity, number, less.value * 5 + 0.3, less.value * 100);
      finding.severity = less.value > 0.15 ? core::Severity::kAlarm : core::Severity::kWarning;
      finding.times = cell.first_empty;
      finding.of = facts_.discharges;
      show(finding, facts_.last_empty_ms, kDayMs / 2, kDayMs / 4);
      const auto first = cell.first_full * 2 > facts_.charges ? fmt::format("reaches {:.2f} V first in {} of {} charges and ",
                                                                            facts_.full_mv / 1000, cell.first_full, facts_.charges)
                                                              : std::string{};
      finding.text = fmt::format(
          "cell {} {}falls behind while the pack is discharged (the lowest at the end of {} of {} discharges): it holds about {:.0f} % "
          "less "
          "than the others",
          number, first, finding.times, finding.of, finding.amount);
    }
  }

  void find_leaks() {
    if (facts_.charges < kMinCharges) return;
    const auto losses = all([](const CellFacts& cell) { return cell.fit.loss_a_day.value; });
    const auto drifts = all([](const CellFacts& cell) { return cell.fit.drift_per_day.value; });
    const bool idle = balancer_idle();
    for (std::size_t i = 0; i < losses.size(); ++i) {
      const auto& cell = facts_.cells[i];
      // A balancer that goes by the voltage under load moves charge out of a cell with a bad connection.
      if (has(FindingKind::kHighResistance, static_cast<int>(i + 1)) || cell.last_full * 2 < facts_.charges) continue;
      // Where balancing makes up for it, it shows between charges; where it does not, from month to month.
      const Estimate daily{standing_out(losses, i, 0.0001), cell.fit.loss_a_day.error};
      const Estimate lasting{standing_out(drifts, i, 0.0001), cell.fit.drift_per_day.error};
      const bool by_day = !idle && daily.sure(facts_.balancer.told ? kLossADay : kLossADayUntold);
      if (!by_day && !lasting.sure(kLossADay)) continue;
      const auto& loss = !by_day || lasting.value > daily.value ? lasting : daily;
      auto& finding = add(FindingKind::kLeaky, static_cast<int>(i + 1), loss.value * 100 + 0.3, loss.value * 100 * kMonthDays);
      finding.times = cell.last_full;
      finding.of = facts_.charges;
      show(finding, facts_.last_full_ms, kDayMs / 4, kDayMs / 8);
      finding.text = fmt::format(
          "cell {} is the last at the end of {} of {} charges: it loses about {:.0f} % of its charge a month more than the others, or "
          "something draws from it",
          i + 1, finding.times, finding.of, finding.amount);
    }
  }

  void find_rest_falls() {
    if (facts_.cells.size() < 3 || !facts_.cells.front().rest_fall_mv) return;
    const auto falls = all([](const CellFacts& cell) { return cell.rest_fall_mv->value; });
    for (std::size_t i = 0; i < falls.size(); ++i) {
      const Estimate fall{standing_out(falls, i, 0.2), facts_.cells[i].rest_fall_mv->error};
      if (!fall.sure(kFallMvADay) || has(FindingKind::kLeaky, static_cast<int>(i + 1))) continue;
      auto& finding = add(FindingKind::kRestFall, static_cast<int>(i + 1), 0.2 + fall.value / 20, fall.value);
      show(finding, facts_.last_ms, 14 * kDayMs, 0);
      finding.text = fmt::format("cell {} falls fastest at rest, {:.1f} mV a day more than the others: it may be losing charge by itself",
                                 i + 1, fall.value);
    }
  }

  void find_resistances() {
    if (facts_.cells.empty() || !facts_.cells.front().resistance_mohm) return;
    const auto values = all([](const CellFacts& cell) { return cell.resistance_mohm->mean; });
    const double usual = median(values);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double more = values[i] - usual;
      const bool weak = facts_.cells[i].fit.smaller.sure(kSmaller);
      if (usual <= 0 || values[i] < (weak ? kTimesResistanceOfWeak : kTimesResistance) * usual || more < kMoreMohm) continue;
      if (more < 4 * facts_.cells[i].resistance_error) continue;
      auto& finding = add(FindingKind::kHighResistance, static_cast<int>(i + 1), more / (more + usual), values[i]);
      finding.severity = more > 2 ? core::Severity::kAlarm : core::Severity::kWarning;
      finding.times = finding.of = facts_.cells[i].resistance_mohm->count;
      show(finding, facts_.last_ms, kDayMs, 0);
      finding.text = fmt::format(
          "cell {} answers load steps like {:.1f} mΩ, the others like {:.1f} mΩ ({} steps): look at its connection first, then at the cell",
          i + 1, values[i], usual, finding.of);
    }
  }

  void find_balancer() {
    const auto& balancer = facts_.balancer;
    if (facts_.charges < kMinCharges || !balancer.spread_mv) return;
    const double spread_mv = balancer.spread_mv->mean;
    const auto near_full_ms = [&](Finding& finding) { show(finding, facts_.last_full_ms, kDayMs / 8, kDayMs / 8); };
    if (balancer_idle() && spread_mv >= kSpreadMv) {
      auto& finding = add(FindingKind::kDeadBalancer, 0, spread_mv / 60 + 0.3, spread_mv);
      finding.times = static_cast<int>(std::lround(balancer.near_full_active_hours));
      finding.of = static_cast<int>(std::lround(balancer.near_full_hours));
      near_full_ms(finding);
      finding.text = fmt::format(
          "the cells differ by {:.0f} mV at the end of charges, always in the same way (highest {}, lowest {}), and the balancer did not "
          "work in {:.0f} hours near full: look at its settings and its wires",
          spread_mv, balancer.highest + 1, balancer.lowest + 1, balancer.near_full_hours);
    } else if (spread_mv >= kWideSpreadMv && found_.empty() && balancer.near_full_active_hours * 2 <= balancer.near_full_hours) {
      auto& finding = add(FindingKind::kImbalance, 0, spread_mv / 120, spread_mv);
      finding.of = facts_.charges;
      near_full_ms(finding);
      finding.text =
          fmt::format("the cells differ by {:.0f} mV at the end of charges (highest {}, lowest {}): give the balancer time at full",
                      spread_mv, balancer.highest + 1, balancer.lowest + 1);
    }
  }

  const PackFacts& facts_;
  std::vector<Finding> found_;
};

}  // namespace

std::vector<Finding> findings_of(const PackFacts& facts) {
  if (facts.cells.size() < 2) return {};
  return Words{facts}.run();
}

}  // namespace bmsgate::outputs
