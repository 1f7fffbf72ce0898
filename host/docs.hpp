// SPDX-License-Identifier: Apache-2.0
// The program's tables as JSON and as pages of docs/. Used by `bmsgate dump` and by the test that keeps docs/ up to date; any thread.
#pragma once

#include <string>

namespace bmsgate::host {

[[nodiscard]] std::string fields_json();
[[nodiscard]] std::string alarms_json();
[[nodiscard]] std::string commands_json();
[[nodiscard]] std::string registers_json();

[[nodiscard]] std::string settings_page();   // docs/settings.md
[[nodiscard]] std::string fields_page();     // docs/fields.md: fields, alarms, commands
[[nodiscard]] std::string registers_page();  // docs/registers.md
[[nodiscard]] std::string example_toml();    // packaging/bmsgate.toml

}  // namespace bmsgate::host
