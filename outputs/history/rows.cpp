// SPDX-License-Identifier: Apache-2.0
// Rows, chunks under construction, condensing.
#include "outputs/history/rows.hpp"

#include <algorithm>
#include <map>
#include <numeric>

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

void RowQueue::add(const HistoryRow& row) {
  const auto period = [this](std::int64_t tick) { return tick * info(tier_).tick_ms / info(tier_).chunk_ms; };
  if (chunks_.empty() || chunks_.back().empty() || row.tick < chunks_.back().chunk().times.back() ||
      period(row.tick) != period(chunks_.back().chunk().times.back())) {
    chunks_.emplace_back();
  }
  chunks_.back().add(row);
}

std::size_t RowQueue::rows() const noexcept {
  std::size_t rows = 0;
  for (const auto& chunk : chunks_) rows += chunk.rows();
  return rows;
}

std::vector<Chunk> RowQueue::chunks() const {
  std::vector<Chunk> made;
  for (const auto& chunk : chunks_) {
    if (!chunk.empty()) made.push_back(chunk.chunk());
  }
  return made;
}

std::vector<Chunk> RowQueue::take() {
  auto made = chunks();
  chunks_.clear();
  return made;
}

void RowQueue::drop_first(std::size_t rows) {
  while (rows > 0 && !chunks_.empty()) {
    const auto here = chunks_.front().rows();
    if (here > rows) {
      const auto& chunk = chunks_.front().chunk();
      const auto tick_ms = info(tier_).tick_ms;
      chunks_.front() = ChunkBuilder{part(chunk, tier_, chunk.times[rows] * tick_ms, (chunk.times.back() + 1) * tick_ms)};
      return;
    }
    rows -= here;
    chunks_.erase(chunks_.begin());
  }
}

namespace {

struct Place {
  std::int64_t tick;
  const Chunk* chunk;
  std::size_t row;
};

std::vector<Place> in_order(std::span<const Chunk> chunks) {
  std::vector<Place> places;
  for (const auto& chunk : chunks) {
    for (std::size_t row = 0; row < chunk.times.size(); ++row) places.push_back({chunk.times[row], &chunk, row});
  }
  std::stable_sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return a.tick < b.tick; });
  return places;
}

HistoryRow row_at(const Place& place) {
  HistoryRow row{place.tick, {}};
  for (const auto& column : place.chunk->columns) {
    if (column.has(place.row)) row.cells.push_back({column.key, column.values[place.row]});
  }
  return row;
}

struct Spread {
  std::int32_t mean{0};
  std::int32_t below{0};
  std::int32_t above{0};
};
using Spreads = std::map<std::pair<std::uint16_t, std::uint8_t>, Spread>;

Spreads spreads_of(const HistoryRow& row) {
  Spreads spreads;
  for (const auto& [key, value] : row.cells) {
    auto& spread = spreads[{key.reg, key.element}];
    (key.part == ColumnPart::kValue ? spread.mean : key.part == ColumnPart::kMin ? spread.below : spread.above) = value;
  }
  return spreads;
}

bool has_mean(std::uint16_t reg) {
  const auto* field = std::find_if(core::kFields.begin(), core::kFields.end(), [&](const core::FieldInfo& one) { return one.reg == reg; });
  return field != core::kFields.end() && outputs::has_mean(*field);
}

/// A tick that was lived through twice: the least and greatest of both, the middle of the means, the later one of what has no mean.
HistoryRow combine(const HistoryRow& first, const HistoryRow& second) {
  auto both = spreads_of(first);
  for (const auto& [key, late] : spreads_of(second)) {
    const auto [at, is_new] = both.try_emplace(key, late);
    if (is_new) continue;
    auto& early = at->second;
    if (!has_mean(key.first)) {
      early = late;
      continue;
    }
    const auto least = std::min(early.mean - early.below, late.mean - late.below);
    const auto greatest = std::max(early.mean + early.above, late.mean + late.above);
    const auto mean = std::midpoint(early.mean, late.mean);
    early = {mean, mean - least, greatest - mean};
  }
  HistoryRow row{first.tick, {}};
  for (const auto& [key, spread] : both) {
    row.cells.push_back({{key.first, key.second, ColumnPart::kValue}, spread.mean});
    if (spread.below != 0) row.cells.push_back({{key.first, key.second, ColumnPart::kMin}, spread.below});
    if (spread.above != 0) row.cells.push_back({{key.first, key.second, ColumnPart::kMax}, spread.above});
  }
  return row;
}

}  // namespace

Chunk merge(std::span<const Chunk> chunks, HistoryTier tier) {
  const auto places = in_order(chunks);
  ChunkBuilder builder;
  for (std::size_t i = 0; i < places.size();) {
    auto row = row_at(places[i]);
    for (++i; i < places.size() && places[i].tick == row.tick; ++i) {
      row = tier == HistoryTier::kReadings ? row_at(places[i]) : combine(row, row_at(places[i]));
    }
    builder.add(row);
  }
  return builder.chunk();
}

Chunk part(const Chunk& chunk, HistoryTier tier, core::UtcMs from_ms, core::UtcMs to_ms) {
  const auto tick_ms = info(tier).tick_ms;
  if (!chunk.times.empty() && chunk.times.front() * tick_ms >= from_ms && chunk.times.back() * tick_ms < to_ms) return chunk;
  ChunkBuilder builder;
  for (std::size_t row = 0; row < chunk.times.size(); ++row) {
    const auto at_ms = chunk.times[row] * tick_ms;
    if (at_ms >= from_ms && at_ms < to_ms) builder.add(row_at({chunk.times[row], &chunk, row}));
  }
  return builder.chunk();
}

core::Sample sample_of(const Chunk& chunk, std::size_t row) {
  core::Sample sample;
  for (const auto& column : chunk.columns) {
    if (!column.has(row)) continue;
    for (const auto& field : core::kFields) {
      if (field.reg == column.key.reg && column.key.element < field.count) sample.set(field.field, column.values[row], column.key.element);
    }
  }
  return sample;
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
