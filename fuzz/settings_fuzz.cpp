// SPDX-License-Identifier: Apache-2.0
// Feeds arbitrary bytes to the settings as TOML, as JSON, as a variable and as a key. What is accepted must come back the same when it is
// written and read again; what is refused must be refused in clean single lines.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "config/reader.hpp"
#include "config/writer.hpp"
#include "tests/config/site.hpp"

namespace {

using namespace bmsgate::config;
using test::kSchema;

void require(bool condition) {
  if (!condition) std::abort();
}

void check_problems(const Problems& problems) {
  require(problems.size() <= 64);
  for (const auto& problem : problems) {
    const auto line = problem.line();
    require(!line.empty() && line.size() < 1000 && is_utf8(line) && line.find('\n') == std::string::npos);
  }
}

/// A layer without problems fills the struct, and survives both ways of writing it.
void check_layer(const Layer& layer) {
  auto resolved = default_layer(kSchema);
  overlay(resolved, layer);
  complete(kSchema, resolved);
  test::Site site;
  fill(kSchema, resolved, &site);
  const auto text = settings_json(kSchema, resolved);
  Problems problems;
  auto again = default_layer(kSchema);
  overlay(again, read_json(kSchema, text, {}, problems));
  complete(kSchema, again);
  Problems missing;
  check_references(kSchema, resolved, missing);
  check_problems(missing);
  if (!missing.empty()) return;  // a required text is still empty: not fit to be written
  require(problems.empty() && settings_json(kSchema, again) == text);
  (void)read_toml(kSchema, toml_text(kSchema, resolved, {.help = true, .sources = false, .diff = false}), "again", problems);
  require(problems.empty());
  (void)values_json(kSchema, resolved);
}

Layer without_clears(Layer layer) {
  for (auto& items : layer.sections) {
    for (auto& item : items) {
      for (auto& cell : item.cells) {
        if (cell && cell->clear) cell.reset();
      }
    }
  }
  return layer;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
  Problems problems;
  auto layer = empty_layer(kSchema);
  switch (data[0] % 4) {
    case 0: layer = read_toml(kSchema, text, "f.toml", problems); break;
    case 1: layer = without_clears(read_json(kSchema, text, "f.json", problems)); break;
    case 2: {
      const auto equals = text.find('=');
      const auto value = equals == std::string_view::npos ? std::string_view{} : text.substr(equals + 1);
      const Pairs environment{{"BMSGATE_" + std::string{text.substr(0, equals)}, std::string{value}}};
      layer = environment_layer(kSchema, default_layer(kSchema), environment, problems);
      break;
    }
    case 3: {
      const auto equals = text.find('=');
      const auto value = equals == std::string_view::npos ? std::string_view{} : text.substr(equals + 1);
      assign(kSchema, layer, text.substr(0, equals), value, Source::kCommandLine, "--set", problems);
      break;
    }
  }
  check_problems(problems);
  if (problems.empty()) check_layer(layer);
  return 0;
}
