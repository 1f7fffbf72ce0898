// SPDX-License-Identifier: Apache-2.0
// Rows of the API for whoever owns the gateway: its look and its backup. Loop thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "host/settings.hpp"
#include "host/web/api.hpp"
#include "host/web/http.hpp"

namespace bmsgate::host::web {

/// /branding, /files/branding.json, /files/logo.svg and logo.png: name, colours and logo, kept in the data folder.
[[nodiscard]] std::vector<Route> branding_routes(const std::string& data_dir);

/// /backup: all settings (secrets left out) and the branding as one document, and back.
[[nodiscard]] std::vector<Route> backup_routes(const core::Clock& clock, SettingsStore& store, SettingsChanged changed,
                                               const std::string& data_dir);

/// The document of GET /backup. `front`: further members before it, as JSON text with a comma at the end.
[[nodiscard]] std::string backup_json(const core::Clock& clock, const SettingsStore& store, const std::string& data_dir,
                                      std::string_view front = {});
/// Restores such a document, or a config.txt of the original (of which the MQTT keys have a meaning here).
[[nodiscard]] Response restore_backup(SettingsStore& store, const SettingsChanged& changed, const std::string& data_dir,
                                      const Request& request);

/// The branding as JSON text, complete with defaults.
[[nodiscard]] std::string branding_json(const std::string& data_dir);
/// Checks and keeps it; answers what is wrong with it, empty: nothing.
[[nodiscard]] std::string save_branding(const std::string& data_dir, std::string_view text);

}  // namespace bmsgate::host::web
