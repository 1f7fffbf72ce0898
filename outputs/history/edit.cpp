// SPDX-License-Identifier: Apache-2.0
// Rewriting chunks.
#include "outputs/history/edit.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "outputs/history/rows.hpp"

namespace bmsgate::outputs {
namespace {

constexpr HistoryTier kLong = HistoryTier::kTwentyMinutes;

/// The rows of a chunk for which keep(time in ms) is true.
template <class Keep>
Chunk filter(const Chunk& chunk, HistoryTier tier, Keep&& keep) {
  ChunkBuilder builder;
  HistoryRow row;
  for (std::size_t i = 0; i < chunk.times.size(); ++i) {
    if (!keep(chunk.times[i] * info(tier).tick_ms)) continue;
    row.tick = chunk.times[i];
    row.cells.clear();
    for (const auto& column : chunk.columns) {
      if (column.has(i)) row.cells.emplace_back(column.key, column.values[i]);
    }
    builder.add(row);
  }
  return builder.chunk();
}

bool put(Store& store, std::string_view pack, HistoryTier tier, const Chunk& chunk) {
  if (chunk.times.empty()) return true;
  ChunkRow row;
  row.from_ms = chunk.times.front() * info(tier).tick_ms;
  row.to_ms = chunk.times.back() * info(tier).tick_ms;
  row.rows = static_cast<std::uint32_t>(chunk.times.size());
  row.bytes = encode(chunk);
  return store.put_chunk(pack, tier, row);
}

struct Found {
  std::int64_t id;
  Chunk chunk;
};

std::vector<Found> chunks_in(const Store& store, std::string_view pack, HistoryTier tier, core::UtcMs from_ms, core::UtcMs to_ms) {
  std::vector<Found> found;
  store.for_each_chunk(pack, tier, from_ms, to_ms - 1, [&](ChunkRow&& row) {
    if (auto chunk = decode(row.bytes)) found.push_back({row.id, std::move(*chunk)});
    return true;
  });
  return found;
}

/// One period of the tier: new rows go into one chunk with those that begin in it.
bool insert_period(Store& store, std::string_view pack, std::int64_t period, const Chunk& rows) {
  const auto period_ms = info(kLong).chunk_ms;
  std::vector<Chunk> chunks;
  std::vector<std::int64_t> replaced;
  for (auto& [id, chunk] : chunks_in(store, pack, kLong, period * period_ms, (period + 1) * period_ms)) {
    if (chunk.times.front() * info(kLong).tick_ms / period_ms != period) continue;
    replaced.push_back(id);
    chunks.push_back(std::move(chunk));
  }
  chunks.push_back(rows);
  return put(store, pack, kLong, merge(chunks, kLong)) &&
         std::all_of(replaced.begin(), replaced.end(), [&](std::int64_t id) { return store.remove_chunk(id); });
}

}  // namespace

Chunk without(const Chunk& chunk, HistoryTier tier, core::UtcMs from_ms, core::UtcMs to_ms) {
  return filter(chunk, tier, [&](core::UtcMs at_ms) { return at_ms < from_ms || at_ms >= to_ms; });
}

bool erase_range(Store& store, std::string_view pack, core::UtcMs from_ms, core::UtcMs to_ms) {
  for (const auto& tier : kTiers) {
    for (const auto& [id, chunk] : chunks_in(store, pack, tier.tier, from_ms, to_ms)) {
      const auto rest = without(chunk, tier.tier, from_ms, to_ms);
      if (rest.times.size() == chunk.times.size()) continue;
      if (!store.remove_chunk(id) || !put(store, pack, tier.tier, rest)) return false;
    }
  }
  return true;
}

std::optional<std::size_t> insert_rows(Store& store, std::string_view pack, const Chunk& rows) {
  if (rows.times.empty()) return 0;
  const auto tick_ms = info(kLong).tick_ms;
  std::set<std::int64_t> taken;
  for (const auto& found : chunks_in(store, pack, kLong, rows.times.front() * tick_ms, rows.times.back() * tick_ms + 1)) {
    taken.insert(found.chunk.times.begin(), found.chunk.times.end());
  }
  const auto fresh = filter(rows, kLong, [&](core::UtcMs at_ms) { return !taken.contains(at_ms / tick_ms); });
  std::set<std::int64_t> periods;
  for (const auto tick : fresh.times) periods.insert(tick * tick_ms / info(kLong).chunk_ms);
  for (const auto period : periods) {
    const auto part = filter(fresh, kLong, [&](core::UtcMs at_ms) { return at_ms / info(kLong).chunk_ms == period; });
    if (!insert_period(store, pack, period, part)) return std::nullopt;
  }
  return fresh.times.size();
}

}  // namespace bmsgate::outputs
