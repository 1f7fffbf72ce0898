// SPDX-License-Identifier: Apache-2.0
// Feeds the study from chunks; its answer as JSON.
#include "outputs/history/findings.hpp"

#include <fmt/format.h>

#include <array>

#include "outputs/pack_json.hpp"

namespace bmsgate::outputs {
namespace {

constexpr std::array kUsed{core::Field::kCellVoltage, core::Field::kCurrent, core::Field::kSoc, core::Field::kBalancing};
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
  return {study.findings(), study.days()};
}

void append_study(std::string& out, const Study& study, core::UtcMs now_ms) {
  out += "{\"computed\":";
  append_time(out, now_ms);
  out += fmt::format(",\"based_on_days\":{:.1f},\"findings\":[", study.days);
  for (std::size_t i = 0; i < study.findings.size(); ++i) {
    if (i > 0) out += ',';
    append_finding(out, study.findings[i]);
  }
  out += "]}";
}

}  // namespace bmsgate::outputs
