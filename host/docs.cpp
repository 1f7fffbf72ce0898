// SPDX-License-Identifier: Apache-2.0
// Pages of docs/ and the example configuration, made from the tables.
#include "host/docs.hpp"

#include <fmt/format.h>

#include <array>

#include "config/writer.hpp"
#include "core/alarm.hpp"
#include "core/command.hpp"
#include "core/field.hpp"
#include "host/settings.hpp"
#include "outputs/modbus_map.hpp"

namespace bmsgate::host {
namespace {

constexpr std::string_view kMade = "<!-- Made by tools/gen_docs. Do not edit. -->\n";

std::string number(double value) { return config::number_text(value); }

std::string limits(const core::FieldInfo& field) {
  if (field.kind == core::Kind::kBool) return "true, false";
  if (field.kind == core::Kind::kState) return fmt::format("{}", fmt::join(core::kStateNames, ", "));
  if (field.kind == core::Kind::kClock) return "minutes since local midnight";
  const double scale = core::pow10(field.decimals);
  return number(field.min / scale) + " to " + number(field.max / scale);
}

std::string_view type_name(core::Wire wire) {
  constexpr std::array<std::string_view, 4> kNames{"U16", "S16", "U32", "S32"};
  return kNames[static_cast<std::size_t>(wire)];
}

std::string addresses(unsigned first, unsigned count) {
  return count == 1 ? std::to_string(first) : fmt::format("{}-{}", first, first + count - 1);
}

std::string step(const core::FieldInfo& field) {
  const auto size = number(1.0 / core::pow10(field.decimals));
  if (field.unit.empty()) return field.decimals == 0 ? "" : size;
  return field.decimals == 0 ? std::string{field.unit} : size + " " + std::string{field.unit};
}

}  // namespace

std::string settings_page() {
  return fmt::format(
      "# Settings\n\n{}\n"
      "Settings come from five places; each is stronger than the one before:\n\n"
      "1. the defaults below\n"
      "2. the administrator's file, `{}` (`--config FILE`); the program never writes to it\n"
      "3. `settings.json` in the data folder, `{}` (`--data DIR`): what was changed in the pages, by the API or with\n"
      "   `bmsgate config set`; only what differs is kept there\n"
      "4. environment variables `BMSGATE_<GROUP>_<KEY>`, such as `BMSGATE_WEB_PORT=8080`; for one bus or pack "
      "`BMSGATE_PACK_BOAT_POLL_S=10`\n"
      "   sets `poll_s` of the pack `boat`\n"
      "5. the command line\n\n"
      "Tables of buses and packs are merged by their `id`. `bmsgate config show` prints all values and where each comes from, `diff` those "
      "that\n"
      "are not defaults, `check` looks for mistakes without starting anything, and `set KEY VALUE` changes one: `bmsgate config set\n"
      "pack.boat.poll_s 10`.\n{}",
      kMade, kDefaultConfigFile, kDefaultDataDir, config::markdown(settings_schema()));
}

std::string fields_page() {
  auto out = fmt::format(
      "# Data, alarms, commands\n\n{}\n"
      "Every datum has one key, used in JSON, MQTT, CSV and metrics. Units are SI; current and power are positive while charging. A datum "
      "that a\n"
      "BMS cannot supply does not exist for it: it is left out, never 0. Values outside the range are taken for errors of the line.\n\n"
      "| key | what it is | unit | elements | resolution | range |\n|---|---|---|---|---|---|\n",
      kMade);
  for (const auto& field : core::kFields) {
    const bool numeric = field.kind == core::Kind::kNumber;
    out += fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", field.key, field.label, field.unit, field.count,
                       numeric ? number(1.0 / core::pow10(field.decimals)) : "", limits(field));
  }
  out += fmt::format("\n## Alarms\n\nSeverity: {}.\n\n| key | meaning |\n|---|---|\n", fmt::join(core::kSeverityNames, ", "));
  for (const auto& alarm : core::kAlarms) out += fmt::format("| `{}` | {} |\n", alarm.key, alarm.text);
  out += "\n## Commands\n\n| key | what it does | value | mind |\n|---|---|---|---|\n";
  for (const auto& command : core::kCommands) {
    std::string value = "none";
    if (command.argument == core::Argument::kSwitch) value = "true, false";
    if (command.argument == core::Argument::kPercent) value = fmt::format("{} to {} %", command.min, command.max);
    out += fmt::format("| `{}` | {} | {} | {} |\n", command.key, command.label, value, command.warning);
  }
  return out;
}

std::string registers_page() {
  auto out = fmt::format(
      "# Modbus registers\n\n{}\n"
      "Modbus TCP, by default on port 502. Unit n is pack n (setting `pack.unit`: assigned once and kept); units 0 and 255 are the first "
      "pack, any\n"
      "other answers exception 0B. Addresses are those of the protocol: tools that count from 1 or from 40001 show them one higher. "
      "Holding and\n"
      "input registers are the same. One request is answered from one reading.\n",
      kMade);
  for (const auto& block : outputs::kRegisterBlocks) {
    out += fmt::format("\n## Block `{}`\n\n{}\n\n| address | what it is | type | step |\n|---|---|---|---|\n", block.name, block.note);
    for (const auto& field : core::kFields) {
      if (!block.fields) break;
      const auto count = static_cast<unsigned>(field.count * core::register_width(field.wire));
      out += fmt::format("| {} | `{}`: {} | {} | {} |\n", addresses(field.reg, count), field.key, field.label, type_name(field.wire),
                         step(field));
    }
    for (const auto& row : block.rows) {
      out += fmt::format("| {} | {} | {} | {} |\n", addresses(row.address, row.count), row.name,
                         outputs::kRegisterTypeNames[static_cast<std::size_t>(row.type)], row.unit);
    }
  }
  return out;
}

std::string example_toml() {
  const config::Pairs examples{
      {"bus.id", "garage"}, {"bus.link", "serial:/dev/ttyUSB0"}, {"pack.id", "boat"}, {"pack.name", "Boat"}, {"pack.bus", "garage"}};
  return "# Settings of bmsgate. Lines that begin with # change nothing: they show the defaults. `bmsgate config check` finds mistakes.\n"
         "# What is changed in the pages is kept elsewhere (settings.json in the data folder) and wins over this file.\n\n" +
         config::toml_example(settings_schema(), examples);
}

}  // namespace bmsgate::host
