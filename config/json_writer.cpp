// SPDX-License-Identifier: Apache-2.0
// settings.json and the documents of the API.
#include <boost/json.hpp>
#include <cmath>

#include "config/writer.hpp"

namespace bmsgate::config {
namespace {

namespace json = boost::json;
using core::Option;
using core::OptionType;

bool secret(const Option& option) { return (option.flags & core::kSecret) != 0; }

json::string_view view(std::string_view text) { return {text.data(), text.size()}; }

/// Whole numbers without ".0E0": what a person would write.
json::value number(double value) {
  constexpr double kExact = 9007199254740992.0;
  if (std::fabs(value) < kExact && value == std::floor(value)) return static_cast<std::int64_t>(value);
  return value;
}

json::value to_json(const Value& value) {
  if (const auto* real = std::get_if<double>(&value)) return number(*real);
  return std::visit([](const auto& v) { return json::value(v); }, value);
}

void indent(std::string& out, std::size_t depth) { out.append(depth * 2, ' '); }

/// Indented text: people look into the file.
void pretty(std::string& out, const json::value& value, std::size_t depth) {
  const auto children = [&](char open, char close, const auto& list, const auto& one) {
    out += open;
    bool first = true;
    for (const auto& child : list) {
      out += first ? "\n" : ",\n";
      first = false;
      indent(out, depth + 1);
      one(child);
    }
    out += '\n';
    indent(out, depth);
    out += close;
  };
  if (const auto* object = value.if_object(); object != nullptr && !object->empty()) {
    children('{', '}', *object, [&](const auto& child) {
      out += json::serialize(child.key()) + ": ";
      pretty(out, child.value(), depth + 1);
    });
  } else if (const auto* array = value.if_array(); array != nullptr && !array->empty()) {
    children('[', ']', *array, [&](const auto& child) { pretty(out, child, depth + 1); });
  } else {
    out += json::serialize(value);
  }
}

json::object option_schema(const Option& option, const Section& section, std::size_t order) {
  json::object out;
  out["title"] = view(option.label);
  out["description"] = view(option.help);
  const auto fallback = get(option, section.defaults());
  switch (option.type) {
    case OptionType::kBool: out["type"] = "boolean"; break;
    case OptionType::kInteger: out["type"] = "integer"; break;
    case OptionType::kNumber: out["type"] = "number"; break;
    case OptionType::kText:
    case OptionType::kChoice: out["type"] = "string"; break;
  }
  if (!required(section, order) && !(section.list && order == 0)) out["default"] = to_json(fallback);
  if (!option.choices.empty()) {
    json::array choices;
    for (const auto choice : split_choices(option.choices)) choices.emplace_back(view(choice));
    out["enum"] = std::move(choices);
  } else if (option.type == OptionType::kText) {
    if (option.min > 0) out["minLength"] = number(option.min);
    out["maxLength"] = number(option.max);
    if (!option.pattern.empty()) {
      out["pattern"] = "^(?:" + std::string{option.pattern} + ")$";
      out["x-pattern-help"] = view(option.pattern_help);
    }
  } else if (option.min != 0 || option.max != 0) {
    out["minimum"] = number(option.min);
    out["maximum"] = number(option.max);
  }
  if (!option.unit.empty()) out["x-unit"] = view(option.unit);
  if (!option.refers_to.empty()) out["x-refers-to"] = view(option.refers_to);
  out["x-order"] = order;
  if (secret(option)) {
    out["x-secret"] = true;
    out["writeOnly"] = true;
  }
  if ((option.flags & core::kRestart) != 0) out["x-restart"] = true;
  if ((option.flags & core::kAdvanced) != 0) out["x-advanced"] = true;
  return out;
}

json::object table_schema(const Section& section) {
  json::object properties;
  json::array needed;
  for (std::size_t i = 0; i < section.options.size(); ++i) {
    const auto& option = section.options[i];
    properties[view(option.key)] = option_schema(option, section, i);
    if ((section.list && i == 0) || required(section, i)) needed.emplace_back(view(option.key));
  }
  json::object out{{"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}};
  if (!needed.empty()) out["required"] = std::move(needed);
  return out;
}

}  // namespace

std::string_view source_name(Source source) noexcept {
  switch (source) {
    case Source::kDefault: return "default";
    case Source::kFile: return "file";
    case Source::kSaved: return "saved";
    case Source::kEnvironment: return "environment";
    case Source::kCommandLine: return "command line";
  }
  return "";
}

std::string settings_json(Schema schema, const Layer& saved) {
  json::object root;
  for (std::size_t s = 0; s < schema.size(); ++s) {
    json::array list;
    for (const auto& item : saved.sections[s]) {
      json::object table;
      if (schema[s].list) table["id"] = item.id;
      for (std::size_t i = 0; i < item.cells.size(); ++i) {
        if (item.cells[i] && !item.cells[i]->clear) table[view(schema[s].options[i].key)] = to_json(item.cells[i]->value);
      }
      if (item.removed) table = {{"id", item.id}, {"remove", true}};
      if (!table.empty()) list.emplace_back(std::move(table));
    }
    if (list.empty()) continue;
    root[view(schema[s].key)] = schema[s].list ? json::value(std::move(list)) : list.front();
  }
  std::string out;
  pretty(out, root, 0);
  return out + "\n";
}

std::string values_json(Schema schema, const Layer& resolved) {
  json::object values;
  json::object origin;
  json::object where;
  json::array secrets;
  for (std::size_t s = 0; s < schema.size(); ++s) {
    const auto& section = schema[s];
    json::array list;
    for (const auto& item : resolved.sections[s]) {
      json::object table;
      for (std::size_t i = 0; i < item.cells.size(); ++i) {
        const auto& option = section.options[i];
        const auto& cell = *item.cells[i];
        auto key = std::string{section.key} + "." + (section.list ? item.id + "." : "") + std::string{option.key};
        if (!secret(option)) table[view(option.key)] = to_json(cell.value);
        if (cell.source != Source::kDefault) {
          origin[key] = view(source_name(cell.source));
          where[key] = cell.where;
        }
        if (secret(option) && cell.value != Value{std::string{}}) secrets.emplace_back(std::move(key));
      }
      list.emplace_back(std::move(table));
    }
    values[view(section.key)] = section.list ? json::value(std::move(list)) : list.front();
  }
  return json::serialize(json::object{
      {"values", std::move(values)}, {"origin", std::move(origin)}, {"where", std::move(where)}, {"secrets", std::move(secrets)}});
}

std::string schema_json(Schema schema) {
  json::object properties;
  for (std::size_t s = 0; s < schema.size(); ++s) {
    const auto& section = schema[s];
    json::object group = table_schema(section);
    if (section.list) {
      group["title"] = view(section.title);
      group = {{"type", "array"}, {"items", std::move(group)}, {"x-key", view(section.options.front().key)}};
    }
    group["title"] = view(section.title);
    group["description"] = view(section.help);
    group["x-order"] = s;
    if (section.can_try) group["x-test"] = true;
    properties[view(section.key)] = std::move(group);
  }
  const json::object root{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                          {"title", "bmsgate settings"},
                          {"type", "object"},
                          {"additionalProperties", false},
                          {"properties", std::move(properties)}};
  std::string out;
  pretty(out, root, 0);
  return out + "\n";
}

}  // namespace bmsgate::config
