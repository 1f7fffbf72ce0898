// SPDX-License-Identifier: Apache-2.0
// The history over HTTP: ranges, CSV, days, statistics, events, files, storage. Loop thread; answers are made on the reader thread.
#pragma once

#include <filesystem>
#include <vector>

#include "core/clock.hpp"
#include "core/hub.hpp"
#include "host/web/http.hpp"
#include "outputs/history/reader.hpp"
#include "outputs/history/recorder.hpp"
#include "outputs/history_options.hpp"

namespace bmsgate::host::web {

/// All of it must live as long as the site.
struct HistorySource {
  const core::Hub& hub;
  const core::Clock& clock;
  outputs::Recorder& recorder;
  outputs::HistoryReader& reader;
  const outputs::HistoryOptions& options;
  std::filesystem::path file;
};

/// /packs/{id}/history, …/history.csv, …/days, …/energy, …/statistics, /events, /history/storage
[[nodiscard]] std::vector<Route> history_routes(HistorySource source);

}  // namespace bmsgate::host::web
