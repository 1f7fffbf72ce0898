// SPDX-License-Identifier: Apache-2.0
// The outcome of a benchmark: a table for people and NAME.json for programs, beside the program. Used by every bench/*_bench.cpp.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "outputs/pack_json.hpp"

namespace bmsgate::bench {

inline constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

struct Row {
  std::string name;
  double value{0};
  std::string unit;
  std::string reference;          // what it is compared with, "" = nothing
  double reference_value{kNone};  // in the same unit
  double limit{kNone};            // kNone = shown only
  bool at_least{false};           // the limit is the smallest value allowed, not the largest

  [[nodiscard]] bool ok() const { return std::isnan(limit) || (at_least ? value >= limit : value <= limit); }
  [[nodiscard]] double ratio() const { return value / reference_value; }
};

inline std::string number_or(double value, std::string_view none) {
  return std::isfinite(value) ? fmt::format("{:.4g}", value) : std::string{none};
}

inline std::string to_json(const std::vector<Row>& rows) {
  std::string out{"["};
  for (const auto& row : rows) {
    out += out.size() > 1 ? ",\n " : "\n ";
    out += R"({"name":)";
    outputs::append_string(out, row.name);
    out += R"(,"value":)" + number_or(row.value, "null") + R"(,"unit":)";
    outputs::append_string(out, row.unit);
    out += R"(,"reference":)";
    outputs::append_string(out, row.reference);
    out += R"(,"reference_value":)" + number_or(row.reference_value, "null") + R"(,"ratio":)" + number_or(row.ratio(), "null") +
           R"(,"limit":)" + number_or(row.limit, "null") + R"(,"ok":)" + (row.ok() ? "true" : "false") + "}";
  }
  return out + "\n]\n";
}

/// Prints the table, writes build/bench/NAME.json; the exit status: 0 if every limit is kept and the file is written.
[[nodiscard]] inline int report(std::string_view name, const std::vector<Row>& rows) {
  bool ok = true;
  constexpr const char* kLine = "{:<44} {:>10} {:<6} {:>9} {:<6} {:>10} {:>7}  {}\n";
  fmt::print(kLine, "what", "value", "unit", "limit", "", "reference", "ratio", "compared with");
  for (const auto& row : rows) {
    const auto limit = std::isnan(row.limit) ? std::string{} : (row.at_least ? ">= " : "<= ") + number_or(row.limit, "");
    const auto* verdict = std::isnan(row.limit) ? "" : row.ok() ? "ok" : "MISSED";
    fmt::print(kLine, row.name, number_or(row.value, "?"), row.unit, limit, verdict, number_or(row.reference_value, ""),
               number_or(row.ratio(), ""), row.reference);
    ok = ok && row.ok();
  }
  const auto path = fmt::format("{}/{}.json", BMSGATE_BENCH_DIR, name);
  const auto text = to_json(rows);
  auto* file = std::fopen(path.c_str(), "w");
  const bool written = file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (file != nullptr && std::fclose(file) != 0) ok = false;
  if (!written) fmt::print(stderr, "bench {}: cannot write {}\n", name, path);
  return ok && written ? 0 : 1;
}

}  // namespace bmsgate::bench
