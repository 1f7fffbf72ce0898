// SPDX-License-Identifier: Apache-2.0
// Files as people know them: the daily CSVs and monthly archives that are made from the history, and config.txt, made from the settings.
// Loop thread; the history answers on its own threads.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/web/api.hpp"
#include "host/web/api_history.hpp"

namespace bmsgate::host::web {

/// All of it must live as long as the site.
struct FilesSource {
  const core::Clock& clock;
  SettingsStore& settings;
  SettingsChanged settings_changed;
  std::string data_dir;
  std::optional<HistorySource> history;  // nullopt: nothing is recorded
};

/// /files, /files/{name}, /history/import
[[nodiscard]] std::vector<Route> files_routes(FilesSource source);

}  // namespace bmsgate::host::web
