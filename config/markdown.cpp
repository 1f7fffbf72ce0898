// SPDX-License-Identifier: Apache-2.0
// The tables of docs/settings.md.
#include "config/writer.hpp"

namespace bmsgate::config {
namespace {

/// A bar would end the cell, and angle brackets would be taken for markup.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string notes(const core::Option& option) {
  std::string out;
  if ((option.flags & core::kSecret) != 0) out += " Secret: never shown.";
  if ((option.flags & core::kRestart) != 0) out += " Takes effect at the next start.";
  return out;
}

}  // namespace

std::string markdown(Schema schema) {
  std::string out;
  for (const auto& section : schema) {
    const std::string key{section.key};
    out += "\n## " + std::string{section.title} + " `" + (section.list ? "[[" + key + "]]" : "[" + key + "]") + "`\n\n" +
           std::string{section.help} + "\n\n| key | default | allowed | what it does |\n|---|---|---|---|\n";
    for (std::size_t i = 0; i < section.options.size(); ++i) {
      const auto& option = section.options[i];
      const auto fallback = get(option, section.defaults());
      std::string standard{"`"};
      standard += std::holds_alternative<std::string>(fallback) ? quoted(std::get<std::string>(fallback)) : to_text(fallback);
      standard += "`";
      if (required(section, i) || (section.list && i == 0)) standard = "needed";
      if ((option.flags & core::kSecret) != 0) standard = "not set";
      const std::string name{option.key};
      out.append("| `" + name + "` | ").append(standard).append(" | ").append(cell(allowed(option))).append(" | **");
      out.append(cell(option.label)).append("**: ").append(cell(option.help)).append(notes(option)).append(" |\n");
    }
  }
  return out;
}

}  // namespace bmsgate::config
