// SPDX-License-Identifier: Apache-2.0
// `bmsgate demo`: the gateway as it is, on simulated packs behind ptys of this very process. Called by main.
#pragma once

#include <cstdint>
#include <string>

namespace bmsgate::host {

struct DemoArgs {
  std::uint16_t port{8080};
  std::uint16_t modbus_port{1502};
  std::string mqtt;      // HOST[:PORT]; empty: no MQTT
  std::string data_dir;  // empty: ~/.cache/bmsgate/demo
  unsigned packs{4};
};

/// Answers the exit status, as run_app() does.
[[nodiscard]] int run_demo(const DemoArgs& args);

}  // namespace bmsgate::host
