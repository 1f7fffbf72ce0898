// SPDX-License-Identifier: Apache-2.0
// Numbers into bytes for the virtual BMSs, and the checks of their frames. Any thread.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/alarm.hpp"
#include "core/crc.hpp"

namespace bmsgate::sim {

using Bytes = std::vector<std::uint8_t>;

inline void put8(Bytes& out, std::uint64_t value) { out.push_back(static_cast<std::uint8_t>(value)); }
/// The low `width` bytes of a number, the highest first.
inline void put_be(Bytes& out, std::uint64_t value, unsigned width) {
  while (width-- > 0) put8(out, value >> (8 * width));
}
/// Exactly `width` characters, filled up with `fill`.
inline void put_text(Bytes& out, std::string_view text, std::size_t width, char fill) {
  for (std::size_t i = 0; i < width; ++i) put8(out, static_cast<std::uint8_t>(i < text.size() ? text[i] : fill));
}
inline void put_crc16(Bytes& frame) {
  const auto crc = core::crc16_modbus(frame);
  put8(frame, crc & 0xFFU);
  put8(frame, crc >> 8U);
}

/// Quotient rounded to the nearest, away from zero at the half: a BMS that shows 3.27 for 3.268.
[[nodiscard]] constexpr std::int64_t rounded(std::int64_t value, std::int64_t divisor) {
  return (value + (value < 0 ? -divisor : divisor) / 2) / divisor;
}

/// Which bit of a vendor's alarm words says what.
struct AlarmBit {
  core::AlarmId id;
  core::Severity at_least;
  std::uint8_t bit;
};
/// The bits for a list of alarms: of the rows of an alarm, the one with the highest severity that the alarm reaches.
[[nodiscard]] inline std::uint64_t alarm_bits(std::span<const AlarmBit> table, const core::AlarmList& alarms) {
  std::uint64_t bits = 0;
  for (const auto& alarm : alarms) {
    const AlarmBit* best = nullptr;
    for (const auto& row : table) {
      if (row.id == alarm.id && row.at_least <= alarm.severity && (best == nullptr || row.at_least > best->at_least)) best = &row;
    }
    if (best != nullptr) bits |= std::uint64_t{1} << best->bit;
  }
  return bits;
}

}  // namespace bmsgate::sim
