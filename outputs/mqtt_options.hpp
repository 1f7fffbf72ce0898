// SPDX-License-Identifier: Apache-2.0
// Settings of the MQTT output. Used by outputs/mqtt and host/; loop thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "core/option.hpp"

namespace bmsgate::outputs {

enum class MqttVersion : std::uint8_t { k311, k5 };

struct MqttOptions {
  bool enabled{false};
  std::string host{"localhost"};
  std::uint16_t port{1883};
  bool tls{false};
  std::string ca_file;
  bool verify{true};
  std::string cert_file;
  std::string key_file;
  std::string username;
  std::string password;
  std::string client_id;
  MqttVersion version{MqttVersion::k311};
  std::string base_topic{"bmsgate"};
  int keep_alive_s{30};
  int full_s{300};
  double dead_band{1};
};

inline constexpr auto kMqttOptions = std::to_array<core::Option>({
    core::option<&MqttOptions::enabled>({.key = "enabled", .label = "MQTT", .help = "Publish the packs to an MQTT broker."}),
    core::option<&MqttOptions::host>({.key = "host",
                                      .label = "Server",
                                      .help = "Name or address of the broker.",
                                      .min = 1,
                                      .pattern = "[^ /]+",
                                      .pattern_help = "a host name or an IP address"}),
    core::option<&MqttOptions::port>({.key = "port", .label = "Port", .help = "Usually 1883, with TLS 8883.", .min = 1, .max = 65535}),
    core::option<&MqttOptions::tls>({.key = "tls", .label = "TLS", .help = "Encrypt the connection."}),
    core::option<&MqttOptions::ca_file>({.key = "ca_file",
                                         .label = "CA file",
                                         .help = "Certificates (PEM) that may sign the broker's. Empty: those of the system.",
                                         .max = 1024,
                                         .flags = core::kAdvanced}),
    core::option<&MqttOptions::verify>({.key = "verify",
                                        .label = "Check the certificate",
                                        .help = "Off: the broker may be anybody. For tests only.",
                                        .flags = core::kAdvanced}),
    core::option<&MqttOptions::cert_file>({.key = "cert_file",
                                           .label = "Client certificate",
                                           .help = "Certificate (PEM) that this gateway shows to the broker. Empty: none.",
                                           .max = 1024,
                                           .flags = core::kAdvanced}),
    core::option<&MqttOptions::key_file>({.key = "key_file",
                                          .label = "Client key",
                                          .help = "Private key (PEM, without a password) of the client certificate.",
                                          .max = 1024,
                                          .flags = core::kAdvanced}),
    core::option<&MqttOptions::username>({.key = "username", .label = "User", .help = "Empty: no log-in."}),
    core::option<&MqttOptions::password>(
        {.key = "password", .label = "Password", .help = "Of the user at the broker.", .flags = core::kSecret}),
    core::option<&MqttOptions::client_id>({.key = "client_id",
                                           .label = "Client id",
                                           .help = "Must be unique at the broker. Empty: made of the name and the machine's id.",
                                           .max = 64,
                                           .flags = core::kAdvanced}),
    core::option<&MqttOptions::version>(
        {.key = "version", .label = "MQTT version", .help = "What the broker speaks.", .choices = "3.1.1|5", .flags = core::kAdvanced}),
    core::option<&MqttOptions::base_topic>({.key = "base_topic",
                                            .label = "Base topic",
                                            .help = "First part of every topic.",
                                            .min = 1,
                                            .max = 64,
                                            .pattern = "[^+#/\\s]+(/[^+#/\\s]+)*",
                                            .pattern_help = "no spaces, + or #, and no / at its ends"}),
    core::option<&MqttOptions::keep_alive_s>(
        {.key = "keep_alive_s",
         .label = "Keep alive",
         .help = "The broker reports the gateway offline after about one and a half times this silence.",
         .unit = "s",
         .min = 5,
         .max = 3600,
         .flags = core::kAdvanced}),
    core::option<&MqttOptions::full_s>({.key = "full_s",
                                        .label = "Full set every",
                                        .help = "All values are sent this often, even if none has changed.",
                                        .unit = "s",
                                        .min = 5,
                                        .max = 3600}),
    core::option<&MqttOptions::dead_band>(
        {.key = "dead_band",
         .label = "Dead band",
         .help = "A reading is sent at once if a value has moved by this many steps of its last shown digit. 0: every "
                 "reading.",
         .min = 0,
         .max = 1000,
         .flags = core::kAdvanced}),
});

}  // namespace bmsgate::outputs
