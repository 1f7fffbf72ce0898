// SPDX-License-Identifier: Apache-2.0
// Settings as TOML with comments.
#include <algorithm>

#include "config/writer.hpp"

namespace bmsgate::config {
namespace {

bool secret(const core::Option& option) { return (option.flags & core::kSecret) != 0; }

std::string toml_value(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return quoted(*text);
  if (const auto* number = std::get_if<double>(&value)) {
    const auto text = number_text(*number);
    return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
  }
  return to_text(value);
}

std::string header(const Section& section) {
  const std::string key{section.key};
  return section.list ? "[[" + key + "]]" : "[" + key + "]";
}

/// "# …", broken between words.
std::string comment(std::string_view text) {
  constexpr std::size_t kWidth = 110;
  std::string out;
  while (!text.empty()) {
    auto end = text.size();
    if (end > kWidth) {
      end = text.rfind(' ', kWidth);
      if (end == std::string_view::npos) end = std::min(text.find(' '), text.size());
    }
    out += "# " + std::string{text.substr(0, end)} + "\n";
    text = end < text.size() ? text.substr(end + 1) : std::string_view{};
  }
  return out;
}

std::string help_of(const Section& section, std::size_t index) {
  const auto& option = section.options[index];
  std::string text = std::string{option.label} + ". " + std::string{option.help} + " (" + allowed(option);
  if (!required(section, index) && !(section.list && index == 0) && !secret(option)) {
    text += "; default " + toml_value(get(option, section.defaults()));
  }
  return comment(text + ")");
}

std::string line_of(const core::Option& option, const Cell& cell, const TomlStyle& style) {
  std::string line;
  if (secret(option)) {
    line = "# " + std::string{option.key} + (cell.value == Value{std::string{}} ? " is not set" : " is set; it is not shown");
  } else {
    line = std::string{option.key} + " = " + toml_value(cell.value);
  }
  if (style.sources) line += "  # " + cell.where;
  return line + "\n";
}

}  // namespace

std::string toml_text(Schema schema, const Layer& resolved, const TomlStyle& style) {
  std::string out;
  for (std::size_t s = 0; s < schema.size(); ++s) {
    const auto& section = schema[s];
    bool explained = false;
    for (const auto& item : resolved.sections[s]) {
      std::string lines;
      for (std::size_t i = 0; i < item.cells.size(); ++i) {
        const auto& cell = *item.cells[i];
        if (style.diff && cell.source == Source::kDefault) continue;
        if (style.help && !explained) lines += help_of(section, i);
        lines += line_of(section.options[i], cell, style);
      }
      if (lines.empty()) continue;
      if (!out.empty()) out += "\n";
      if (style.help && !explained) out += comment(std::string{section.title} + ". " + std::string{section.help});
      explained = true;
      out += header(section) + "\n" + lines;
    }
  }
  return out;
}

std::string toml_example(Schema schema, const Pairs& examples) {
  std::string out;
  for (const auto& section : schema) {
    if (!out.empty()) out += "\n";
    out += comment(std::string{section.title} + ". " + std::string{section.help});
    out += (section.list ? "#" : "") + header(section) + "\n";
    for (std::size_t i = 0; i < section.options.size(); ++i) {
      const auto& option = section.options[i];
      const auto key = std::string{section.key} + "." + std::string{option.key};
      const auto shown = std::find_if(examples.begin(), examples.end(), [&](const auto& pair) { return pair.first == key; });
      Value value = get(option, section.defaults());
      if (shown != examples.end()) (void)check_text(option, shown->second, value);
      out += help_of(section, i) + "#" + std::string{option.key} + " = " + toml_value(value) + "\n";
    }
  }
  return out;
}

}  // namespace bmsgate::config
