// SPDX-License-Identifier: Apache-2.0
// `bmsgate dump fields|alarms|commands|settings|registers|openapi`: the program's tables as JSON, or as pages for docs/ and web/.
// Called by main.
#pragma once

#include <string>

namespace bmsgate::host {

struct DumpArgs {
  std::string what;                   // "fields", "alarms", "commands", "settings", "registers", "openapi"
  std::string format{"json"};         // "json"; fields, settings and registers also as "markdown", settings as "toml"
  std::string (*openapi)(){nullptr};  // the text of the OpenAPI file, from whoever serves the API
};

/// Writes to standard output, errors to standard error; answers the exit status (0 done, 2 wrong usage).
[[nodiscard]] int run_dump(const DumpArgs& args);

}  // namespace bmsgate::host
