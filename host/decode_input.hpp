// SPDX-License-Identifier: Apache-2.0
// Reads what `bmsgate decode` is given: hex text in any usual dress, raw bytes, or a capture file. Used by cmd_decode; no state.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bmsgate::host {

/// Bytes that came together.
struct InputPiece {
  std::uint64_t at_us{0};
  bool to_bms{false};
  std::vector<std::uint8_t> bytes;
};

enum class InputFormat : std::uint8_t { kHex, kBin, kCapture };

/// Appends to `pieces`; hex and raw input are one piece. Empty result = done, else what is wrong and in which line.
///   hex      pairs of digits; blanks, commas, colons, dashes and 0x between them, # begins a comment
///   capture  `t_us > hex` (to the BMS) or `t_us < hex` (from it), an asker after `;`, # lines at the top
[[nodiscard]] std::string parse_input(std::string_view text, InputFormat format, std::vector<InputPiece>& pieces);

}  // namespace bmsgate::host
