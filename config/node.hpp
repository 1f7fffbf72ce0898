// SPDX-License-Identifier: Apache-2.0
// A settings file as it was read, before its keys mean anything: the common form of TOML and JSON. Used inside config/; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/problem.hpp"
#include "config/value.hpp"

namespace bmsgate::config {

struct Node {
  enum class Kind : std::uint8_t { kNull, kValue, kTable, kList, kOther };  // kOther: a date, a number too large
  Kind kind{Kind::kNull};
  Value value;
  std::string_view what;  // kOther: in words
  std::size_t line{0};    // 0 = not known
  std::string key;        // inside a table
  std::vector<Node> children;
};

/// Larger files are not ours.
inline constexpr std::size_t kMaxFileBytes = std::size_t{1} << 20U;

/// nullopt: the text is no TOML or JSON at all, `problem` tells where and why.
[[nodiscard]] std::optional<Node> parse_toml(std::string_view text, const std::string& file, Problem& problem);
[[nodiscard]] std::optional<Node> parse_json(std::string_view text, const std::string& file, Problem& problem);

}  // namespace bmsgate::config
