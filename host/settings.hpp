// SPDX-License-Identifier: Apache-2.0
// The settings of the program: every module's options in one struct, and the store that loads, layers, validates and saves them.
// Used by host/ on the loop thread. Nothing here throws; what is wrong comes back as Problems.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/problem.hpp"
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

/// Where the layers come from.
struct SettingsSources {
  std::string config_file;  // empty: kDefaultConfigFile if it exists; a named file must exist
  std::string data_dir;     // settings.json lives here; empty: kDefaultDataDir
  bool save{true};          // false: nothing is written (units of packs are then assigned for this run only)
  std::vector<std::pair<std::string, std::string>> environment;  // NAME, value; see process_environment()
  /// Command line: "web.port", "pack.boat.poll_s" and their values; the strongest layer.
  struct Override {
    std::string key;
    std::string value;
    std::string origin;  // how people wrote it: "--port"
  };
  std::vector<Override> overrides;
};

/// BMSGATE_* of this process.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> process_environment();

class SettingsStore {
 public:
  SettingsStore();
  ~SettingsStore();
  SettingsStore(SettingsStore&&) noexcept;
  SettingsStore& operator=(SettingsStore&&) noexcept;

  /// Reads all layers. Empty: all is well and current() holds the result. Otherwise nothing has changed. Packs without a unit get the
  /// next free one, which is saved at once.
  [[nodiscard]] config::Problems load(SettingsSources sources);

  [[nodiscard]] const Settings& current() const noexcept;

  struct Change {
    config::Problems problems;         // not empty: nothing has changed
    std::vector<std::string> changed;  // keys of the groups whose values changed ("mqtt", "pack"); may be empty
    std::vector<std::string> restart;  // those among them with a change that takes effect at the next start only
  };
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

  /// {"values":{group:{key:value}, "pack":[{"id":…}]}, "origin":{"mqtt.port":"file"|"saved"|"environment"|"command line"} of what is not a
  /// default, "where":{"mqtt.port":"/etc/bmsgate/bmsgate.toml:12"}, "secrets":["mqtt.password"] that are set}. Secrets have no value.
  [[nodiscard]] std::string values_json() const;
  /// JSON Schema (draft 2020-12) of the document "values".
  [[nodiscard]] static std::string schema_json();
  /// TOML with the help as comments and, where `sources`, where each value comes from; only what differs from the defaults if `diff`.
  [[nodiscard]] std::string toml(bool sources, bool diff) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bmsgate::host
