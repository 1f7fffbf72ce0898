// SPDX-License-Identifier: Apache-2.0
// The walk over a file's or request's nodes that makes a layer or a list of problems.
#include "config/reader.hpp"

#include <algorithm>

#include "config/node.hpp"

namespace bmsgate::config {
namespace {

constexpr std::size_t kMaxProblems = 50;

class Reader {
 public:
  Reader(Schema schema, bool toml, std::string where, Problems& problems)
      : schema_{schema}, toml_{toml}, where_{std::move(where)}, problems_{problems}, layer_{empty_layer(schema)} {}

  Layer read(const Node& root) {
    if (root.kind != Node::Kind::kTable) {
      add({.where = where_, .key = {}, .pointer = {}, .message = "must be one JSON object with the groups of settings"});
      return std::move(layer_);
    }
    for (const auto& node : root.children) {
      const auto& key = node.key;
      const auto index = find_section(schema_, key);
      if (!index) {
        add({.where = at(node),
             .key = shown_key(key),
             .pointer = "/" + shown_key(key),
             .message = "there is no such group of settings" + did_you_mean(key, section_keys(schema_))});
      } else if (schema_[*index].list) {
        read_list(*index, node);
      } else {
        read_single(*index, node);
      }
    }
    return std::move(layer_);
  }

 private:
  [[nodiscard]] std::string at(const Node& node) const {
    return toml_ && node.line != 0 ? where_ + ":" + std::to_string(node.line) : where_;
  }
  void add(Problem problem) {
    if (problems_.size() < kMaxProblems) problems_.push_back(std::move(problem));
  }
  void add(const Section& section, std::string_view id, std::string_view option, const Node& node, std::string message) {
    add(problem(section, id, option, at(node), std::move(message)));
  }
  [[nodiscard]] Source source() const { return toml_ ? Source::kFile : Source::kSaved; }

  void read_single(std::size_t index, const Node& node) {
    const auto& section = schema_[index];
    auto& item = layer_.sections[index].front();
    if (node.kind == Node::Kind::kNull) {
      for (auto& cell : item.cells) cell = Cell{.value = false, .source = source(), .where = where_, .clear = true};
    } else if (node.kind != Node::Kind::kTable) {
      add(section, {}, {}, node, toml_ ? "must be one table: write [" + std::string{section.key} + "]" : "must be an object");
    } else {
      read_options(section, item, node, 0);
    }
  }

  void read_list(std::size_t index, const Node& node) {
    const auto& section = schema_[index];
    const auto wrong = toml_ ? "is a list of tables: write [[" + std::string{section.key} + "]] before each"
                             : std::string{"must be a list of objects, each with its id"};
    if (node.kind == Node::Kind::kList) {
      for (const auto& child : node.children) {
        if (child.kind != Node::Kind::kTable) {
          add(section, {}, {}, child.line != 0 ? child : node, wrong);
        } else if (!read_item_with_id(index, child)) {
          return;
        }
      }
    } else if (node.kind == Node::Kind::kTable) {
      for (const auto& child : node.children) {
        if (child.kind != Node::Kind::kTable && (toml_ || child.kind != Node::Kind::kNull)) {
          return add(section, {}, {}, node, wrong);
        }
        if (!read_item(index, child.key, child)) return;
      }
    } else {
      add(section, {}, {}, node, wrong);
    }
  }

  bool read_item_with_id(std::size_t index, const Node& node) {
    const auto& section = schema_[index];
    const auto& id_row = section.options.front();
    for (const auto& child : node.children) {
      if (child.key != id_row.key) continue;
      if (child.kind == Node::Kind::kValue && std::holds_alternative<std::string>(child.value)) {
        return read_item(index, std::get<std::string>(child.value), node);
      }
      add(section, {}, id_row.key, child, "must be a text: " + allowed(id_row));
      return true;
    }
    add(section, {}, id_row.key, node, "is missing: each " + std::string{section.key} + " needs one");
    return true;
  }

  /// false: enough has been seen of this list.
  bool read_item(std::size_t index, const std::string& id, const Node& node) {
    const auto& section = schema_[index];
    auto& items = layer_.sections[index];
    Value value{id};
    if (auto wrong = check(section.options.front(), value); !wrong.empty()) {
      add(section, {}, section.options.front().key, node, std::move(wrong));
      return true;
    }
    if (const auto* twin = find_item(items, id)) {
      add(section, id, {}, node, "this id is used twice" + (toml_ ? " (first at " + twin->where + ")" : std::string{}));
      return true;
    }
    if (items.size() >= kMaxItems) {
      add(section, {}, {}, node, "more than " + std::to_string(kMaxItems) + " are not possible");
      return false;
    }
    Item item;
    item.id = id;
    item.source = source();
    item.where = at(node);
    item.cells.resize(section.options.size());
    item.cells.front() = Cell{.value = value, .source = source(), .where = item.where};
    item.removed = node.kind == Node::Kind::kNull;
    if (!item.removed) read_options(section, item, node, 1);
    items.push_back(std::move(item));
    return true;
  }

  void read_options(const Section& section, Item& item, const Node& node, std::size_t first) {
    for (const auto& child : node.children) {
      const auto& key = child.key;
      if (first > 0 && key == section.options.front().key) {
        if (child.kind != Node::Kind::kValue || child.value != Value{item.id}) add(section, item.id, key, child, "differs from its place");
        continue;
      }
      if (first > 0 && !toml_ && key == "remove") {
        if (child.kind != Node::Kind::kValue || !std::holds_alternative<bool>(child.value)) {
          add(section, item.id, key, child, "must be true or false");
        } else {
          item.removed = std::get<bool>(child.value);
        }
        continue;
      }
      const auto option = find_option(section, key);
      if (!option) {
        add(section, item.id, shown_key(key), child, "unknown setting" + did_you_mean(key, option_keys(section)));
        continue;
      }
      read_value(section, item, *option, child);
    }
  }

  void read_value(const Section& section, Item& item, std::size_t option, const Node& node) {
    const auto& row = section.options[option];
    Cell cell{.value = node.value, .source = source(), .where = at(node)};
    switch (node.kind) {
      case Node::Kind::kNull: cell.clear = true; break;
      case Node::Kind::kTable: return add(section, item.id, row.key, node, "a table is not allowed here: " + allowed(row));
      case Node::Kind::kList: return add(section, item.id, row.key, node, "a list is not allowed here: " + allowed(row));
      case Node::Kind::kOther:
        return add(section, item.id, row.key, node, std::string{node.what} + " is not allowed here: " + allowed(row));
      case Node::Kind::kValue:
        if (auto wrong = check(row, cell.value); !wrong.empty()) return add(section, item.id, row.key, node, std::move(wrong));
    }
    item.cells[option] = std::move(cell);
  }

  Schema schema_;
  bool toml_;
  std::string where_;
  Problems& problems_;
  Layer layer_;
};

}  // namespace

Layer read_toml(Schema schema, std::string_view text, const std::string& file, Problems& problems) {
  Problem wrong;
  const auto root = parse_toml(text, file, wrong);
  if (root) return Reader{schema, true, file, problems}.read(*root);
  problems.push_back(std::move(wrong));
  return empty_layer(schema);
}

Layer read_json(Schema schema, std::string_view text, const std::string& where, Problems& problems) {
  Problem wrong;
  const auto root = parse_json(text, where, wrong);
  if (root) return Reader{schema, false, where, problems}.read(*root);
  problems.push_back(std::move(wrong));
  return empty_layer(schema);
}

}  // namespace bmsgate::config
