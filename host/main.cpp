// SPDX-License-Identifier: Apache-2.0
// The program's entry: reads the command line, calls the command. Exit status: 0 done, 1 failed at run time, 2 wrong usage or settings.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/value.hpp"
#include "host/app.hpp"
#include "host/cmd_config.hpp"
#include "host/cmd_decode.hpp"
#include "host/cmd_dump.hpp"
#include "host/cmd_export.hpp"
#include "host/cmd_probe.hpp"
#include "host/cmd_replay.hpp"
#include "host/cmd_simulate.hpp"
#include "host/cmd_user.hpp"
#include "host/demo.hpp"
#include "host/machine.hpp"
#include "host/version.hpp"

namespace {

using namespace bmsgate::host;

/// What the chosen command does; set while the command line is read.
using Action = std::function<int()>;

struct Arguments {
  RunArgs run;
  DemoArgs demo;
  ProbeArgs probe;
  DecodeArgs decode;
  SimulateArgs simulate;
  ReplayArgs replay;
  ExportArgs history;
  ConfigArgs config;
  DumpArgs dump;
  UserArgs user;
};

CLI::App* add_command(CLI::App& app, Action& action, const char* name, const char* help, Action run) {
  auto* command = app.add_subcommand(name, help);
  command->callback([&action, run = std::move(run)] { action = run; });
  return command;
}

void add_run(CLI::App& app, Action& action, RunArgs& args) {
  auto* command = add_command(app, action, "run", "The gateway", [&args] { return run_run(args); });
  command->add_option("--config", args.config_file, "Settings file (default: /etc/bmsgate/bmsgate.toml)")->type_name("FILE");
  command->add_option("--data", args.data_dir, "Data folder (default: /var/lib/bmsgate)")->type_name("DIR");
}

void add_demo(CLI::App& app, Action& action, DemoArgs& args) {
  auto* command = add_command(app, action, "demo", "The gateway on simulated packs", [&args] { return run_demo(args); });
  command->add_option("--port", args.port, "Port of the pages")->check(CLI::Range(1, 65535))->capture_default_str();
  command->add_option("--modbus-port", args.modbus_port, "Port of the Modbus TCP server")
      ->check(CLI::Range(1, 65535))
      ->capture_default_str();
  command->add_option("--mqtt", args.mqtt, "Publish to this broker")->type_name("HOST[:PORT]");
  command->add_option("--data", args.data_dir, "Data folder (default: ~/.cache/bmsgate/demo)")->type_name("DIR");
  command->add_option("--packs", args.packs, "How many packs")->check(CLI::Range(1, 64))->capture_default_str();
}

void add_probe(CLI::App& app, Action& action, ProbeArgs& args) {
  auto* command =
      add_command(app, action, "probe", "Find out which dialect, speed and address answers on a line", [&args] { return run_probe(args); });
  command->add_option("link", args.link, "serial:DEVICE[?baud=N&rs485=1], tcp:HOST:PORT, rfc2217:HOST:PORT or pty:PATH")
      ->type_name("LINK")
      ->required();
  command->add_flag("--all", args.all, "Ask all 16 Daly boards, not only 4");
}

void add_decode(CLI::App& app, Action& action, DecodeArgs& args) {
  auto* command = add_command(app, action, "decode", "Captured bytes to JSON lines", [&args] { return run_decode(args); });
  command->add_option("--protocol", args.protocol, "jk-nw, jk-pb, jk-ble, daly-a5, daly-d2, daly-p81 or auto")
      ->type_name("ID")
      ->capture_default_str();
  command->add_option("--format", args.format, "hex, bin or capture")->capture_default_str();
  command->add_option("file", args.file, "Input (default: standard input)")->type_name("FILE");
}

void add_simulate(CLI::App& app, Action& action, SimulateArgs& args) {
  auto* command = add_command(app, action, "simulate", "Virtual BMSs on a line", [&args] { return run_simulate(args); });
  command->add_option("--protocol", args.protocol, "jk-nw, jk-pb, daly-a5, daly-d2 or daly-p81")->type_name("ID")->required();
  command->add_option("--link", args.link, "pty:PATH, serial:DEVICE, or tcp:HOST:PORT and rfc2217:HOST:PORT, which listen")
      ->type_name("LINK")
      ->required();
  command->add_option("--cells", args.cells, "Cells of each pack")->check(CLI::Range(1, 48))->capture_default_str();
  command->add_option("--address", args.addresses, "Addresses of the packs: N[,N...]")->delimiter(',')->type_name("N");
  command->add_option("--fault", args.faults, "NAME[=VALUE], as often as wanted; see below")
      ->type_name("FAULT")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_option("--seed", args.seed, "The same seed gives the same packs")->capture_default_str();
  command->add_option("--baud", args.baud, "Speed of the line (default: that of the dialect)");
  command->add_option("--speed", args.speed, "Seconds of the packs in one second")->capture_default_str();
  command->add_flag("--master", args.master, "jk-pb: a pack with address 0 that asks the others by itself");
  command->add_flag("--quiet", args.quiet, "No line for each request");
  command->footer([] { return "Faults:\n" + simulate_fault_help(); });
}

void add_replay(CLI::App& app, Action& action, ReplayArgs& args) {
  auto* command = add_command(app, action, "replay", "Answer as a capture file recorded it", [&args] { return run_replay(args); });
  command->add_option("capture", args.file, "Capture file")->type_name("FILE")->required();
  command->add_option("--link", args.link, "pty:PATH, serial:DEVICE, or tcp:HOST:PORT and rfc2217:HOST:PORT, which listen")
      ->type_name("LINK")
      ->required();
  command->add_flag("--quiet", args.quiet, "No line for each request");
}

void add_export(CLI::App& app, Action& action, ExportArgs& args) {
  auto* command = add_command(app, action, "export", "History of a pack to standard output", [&args] { return run_export(args); });
  command->add_option("--pack", args.pack, "Id of the pack")->type_name("ID")->required();
  command->add_option("--from", args.from, "First day or time: 2026-11-01, 2026-11-01T12:00:00Z")->type_name("T")->required();
  command->add_option("--to", args.to, "Last day or time")->type_name("T")->required();
  command->add_option("--every", args.every, "Step: 20m, 1h, 1d; 0 for every reading")->type_name("STEP")->capture_default_str();
  command->add_option("--format", args.format, "csv or json")->capture_default_str();
  command->add_option("--fields", args.fields, "Keys of fields, separated by commas (default: the usual ones)");
  command->add_option("--data", args.data_dir, "Data folder (default: /var/lib/bmsgate)")->type_name("DIR");
}

void add_dump(CLI::App& app, Action& action, DumpArgs& args) {
  auto* command = add_command(app, action, "dump", "The program's tables", [&args] { return run_dump(args); });
  args.openapi = app_openapi;
  command->add_option("what", args.what, "fields, alarms, commands, settings, registers or openapi")->required();
  command->add_option("--format", args.format, "json, markdown, typescript or toml")->capture_default_str();
}

void add_user(CLI::App& app, Action& action, UserArgs& args) {
  auto* user = app.add_subcommand("user", "Who may log in")->require_subcommand(1);
  const auto add = [&](const char* name, const char* help) {
    auto* command = add_command(*user, action, name, help, [&args, name] {
      args.action = name;
      return run_user(args);
    });
    command->add_option("--data", args.data_dir, "Data folder (default: /var/lib/bmsgate)")->type_name("DIR");
    return command;
  };
  auto* one = add("add", "Add a user; the password is asked for, or read from standard input");
  one->add_option("name", args.name, "Name")->required();
  one->add_option("--role", args.role, "viewer, operator or admin")->capture_default_str();
  add("passwd", "Change a password")->add_option("name", args.name, "Name")->required();
  add("remove", "Remove a user")->add_option("name", args.name, "Name")->required();
  add("token", "Make a token for scripts; it is shown once")->add_option("name", args.name, "Name")->required();
  add("list", "Show all users");
}

void add_config(CLI::App& app, Action& action, ConfigArgs& args) {
  auto* config = app.add_subcommand("config", "Look at and change the settings")->require_subcommand(1);
  const auto add = [&](const char* name, const char* help) {
    auto* command = add_command(*config, action, name, help, [&args, name] {
      args.action = name;
      return run_config(args);
    });
    command->add_option("--config", args.config_file, "Settings file (default: /etc/bmsgate/bmsgate.toml)")->type_name("FILE");
    command->add_option("--data", args.data_dir, "Data folder (default: /var/lib/bmsgate)")->type_name("DIR");
    return command;
  };
  add("check", "Say what is wrong with the settings");
  add("show", "Show all settings and where each comes from");
  add("diff", "Show what differs from the defaults");
  add("schema", "Show the JSON Schema of the settings");
  auto* set = add("set", "Change one setting");
  set->add_option("key", args.key, "Which: mqtt.port, pack.boat.poll_s")->required();
  set->add_option("value", args.value, "The new value")->required();
}

/// Says that there is no such command, with the one that was probably meant.
std::string unknown_command(const CLI::App& app, std::string_view name) {
  std::vector<std::string_view> names;
  for (const auto* command : app.get_subcommands({})) names.push_back(command->get_name());
  return fmt::format("there is no command '{}'{}", name, bmsgate::config::did_you_mean(name, names));
}

/// What CLI11 has to say in one line, and where to read on.
int usage_error(const CLI::ParseError& error, const CLI::App& app, std::string_view first) {
  const bool unknown = !first.empty() && first.front() != '-' && app.get_subcommands().empty();
  std::string text = unknown ? unknown_command(app, first) : error.what();
  if (const auto end = text.find('\n'); end != std::string::npos) text.resize(end);
  fmt::print(stderr, "bmsgate: {}; `bmsgate --help` shows the usage\n", text);
  return 2;
}

int run(int argc, char** argv) {
  CLI::App app{"Gateway between lithium battery management systems and the rest of the world.", "bmsgate"};
  app.set_version_flag("--version", fmt::format("bmsgate {}", kVersion));
  app.require_subcommand(1);
  Action action;
  Arguments arguments;
  add_run(app, action, arguments.run);
  add_demo(app, action, arguments.demo);
  add_probe(app, action, arguments.probe);
  add_decode(app, action, arguments.decode);
  add_simulate(app, action, arguments.simulate);
  add_replay(app, action, arguments.replay);
  add_export(app, action, arguments.history);
  add_config(app, action, arguments.config);
  add_dump(app, action, arguments.dump);
  add_user(app, action, arguments.user);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& shown) {
    return app.exit(shown);  // --help, --version
  } catch (const CLI::ParseError& error) {
    return usage_error(error, app, argc > 1 ? argv[1] : "");
  }
  const int status = action();
  return status == kBeginAnew ? begin_anew(argv) : status;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bmsgate: unexpected: {}\n", error.what());
    return 1;
  }
}
