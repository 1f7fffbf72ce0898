// SPDX-License-Identifier: Apache-2.0
// The `config` command.
#include "host/cmd_config.hpp"

#include <cstdio>
#include <string_view>

#include "host/settings.hpp"

namespace bmsgate::host {
namespace {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kWrong = 2;

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

int complain(const config::Problems& problems) {
  for (const auto& problem : problems) std::fprintf(stderr, "bmsgate: %s\n", problem.line().c_str());
  return kWrong;
}

/// A disk that does not take the file is no fault of the value.
bool is_disk_trouble(const config::Problems& problems) {
  return problems.size() == 1 && problems.front().key.empty() && problems.front().message.starts_with("cannot be ");
}

int check(const SettingsStore& store) {
  for (const auto& note : store.notes()) std::fprintf(stderr, "bmsgate: note: %s\n", note.c_str());
  const auto& now = store.current();
  std::printf("settings are in order: %zu bus%s, %zu pack%s\n", now.buses.size(), now.buses.size() == 1 ? "" : "es", now.packs.size(),
              now.packs.size() == 1 ? "" : "s");
  return kDone;
}

int set(SettingsStore& store, const ConfigArgs& args) {
  const auto change = store.set(args.key, args.value);
  if (!change.problems.empty()) {
    complain(change.problems);
    return is_disk_trouble(change.problems) ? kFailed : kWrong;
  }
  print(change.changed.empty() ? "nothing to change: it has this value already\n"
                               : "saved; a running gateway takes it up when it is restarted\n");
  return kDone;
}

}  // namespace

int run_config(const ConfigArgs& args) {
  if (args.action == "schema") {
    print(SettingsStore::schema_json());
    return kDone;
  }
  const bool known = args.action == "check" || args.action == "show" || args.action == "diff" || args.action == "set";
  if (!known) {
    std::fprintf(stderr, "bmsgate: config: %s is unknown; use check, show, diff, schema or set KEY VALUE\n", args.action.c_str());
    return kWrong;
  }
  SettingsStore store{program_hooks()};
  const auto problems = store.load({.config_file = args.config_file,
                                    .data_dir = args.data_dir,
                                    .save = args.action == "set",
                                    .environment = process_environment(),
                                    .overrides = {}});
  if (!problems.empty()) {
    complain(problems);
    return is_disk_trouble(problems) && args.action == "set" ? kFailed : kWrong;
  }
  if (args.action == "check") return check(store);
  if (args.action == "set") return set(store, args);
  if (args.action == "show") print(store.toml({.help = true, .sources = true, .diff = false}));
  if (args.action == "diff") print(store.toml({.help = false, .sources = true, .diff = true}));
  return kDone;
}

}  // namespace bmsgate::host
