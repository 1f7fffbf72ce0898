// SPDX-License-Identifier: Apache-2.0
// What every connection of libmosquitto needs before it is made, and how its refusals read. Used by the MQTT client and its trial; on the
// thread that owns the library's object.
#pragma once

#include <string>

#include "outputs/mqtt_options.hpp"

struct mosquitto;

namespace bmsgate::outputs {

/// Once for the program, before anything else of the library. Any thread.
void init_mosquitto();

/// The one of the settings, or one that is the same on each start and different on each machine.
[[nodiscard]] std::string mqtt_client_id(const MqttOptions& options);

/// Version, user and TLS. Answers a code of the library; `detail` says more where the code says too little.
[[nodiscard]] int configure_mosquitto(mosquitto* client, const MqttOptions& options, std::string& detail);

/// The broker's reason for its refusal, in words.
[[nodiscard]] std::string mosquitto_refusal(MqttVersion version, int code);

}  // namespace bmsgate::outputs
