// SPDX-License-Identifier: Apache-2.0
// `bmsgate export`: history of a pack from the data folder to standard output. Works beside a running gateway.
#pragma once

#include <string>

namespace bmsgate::host {

struct ExportArgs {
  std::string pack;
  std::string from;
  std::string to;
  std::string every{"20m"};
  std::string format{"csv"};  // csv, json
  std::string fields;         // empty: the usual ones
  std::string data_dir;
};

/// Exit status: 0 done, 1 there is no such history, 2 wrong usage.
[[nodiscard]] int run_export(const ExportArgs& args);

}  // namespace bmsgate::host
