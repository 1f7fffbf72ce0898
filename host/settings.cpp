// SPDX-License-Identifier: Apache-2.0
// The groups of settings, the checks between them, and their store.
#include "host/settings.hpp"

#include <arpa/inet.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>

namespace bmsgate::host {
namespace {

constexpr auto kSections = std::to_array<config::Section>({
    config::section<&Settings::general>(
        {.key = "general", .title = "General", .help = "The gateway as a whole, and how values are shown.", .options = kGeneralOptions}),
    config::section<&Settings::web>({.key = "web", .title = "Web", .help = "The pages and the API.", .options = kWebOptions}),
    config::section<&Settings::mqtt>(
        {.key = "mqtt", .title = "MQTT", .help = "Values to an MQTT broker.", .options = outputs::kMqttOptions, .can_try = true}),
    config::section<&Settings::modbus>({.key = "modbus",
                                        .title = "Modbus",
                                        .help = "Values for Modbus TCP clients.",
                                        .options = outputs::kModbusOptions,
                                        .can_try = true}),
    config::section<&Settings::history>(
        {.key = "history", .title = "History", .help = "What is kept on disk, and for how long.", .options = outputs::kHistoryOptions}),
    config::section<&Settings::buses>(
        {.key = "bus", .title = "Buses", .help = "The lines that packs are wired to.", .options = kBusOptions}),
    config::section<&Settings::packs>({.key = "pack", .title = "Packs", .help = "The battery packs.", .options = kPackOptions}),
});

/// The part of a link that names the device or the host: two buses cannot share it.
std::string_view place(std::string_view link) { return link.substr(0, link.find('?')); }

void check_buses(const Settings& settings, const SettingsHooks& hooks, const config::Report& report) {
  for (std::size_t n = 0; n < settings.buses.size(); ++n) {
    const auto& bus = settings.buses[n];
    if (hooks.link_error != nullptr) {
      if (auto wrong = hooks.link_error(bus.link); !wrong.empty()) report("bus", bus.id, "link", std::move(wrong));
    }
    for (std::size_t other = 0; other < n; ++other) {
      if (place(settings.buses[other].link) != place(bus.link)) continue;
      report("bus", bus.id, "link", "is the line of bus " + settings.buses[other].id + " already; put the packs on one bus");
      break;
    }
  }
}

void check_packs(const Settings& settings, const SettingsHooks& hooks, const config::Report& report) {
  const auto address_of = [&](const PackOptions& pack) {
    if (pack.address != PackOptions::kDefaultAddress) return pack.address;
    const auto range = hooks.addresses != nullptr ? hooks.addresses(pack.protocol) : std::nullopt;
    return range ? range->standard : PackOptions::kDefaultAddress;
  };
  for (std::size_t n = 0; n < settings.packs.size(); ++n) {
    const auto& pack = settings.packs[n];
    const auto range = hooks.addresses != nullptr ? hooks.addresses(pack.protocol) : std::nullopt;
    const int address = address_of(pack);
    if (range && (address < range->min || address > range->max)) {
      report("pack", pack.id, "address",
             std::to_string(address) + " is no address of " + pack.protocol + " (allowed " + std::to_string(range->min) + "-" +
                 std::to_string(range->max) + ")");
    }
    const auto twin = std::find_if(
        settings.packs.begin(), settings.packs.begin() + static_cast<std::ptrdiff_t>(n),
        [&](const PackOptions& other) { return other.bus == pack.bus && other.protocol == pack.protocol && address_of(other) == address; });
    if (twin != settings.packs.begin() + static_cast<std::ptrdiff_t>(n)) {
      report("pack", pack.id, "address", "is that of pack " + twin->id + " on the same bus");
    }
  }
}

void check_time_zone(const Settings& settings, const config::Report& report) {
  const std::filesystem::path zones{"/usr/share/zoneinfo"};
  std::error_code error;
  const auto& zone = settings.general.time_zone;
  if (zone.empty() || !std::filesystem::is_directory(zones, error)) return;
  if (std::filesystem::is_regular_file(zones / zone, error)) return;
  report("general", {}, "time_zone",
         config::quoted(zone) + " is no time zone that this machine knows; they are listed in " + zones.string());
}

void check_listen(std::string_view group, const std::string& address, const config::Report& report) {
  std::array<unsigned char, 16> binary{};
  if (address.empty() || ::inet_pton(AF_INET, address.c_str(), binary.data()) == 1) return;
  if (::inet_pton(AF_INET6, address.c_str(), binary.data()) == 1) return;
  report(group, {}, "listen", config::quoted(address) + " is no IP address");
}

void check_ports(const Settings& settings, const config::Report& report) {
  if (settings.modbus.enabled && settings.modbus.port == settings.web.port && settings.modbus.listen == settings.web.listen) {
    report("modbus", {}, "port", std::to_string(settings.modbus.port) + " is the port of the web server already (web.port)");
  }
}

}  // namespace

config::Schema settings_schema() noexcept { return kSections; }

config::Pairs process_environment() {
  config::Pairs out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text{*entry};
    const auto equals = text.find('=');
    if (!text.starts_with("BMSGATE_") || equals == std::string_view::npos) continue;
    out.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  std::sort(out.begin(), out.end());
  return out;
}

struct SettingsStore::State {
  explicit State(const SettingsHooks& hooks)
      : store{settings_schema(), [hooks](const config::Layer& layer, const config::Report& report) {
                Settings settings;
                config::fill(settings_schema(), layer, &settings);
                check_buses(settings, hooks, report);
                check_packs(settings, hooks, report);
                check_time_zone(settings, report);
                check_listen("web", settings.web.listen, report);
                check_listen("modbus", settings.modbus.listen, report);
                check_ports(settings, report);
              }} {}

  void refresh() {
    Settings fresh;
    config::fill(settings_schema(), store.resolved(), &fresh);
    current = std::move(fresh);
  }

  Change applied(Change change) {
    if (change.problems.empty()) refresh();
    return change;
  }

  config::Store store;
  Settings current;
};

SettingsStore::SettingsStore(const SettingsHooks& hooks) : state_{std::make_unique<State>(hooks)} {}
SettingsStore::~SettingsStore() = default;
SettingsStore::SettingsStore(SettingsStore&&) noexcept = default;
SettingsStore& SettingsStore::operator=(SettingsStore&&) noexcept = default;

config::Problems SettingsStore::load(const SettingsSources& sources) {
  config::Inputs inputs;
  inputs.config_needed = !sources.config_file.empty();
  inputs.config_file = inputs.config_needed ? sources.config_file : std::string{kDefaultConfigFile};
  const std::filesystem::path folder{sources.data_dir.empty() ? std::string{kDefaultDataDir} : sources.data_dir};
  inputs.saved_file = (folder / "settings.json").string();
  inputs.save = sources.save;
  inputs.environment = sources.environment;
  inputs.overrides = sources.overrides;
  auto problems = state_->store.load(inputs);
  if (problems.empty()) state_->refresh();
  return problems;
}

const Settings& SettingsStore::current() const noexcept { return state_->current; }

std::vector<std::string> SettingsStore::notes() const { return state_->store.notes(); }

SettingsStore::Change SettingsStore::patch(std::string_view json) {
  return state_->applied(state_->store.change(json, config::Store::Mode::kPatch));
}
SettingsStore::Change SettingsStore::check(std::string_view json) const {
  return state_->store.try_change(json, config::Store::Mode::kPatch);
}
SettingsStore::Change SettingsStore::put(std::string_view json) {
  return state_->applied(state_->store.change(json, config::Store::Mode::kPut));
}
SettingsStore::Change SettingsStore::set(std::string_view key, std::string_view value) {
  return state_->applied(state_->store.set(key, value));
}

std::optional<Settings> SettingsStore::preview(std::string_view json, config::Problems& problems) const {
  const auto layer = state_->store.preview(json, problems);
  if (!problems.empty()) return std::nullopt;
  Settings settings;
  config::fill(settings_schema(), layer, &settings);
  return settings;
}
std::vector<std::string> SettingsStore::restart_needed() const { return state_->store.restart_needed(); }

std::string SettingsStore::values_json() const { return config::values_json(settings_schema(), state_->store.resolved()); }
std::string SettingsStore::schema_json() { return config::schema_json(settings_schema()); }
std::string SettingsStore::toml(const config::TomlStyle& style) const {
  return config::toml_text(settings_schema(), state_->store.resolved(), style);
}

}  // namespace bmsgate::host
