// SPDX-License-Identifier: Apache-2.0
// What the past of a pack tells about its cells: which holds less, which leaks, which has a bad connection, whether the balancer works.
// Fed with condensed samples (a minute or so apart), oldest first; no file, no clock; any thread. Methods and limits: docs/findings.md.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/sample.hpp"
#include "outputs/history/cell_fit.hpp"

namespace bmsgate::outputs {

enum class FindingKind : std::uint8_t { kLowCapacity, kLeaky, kHighResistance, kDeadBalancer, kImbalance, kRestFall };
inline constexpr std::array<std::string_view, 6> kFindingKeys{"low_capacity",  "leaky",     "high_resistance",
                                                              "dead_balancer", "imbalance", "rest_fall"};

struct Finding {
  FindingKind kind{};
  core::Severity severity{core::Severity::kWarning};
  int cell{0};             // 1-based; 0: the whole pack
  double score{0};         // 0 to 1, for the ranking
  int times{0};            // seen in so many …
  int of{0};               // … of so many charges, discharges or load steps
  double amount{0};        // low_capacity: % less; leaky: % a month; high_resistance: mΩ; rest_fall: mV a day; the others: mV
  core::UtcMs from_ms{0};  // a stretch of time in which it can be seen well
  core::UtcMs to_ms{0};
  std::string text;  // plain English; pages translate by key and numbers
};

/// A value over time: its mean, and by how much it moves in 30 days (missing: too short a time to tell).
struct Trend {
  int count{0};
  double mean{0};
  std::optional<double> per_month;
};

/// What is known of one cell, against the median of the cells. Missing: not seen.
struct CellFacts {
  std::optional<Trend> rest_mv;          // deviation with little load, in the flat middle of the curve
  std::optional<Trend> full_mv;          // when the first cell is full
  std::optional<Trend> empty_mv;         // at the lowest point of discharges
  std::optional<Trend> resistance_mohm;  // of load steps; `count` steps
  double resistance_error{0};
  std::optional<Estimate> rest_fall_mv;  // mV a day that it falls at rest more than the others
  CellFit fit;
  int first_full{0};   // charges in which it was the highest at the end
  int last_full{0};    // … the lowest
  int first_empty{0};  // discharges in which it was the lowest at the end
};

struct BalancerFacts {
  bool told{false};           // the BMS tells whether it balances
  double hours{0};            // in which it did
  double near_full_hours{0};  // with a cell near full, where balancing is expected
  double near_full_active_hours{0};
  std::optional<double> current_a;  // mean while it worked
  std::optional<Trend> spread_mv;   // of the cells at the end of charges
  std::size_t highest{0};           // cells at the ends of that spread, from 0
  std::size_t lowest{0};
  int runs{0};    // stretches of ten minutes and more
  int shrank{0};  // … after which the cells were closer together
};

struct PackFacts {
  std::vector<CellFacts> cells;
  BalancerFacts balancer;
  int charges{0};  // seen to their end
  int discharges{0};
  double full_mv{0};  // of the first cell at the end of charges
  core::UtcMs last_full_ms{0};
  core::UtcMs last_empty_ms{0};
  core::UtcMs last_ms{0};
};

/// What stands out, the worst first.
[[nodiscard]] std::vector<Finding> findings_of(const PackFacts& facts);

class CellStudy {
 public:
  CellStudy() = default;
  /// One condensed sample. Uses cell_voltage, current, soc, balancing and balance_current.
  void add(core::UtcMs utc_ms, const core::Sample& sample);
  /// Works through all that was added: some 100 ms for two months.
  [[nodiscard]] PackFacts facts() const;
  /// Empty: nothing stands out, or too little has been seen (days()).
  [[nodiscard]] std::vector<Finding> findings() const { return findings_of(facts()); }
  [[nodiscard]] double days() const noexcept;

 private:
  static constexpr std::size_t kCells = core::kMaxCells;
  using Millivolts = std::array<double, kCells>;
  struct Balancing {
    std::optional<bool> active;
    std::optional<double> current_a;
  };
  /// Least squares of voltage steps over current steps, and over their time.
  struct Steps {
    int count{0};
    double square{0}, square_day{0}, square_day_day{0};
    Millivolts product{}, product_day{}, voltage_square{};
  };
  /// The row that is being put together.
  struct Window {
    int count{0};
    core::UtcMs from_ms{0};
    Millivolts sum{};
    double current_a{0}, soc{0}, highest_mv{0};
    bool balancing{false};
  };

  void watch_steps(core::UtcMs utc_ms, const Millivolts& cells, double current_a, double soc);
  void watch_balancer(core::UtcMs utc_ms, const Millivolts& cells, const Balancing& balancing);
  void collect(core::UtcMs utc_ms, const Millivolts& cells, double current_a, double soc, bool balancing);
  void close_window();
  [[nodiscard]] double median_of(const Millivolts& values) const;
  [[nodiscard]] double day_of(core::UtcMs utc_ms) const noexcept;
  void add_resistances(PackFacts& facts) const;

  std::size_t cells_{0};
  double highest_mv_{0};
  core::UtcMs first_ms_{0};
  core::UtcMs last_ms_{0};
  bool has_last_{false};
  Millivolts last_cells_{};
  double last_current_a_{0};
  StudyRows rows_;
  core::UtcMs shortest_row_ms_{0};
  Window window_;
  Steps steps_;
  BalancerFacts balancer_;
  double balance_current_sum_{0};
  int balance_current_count_{0};
  core::UtcMs run_from_ms_{0};  // 0: it does not balance
  double run_from_spread_mv_{0};
  double run_spread_mv_{0};
};

}  // namespace bmsgate::outputs
