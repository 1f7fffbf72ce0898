// SPDX-License-Identifier: Apache-2.0
// Layers: laying over, completing, and those of the environment and the command line.
#include "config/layer.hpp"

#include <algorithm>
#include <cctype>

namespace bmsgate::config {
namespace {

Item make_item(const Section& section) {
  Item item;
  item.cells.resize(section.options.size());
  return item;
}

/// "rs485-1" as it stands in the name of a variable: "RS485_1".
std::string shouted(std::string_view key) {
  std::string out;
  for (const char c : key) out += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

std::string lowered(std::string_view text) {
  std::string out;
  for (const char c : text) out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

/// Item `id` of a list in this layer; made if it is new. nullptr and a problem: the id is not allowed.
Item* item_for(const Section& section, std::vector<Item>& items, std::string_view id, Source source, const std::string& where,
               Problems& problems) {
  if (!section.list) return &items.front();
  if (auto* item = find_item(items, id)) return item;
  Value value{std::string{id}};
  if (auto wrong = check(section.options.front(), value); !wrong.empty()) {
    problems.push_back(problem(section, {}, section.options.front().key, where, std::move(wrong)));
    return nullptr;
  }
  auto item = make_item(section);
  item.id = id;
  item.source = source;
  item.where = where;
  item.cells.front() = Cell{.value = value, .source = source, .where = where};
  items.push_back(std::move(item));
  return &items.back();
}

void assign_cell(const Section& section, std::vector<Item>& items, std::string_view id, std::size_t option, std::string_view text,
                 Source source, const std::string& where, Problems& problems) {
  const auto& row = section.options[option];
  auto* item = item_for(section, items, id, source, where, problems);
  if (item == nullptr) return;
  Cell cell{.value = false, .source = source, .where = where};
  auto wrong = check_text(row, text, cell.value);
  if (section.list && option == 0) wrong = "cannot be changed; add a new one and remove the old one";
  if (wrong.empty()) {
    item->cells[option] = std::move(cell);
  } else {
    problems.push_back(problem(section, id, row.key, where, std::move(wrong)));
  }
}

/// What a variable of a list means: the option whose name ends it, and the id before.
struct ListName {
  std::string id;
  std::optional<std::size_t> option;
};

ListName split_list_name(const Section& section, const std::vector<Item>& known, std::string_view rest) {
  ListName best;
  std::size_t longest = 0;
  for (std::size_t i = 0; i < section.options.size(); ++i) {
    const auto ending = "_" + shouted(section.options[i].key);
    if (rest.size() > ending.size() && rest.ends_with(ending) && ending.size() > longest) {
      longest = ending.size();
      best.option = i;
    }
  }
  const auto name = rest.substr(0, rest.size() - longest);
  best.id = lowered(name);
  for (const auto& item : known) {
    if (shouted(item.id) == name) best.id = item.id;
  }
  return best;
}

/// The group with the longest key that begins a variable's name.
std::optional<std::size_t> section_of_variable(Schema schema, std::string_view name) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < schema.size(); ++i) {
    if (name.starts_with(shouted(schema[i].key) + "_") && (!best || schema[i].key.size() > schema[*best].key.size())) best = i;
  }
  return best;
}

}  // namespace

Layer empty_layer(Schema schema) {
  Layer layer;
  layer.sections.resize(schema.size());
  for (std::size_t i = 0; i < schema.size(); ++i) {
    if (!schema[i].list) layer.sections[i].push_back(make_item(schema[i]));
  }
  return layer;
}

Layer default_layer(Schema schema) {
  auto layer = empty_layer(schema);
  complete(schema, layer);
  return layer;
}

void overlay(Layer& base, const Layer& top) {
  for (std::size_t s = 0; s < base.sections.size(); ++s) {
    auto& items = base.sections[s];
    for (const auto& over : top.sections[s]) {
      auto* under = find_item(items, over.id);
      if (over.removed) {
        if (under != nullptr) items.erase(items.begin() + (under - items.data()));
        continue;
      }
      if (under == nullptr) {
        items.push_back(over);
        continue;
      }
      for (std::size_t i = over.id.empty() ? 0 : 1; i < over.cells.size(); ++i) {  // an id comes from the layer that made the item
        if (over.cells[i]) under->cells[i] = over.cells[i];
      }
    }
  }
}

void complete(Schema schema, Layer& layer) {
  for (std::size_t s = 0; s < schema.size(); ++s) {
    for (auto& item : layer.sections[s]) {
      for (std::size_t i = 0; i < item.cells.size(); ++i) {
        if (!item.cells[i]) item.cells[i] = Cell{.value = get(schema[s].options[i], schema[s].defaults()), .where = "default"};
      }
    }
  }
}

void fill(Schema schema, const Layer& layer, void* root) {
  for (std::size_t s = 0; s < schema.size(); ++s) {
    const auto& section = schema[s];
    const auto& items = layer.sections[s];
    if (section.list) section.resize(root, items.size());
    for (std::size_t n = 0; n < items.size(); ++n) {
      for (std::size_t i = 0; i < section.options.size(); ++i) set(section.options[i], section.object(root, n), items[n].cells[i]->value);
    }
  }
}

Item* find_item(std::vector<Item>& items, std::string_view id) {
  const auto found = std::find_if(items.begin(), items.end(), [id](const Item& item) { return item.id == id; });
  return found == items.end() ? nullptr : &*found;
}

const Item* find_item(const std::vector<Item>& items, std::string_view id) {
  const auto found = std::find_if(items.begin(), items.end(), [id](const Item& item) { return item.id == id; });
  return found == items.end() ? nullptr : &*found;
}

std::optional<std::size_t> find_section(Schema schema, std::string_view key) {
  for (std::size_t i = 0; i < schema.size(); ++i) {
    if (schema[i].key == key) return i;
  }
  return std::nullopt;
}

std::optional<std::size_t> find_option(const Section& section, std::string_view key) {
  for (std::size_t i = 0; i < section.options.size(); ++i) {
    if (section.options[i].key == key) return i;
  }
  return std::nullopt;
}

std::vector<std::string_view> section_keys(Schema schema) {
  std::vector<std::string_view> keys;
  for (const auto& section : schema) keys.push_back(section.key);
  return keys;
}

std::vector<std::string_view> option_keys(const Section& section) {
  std::vector<std::string_view> keys;
  for (const auto& option : section.options) keys.push_back(option.key);
  return keys;
}

bool required(const Section& section, std::size_t option) {
  const auto& row = section.options[option];
  if (!section.list || option == 0 || row.type != core::OptionType::kText || row.min <= 0) return false;
  return row.get(section.defaults()).text.empty();
}

Problem problem(const Section& section, std::string_view id, std::string_view option, std::string where, std::string message) {
  Problem out;
  out.where = std::move(where);
  out.message = std::move(message);
  out.key = section.key;
  for (const auto part : {id, option}) {
    if (!part.empty()) out.key += "." + std::string{part};
  }
  out.pointer = "/" + out.key;
  std::replace(out.pointer.begin(), out.pointer.end(), '.', '/');
  return out;
}

void check_references(Schema schema, const Layer& layer, Problems& problems) {
  for (std::size_t s = 0; s < schema.size(); ++s) {
    const auto& section = schema[s];
    for (const auto& item : layer.sections[s]) {
      for (std::size_t i = 0; i < section.options.size(); ++i) {
        const auto& row = section.options[i];
        const auto& cell = *item.cells[i];
        if (required(section, i) && cell.source == Source::kDefault) {
          problems.push_back(problem(section, item.id, row.key, item.where, "is missing"));
          continue;
        }
        const auto target = row.refers_to.empty() ? std::nullopt : find_section(schema, row.refers_to);
        if (!target) continue;
        const auto& id = std::get<std::string>(cell.value);
        if (id.empty() || find_item(layer.sections[*target], id) != nullptr) continue;
        std::vector<std::string_view> ids;
        for (const auto& other : layer.sections[*target]) ids.push_back(other.id);
        auto message = "there is no " + std::string{row.refers_to} + " " + quoted(id) + did_you_mean(id, ids);
        problems.push_back(problem(section, item.id, row.key, cell.where, std::move(message)));
      }
    }
  }
}

Layer environment_layer(Schema schema, const Layer& below, const Pairs& environment, Problems& problems) {
  constexpr std::string_view kPrefix = "BMSGATE_";
  auto layer = empty_layer(schema);
  for (const auto& [full_name, value] : environment) {
    const std::string_view name{full_name};
    if (!name.starts_with(kPrefix)) continue;
    const auto index = section_of_variable(schema, name.substr(kPrefix.size()));
    if (!index) continue;
    const auto& section = schema[*index];
    const auto rest = name.substr(kPrefix.size() + section.key.size() + 1);
    const auto where = "environment " + shown_key(full_name);
    std::string id;
    std::optional<std::size_t> option;
    if (section.list) {
      const auto parts = split_list_name(section, below.sections[*index], rest);
      id = parts.id;
      option = parts.option;
    } else {
      for (std::size_t i = 0; i < section.options.size(); ++i) {
        if (shouted(section.options[i].key) == rest) option = i;
      }
    }
    if (!option) {
      const auto last = section.list ? rest.substr(rest.find('_') + 1) : rest;
      Problem unknown = problem(section, {}, {}, where, "no setting has this name" + did_you_mean(lowered(last), option_keys(section)));
      problems.push_back(std::move(unknown));
      continue;
    }
    assign_cell(section, layer.sections[*index], id, *option, value, Source::kEnvironment, where, problems);
  }
  return layer;
}

void assign(Schema schema, Layer& layer, std::string_view key, std::string_view value, Source source, const std::string& where,
            Problems& problems) {
  const auto fail = [&](std::string message) {
    problems.push_back({.where = where, .key = shown_key(key), .pointer = {}, .message = std::move(message)});
  };
  const auto group = key.substr(0, key.find('.'));
  const auto index = find_section(schema, group);
  if (!index) return fail("there is no group " + shown_key(group) + did_you_mean(group, section_keys(schema)));
  const auto& section = schema[*index];
  std::string_view rest = group.size() == key.size() ? std::string_view{} : key.substr(group.size() + 1);
  std::string_view id;
  if (section.list) {
    const auto dot = rest.find('.');
    if (dot == std::string_view::npos) return fail("write it as " + std::string{group} + ".ID.KEY");
    id = rest.substr(0, dot);
    rest = rest.substr(dot + 1);
  }
  const auto option = find_option(section, rest);
  if (!option) return fail("unknown setting" + did_you_mean(rest, option_keys(section)));
  assign_cell(section, layer.sections[*index], id, *option, value, source, where, problems);
}

}  // namespace bmsgate::config
