// SPDX-License-Identifier: Apache-2.0
// From samples to the columns of a chunk: single readings as they are, condensed tiers as mean with the distance to the least and greatest.
// Not thread-safe; used by the writer thread and by whoever reads or makes history.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/clock.hpp"
#include "core/sample.hpp"
#include "outputs/history/chunk.hpp"
#include "outputs/history/store.hpp"

namespace bmsgate::outputs {

/// One row on its way into a chunk. kMin and kMax are distances from the value, never negative, and left out where they are 0.
struct HistoryRow {
  std::int64_t tick{0};  // UTC in ticks of the tier
  std::vector<std::pair<ColumnKey, std::int32_t>> cells;
};

/// The values of a sample that a tier keeps.
[[nodiscard]] HistoryRow row_of(HistoryTier tier, core::UtcMs utc_ms, const core::Sample& sample);

/// Gathers rows, oldest first, into a chunk. Columns appear when their first value comes; what a row lacks is a hole.
class ChunkBuilder {
 public:
  ChunkBuilder() = default;
  /// Goes on where a chunk with sorted columns ends.
  explicit ChunkBuilder(Chunk chunk) : chunk_{std::move(chunk)} {}
  /// A row that is not younger than the last one is left out (the clock was set back): false.
  bool add(const HistoryRow& row);
  [[nodiscard]] std::size_t rows() const noexcept { return chunk_.times.size(); }
  [[nodiscard]] bool empty() const noexcept { return chunk_.times.empty(); }
  /// What has been gathered so far, columns sorted by key.
  [[nodiscard]] const Chunk& chunk() const noexcept { return chunk_; }
  void clear() { chunk_ = {}; }

 private:
  Column& column(const ColumnKey& key);
  Chunk chunk_;
};

/// Rows of one tier that wait to be written: a chunk for each period, and a new one wherever the clock was set back.
class RowQueue {
 public:
  explicit RowQueue(HistoryTier tier) noexcept : tier_{tier} {}
  void add(const HistoryRow& row);
  /// Goes through what is there and puts it back: change(chunk) answers what stays of it.
  template <class Change>
  void change(Change&& change) {
    for (auto& chunk : chunks_) chunk = ChunkBuilder{change(chunk.chunk())};
  }
  [[nodiscard]] std::size_t rows() const noexcept;
  [[nodiscard]] std::vector<Chunk> chunks() const;
  [[nodiscard]] std::vector<Chunk> take();
  /// Lets go of the rows that came in first.
  void drop_first(std::size_t rows);

 private:
  HistoryTier tier_;
  std::vector<ChunkBuilder> chunks_;
};

/// The rows of several chunks in the order of time. Of two readings for one tick that of the later chunk counts; condensed rows for one
/// tick become one.
[[nodiscard]] Chunk merge(std::span<const Chunk> chunks, HistoryTier tier);

/// Condenses the samples of one pack into one row per tick of a tier.
class Condenser {
 public:
  explicit Condenser(HistoryTier tier) noexcept : tier_{tier} {}
  /// Adds a sample; answers the finished row if it begins a new tick.
  [[nodiscard]] std::optional<HistoryRow> add(core::UtcMs utc_ms, const core::Sample& sample);
  /// The row so far, if there is one; begins anew.
  [[nodiscard]] std::optional<HistoryRow> finish();

 private:
  struct Cell {
    std::int64_t sum{0};
    std::int32_t min{0};
    std::int32_t max{0};
    std::int32_t last{0};
    std::uint32_t count{0};
  };
  HistoryTier tier_;
  std::int64_t tick_{0};
  bool any_{false};
  std::vector<Cell> cells_ = std::vector<Cell>(core::kSlotCount);
};

/// The rows of a chunk that lie in [from_ms, to_ms).
[[nodiscard]] Chunk part(const Chunk& chunk, HistoryTier tier, core::UtcMs from_ms, core::UtcMs to_ms);

/// The sample that a row of readings was made of, as far as the tier keeps it.
[[nodiscard]] core::Sample sample_of(const Chunk& chunk, std::size_t row);

/// True for fields whose mean makes sense; the others keep their last value.
[[nodiscard]] constexpr bool has_mean(const core::FieldInfo& field) noexcept {
  return field.kind == core::Kind::kNumber && field.ha_state == "measurement";
}

}  // namespace bmsgate::outputs
