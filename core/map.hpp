// SPDX-License-Identifier: Apache-2.0
// A reply is a table: rows of (offset, encoding, field, scale), applied by one loop. Special cases are code beside the table. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/field.hpp"

namespace bmsgate::core {

/// kBool: a byte, 1 for anything but 0. Each big-endian one is followed by its little-endian twin.
enum class Encoding : std::uint8_t { kBool, kU8, kI8, kU16be, kU16le, kI16be, kI16le, kU32be, kU32le, kI32be, kI32le };

[[nodiscard]] constexpr std::size_t width(Encoding encoding) noexcept {
  using enum Encoding;
  return encoding <= kI8 ? 1 : encoding <= kI16le ? 2 : 4;
}

/// The same number with its bytes the other way round.
[[nodiscard]] constexpr Encoding other_order(Encoding encoding) noexcept {
  if (width(encoding) == 1) return encoding;
  constexpr auto kFirst = static_cast<unsigned>(Encoding::kU16be);
  return static_cast<Encoding>(((static_cast<unsigned>(encoding) - kFirst) ^ 1U) + kFirst);
}

[[nodiscard]] constexpr std::uint16_t u16be(std::span<const std::uint8_t> b, std::size_t at) noexcept {
  return static_cast<std::uint16_t>(b[at] << 8U | b[at + 1]);
}
[[nodiscard]] constexpr std::uint16_t u16le(std::span<const std::uint8_t> b, std::size_t at) noexcept {
  return static_cast<std::uint16_t>(b[at + 1] << 8U | b[at]);
}
[[nodiscard]] constexpr std::uint32_t u32be(std::span<const std::uint8_t> b, std::size_t at) noexcept {
  return static_cast<std::uint32_t>(u16be(b, at)) << 16U | u16be(b, at + 2);
}
[[nodiscard]] constexpr std::uint32_t u32le(std::span<const std::uint8_t> b, std::size_t at) noexcept {
  return static_cast<std::uint32_t>(u16le(b, at + 2)) << 16U | u16le(b, at);
}

/// The number at `at`; the caller has checked that it lies inside. Unsigned 32-bit values above the int32 range stay exact in int64.
[[nodiscard]] constexpr std::int64_t read(Encoding encoding, std::span<const std::uint8_t> b, std::size_t at) noexcept {
  using enum Encoding;
  switch (encoding) {
    case kBool: return b[at] != 0 ? 1 : 0;
    case kU8: return b[at];
    case kI8: return static_cast<std::int8_t>(b[at]);
    case kU16be: return u16be(b, at);
    case kU16le: return u16le(b, at);
    case kI16be: return static_cast<std::int16_t>(u16be(b, at));
    case kI16le: return static_cast<std::int16_t>(u16le(b, at));
    case kU32be: return u32be(b, at);
    case kU32le: return u32le(b, at);
    case kI32be: return static_cast<std::int32_t>(u32be(b, at));
    case kI32le: return static_cast<std::int32_t>(u32le(b, at));
  }
  return 0;
}

/// value = raw x multiply / divide + add, in the scaled unit of the target. A raw value equal to `none` means: not there.
template <class Target>
struct MapRow {
  std::uint16_t offset;
  Encoding encoding;
  Target target;
  std::int32_t multiply{1};
  std::int32_t divide{1};
  std::int32_t add{0};
  std::optional<std::int64_t> none{};
};

/// True if every row lies inside a block of `size` bytes: for a static_assert beside each table.
template <class Target>
[[nodiscard]] constexpr bool rows_fit(std::span<const MapRow<Target>> rows, std::size_t size) noexcept {
  for (const auto& row : rows) {
    if (row.offset + width(row.encoding) > size || row.divide == 0) return false;
  }
  return true;
}

/// Applies a table to a block: into.set(target, value) for every row that is present and representable. Rows beyond the end of a short
/// block (older firmware) are left out.
template <class Target, class Into>
constexpr void apply(std::span<const MapRow<Target>> rows, std::span<const std::uint8_t> block, Into& into) noexcept {
  for (const auto& row : rows) {
    if (row.offset + width(row.encoding) > block.size()) continue;
    const auto raw = read(row.encoding, block, row.offset);
    if (row.none && *row.none == raw) continue;
    auto value = raw * row.multiply;
    if (row.divide != 1) value /= row.divide;
    value += row.add;
    if (value < INT32_MIN || value > INT32_MAX) continue;
    into.set(row.target, static_cast<std::int32_t>(value));
  }
}

}  // namespace bmsgate::core
