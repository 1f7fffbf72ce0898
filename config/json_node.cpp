// SPDX-License-Identifier: Apache-2.0
// JSON text as nodes. The parser refuses what is not UTF-8 and what is nested too deeply.
#include <algorithm>
#include <boost/json.hpp>

#include "config/node.hpp"

namespace bmsgate::config {
namespace {

namespace json = boost::json;

Node convert(const json::value& in) {
  Node out;
  out.kind = Node::Kind::kValue;
  switch (in.kind()) {
    case json::kind::null: out.kind = Node::Kind::kNull; break;
    case json::kind::bool_: out.value = in.get_bool(); break;
    case json::kind::int64: out.value = in.get_int64(); break;
    case json::kind::double_: out.value = in.get_double(); break;
    case json::kind::string: out.value = std::string{in.get_string()}; break;
    case json::kind::uint64:  // beyond int64, or the parser would have chosen that
      out.kind = Node::Kind::kOther;
      out.what = "a number this large";
      break;
    case json::kind::array:
      out.kind = Node::Kind::kList;
      for (const auto& child : in.get_array()) out.children.push_back(convert(child));
      break;
    case json::kind::object:
      out.kind = Node::Kind::kTable;
      for (const auto& [key, child] : in.get_object()) out.children.emplace_back(convert(child)).key = std::string{key};
      break;
  }
  return out;
}

std::size_t line_at(std::string_view text, std::size_t offset) {
  return 1 + static_cast<std::size_t>(
                 std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(std::min(offset, text.size())), '\n'));
}

}  // namespace

std::optional<Node> parse_json(std::string_view text, const std::string& file, Problem& problem) {
  problem = {.where = file, .key = {}, .pointer = {}, .message = {}};
  if (text.size() > kMaxFileBytes) {
    problem.message = "is larger than 1 MiB; these are no settings";
    return std::nullopt;
  }
  try {
    json::parse_options options;
    options.max_depth = 16;
    json::stream_parser parser{{}, options};
    json::error_code error;
    const auto used = parser.write_some(text.data(), text.size(), error);
    const auto rest = error ? std::string_view{} : text.substr(used);
    if (!error) parser.finish(error);
    if (!error && rest.find_first_not_of(" \t\r\n") == std::string_view::npos) return convert(parser.release());
    const auto line = std::to_string(line_at(text, used));
    const auto why = error ? error.message() : std::string{"something follows the end"};
    problem.message = "is not valid JSON, line " + line + ": " + why;
  } catch (const std::exception& error) {
    problem.message = error.what();
  }
  return std::nullopt;
}

}  // namespace bmsgate::config
