// SPDX-License-Identifier: Apache-2.0
// The checks of the wire formats: byte sums and the Modbus CRC-16 (polynomial A001 reflected, start FFFF). Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

namespace bmsgate::core {

/// Sum of all bytes, for the 8-bit (JK-PB, Daly A5) and 16-bit (JK NW) sums: the caller takes the bits it needs.
[[nodiscard]] constexpr std::uint32_t byte_sum(std::span<const std::uint8_t> bytes) noexcept {
  std::uint32_t sum = 0;
  if (!std::is_constant_evaluated()) {
    // Eight at a time, in four lanes of 16 bits, which hold 128 rounds of two bytes each.
    constexpr std::size_t kWord = 8;
    constexpr std::uint64_t kLanes = 0x00FF00FF00FF00FF;
    while (bytes.size() >= kWord) {
      std::uint64_t lanes = 0;
      auto rounds = bytes.size() / kWord < 128 ? bytes.size() / kWord : 128;
      for (; rounds > 0; --rounds, bytes = bytes.subspan(kWord)) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data(), kWord);
        lanes += (word & kLanes) + (word >> 8U & kLanes);
      }
      for (; lanes != 0; lanes >>= 16U) sum += static_cast<std::uint32_t>(lanes & 0xFFFFU);
    }
  }
  for (const auto byte : bytes) sum += byte;
  return sum;
}

namespace detail {
constexpr std::array<std::uint16_t, 256> make_crc_table() noexcept {
  std::array<std::uint16_t, 256> table{};
  for (unsigned i = 0; i < 256; ++i) {
    unsigned crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1U) != 0 ? (crc >> 1U) ^ 0xA001U : crc >> 1U;
    table[i] = static_cast<std::uint16_t>(crc);
  }
  return table;
}
inline constexpr auto kCrcTable = make_crc_table();
}  // namespace detail

/// Modbus CRC-16; on the wire its low byte comes first.
[[nodiscard]] constexpr std::uint16_t crc16_modbus(std::span<const std::uint8_t> bytes) noexcept {
  unsigned crc = 0xFFFF;
  for (const auto byte : bytes) crc = (crc >> 8U) ^ detail::kCrcTable[(crc ^ byte) & 0xFFU];
  return static_cast<std::uint16_t>(crc);
}

/// True if the last two bytes are the CRC of those before.
[[nodiscard]] constexpr bool crc16_modbus_ok(std::span<const std::uint8_t> frame) noexcept {
  if (frame.size() < 4) return false;
  const auto body = frame.first(frame.size() - 2);
  const unsigned sent = frame[frame.size() - 2] | static_cast<unsigned>(frame[frame.size() - 1]) << 8U;
  return crc16_modbus(body) == sent;
}

}  // namespace bmsgate::core
