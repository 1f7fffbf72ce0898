// SPDX-License-Identifier: Apache-2.0
// Rows, chunks under construction, condensing.
#include "outputs/history/rows.hpp"

#include <algorithm>

namespace bmsgate::outputs {
namespace {

constexpr std::int64_t tick_of(HistoryTier tier, core::UtcMs utc_ms) noexcept {
  const auto tick_ms = info(tier).tick_ms;
  return utc_ms >= 0 ? utc_ms / tick_ms : -((-utc_ms + tick_ms - 1) / tick_ms);
}

/// Calls visit(field, element, slot) for everything that a tier keeps.
template <class Visit>
void for_each_kept(HistoryTier tier, Visit&& visit) {
  for (const auto& field : core::kFields) {
    if (field.tier < info(tier).least) continue;
    for (std::size_t i = 0; i < field.count; ++i) visit(field, static_cast<std::uint8_t>(i), core::slot(field.field, i));
  }
}

}  // namespace

HistoryRow row_of(HistoryTier tier, core::UtcMs utc_ms, const core::Sample& sample) {
  HistoryRow row;
  row.tick = tick_of(tier, utc_ms);
  for_each_kept(tier, [&](const core::FieldInfo& field, std::uint8_t element, std::size_t slot) {
    if (sample.slot_valid(slot)) row.cells.push_back({{field.reg, element, ColumnPart::kValue}, sample.slot_value(slot)});
  });
  return row;
}

Column& ChunkBuilder::column(const ColumnKey& key) {
  auto& columns = chunk_.columns;
  const auto at = std::lower_bound(columns.begin(), columns.end(), key, [](const Column& a, const ColumnKey& b) { return a.key < b; });
  if (at != columns.end() && at->key == key) return *at;
  return *columns.insert(at, Column{key, {}, {}});
}

bool ChunkBuilder::add(const HistoryRow& row) {
  auto& times = chunk_.times;
  if (!times.empty() && row.tick <= times.back()) return false;
  const auto rows = times.size();
  times.push_back(row.tick);
  for (const auto& [key, value] : row.cells) {
    auto& target = column(key);
    // A column's distances are 0 where they were left out; its values are holes there.
    if (key.part == ColumnPart::kValue && target.values.size() < rows) {
      if (target.valid.empty()) target.valid.assign(target.values.size(), true);
      target.valid.resize(rows, false);
    }
    target.values.resize(rows, key.part == ColumnPart::kValue && !target.values.empty() ? target.values.back() : 0);
    target.values.push_back(value);
    if (!target.valid.empty()) target.valid.push_back(true);
  }
  for (auto& target : chunk_.columns) {
    if (target.values.size() == times.size()) continue;
    if (target.key.part == ColumnPart::kValue) {
      if (target.valid.empty()) target.valid.assign(target.values.size(), true);
      target.valid.push_back(false);
    }
    target.values.push_back(target.key.part == ColumnPart::kValue ? target.values.back() : 0);
  }
  return true;
}

Chunk merge(std::span<const Chunk> chunks) {
  struct Place {
    std::int64_t tick;
    const Chunk* chunk;
    std::size_t row;
  };
  std::vector<Place> places;
  for (const auto& chunk : chunks) {
    for (std::size_t row = 0; row < chunk.times.size(); ++row) places.push_back({chunk.times[row], &chunk, row});
  }
  // Chunks overlap where the clock was set back; of two rows for one tick the one written later counts.
  std::stable_sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return a.tick < b.tick; });
  ChunkBuilder builder;
  HistoryRow row;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (i + 1 < places.size() && places[i + 1].tick == places[i].tick) continue;
    row.tick = places[i].tick;
    row.cells.clear();
    for (const auto& column : places[i].chunk->columns) {
      if (column.has(places[i].row)) row.cells.push_back({column.key, column.values[places[i].row]});
    }
    builder.add(row);
  }
  return builder.chunk();
}

std::optional<HistoryRow> Condenser::add(core::UtcMs utc_ms, const core::Sample& sample) {
  const auto tick = tick_of(tier_, utc_ms);
  std::optional<HistoryRow> finished;
  if (any_ && tick != tick_) finished = finish();
  tick_ = tick;
  any_ = true;
  for_each_kept(tier_, [&](const core::FieldInfo&, std::uint8_t, std::size_t slot) {
    if (!sample.slot_valid(slot)) return;
    auto& cell = cells_[slot];
    const auto value = sample.slot_value(slot);
    if (cell.count == 0 || value < cell.min) cell.min = value;
    if (cell.count == 0 || value > cell.max) cell.max = value;
    cell.sum += value;
    cell.last = value;
    ++cell.count;
  });
  return finished;
}

std::optional<HistoryRow> Condenser::finish() {
  if (!any_) return std::nullopt;
  HistoryRow row;
  row.tick = tick_;
  for_each_kept(tier_, [&](const core::FieldInfo& field, std::uint8_t element, std::size_t slot) {
    auto& cell = cells_[slot];
    if (cell.count == 0) return;
    const std::int64_t half = cell.sum < 0 ? -static_cast<std::int64_t>(cell.count / 2) : static_cast<std::int64_t>(cell.count / 2);
    const auto mean = static_cast<std::int32_t>((cell.sum + half) / static_cast<std::int64_t>(cell.count));
    const auto value = has_mean(field) ? mean : cell.last;
    row.cells.push_back({{field.reg, element, ColumnPart::kValue}, value});
    if (has_mean(field) && cell.min != value) row.cells.push_back({{field.reg, element, ColumnPart::kMin}, value - cell.min});
    if (has_mean(field) && cell.max != value) row.cells.push_back({{field.reg, element, ColumnPart::kMax}, cell.max - value});
    cell = {};
  });
  any_ = false;
  return row;
}

}  // namespace bmsgate::outputs
