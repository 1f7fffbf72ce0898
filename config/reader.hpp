// SPDX-License-Identifier: Apache-2.0
// From the text of a settings file or request to a layer: each key is looked up, each value checked, and every mistake reported with its
// line. Used by host/; any thread. Nothing throws.
#pragma once

#include <string>
#include <string_view>

#include "config/layer.hpp"

namespace bmsgate::config {

/// More packs or buses than this are a mistake.
inline constexpr std::size_t kMaxItems = 64;

/// bmsgate.toml. `file` is how messages name it.
[[nodiscard]] Layer read_toml(Schema schema, std::string_view text, const std::string& file, Problems& problems);

/// settings.json, or a change in a request (`where` empty). Lists are arrays of tables with an id, or objects by id. null clears a value,
/// {"id":…,"remove":true} and a null in an object by id take an item away.
[[nodiscard]] Layer read_json(Schema schema, std::string_view text, const std::string& where, Problems& problems);

}  // namespace bmsgate::config
