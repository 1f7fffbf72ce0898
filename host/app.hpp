// SPDX-License-Identifier: Apache-2.0
// The program's life: settings, data folder, users, web server, gateway; signals; start and stop in order. Used by main and demo.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "host/settings.hpp"
#include "host/users.hpp"

namespace bmsgate::host {

struct RunArgs {
  std::string config_file;  // empty: the usual one, if it is there
  std::string data_dir;     // empty: the usual one
};

/// What the demo does differently.
struct AppConfig {
  SettingsSources settings;
  bool demo{false};
  std::function<Failure(Users&)> prepare_users{};   // after they were read
  std::function<void(std::uint16_t port)> ready{};  // all ports are open, all lines are started
  std::function<std::string(const Users&)> password_hint{};  // for the log-in page; empty: none
};

/// In place of an exit status: everything is saved and closed, and main begins the program anew.
inline constexpr int kBeginAnew = -1;

/// Runs until SIGTERM, SIGINT or a wish to begin anew (kBeginAnew). Answers the exit status: 0 ended by a signal with everything saved, 1
/// failed at run time, 2 the settings are wrong. Errors at the start are one line on standard error, and nothing stays behind.
[[nodiscard]] int run_app(const AppConfig& config);

[[nodiscard]] int run_run(const RunArgs& args);

/// The OpenAPI description of the API that such a program serves.
[[nodiscard]] std::string app_openapi();

}  // namespace bmsgate::host
