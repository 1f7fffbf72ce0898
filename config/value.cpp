// SPDX-License-Identifier: Apache-2.0
// Checks of values against their rows, and their messages.
#include "config/value.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <regex>

namespace bmsgate::config {
namespace {

using core::Option;
using core::OptionType;

bool secret(const Option& option) { return (option.flags & core::kSecret) != 0; }

std::string_view wanted(OptionType type) {
  switch (type) {
    case OptionType::kBool: return "true or false";
    case OptionType::kInteger: return "a whole number";
    case OptionType::kNumber: return "a number";
    case OptionType::kText: return "a text";
    case OptionType::kChoice: return "one of the choices";
  }
  return "";
}

/// How a value is repeated in a message: short, in one line, never a secret.
std::string shown(const Option& option, const Value& value) {
  if (secret(option)) return "the value";
  constexpr std::size_t kLongest = 60;
  if (const auto* text = std::get_if<std::string>(&value)) {
    if (!is_utf8(*text)) return "the value";
    if (text->size() <= kLongest) return quoted(*text);
    std::size_t end = kLongest;
    while (end > 0 && (static_cast<unsigned char>((*text)[end]) & 0xC0U) == 0x80U) --end;
    return quoted(text->substr(0, end) + "…");
  }
  return to_text(value);
}

std::string range(const Option& option) {
  const auto unit = option.unit.empty() ? std::string{} : " " + std::string{option.unit};
  return number_text(option.min) + (option.min < 0 ? " to " : "-") + number_text(option.max) + unit;
}

bool has_range(const Option& option) { return option.min != 0 || option.max != 0; }

std::string check_range(const Option& option, double number, const Value& value) {
  if (!std::isfinite(number)) return "must be a finite number";
  if (!has_range(option)) return {};
  if (number > option.max) return shown(option, value) + " is above " + number_text(option.max) + " (allowed " + range(option) + ")";
  if (number < option.min) return shown(option, value) + " is below " + number_text(option.min) + " (allowed " + range(option) + ")";
  return {};
}

std::string check_choice(const Option& option, const std::string& text) {
  const auto choices = split_choices(option.choices);
  if (std::find(choices.begin(), choices.end(), text) != choices.end()) return {};
  std::string list;
  for (const auto choice : choices) list += (list.empty() ? "" : ", ") + std::string{choice};
  return shown(option, text) + " is not one of " + list + did_you_mean(text, choices);
}

std::string check_characters(const Option& option, const std::string& text) {
  if (!is_utf8(text)) return "is not valid UTF-8 text";
  const bool control = std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  if (control) return "contains a control character";
  if (static_cast<double>(text.size()) > option.max) {
    return "is too long: " + std::to_string(text.size()) + " bytes, at most " + number_text(option.max) + " are allowed";
  }
  if (static_cast<double>(text.size()) < option.min) {
    return text.empty() ? "must not be empty" : "is too short: at least " + number_text(option.min) + " bytes are needed";
  }
  return {};
}

std::string check_string(const Option& option, const std::string& text) {
  if (auto wrong = check_characters(option, text); !wrong.empty()) return wrong;
  if (!option.choices.empty()) return check_choice(option, text);
  if (!option.pattern.empty()) {
    // The length has been checked: std::regex recurses once per character.
    const std::regex pattern{std::string{option.pattern}, std::regex::ECMAScript};
    if (!std::regex_match(text, pattern)) return shown(option, text) + " is not allowed here: " + std::string{option.pattern_help};
  }
  return {};
}

std::string wrong_type(const Option& option, const Value& value) {
  std::string_view have = "a text";
  if (std::holds_alternative<bool>(value)) have = "true/false";
  if (std::holds_alternative<std::int64_t>(value)) have = "a number";
  if (std::holds_alternative<double>(value)) have = "a number";
  std::string message = secret(option) ? std::string{have} : shown(option, value);
  message += " is not " + std::string{wanted(option.type)};
  if (option.type != OptionType::kBool && option.type != OptionType::kText) message += " (allowed " + allowed(option) + ")";
  return message;
}

/// Whether a byte begins or continues a well-formed sequence; answers its length, 0 = malformed (RFC 3629: no surrogates, no overlong).
std::size_t utf8_length(std::string_view text) noexcept {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  std::size_t length = 0;
  unsigned low = 0x80;
  unsigned high = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) length = 2;
  if (first >= 0xE0 && first <= 0xEF) length = 3;
  if (first >= 0xF0 && first <= 0xF4) length = 4;
  if (first == 0xE0) low = 0xA0;
  if (first == 0xED) high = 0x9F;
  if (first == 0xF0) low = 0x90;
  if (first == 0xF4) high = 0x8F;
  if (length == 0 || at(1) < low || at(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((at(i) & 0xC0U) != 0x80U) return 0;
  }
  return length;
}

/// Number of edits (insert, delete, replace, swap neighbours) that turn one word into the other.
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      const std::size_t replace = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

std::vector<std::string_view> split_choices(std::string_view choices) {
  std::vector<std::string_view> list;
  while (!choices.empty()) {
    const auto bar = choices.find('|');
    list.push_back(choices.substr(0, bar));
    choices = bar == std::string_view::npos ? std::string_view{} : choices.substr(bar + 1);
  }
  return list;
}

Value get(const Option& option, const void* object) {
  const auto value = option.get(object);
  switch (option.type) {
    case OptionType::kBool: return value.flag;
    case OptionType::kInteger: return value.integer;
    case OptionType::kNumber: return value.number;
    case OptionType::kText: return std::string{value.text};
    case OptionType::kChoice: {
      const auto choices = split_choices(option.choices);
      const auto index = static_cast<std::size_t>(value.integer);
      return index < choices.size() ? std::string{choices[index]} : std::string{};
    }
  }
  return false;
}

void set(const Option& option, void* object, const Value& value) {
  core::OptionValue out;
  out.type = option.type;
  if (const auto* flag = std::get_if<bool>(&value)) out.flag = *flag;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) out.integer = *integer;
  if (const auto* number = std::get_if<double>(&value)) out.number = *number;
  if (const auto* text = std::get_if<std::string>(&value)) {
    out.text = *text;
    const auto choices = split_choices(option.choices);
    out.integer = std::find(choices.begin(), choices.end(), *text) - choices.begin();
  }
  option.set(object, out);
}

std::string check(const Option& option, Value& value) {
  switch (option.type) {
    case OptionType::kBool:
      if (!std::holds_alternative<bool>(value)) return wrong_type(option, value);
      return {};
    case OptionType::kInteger:
      if (const auto* number = std::get_if<double>(&value)) {
        constexpr double kExact = 9007199254740992.0;  // up to here a double holds every whole number
        if (*number != std::floor(*number) || std::fabs(*number) > kExact) return wrong_type(option, value);
        value = static_cast<std::int64_t>(*number);
      }
      if (!std::holds_alternative<std::int64_t>(value)) return wrong_type(option, value);
      return check_range(option, static_cast<double>(std::get<std::int64_t>(value)), value);
    case OptionType::kNumber:
      if (const auto* integer = std::get_if<std::int64_t>(&value)) value = static_cast<double>(*integer);
      if (!std::holds_alternative<double>(value)) return wrong_type(option, value);
      return check_range(option, std::get<double>(value), value);
    case OptionType::kText:
      if (!std::holds_alternative<std::string>(value)) return wrong_type(option, value);
      return check_string(option, std::get<std::string>(value));
    case OptionType::kChoice:
      if (!std::holds_alternative<std::string>(value)) return wrong_type(option, value);
      return check_choice(option, std::get<std::string>(value));
  }
  return {};
}

std::string check_text(const Option& option, std::string_view text, Value& value) {
  value = std::string{text};
  const auto* end = text.data() + text.size();
  if (option.type == OptionType::kBool) {
    for (const std::string_view yes : {"true", "yes", "on", "1"}) {
      if (text == yes) value = true;
    }
    for (const std::string_view no : {"false", "no", "off", "0"}) {
      if (text == no) value = false;
    }
  } else if (option.type == OptionType::kInteger) {
    std::int64_t integer = 0;
    const auto [rest, error] = std::from_chars(text.data(), end, integer);
    if (error == std::errc{} && rest == end) value = integer;
  } else if (option.type == OptionType::kNumber) {
    double number = 0;
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error == std::errc{} && rest == end) value = number;
  }
  return check(option, value);
}

std::string allowed(const Option& option) {
  switch (option.type) {
    case OptionType::kBool: return "true or false";
    case OptionType::kInteger:
    case OptionType::kNumber: return has_range(option) ? range(option) : "any number";
    case OptionType::kText:
      if (option.choices.empty()) {
        if (!option.pattern_help.empty()) return std::string{option.pattern_help};
        return (option.min > 0 ? number_text(option.min) + " to " : "up to ") + number_text(option.max) + " bytes";
      }
      [[fallthrough]];
    case OptionType::kChoice: {
      std::string list;
      for (const auto choice : split_choices(option.choices)) list += (list.empty() ? "" : ", ") + std::string{choice};
      return list;
    }
  }
  return {};
}

std::string number_text(double value) {
  char buffer[32];
  const auto [end, error] = std::to_chars(std::begin(buffer), std::end(buffer), value);
  if (std::fabs(value) < 1e15 && value == std::floor(value)) return std::to_string(static_cast<std::int64_t>(value));
  return error == std::errc{} ? std::string{buffer, end} : "?";
}

std::string to_text(const Value& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  if (const auto* number = std::get_if<double>(&value)) return number_text(*number);
  return std::get<std::string>(value);
}

std::string quoted(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      out += "\\u00";
      out += kHex[byte >> 4U];
      out += kHex[byte & 0xFU];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string shown_key(std::string_view key) {
  constexpr std::size_t kLongest = 60;
  const bool odd =
      key.empty() || std::any_of(key.begin(), key.end(), [](char c) {
        return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.');
      });
  if (!is_utf8(key)) return "(a name that is no UTF-8 text)";
  std::size_t end = std::min(key.size(), kLongest);
  while (end > 0 && end < key.size() && (static_cast<unsigned char>(key[end]) & 0xC0U) == 0x80U) --end;
  const auto text = odd ? quoted(key.substr(0, end)) : std::string{key.substr(0, end)};
  return end < key.size() ? text + "…" : text;
}

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const auto length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::optional<std::string_view> nearest(std::string_view word, const std::vector<std::string_view>& words) {
  constexpr std::size_t kLongestWord = 40;  // nobody means a known word with more
  if (word.empty() || word.size() > kLongestWord) return std::nullopt;
  std::optional<std::string_view> best;
  std::size_t least = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const auto candidate : words) {
    std::size_t distance = edits(word, candidate);
    // "poll" for "poll_s", "jk" for "jk-pb": a beginning counts as one slip.
    if (word.size() >= 2 && candidate.starts_with(word)) distance = std::min<std::size_t>(distance, 1);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& words) {
  const auto best = nearest(word, words);
  return best ? "; did you mean " + std::string{*best} + "?" : std::string{};
}

}  // namespace bmsgate::config
