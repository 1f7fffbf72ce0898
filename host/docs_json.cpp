// SPDX-License-Identifier: Apache-2.0
// The tables as JSON, for other programs.
#include <array>
#include <boost/json.hpp>

#include "core/alarm.hpp"
#include "core/command.hpp"
#include "core/field.hpp"
#include "host/docs.hpp"
#include "outputs/modbus_map.hpp"

namespace bmsgate::host {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 4> kKindNames{"number", "bool", "state", "clock"};
constexpr std::array<std::string_view, 4> kWireNames{"U16", "S16", "U32", "S32"};
constexpr std::array<std::string_view, 6> kCategoryNames{"main", "cells", "temps", "switch", "energy", "detail"};
constexpr std::array<std::string_view, 4> kTierNames{"never", "recent", "minute", "always"};
constexpr std::array<std::string_view, 3> kArgumentNames{"none", "switch", "percent"};

json::string_view view(std::string_view text) { return {text.data(), text.size()}; }

template <class Enum, std::size_t N>
json::string_view name(const std::array<std::string_view, N>& names, Enum value) {
  return view(names[static_cast<std::size_t>(value)]);
}

/// One row a line.
std::string lines(const json::array& rows) {
  std::string out = "[\n";
  for (std::size_t i = 0; i < rows.size(); ++i) out += "  " + json::serialize(rows[i]) + (i + 1 < rows.size() ? ",\n" : "\n");
  return out + "]\n";
}

json::value scaled(const core::FieldInfo& field, std::int32_t value) {
  const auto scale = core::pow10(field.decimals);
  if (value % scale == 0) return value / scale;
  return static_cast<double>(value) / scale;
}

}  // namespace

std::string fields_json() {
  json::array rows;
  for (const auto& field : core::kFields) {
    rows.push_back(json::object{{"key", view(field.key)},
                                {"label", view(field.label)},
                                {"unit", view(field.unit)},
                                {"kind", name(kKindNames, field.kind)},
                                {"count", field.count},
                                {"decimals", field.decimals},
                                {"precision", field.precision},
                                {"category", name(kCategoryNames, field.category)},
                                {"tier", name(kTierNames, field.tier)},
                                {"register", field.reg},
                                {"register_type", name(kWireNames, field.wire)},
                                {"ha_class", view(field.ha_class)},
                                {"ha_state", view(field.ha_state)},
                                {"min", scaled(field, field.min)},
                                {"max", scaled(field, field.max)}});
  }
  return lines(rows);
}

std::string alarms_json() {
  json::array rows;
  for (const auto& alarm : core::kAlarms) {
    rows.push_back(json::object{{"key", view(alarm.key)}, {"text", view(alarm.text)}, {"bit", static_cast<int>(alarm.id)}});
  }
  return lines(rows);
}

std::string commands_json() {
  json::array rows;
  for (const auto& command : core::kCommands) {
    json::object row{{"key", view(command.key)},
                     {"label", view(command.label)},
                     {"argument", name(kArgumentNames, command.argument)},
                     {"warning", view(command.warning)}};
    if (command.argument == core::Argument::kPercent) {
      row["min"] = command.min;
      row["max"] = command.max;
    }
    rows.push_back(std::move(row));
  }
  return lines(rows);
}

std::string registers_json() {
  json::array rows;
  for (const auto& block : outputs::kRegisterBlocks) {
    for (const auto& field : core::kFields) {
      if (!block.fields) break;
      rows.push_back(json::object{{"address", field.reg},
                                  {"count", field.count * core::register_width(field.wire)},
                                  {"type", name(kWireNames, field.wire)},
                                  {"block", view(block.name)},
                                  {"field", view(field.key)},
                                  {"elements", field.count},
                                  {"decimals", field.decimals},
                                  {"unit", view(field.unit)},
                                  {"name", view(field.label)}});
    }
    for (const auto& row : block.rows) {
      rows.push_back(json::object{{"address", row.address},
                                  {"count", row.count},
                                  {"type", name(outputs::kRegisterTypeNames, row.type)},
                                  {"block", view(block.name)},
                                  {"unit", view(row.unit)},
                                  {"name", view(row.name)}});
    }
  }
  return lines(rows);
}

}  // namespace bmsgate::host
