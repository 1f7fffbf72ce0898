// SPDX-License-Identifier: Apache-2.0
// Feeds the study from chunks; its answer as JSON.
#include "outputs/history/findings.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>

#include "outputs/pack_json.hpp"

namespace bmsgate::outputs {
namespace {

constexpr std::array kUsed{core::Field::kCellVoltage, core::Field::kCurrent, core::Field::kSoc, core::Field::kBalancing,
                           core::Field::kBalanceCurrent};
constexpr std::int64_t kStepMs = 60'000;

void append_finding(std::string& out, const Finding& finding) {
  out += fmt::format("{{\"key\":\"{}\",\"severity\":\"{}\",\"cell\":{},\"score\":{:.2f},",
                     kFindingKeys[static_cast<std::size_t>(finding.kind)], core::kSeverityNames[static_cast<std::size_t>(finding.severity)],
                     finding.cell > 0 ? std::to_string(finding.cell) : "null", finding.score);
  out += fmt::format("\"params\":{{\"cell\":{},\"times\":{},\"of\":{},\"amount\":{:.1f}}},\"text\":", finding.cell, finding.times,
                     finding.of, finding.amount);
  append_string(out, finding.text);
  out += fmt::format(",\"chart\":{{\"from\":{},\"to\":{},\"fields\":[\"cell_voltage\"],\"cells\":[", finding.from_ms / 1000,
                     finding.to_ms / 1000);
  if (finding.cell > 0) out += std::to_string(finding.cell);
  out += "]}}";
}

void append_number(std::string& out, std::string_view key, std::optional<double> value, int decimals) {
  out += value ? fmt::format("\"{}\":{:.{}f}", key, *value, decimals) : fmt::format("\"{}\":null", key);
}

/// `,"key":{"mean","per_month","count"}`
void append_trend(std::string& out, std::string_view key, const std::optional<Trend>& trend, int decimals) {
  out += fmt::format(",\"{}\":", key);
  if (!trend) {
    out += "null";
    return;
  }
  out += '{';
  append_number(out, "mean", trend->mean, decimals);
  out += ',';
  append_number(out, "per_month", trend->per_month, decimals);
  out += fmt::format(",\"count\":{}}}", trend->count);
}

void append_cell(std::string& out, std::size_t number, const CellFacts& cell) {
  constexpr double kMonthDays = 30;
  out += fmt::format("{{\"cell\":{}", number);
  append_trend(out, "rest_mv", cell.rest_mv, 1);
  append_trend(out, "full_mv", cell.full_mv, 1);
  append_trend(out, "empty_mv", cell.empty_mv, 1);
  append_trend(out, "resistance_mohm", cell.resistance_mohm, 2);
  out += fmt::format(",\"capacity_less_pct\":{:.1f},\"capacity_error_pct\":{:.1f}", cell.fit.smaller.value * 100,
                     cell.fit.smaller.error * 100);
  out += fmt::format(",\"loss_pct_month\":{:.1f},\"loss_error_pct\":{:.1f},", cell.fit.loss_a_day.value * 100 * kMonthDays,
                     cell.fit.loss_a_day.error * 100 * kMonthDays);
  append_number(out, "rest_fall_mv_day", cell.rest_fall_mv ? std::optional{cell.rest_fall_mv->value} : std::nullopt, 2);
  out += fmt::format(",\"first_full\":{},\"last_full\":{},\"first_empty\":{}}}", cell.first_full, cell.last_full, cell.first_empty);
}

void append_balancer(std::string& out, const BalancerFacts& balancer) {
  out += fmt::format("{{\"told\":{},\"hours\":{:.1f},\"near_full_hours\":{:.1f},\"near_full_active_hours\":{:.1f},", balancer.told,
                     balancer.hours, balancer.near_full_hours, balancer.near_full_active_hours);
  append_number(out, "current_a", balancer.current_a, 2);
  append_trend(out, "spread_mv", balancer.spread_mv, 1);
  out += fmt::format(",\"runs\":{},\"shrank\":{}}}", balancer.runs, balancer.shrank);
}

}  // namespace

Study study_cells(const Store& store, std::span<const Chunk> pending, std::string_view pack, core::UtcMs from_ms, core::UtcMs to_ms) {
  std::vector<std::uint16_t> regs;
  for (const auto field : kUsed) regs.push_back(core::info(field).reg);
  CellStudy study;
  core::Sample sample;
  const auto pieces = plan(store, pack, from_ms, to_ms, kStepMs);
  for_each_planned(store, pack, pieces, pending, {.regs = regs, .values_only = true}, [&](const Piece& piece, const Chunk& chunk) {
    const auto tick_ms = info(piece.tier).tick_ms;
    std::int64_t last_step = 0;
    for (std::size_t row = 0; row < chunk.times.size(); ++row) {
      const auto at_ms = chunk.times[row] * tick_ms;
      // Single readings are thinned to one a minute; 20-minute means are too blurred to study.
      if (at_ms < piece.from_ms || at_ms >= piece.to_ms || piece.tier == HistoryTier::kTwentyMinutes || at_ms / kStepMs == last_step)
        continue;
      last_step = at_ms / kStepMs;
      sample.reset();
      for (const auto& column : chunk.columns) {
        if (!column.has(row)) continue;
        for (const auto field : kUsed) {
          if (core::info(field).reg == column.key.reg) sample.set(field, column.values[row], column.key.element);
        }
      }
      study.add(at_ms, sample);
    }
    return true;
  });
  auto facts = study.facts();
  auto found = findings_of(facts);
  return {std::move(facts), std::move(found), study.days()};
}

void append_study(std::string& out, const Study& study, core::UtcMs now_ms) {
  out += "{\"computed\":";
  append_time(out, now_ms);
  out += fmt::format(",\"based_on_days\":{:.1f},\"findings\":[", study.days);
  for (std::size_t i = 0; i < study.findings.size(); ++i) {
    if (i > 0) out += ',';
    append_finding(out, study.findings[i]);
  }
  out += fmt::format("],\"charges\":{},\"discharges\":{},\"cells\":[", study.facts.charges, study.facts.discharges);
  for (std::size_t i = 0; i < study.facts.cells.size(); ++i) {
    if (i > 0) out += ',';
    append_cell(out, i + 1, study.facts.cells[i]);
  }
  out += "],\"balancer\":";
  append_balancer(out, study.facts.balancer);
  out += '}';
}

}  // namespace bmsgate::outputs
