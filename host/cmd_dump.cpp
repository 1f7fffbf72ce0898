// SPDX-License-Identifier: Apache-2.0
// The `dump` command.
#include "host/cmd_dump.hpp"

#include <array>
#include <cstdio>
#include <string_view>

#include "host/docs.hpp"
#include "host/settings.hpp"

namespace bmsgate::host {
namespace {

struct Dump {
  std::string_view what;
  std::string_view format;
  std::string (*text)();
};
constexpr auto kDumps = std::to_array<Dump>({
    {"fields", "json", fields_json},
    {"fields", "markdown", fields_page},
    {"alarms", "json", alarms_json},
    {"commands", "json", commands_json},
    {"settings", "json", SettingsStore::schema_json},
    {"settings", "markdown", settings_page},
    {"settings", "toml", example_toml},
    {"registers", "json", registers_json},
    {"registers", "markdown", registers_page},
});

}  // namespace

int run_dump(const DumpArgs& args) {
  std::string text;
  for (const auto& dump : kDumps) {
    if (dump.what == args.what && dump.format == args.format) text = dump.text();
  }
  if (args.what == "openapi" && args.format == "json" && args.openapi != nullptr) text = args.openapi();
  if (text.empty()) {
    std::fprintf(stderr,
                 "bmsgate: dump: there is no %s as %s; use fields, alarms, commands, settings, registers or openapi, as json "
                 "(fields, settings and registers as markdown, too)\n",
                 args.what.c_str(), args.format.c_str());
    return 2;
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}

}  // namespace bmsgate::host
