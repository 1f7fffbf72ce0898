// SPDX-License-Identifier: Apache-2.0
// Reader and writer of capture files.
#include "sim/capture_file.hpp"

#include <fmt/format.h>

#include <charconv>

namespace bmsgate::sim {
namespace {

constexpr std::string_view kBlanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string_view next_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  const auto line = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return line;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Pairs of hex digits with or without blanks between them; false: something else is there.
bool parse_hex(std::string_view text, std::vector<std::uint8_t>& out) {
  int high = -1;
  for (const char c : text) {
    if (kBlanks.find(c) != std::string_view::npos) {
      if (high >= 0) return false;
      continue;
    }
    const int digit = hex_digit(c);
    if (digit < 0) return false;
    if (high < 0) {
      high = digit;
    } else {
      out.push_back(static_cast<std::uint8_t>(high << 4 | digit));
      high = -1;
    }
  }
  return high < 0;
}

void parse_header(std::string_view line, Capture& out) {
  const auto body = trimmed(line.substr(1));
  const auto colon = body.find(':');
  if (colon == std::string_view::npos) return;  // a remark
  out.header.emplace_back(trimmed(body.substr(0, colon)), trimmed(body.substr(colon + 1)));
}

std::string parse_piece(std::string_view line, CapturePiece& piece) {
  if (const auto mark = line.find(';'); mark != std::string_view::npos) {
    piece.asker = trimmed(line.substr(mark + 1));
    line = line.substr(0, mark);
  }
  const auto arrow = line.find_first_of("<>");
  if (arrow == std::string_view::npos) return "expected 't_us > hex' or 't_us < hex'";
  const auto time = trimmed(line.substr(0, arrow));
  const auto [end, error] = std::from_chars(time.data(), time.data() + time.size(), piece.at_us);
  if (error != std::errc{} || end != time.data() + time.size()) return fmt::format("'{}' is not a time in microseconds", time);
  piece.to_bms = line[arrow] == '>';
  if (!parse_hex(line.substr(arrow + 1), piece.bytes)) return "expected pairs of hex digits after the arrow";
  return {};
}

}  // namespace

std::string_view Capture::head(std::string_view key) const {
  for (const auto& [have, value] : header) {
    if (have == key) return value;
  }
  return {};
}

std::string parse_capture(std::string_view text, Capture& out) {
  unsigned number = 0;
  while (!text.empty()) {
    const auto line = trimmed(next_line(text));
    ++number;
    if (line.empty()) continue;
    if (line.front() == '#') {
      parse_header(line, out);
      continue;
    }
    CapturePiece piece;
    const auto wrong = parse_piece(line, piece);
    if (!wrong.empty()) return fmt::format("line {}: {}", number, wrong);
    if (!piece.bytes.empty()) out.pieces.push_back(std::move(piece));
  }
  return {};
}

std::string capture_line(const CapturePiece& piece) {
  auto line = fmt::format("{} {}", piece.at_us, piece.to_bms ? '>' : '<');
  for (const auto byte : piece.bytes) line += fmt::format(" {:02X}", byte);
  if (!piece.asker.empty()) line += fmt::format(" ; {}", piece.asker);
  line += '\n';
  return line;
}

std::string write_capture(const Capture& capture) {
  std::string text;
  for (const auto& [key, value] : capture.header) text += fmt::format("# {}: {}\n", key, value);
  for (const auto& piece : capture.pieces) text += capture_line(piece);
  return text;
}

}  // namespace bmsgate::sim
