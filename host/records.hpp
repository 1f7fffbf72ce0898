// SPDX-License-Identifier: Apache-2.0
// What the gateway remembers: history, event log, energy counters, and the routes that tell of them. Made by the gateway; loop thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/hub.hpp"
#include "core/log.hpp"
#include "host/web/api_history.hpp"
#include "host/web/http.hpp"
#include "outputs/history_options.hpp"

namespace bmsgate::host {

/// The history file in the data folder.
inline constexpr const char* kHistoryFile = "history.db";

class Records {
 public:
  /// After the packs have been added to the hub. `options` must live as long as this.
  Records(core::Hub& hub, core::Clock& clock, core::Logger& log, const outputs::HistoryOptions& options, const std::string& data_dir);
  ~Records();
  Records(const Records&) = delete;
  Records& operator=(const Records&) = delete;

  void start();
  /// Writes what is not on the disk yet.
  void stop();
  /// Why nothing is recorded just now; empty: all is well.
  [[nodiscard]] std::string trouble() const;
  [[nodiscard]] std::vector<web::Route> routes();
  /// For routes of others that read or change the history.
  [[nodiscard]] web::HistorySource source();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bmsgate::host
