// SPDX-License-Identifier: Apache-2.0
// The rows of the API, by subject. Each function is called once by the app; what it is given must live as long as the site. Loop thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/hub.hpp"
#include "host/bus.hpp"
#include "host/settings.hpp"
#include "host/web/auth.hpp"
#include "host/web/http.hpp"
#include "host/web/site.hpp"

namespace bmsgate::host::web {

/// /packs, /packs/{id}, /packs/{id}/settings, /bank, /healthz
[[nodiscard]] std::vector<Route> pack_routes(const core::Hub& hub, const core::Clock& clock);

/// The lines, as the API sees them.
struct BusSource {
  std::function<std::vector<BusSnapshot>()> all;
  /// The last traffic as a capture file; nothing: there is no such bus.
  std::function<std::optional<std::string>(std::string_view bus, std::chrono::seconds last)> capture;
  /// Its traffic from now on, as server-sent events `frame`; nullptr: there is no such bus, or too many follow it already.
  std::function<std::shared_ptr<BodySource>(std::string_view bus)> follow{};
};
/// /buses, /buses/{id}/capture
[[nodiscard]] std::vector<Route> bus_routes(const core::Hub& hub, BusSource source);
/// One element of /buses, for the event `link` too.
void append_bus(std::string& out, const core::Hub& hub, const BusSnapshot& bus);

/// /session, /session/password, /users
[[nodiscard]] std::vector<Route> session_routes(Auth& auth);

/// /settings, /settings/check, /settings/schema, and /buses/{id}/packs/{address}/accept, which saves a pack that was only heard. `changed`
/// is told the keys of the groups that changed; it answers those that need a new start.
using SettingsChanged = std::function<std::vector<std::string>(const SettingsStore::Change&, const Caller&)>;
[[nodiscard]] std::vector<Route> settings_routes(SettingsStore& store, const core::Hub& hub, SettingsChanged changed);

/// 422 with `"errors":[{"key","pointer","message"}]` for forms.
[[nodiscard]] Response settings_refusal(const config::Problems& problems);

/// One part of the program as the pages show it.
struct ServiceState {
  std::string_view key;    // "mqtt"
  std::string_view state;  // active, off, sleeping, error
  std::string message;
};
/// What the app knows about itself.
struct SystemSource {
  std::string version;
  std::string data_dir;
  core::Instant started{};
  bool demo{false};
  std::function<bool()> first_run;
  std::function<bool()> commands_enabled;
  std::function<std::vector<std::string>()> restart_needed;
  std::function<std::vector<ServiceState>()> services;
  std::function<std::string()> demo_password{};  // empty: not to be shown; told to this machine only
  /// Ends the program and begins it anew as soon as the answer is out; what keeps it from that as a sentence.
  std::function<Failure()> restart{};
  /// Sets the machine's clock.
  std::function<Failure(core::UtcMs)> set_clock{};
};
/// /system, /system/restart, /system/time
[[nodiscard]] std::vector<Route> system_routes(const core::Clock& clock, const SettingsStore& store, Auth& auth, SystemSource source);

/// /metrics
[[nodiscard]] std::vector<Route> metrics_routes(const core::Hub& hub, const core::Clock& clock, BusSource source);

/// /openapi.json: made from the site's own table.
[[nodiscard]] std::vector<Route> openapi_routes(const Site& site);
[[nodiscard]] std::string openapi_json(std::span<const Route> routes);

}  // namespace bmsgate::host::web
