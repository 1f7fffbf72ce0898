// SPDX-License-Identifier: Apache-2.0
// A layer of settings: what one source says, and the laying of one over another. Every value knows where it came from.
// Used by config/ and host/; any thread, no locks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/problem.hpp"
#include "config/section.hpp"
#include "config/value.hpp"

namespace bmsgate::config {

/// From weak to strong.
enum class Source : std::uint8_t { kDefault, kFile, kSaved, kEnvironment, kCommandLine };

struct Cell {
  Value value;
  Source source{Source::kDefault};
  std::string where;  // as Problem::where
  bool clear{false};  // in a change: take this source's value away
};

/// One table.
struct Item {
  std::string id;  // empty for a single table
  Source source{Source::kDefault};
  std::string where;
  bool removed{false};                     // takes the item of weaker layers away
  std::vector<std::optional<Cell>> cells;  // one per option of the section
};

struct Layer {
  std::vector<std::vector<Item>> sections;  // in the order of the schema; a single table is always there
};

[[nodiscard]] Layer empty_layer(Schema schema);
/// Every value of the single tables; lists are empty.
[[nodiscard]] Layer default_layer(Schema schema);
/// base := base < top. Items of lists are merged by id; new ones go to the end.
void overlay(Layer& base, const Layer& top);
/// Gives the items of lists their default values where no source says anything.
void complete(Schema schema, Layer& layer);
/// Puts a complete layer into the settings struct.
void fill(Schema schema, const Layer& layer, void* root);

[[nodiscard]] Item* find_item(std::vector<Item>& items, std::string_view id);
[[nodiscard]] const Item* find_item(const std::vector<Item>& items, std::string_view id);
/// Index of a group or option, by key.
[[nodiscard]] std::optional<std::size_t> find_section(Schema schema, std::string_view key);
[[nodiscard]] std::optional<std::size_t> find_option(const Section& section, std::string_view key);
[[nodiscard]] std::vector<std::string_view> section_keys(Schema schema);
[[nodiscard]] std::vector<std::string_view> option_keys(const Section& section);

/// The option that an item must have, as no default of it is allowed (a text that must not be empty), the id aside.
[[nodiscard]] bool required(const Section& section, std::size_t option);

/// A problem with one value. `id` is empty for single tables, `option` empty for the table as a whole.
[[nodiscard]] Problem problem(const Section& section, std::string_view id, std::string_view option, std::string where, std::string message);

/// A complete layer: required values that no source gives, and texts that refer to a list where no item has that id.
void check_references(Schema schema, const Layer& layer, Problems& problems);

using Pairs = std::vector<std::pair<std::string, std::string>>;
/// BMSGATE_WEB_PORT=8080, BMSGATE_PACK_BOAT_POLL_S=10. In lists a known item is meant if one fits (its id in capitals, - as _), else a new
/// one. Names whose first word is no group are not ours.
[[nodiscard]] Layer environment_layer(Schema schema, const Layer& below, const Pairs& environment, Problems& problems);
/// Adds one value by its key ("web.port", "pack.boat.poll_s") to a layer.
void assign(Schema schema, Layer& layer, std::string_view key, std::string_view value, Source source, const std::string& where,
            Problems& problems);

}  // namespace bmsgate::config
