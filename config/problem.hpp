// SPDX-License-Identifier: Apache-2.0
// What is wrong with a setting, and where. Any thread.
#pragma once

#include <string>
#include <vector>

namespace bmsgate::config {

struct Problem {
  std::string where;    // "/etc/bmsgate/bmsgate.toml:12", "environment BMSGATE_WEB_PORT", "--port"; empty: a request
  std::string key;      // "pack.boat.poll_s"; empty: the whole source
  std::string pointer;  // the same as a JSON pointer: "/pack/boat/poll_s"
  std::string message;  // "400 is above 300 (allowed 1-300 s)"

  /// One line for people: "where: key: message".
  [[nodiscard]] std::string line() const;
};
using Problems = std::vector<Problem>;

}  // namespace bmsgate::config
