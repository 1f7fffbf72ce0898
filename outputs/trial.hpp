// SPDX-License-Identifier: Apache-2.0
// Trying a service with settings that need not be saved: one attempt, told in plain words. These functions block for up to the patience
// given (a name server can hold them longer), so they have a thread of their own. Made by host/web/api_test; they touch nothing shared.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "outputs/modbus_options.hpp"
#include "outputs/mqtt_options.hpp"

namespace bmsgate::outputs {

/// What came of it. `key` is one of a closed list that pages translate with `params`; `message` is the same in English.
struct Trial {
  bool ok{false};
  std::string_view key;
  std::string message;
  std::vector<std::pair<std::string_view, std::string>> params;
};

/// Connects and logs in as the gateway would, under another client id, so that a connection that stands is not pushed out.
[[nodiscard]] Trial try_mqtt(const MqttOptions& options, std::chrono::milliseconds patience);

/// `serving`: our own server has this port already, and is asked for a register; else it is seen whether the port can be opened.
[[nodiscard]] Trial try_modbus(const ModbusOptions& options, bool serving, std::chrono::milliseconds patience);

}  // namespace bmsgate::outputs
