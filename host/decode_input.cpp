// SPDX-License-Identifier: Apache-2.0
// Hex text and capture files to bytes.
#include "host/decode_input.hpp"

#include <charconv>

namespace bmsgate::host {
namespace {

constexpr std::string_view kBetween = " \t\r\n,:-;{}[]\"'";

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string_view take_token(std::string_view& text) {
  const auto begin = text.find_first_not_of(kBetween);
  if (begin == std::string_view::npos) {
    text = {};
    return {};
  }
  text.remove_prefix(begin);
  const auto token = text.substr(0, text.find_first_of(kBetween));
  text.remove_prefix(token.size());
  return token;
}

std::string quoted(std::string_view text) {
  constexpr std::size_t kShown = 24;
  std::string out{"'"};
  for (const auto c : text.substr(0, kShown)) out += c >= ' ' && c <= '~' ? c : '?';
  return out + (text.size() > kShown ? "...'" : "'");
}

/// One line of hex text; a token is one byte or whole pairs of digits.
std::string parse_hex(std::string_view line, std::vector<std::uint8_t>& bytes) {
  for (auto token = take_token(line); !token.empty(); token = take_token(line)) {
    auto digits = token;
    if (digits.starts_with("0x") || digits.starts_with("0X") || digits.starts_with("\\x")) digits.remove_prefix(2);
    if (digits.empty() || (digits.size() % 2 != 0 && digits.size() != 1)) return "an odd number of hex digits in " + quoted(token);
    if (digits.size() == 1) {
      if (digit(digits[0]) < 0) return "no hex digit in " + quoted(token);
      bytes.push_back(static_cast<std::uint8_t>(digit(digits[0])));
      continue;
    }
    for (std::size_t i = 0; i < digits.size(); i += 2) {
      const auto high = digit(digits[i]);
      const auto low = digit(digits[i + 1]);
      if (high < 0 || low < 0) return "no hex digits in " + quoted(token);
      bytes.push_back(static_cast<std::uint8_t>(high << 4 | low));
    }
  }
  return {};
}

std::string parse_capture_line(std::string_view line, InputPiece& piece) {
  line = line.substr(0, line.find(';'));
  const auto arrow = line.find_first_of("<>");
  if (arrow == std::string_view::npos) return "'t_us < hex' or 't_us > hex' expected, found " + quoted(line);
  auto time = line.substr(0, arrow);
  time = take_token(time);
  const auto [end, failure] = std::from_chars(time.data(), time.data() + time.size(), piece.at_us);
  if (failure != std::errc{} || end != time.data() + time.size()) return "a time in microseconds expected, found " + quoted(time);
  piece.to_bms = line[arrow] == '>';
  return parse_hex(line.substr(arrow + 1), piece.bytes);
}

}  // namespace

std::string parse_input(std::string_view text, InputFormat format, std::vector<InputPiece>& pieces) {
  if (format != InputFormat::kCapture) pieces.emplace_back();
  if (format == InputFormat::kBin) {
    pieces.back().bytes.assign(text.begin(), text.end());
    return {};
  }
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const auto whole = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const auto line = whole.substr(0, whole.find('#'));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    if (format == InputFormat::kCapture) pieces.emplace_back();
    auto wrong = format == InputFormat::kCapture ? parse_capture_line(line, pieces.back()) : parse_hex(line, pieces.back().bytes);
    if (!wrong.empty()) return "line " + std::to_string(number) + ": " + wrong;
  }
  return {};
}

}  // namespace bmsgate::host
