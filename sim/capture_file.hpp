// SPDX-License-Identifier: Apache-2.0
// Capture files: what went over a line, as text. `# key: value` header lines, then one line per piece: `t_us > hex` (to the BMS) or
// `t_us < hex` (from it), the asker after `;`. Written by /buses/{id}/capture, read by decode and replay. Any thread, no global state.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bmsgate::sim {

struct CapturePiece {
  std::uint64_t at_us{0};
  bool to_bms{false};
  std::vector<std::uint8_t> bytes;
  std::string asker;  // who asked; mostly empty
};

struct Capture {
  std::vector<std::pair<std::string, std::string>> header;  // link, baud, protocol, start, in the order of the file
  std::vector<CapturePiece> pieces;

  /// Value of a header line, or "".
  [[nodiscard]] std::string_view head(std::string_view key) const;
};

/// Reads a whole file. Empty result text = done; else "line N: what is wrong".
[[nodiscard]] std::string parse_capture(std::string_view text, Capture& out);
[[nodiscard]] std::string write_capture(const Capture& capture);
/// One piece as a line with its newline, for writing as it happens.
[[nodiscard]] std::string capture_line(const CapturePiece& piece);

}  // namespace bmsgate::sim
