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

namespace bmsgate::outputs {

enum class FindingKind : std::uint8_t { kLowCapacity, kLeaky, kHighResistance, kDeadBalancer, kImbalance };
inline constexpr std::array<std::string_view, 5> kFindingKeys{"low_capacity", "leaky", "high_resistance", "dead_balancer", "imbalance"};

struct Finding {
  FindingKind kind{};
  core::Severity severity{core::Severity::kWarning};
  int cell{0};             // 1-based; 0: the whole pack
  double score{0};         // 0 to 1, for the ranking
  int times{0};            // seen in so many …
  int of{0};               // … of so many charges, discharges or load steps
  double amount{0};        // %, mΩ, mV: what `text` says
  core::UtcMs from_ms{0};  // a stretch of time in which it can be seen well
  core::UtcMs to_ms{0};
  std::string text;  // plain English; pages translate by key and numbers
};

class CellStudy {
 public:
  CellStudy();
  /// One condensed sample. Uses cell_voltage, current, soc and balancing.
  void add(core::UtcMs utc_ms, const core::Sample& sample);
  /// The worst first. Empty: nothing stands out, or too little has been seen (days()).
  [[nodiscard]] std::vector<Finding> findings() const;
  [[nodiscard]] double days() const noexcept;

 private:
  static constexpr std::size_t kCells = core::kMaxCells;
  using Millivolts = std::array<double, kCells>;

  /// One end of charge or discharge, when the first cell reached the threshold.
  struct End {
    core::UtcMs at_ms{0};
    Millivolts deviation{};  // from the median of the cells
    double current_a{0};
    double middle_mv{0};
    double soc{0};  // %
  };
  /// Watches for one kind of end: armed again when the extreme cell has left the region.
  struct Watch {
    bool armed{true};
    std::vector<End> ends;
  };
  /// Least squares of voltage steps over current steps.
  struct Steps {
    Millivolts product{};
    double square{0};
    int count{0};
  };

  /// Least squares of each cell's deviation over the current while the cells are in the flat part of their curve.
  struct Load {
    double current{0};
    double square{0};
    Millivolts deviation{};
    Millivolts product{};
    int count{0};
  };

  void add_row(core::UtcMs utc_ms, const Millivolts& cells, double current_a, double soc, std::optional<bool> balancing);
  void watch_ends(core::UtcMs utc_ms, const Millivolts& cells, double current_a, double soc);
  void watch_steps(const Millivolts& cells, double current_a);

  [[nodiscard]] Millivolts resistances_mohm() const;
  /// How much more (or less) each cell gives way than the middle under lasting load; polarisation included, unlike in steps.
  [[nodiscard]] Millivolts load_mohm() const;
  [[nodiscard]] Millivolts mean_deviation(const std::vector<End>& ends, const Millivolts& load_mohm) const;
  void find_resistances(const Millivolts& resistance_mohm, std::vector<Finding>& out) const;
  void find_leak(const Millivolts& load_mohm, std::vector<Finding>& out) const;
  void find_capacity(const Millivolts& load_mohm, double usual_mohm, std::vector<Finding>& out) const;
  void find_balancer(std::vector<Finding>& out) const;
  [[nodiscard]] double median_of(const Millivolts& values) const;
  /// How full a cell is by its voltage without load, by the pack's own curve; nullopt: above the curve, or it is not known yet.
  [[nodiscard]] std::optional<double> soc_of(double mv, double usual_mohm) const;
  /// How much less than the middle each cell holds, in %, by all bottoms.
  [[nodiscard]] std::vector<double> missing_percent(const Millivolts& load_mohm, double usual_mohm) const;

  std::size_t cells_{0};
  double highest_mv_{0};
  core::UtcMs first_ms_{0};
  core::UtcMs last_ms_{0};
  Watch tops_;
  Watch bottoms_;
  Steps steps_;
  Load load_;
  bool has_last_{false};
  Millivolts last_cells_{};
  double last_current_a_{0};
  /// The curve of the middle cell while it is discharged: sums of its voltage and current by percent of SOC.
  std::array<double, 101> curve_mv_{};
  std::array<double, 101> curve_a_{};
  std::array<std::uint32_t, 101> curve_rows_{};
  std::int64_t top_rows_{0};
  std::int64_t balancing_rows_{0};
  bool tells_balancing_{false};
};

}  // namespace bmsgate::outputs
