// SPDX-License-Identifier: Apache-2.0
// Packs, lines, outputs and the routes that show them: all that is made anew when lines or packs change in the settings, while the web
// server, its users and their sessions stay. Made by host/app; loop thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/hub.hpp"
#include "core/log.hpp"
#include "host/settings.hpp"
#include "host/web/api.hpp"
#include "host/web/auth.hpp"
#include "host/web/site.hpp"

namespace boost::asio {
class io_context;
}

namespace bmsgate::host {

/// What a gateway is given. Everything outlives it.
struct GatewayContext {
  boost::asio::io_context& loop;
  core::Clock& clock;
  core::Logger& log;
  SettingsStore& store;
  web::Auth& auth;
  std::string data_dir;
  core::Instant started{};  // of the program
  bool demo{false};
  web::SettingsChanged settings_changed;
  std::function<std::string()> demo_password{};
  std::function<Failure()> restart{};
};

class Gateway {
 public:
  explicit Gateway(GatewayContext context);
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  /// Opens ports and lines. What went wrong as a sentence; nothing has been left open then.
  [[nodiscard]] std::optional<std::string> start();
  /// Ends polling and outputs; what is to be saved is saved.
  void stop();
  /// These groups of settings have new values: the outputs concerned start anew.
  void apply(const std::vector<std::string>& groups);
  /// Something for the event log that concerns the gateway itself.
  void announce(core::EventKind kind, std::string_view text);
  [[nodiscard]] web::Site& site();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bmsgate::host
