// SPDX-License-Identifier: Apache-2.0
// Settings of the web server: pages and API. Used by host/; loop thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "core/option.hpp"

namespace bmsgate::host {

struct WebOptions {
  static constexpr std::uint16_t kFallbackPort = 8080;  // taken where port 80 needs a right that the program has not

  std::uint16_t port{80};
  std::string listen;
  bool require_login{false};
  std::string names;
  int session_h{24};
  int max_clients{64};
};

inline constexpr auto kWebOptions = std::to_array<core::Option>({
    core::option<&WebOptions::port>(
        {.key = "port",
         .label = "HTTP port",
         .help = "Port of the pages and the API. Where 80 is not allowed or taken, 8080 is used and the log says so.",
         .min = 1,
         .max = 65535,
         .flags = core::kRestart}),
    core::option<&WebOptions::listen>({.key = "listen",
                                       .label = "Listen on",
                                       .help = "Address of this machine that the server listens on. Empty: all of them.",
                                       .max = 45,
                                       .pattern = "[0-9A-Fa-f:.]*",
                                       .pattern_help = "an IP address, or empty",
                                       .flags = core::kAdvanced | core::kRestart}),
    core::option<&WebOptions::require_login>({.key = "require_login",
                                              .label = "Log in to look",
                                              .help = "Pages and values only for users who are logged in. Changes always need a log-in."}),
    core::option<&WebOptions::names>({.key = "names",
                                      .label = "Further names",
                                      .help = "Names under which browsers reach this gateway besides its address and its own name, "
                                              "separated by commas. Changes under other names are refused.",
                                      .max = 500,
                                      .flags = core::kAdvanced}),
    core::option<&WebOptions::session_h>({.key = "session_h",
                                          .label = "Log-in lasts",
                                          .help = "Time without a request after which a user is logged out.",
                                          .unit = "h",
                                          .min = 1,
                                          .max = 8760,
                                          .flags = core::kAdvanced}),
    core::option<&WebOptions::max_clients>({.key = "max_clients",
                                            .label = "Connections at most",
                                            .help = "Further connections are refused.",
                                            .min = 4,
                                            .max = 1024,
                                            .flags = core::kAdvanced | core::kRestart}),
});

}  // namespace bmsgate::host
