// SPDX-License-Identifier: Apache-2.0
// Rows of the API for whoever owns the gateway: its look, its backup, and finding new packs. Loop thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "host/settings.hpp"
#include "host/web/api.hpp"
#include "host/web/http.hpp"

namespace boost::asio {
class io_context;
}

namespace bmsgate::host::web {

/// /branding, /branding/logo: name, colours and logo, kept in the data folder.
[[nodiscard]] std::vector<Route> branding_routes(const std::string& data_dir);

/// /backup: all settings (secrets left out) and the branding as one document, and back.
[[nodiscard]] std::vector<Route> backup_routes(const core::Clock& clock, SettingsStore& store, SettingsChanged changed,
                                               const std::string& data_dir);

/// /ports, /probe, /probe/{id}: what is plugged in and who answers there. `used_by` names the bus that has a link open; empty: none.
[[nodiscard]] std::vector<Route> probe_routes(boost::asio::io_context& loop, const core::Clock& clock,
                                              std::function<std::string(std::string_view link)> used_by);

/// The branding as JSON text, complete with defaults.
[[nodiscard]] std::string branding_json(const std::string& data_dir);
/// Checks and keeps it; answers what is wrong with it, empty: nothing.
[[nodiscard]] std::string save_branding(const std::string& data_dir, std::string_view text);

}  // namespace bmsgate::host::web
