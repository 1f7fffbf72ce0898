// SPDX-License-Identifier: Apache-2.0
// TOML text as nodes with their lines. The only file that knows the TOML library.
#include <toml++/toml.h>

#include <algorithm>
#include <tuple>

#include "config/node.hpp"

namespace bmsgate::config {
namespace {

Node convert(const toml::node& in) {
  Node out;
  out.line = in.source().begin.line;
  out.kind = Node::Kind::kValue;
  if (const auto* table = in.as_table()) {
    out.kind = Node::Kind::kTable;
    for (const auto& [key, child] : *table) {
      auto& node = out.children.emplace_back(convert(child));
      node.key = key.str();
      if (key.source().begin.line != 0) node.line = key.source().begin.line;
    }
    // The library sorts by key; people read from the top.
    std::sort(out.children.begin(), out.children.end(),
              [](const Node& a, const Node& b) { return std::tie(a.line, a.key) < std::tie(b.line, b.key); });
  } else if (const auto* array = in.as_array()) {
    out.kind = Node::Kind::kList;
    for (const auto& child : *array) out.children.push_back(convert(child));
  } else if (const auto* flag = in.as_boolean()) {
    out.value = flag->get();
  } else if (const auto* integer = in.as_integer()) {
    out.value = integer->get();
  } else if (const auto* number = in.as_floating_point()) {
    out.value = number->get();
  } else if (const auto* text = in.as_string()) {
    out.value = text->get();
  } else {
    out.kind = Node::Kind::kOther;
    out.what = "a date or time";
  }
  return out;
}

/// A parser's words, in one line.
std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
  return out;
}

}  // namespace

std::optional<Node> parse_toml(std::string_view text, const std::string& file, Problem& problem) {
  problem = {.where = file, .key = {}, .pointer = {}, .message = {}};
  if (text.size() > kMaxFileBytes) {
    problem.message = "is larger than 1 MiB; this is no settings file";
    return std::nullopt;
  }
  try {
    const auto table = toml::parse(text, std::string_view{file});
    return convert(table);
  } catch (const toml::parse_error& error) {
    if (error.source().begin.line != 0) problem.where += ":" + std::to_string(error.source().begin.line);
    problem.message = one_line(error.description());
  } catch (const std::exception& error) {
    problem.message = one_line(error.what());
  }
  return std::nullopt;
}

}  // namespace bmsgate::config
