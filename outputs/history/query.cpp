// SPDX-License-Identifier: Apache-2.0
// Envelopes over the tiers.
#include "outputs/history/query.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>

namespace bmsgate::outputs {
namespace {

constexpr core::UtcMs kEver = std::numeric_limits<core::UtcMs>::max();

/// Running least, sum and greatest of each step of one series.
struct Steps {
  explicit Steps(std::size_t steps)
      : min(steps, std::numeric_limits<std::int32_t>::max()),
        max(steps, std::numeric_limits<std::int32_t>::min()),
        sum(steps),
        count(steps) {}
  std::vector<std::int32_t> min;
  std::vector<std::int32_t> max;
  std::vector<std::int64_t> sum;
  std::vector<std::uint32_t> count;
};

constexpr std::uint32_t kOutside = std::numeric_limits<std::uint32_t>::max();

/// The step of each row of a chunk, kOutside for rows that another piece answers for.
std::vector<std::uint32_t> steps_of(const Chunk& chunk, const Piece& piece, core::UtcMs from_ms, std::int64_t step_ms) {
  std::vector<std::uint32_t> steps(chunk.times.size(), kOutside);
  const auto tick_ms = info(piece.tier).tick_ms;
  for (std::size_t row = 0; row < chunk.times.size(); ++row) {
    const auto at_ms = chunk.times[row] * tick_ms;
    if (at_ms >= piece.from_ms && at_ms < piece.to_ms) steps[row] = static_cast<std::uint32_t>((at_ms - from_ms) / step_ms);
  }
  return steps;
}

void gather_values(const Column& column, std::span<const std::uint32_t> steps, Steps& into) {
  for (std::size_t row = 0; row < steps.size(); ++row) {
    const auto step = steps[row];
    if (step == kOutside || !column.has(row)) continue;
    const auto value = column.values[row];
    into.min[step] = std::min(into.min[step], value);
    into.max[step] = std::max(into.max[step], value);
    into.sum[step] += value;
    ++into.count[step];
  }
}

/// The least (or greatest) values lie beside the means, as distances.
void gather_extremes(const Column& means, const Column& distances, std::span<const std::uint32_t> steps, Steps& into) {
  const bool least = distances.key.part == ColumnPart::kMin;
  for (std::size_t row = 0; row < steps.size(); ++row) {
    const auto step = steps[row];
    if (step == kOutside || !means.has(row)) continue;
    if (least) {
      into.min[step] = std::min(into.min[step], means.values[row] - distances.values[row]);
    } else {
      into.max[step] = std::max(into.max[step], means.values[row] + distances.values[row]);
    }
  }
}

using SeriesMap = std::map<std::pair<std::uint16_t, std::uint8_t>, Steps>;

void gather(const Chunk& chunk, std::span<const std::uint32_t> rows, std::size_t steps, SeriesMap& series) {
  const Column* means = nullptr;
  for (const auto& column : chunk.columns) {
    auto& into = series.try_emplace({column.key.reg, column.key.element}, steps).first->second;
    if (column.key.part == ColumnPart::kValue) {
      means = &column;
      gather_values(column, rows, into);
    } else if (means != nullptr && means->key.reg == column.key.reg && means->key.element == column.key.element) {
      gather_extremes(*means, column, rows, into);
    }
  }
}

/// The steps that have data in any series; one empty step stands for each gap that is longer than what separates the data otherwise.
std::vector<std::size_t> kept_steps(const SeriesMap& series, std::size_t steps) {
  std::vector<bool> any(steps);
  for (const auto& [key, values] : series) {
    for (std::size_t i = 0; i < steps; ++i) any[i] = any[i] || values.count[i] > 0;
  }
  std::vector<std::size_t> filled;
  for (std::size_t i = 0; i < steps; ++i) {
    if (any[i]) filled.push_back(i);
  }
  if (filled.size() < 2) return filled;
  std::vector<std::size_t> distances;
  for (std::size_t i = 1; i < filled.size(); ++i) distances.push_back(filled[i] - filled[i - 1]);
  const auto middle = distances.begin() + static_cast<std::ptrdiff_t>(distances.size() / 2);
  std::nth_element(distances.begin(), middle, distances.end());
  const auto longest = 3 * *middle;
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < filled.size(); ++i) {
    if (i > 0 && filled[i] - filled[i - 1] > longest) kept.push_back(filled[i - 1] + 1);
    kept.push_back(filled[i]);
  }
  return kept;
}

std::int32_t mean_of(const Steps& steps, std::size_t i) {
  const auto count = static_cast<std::int64_t>(steps.count[i]);
  const auto half = steps.sum[i] < 0 ? -(count / 2) : count / 2;
  return static_cast<std::int32_t>((steps.sum[i] + half) / count);
}

Series series_of(core::Field field, std::uint8_t element, const Steps& steps, std::span<const std::size_t> kept) {
  Series made{field, element, {}, {}, {}, {}};
  for (const auto i : kept) {
    const bool valid = steps.count[i] > 0;
    made.valid.push_back(valid);
    made.min.push_back(valid ? steps.min[i] : 0);
    made.mean.push_back(valid ? mean_of(steps, i) : 0);
    made.max.push_back(valid ? steps.max[i] : 0);
  }
  return made;
}

}  // namespace

std::vector<Piece> plan(const Store& store, std::string_view pack, core::UtcMs from_ms, core::UtcMs to_ms, std::int64_t step_ms) {
  std::size_t preferred = 0;
  while (preferred + 1 < kTiers.size() && kTiers[preferred + 1].tick_ms <= step_ms) ++preferred;
  std::array<std::optional<std::pair<core::UtcMs, core::UtcMs>>, kTiers.size()> held;
  for (const auto& tier : kTiers) held[static_cast<std::size_t>(tier.tier)] = store.range(pack, tier.tier, from_ms, to_ms);

  std::vector<Piece> pieces;
  auto cursor = from_ms;
  for (std::size_t i = kTiers.size(); i-- > 0 && cursor <= to_ms;) {
    const auto& tier = kTiers[i];
    core::UtcMs until = kEver;
    if (i > preferred) {  // too coarse: only where nothing finer reaches back so far
      for (std::size_t finer = 0; finer < i; ++finer) {
        if (held[finer]) until = std::min(until, held[finer]->first);
      }
      if (until != kEver) until = until / tier.tick_ms * tier.tick_ms;  // a tick that the finer tier tells of is not told twice
    }
    if (i > 0 && held[i]) until = std::min(until, held[i]->second + tier.tick_ms);
    if (i > 0 && !held[i]) continue;
    until = std::min(until, to_ms + 1);
    if (until <= cursor) continue;
    pieces.push_back({tier.tier, cursor, until});
    cursor = until;
  }
  return pieces;
}

void for_each_planned(const Store& store, std::string_view pack, std::span<const Piece> pieces, std::span<const Chunk> pending,
                      const Wanted& wanted, const std::function<bool(const Piece& piece, const Chunk& chunk)>& visit) {
  bool go_on = true;
  for (const auto& piece : pieces) {
    store.for_each_chunk(pack, piece.tier, piece.from_ms, piece.to_ms - 1, [&](ChunkRow&& row) {
      if (const auto chunk = decode(row.bytes, wanted)) go_on = visit(piece, *chunk);
      return go_on;
    });
    if (!go_on) return;
  }
  if (pieces.empty() || pieces.back().tier != HistoryTier::kReadings) return;
  for (const auto& chunk : pending) {
    if (!visit(pieces.back(), chunk)) return;
  }
}

Envelope query(const Store& store, std::span<const Chunk> pending, const HistoryQuery& question) {
  Envelope answer{question.from_ms, question.to_ms, 1, {}, {}};
  const auto points = std::clamp(question.points, 1, kMaxPoints);
  const auto span_ms = std::max<std::int64_t>(question.to_ms - question.from_ms, 1);
  answer.step_ms = std::max<std::int64_t>((span_ms + points - 1) / points, info(HistoryTier::kReadings).tick_ms);
  const auto steps = static_cast<std::size_t>(span_ms / answer.step_ms + 1);

  std::vector<std::uint16_t> regs;
  for (const auto field : question.fields) regs.push_back(core::info(field).reg);
  if (regs.empty()) return answer;
  SeriesMap series;
  const auto pieces = plan(store, question.pack, question.from_ms, question.to_ms, answer.step_ms);
  for_each_planned(store, question.pack, pieces, pending, {.regs = regs}, [&](const Piece& piece, const Chunk& chunk) {
    gather(chunk, steps_of(chunk, piece, question.from_ms, answer.step_ms), steps, series);
    return true;
  });

  const auto kept = kept_steps(series, steps);
  for (const auto i : kept) answer.t_ms.push_back(question.from_ms + static_cast<std::int64_t>(i) * answer.step_ms);
  for (const auto field : question.fields) {
    for (const auto& [key, values] : series) {
      if (key.first == core::info(field).reg) answer.series.push_back(series_of(field, key.second, values, kept));
    }
  }
  return answer;
}

}  // namespace bmsgate::outputs
