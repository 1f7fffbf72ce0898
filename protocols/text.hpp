// SPDX-License-Identifier: Apache-2.0
// Texts out of frames: cut at the first 00 or not, without control characters, without blanks at the ends. Any thread.
#pragma once

#include <cstdint>
#include <span>

#include "core/fixed.hpp"

namespace bmsgate::protocols {

enum class Zero : std::uint8_t { kEndsText, kIsBlank };

/// Bytes from 80 on are kept: names may be UTF-8. FF is the filler of erased memory.
template <std::size_t Capacity>
constexpr void assign_text(core::FixedString<Capacity>& text, std::span<const std::uint8_t> bytes, Zero zero = Zero::kEndsText) noexcept {
  std::array<char, Capacity> clean{};
  std::size_t size = 0;
  std::size_t end = 0;  // behind the last character that is no blank
  for (const auto byte : bytes) {
    if (byte == 0 && zero == Zero::kEndsText) break;
    const auto c = byte == 0 ? ' ' : static_cast<char>(byte);
    const bool control = c == 0x7F || (byte != 0 && byte < 0x20) || byte == 0xFF;
    if (control || (c == ' ' && size == 0) || size == Capacity) continue;
    clean[size++] = c;
    if (c != ' ') end = size;
  }
  text.assign({clean.data(), end});
}

}  // namespace bmsgate::protocols
