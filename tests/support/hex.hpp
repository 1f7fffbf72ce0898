// SPDX-License-Identifier: Apache-2.0
// Bytes as people write them, for rows of tests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bmsgate::test {

/// "A5 40 90" to bytes; everything but hex digits is skipped.
[[nodiscard]] inline std::vector<std::uint8_t> from_hex(std::string_view text) {
  std::vector<std::uint8_t> bytes;
  int high = -1;
  for (const char c : text) {
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) continue;
    if (high < 0) {
      high = digit;
      continue;
    }
    bytes.push_back(static_cast<std::uint8_t>(high << 4 | digit));
    high = -1;
  }
  return bytes;
}

}  // namespace bmsgate::test
