// SPDX-License-Identifier: Apache-2.0
// `bmsgate config check|show|diff|schema|set`: looks at and changes the settings without the gateway running. Called by main.
#pragma once

#include <string>

namespace bmsgate::host {

struct ConfigArgs {
  std::string action;       // "check", "show", "diff", "schema", "set"
  std::string key;          // set: "mqtt.port", "pack.boat.poll_s"
  std::string value;        // set
  std::string config_file;  // empty: the usual one
  std::string data_dir;     // empty: the usual one
};

/// Writes to standard output, errors to standard error; answers the exit status (0 done, 1 failed at run time, 2 wrong usage or settings).
[[nodiscard]] int run_config(const ConfigArgs& args);

}  // namespace bmsgate::host
