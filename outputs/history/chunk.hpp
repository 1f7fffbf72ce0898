// SPDX-License-Identifier: Apache-2.0
// A chunk: some hours or days of samples of one pack, stored by column, delta-coded and compressed. Pure functions over bytes: no file, no
// clock; any thread. The format is written down in docs/history-format.md.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bmsgate::outputs {

/// Which of the three numbers of a condensed sample a column holds. A tier that keeps every reading has kValue only.
enum class ColumnPart : std::uint8_t { kValue = 0, kMin = 1, kMax = 2 };

/// Name of a column for ever: the field's register of the native Modbus block (never reused), the element, the part.
struct ColumnKey {
  std::uint16_t reg{0};
  std::uint8_t element{0};
  ColumnPart part{ColumnPart::kValue};
  friend constexpr auto operator<=>(const ColumnKey&, const ColumnKey&) = default;
};

/// One column; `values` and `valid` are as long as the chunk's times. Where `valid` is empty, every value is valid.
struct Column {
  ColumnKey key;
  std::vector<std::int32_t> values;
  std::vector<bool> valid;

  [[nodiscard]] bool has(std::size_t row) const noexcept { return valid.empty() || valid[row]; }
};

struct Chunk {
  std::vector<std::int64_t> times;  // ticks of the tier since 1970, ascending
  std::vector<Column> columns;      // ascending by key
};

/// Rows a chunk may have at most: bounds what a damaged header can make us allocate.
inline constexpr std::size_t kMaxChunkRows = 65'536;
inline constexpr std::size_t kMaxChunkColumns = 4'096;

/// The bytes of a chunk. Columns that are sorted by key compress and read best. `level`: of zstd, 1-19.
[[nodiscard]] std::string encode(const Chunk& chunk, int level = 16);

/// Reads the columns for which `wanted` is true (none given: all). nullopt: the bytes are damaged (their check sum does not match) or of
/// a newer format.
struct Wanted {
  std::span<const std::uint16_t> regs{};  // empty: all fields
  bool values_only{false};                // leave out kMin and kMax
};
[[nodiscard]] std::optional<Chunk> decode(std::string_view bytes, const Wanted& wanted = {});

}  // namespace bmsgate::outputs
