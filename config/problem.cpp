// SPDX-License-Identifier: Apache-2.0
// A problem as a line for people.
#include "config/problem.hpp"

namespace bmsgate::config {

std::string Problem::line() const {
  std::string out = where;
  for (const auto* part : {&key, &message}) {
    if (part->empty()) continue;
    if (!out.empty()) out += ": ";
    out += *part;
  }
  return out;
}

}  // namespace bmsgate::config
