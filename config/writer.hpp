// SPDX-License-Identifier: Apache-2.0
// From layers and rows to text: settings.json, the API's documents, TOML with comments, and the page of the documentation.
// Used by host/; any thread. Secrets are written by settings_json() alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/layer.hpp"

namespace bmsgate::config {

/// The file settings.json: what a layer says, secrets included.
[[nodiscard]] std::string settings_json(Schema schema, const Layer& saved);
/// {"values":…,"origin":…,"where":…,"secrets":…} of a complete layer.
[[nodiscard]] std::string values_json(Schema schema, const Layer& resolved);
/// JSON Schema, draft 2020-12, of "values".
[[nodiscard]] std::string schema_json(Schema schema);

struct TomlStyle {
  bool help{false};     // the row's help and limits as comments
  bool sources{false};  // where each value comes from
  bool diff{false};     // only what is not a default
};
/// A complete layer as TOML; secrets appear as a comment: set or unset.
[[nodiscard]] std::string toml_text(Schema schema, const Layer& resolved, const TomlStyle& style);
/// A file to begin with: every setting with its help, commented out at its default; `examples` are the values shown for lists, by key
/// ("pack.id"), and those of single tables that differ from the default.
[[nodiscard]] std::string toml_example(Schema schema, const Pairs& examples);
/// The tables of docs/settings.md.
[[nodiscard]] std::string markdown(Schema schema);

[[nodiscard]] std::string_view source_name(Source source) noexcept;

}  // namespace bmsgate::config
