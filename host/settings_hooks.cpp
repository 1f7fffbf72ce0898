// SPDX-License-Identifier: Apache-2.0
// What the settings ask lines and dialects about.
#include <memory>

#include "host/line.hpp"
#include "host/settings.hpp"

namespace bmsgate::host {
namespace {

std::optional<SettingsHooks::Addresses> addresses(std::string_view protocol) {
  const auto dialect = protocols::find_dialect(protocol);
  if (!dialect) return std::nullopt;
  const auto box = std::make_unique<protocols::ProtocolBox>(*dialect);
  const auto& info = (*box)->info();
  return SettingsHooks::Addresses{.min = info.min_address, .max = info.max_address, .standard = info.default_address};
}

std::string link_error(std::string_view link) {
  LinkSpec spec;
  return parse_link(link, spec);
}

}  // namespace

SettingsHooks program_hooks() { return {.link_error = link_error, .addresses = addresses}; }

}  // namespace bmsgate::host
