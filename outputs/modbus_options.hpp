// SPDX-License-Identifier: Apache-2.0
// Settings of the Modbus TCP server. Used by outputs/modbus_server and host/; loop thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "core/option.hpp"

namespace bmsgate::outputs {

struct ModbusOptions {
  bool enabled{false};
  std::uint16_t port{502};
  std::string listen;
  int max_clients{64};
  int idle_s{300};
  bool swap_floats{false};
};

inline constexpr auto kModbusOptions = std::to_array<core::Option>({
    core::option<&ModbusOptions::enabled>(
        {.key = "enabled", .label = "Modbus TCP server", .help = "Let Modbus TCP clients read the packs."}),
    core::option<&ModbusOptions::port>({.key = "port", .label = "Port", .help = "Usually 502.", .min = 1, .max = 65535}),
    core::option<&ModbusOptions::listen>({.key = "listen",
                                          .label = "Listen on",
                                          .help = "Address of this machine that the server listens on. Empty: all of them.",
                                          .max = 45,
                                          .pattern = "[0-9A-Fa-f:.]*",
                                          .pattern_help = "an IP address, or empty",
                                          .flags = core::kAdvanced}),
    core::option<&ModbusOptions::max_clients>({.key = "max_clients",
                                               .label = "Clients at most",
                                               .help = "A further client takes the place of the one that has been silent the longest.",
                                               .min = 1,
                                               .max = 512,
                                               .flags = core::kAdvanced}),
    core::option<&ModbusOptions::idle_s>({.key = "idle_s",
                                          .label = "Idle time",
                                          .help = "A client that asks nothing for so long is disconnected.",
                                          .unit = "s",
                                          .min = 10,
                                          .max = 86400,
                                          .flags = core::kAdvanced}),
    core::option<&ModbusOptions::swap_floats>(
        {.key = "swap_floats",
         .label = "Swap floats",
         .help = "Floats of the block 100-157: off, low word first (CDAB); on, high word first (ABCD)."}),
});

}  // namespace bmsgate::outputs
