// SPDX-License-Identifier: Apache-2.0
// The settings of the program: every module's options in one struct, and the store that loads, layers, validates and saves them.
// Used by host/ on the loop thread. Nothing here throws; what is wrong comes back as Problems.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/problem.hpp"
#include "config/store.hpp"
#include "config/writer.hpp"
#include "host/bus_options.hpp"
#include "host/general_options.hpp"
#include "host/web/web_options.hpp"
#include "outputs/history_options.hpp"
#include "outputs/modbus_options.hpp"
#include "outputs/mqtt_options.hpp"

namespace bmsgate::host {

struct Settings {
  GeneralOptions general;
  WebOptions web;
  outputs::MqttOptions mqtt;
  outputs::ModbusOptions modbus;
  outputs::HistoryOptions history;
  std::vector<BusOptions> buses;
  std::vector<PackOptions> packs;
};

inline constexpr std::string_view kDefaultConfigFile = "/etc/bmsgate/bmsgate.toml";
inline constexpr std::string_view kDefaultDataDir = "/var/lib/bmsgate";

/// What the settings need to know of lines and dialects; a null pointer leaves that check out.
struct SettingsHooks {
  struct Addresses {
    int min;
    int max;
    int standard;
  };
  std::string (*link_error)(std::string_view link){nullptr};                  // what is wrong with a LINK; empty: nothing
  std::optional<Addresses> (*addresses)(std::string_view protocol){nullptr};  // nullopt: not known before it has been found out
};
/// The program's own. host/settings_hooks.cpp.
[[nodiscard]] SettingsHooks program_hooks();

/// Where the layers come from.
struct SettingsSources {
  std::string config_file;    // empty: kDefaultConfigFile if it exists; a named file must exist
  std::string data_dir;       // settings.json lives here; empty: kDefaultDataDir
  bool save{true};            // false: nothing is written (units of packs are then assigned for this run only)
  config::Pairs environment;  // NAME, value; see process_environment()
  /// Command line; the strongest layer.
  std::vector<config::Override> overrides;
};

/// BMSGATE_* of this process.
[[nodiscard]] config::Pairs process_environment();

/// The groups in the order in which people see them.
[[nodiscard]] config::Schema settings_schema() noexcept;

class SettingsStore {
 public:
  explicit SettingsStore(const SettingsHooks& hooks);
  ~SettingsStore();
  SettingsStore(SettingsStore&&) noexcept;
  SettingsStore& operator=(SettingsStore&&) noexcept;

  /// Reads all layers. Empty: all is well and current() holds the result. Otherwise nothing has changed. Packs without a unit get the
  /// next free one, which is saved at once.
  [[nodiscard]] config::Problems load(const SettingsSources& sources);

  [[nodiscard]] const Settings& current() const noexcept;

  /// What is allowed but worth a line in the log.
  [[nodiscard]] std::vector<std::string> notes() const;

  using Change = config::Store::Change;
  /// Partial values, as in values_json()["values"]: {"mqtt":{"port":1884},"pack":[{"id":"boat","poll_s":10},{"id":"old","remove":true}]}.
  /// Items of lists are matched by id (an object {"boat":{…},"old":null} will do as well); null takes a value back to what the file or the
  /// default says. Validated whole, then saved.
  [[nodiscard]] Change patch(std::string_view json);
  /// What patch() would say; nothing changes.
  [[nodiscard]] Change check(std::string_view json) const;
  /// The same with the whole document: what is missing goes back to the file's or default value; secrets that are missing stay.
  [[nodiscard]] Change put(std::string_view json);
  /// One value by its key, as text: set("pack.boat.poll_s", "10").
  [[nodiscard]] Change set(std::string_view key, std::string_view value);
  /// The settings as they would be after patch(); nothing changes. nullopt: `problems` says why.
  [[nodiscard]] std::optional<Settings> preview(std::string_view json, config::Problems& problems) const;
  /// Keys ("web.port") that have changed since load() and take effect at the next start only.
  [[nodiscard]] std::vector<std::string> restart_needed() const;

  /// {"values":{group:{key:value}, "pack":[{"id":…}]}, "origin":{"mqtt.port":"file"|"saved"|"environment"|"command line"} of what is not a
  /// default, "where":{"mqtt.port":"/etc/bmsgate/bmsgate.toml:12"}, "secrets":["mqtt.password"] that are set}. Secrets have no value.
  [[nodiscard]] std::string values_json() const;
  /// JSON Schema (draft 2020-12) of the document "values".
  [[nodiscard]] static std::string schema_json();
  /// All values as TOML; secrets appear as set or unset.
  [[nodiscard]] std::string toml(const config::TomlStyle& style) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bmsgate::host
