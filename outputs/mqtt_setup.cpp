// SPDX-License-Identifier: Apache-2.0
// From the settings to an object of libmosquitto.
#include "outputs/mqtt_setup.hpp"

#include <fmt/format.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <functional>

namespace bmsgate::outputs {
namespace {

[[nodiscard]] int configure_tls(mosquitto* client, const MqttOptions& options, std::string& detail) {
  const auto or_null = [](const std::string& text) { return text.empty() ? nullptr : text.c_str(); };
  const auto* system = options.ca_file.empty() ? "/etc/ssl/certs" : nullptr;
  const int code =
      mosquitto_tls_set(client, or_null(options.ca_file), system, or_null(options.cert_file), or_null(options.key_file), nullptr);
  if (code == MOSQ_ERR_INVAL)
    detail = "a file named in mqtt.ca_file, mqtt.cert_file or mqtt.key_file cannot be read, or one of the last two is missing";
  if (code != MOSQ_ERR_SUCCESS || options.verify) return code;
  constexpr int kVerifyNothing = 0;
  if (const int failed = mosquitto_tls_opts_set(client, kVerifyNothing, nullptr, nullptr); failed != MOSQ_ERR_SUCCESS) return failed;
  return mosquitto_tls_insecure_set(client, true);
}

}  // namespace

void init_mosquitto() {
  static const int once = mosquitto_lib_init();
  static_cast<void>(once);
}

std::string mqtt_client_id(const MqttOptions& options) {
  if (!options.client_id.empty()) return options.client_id;
  std::string machine;
  std::getline(std::ifstream{"/etc/machine-id"} >> std::ws, machine);
  std::array<char, 65> host{};
  ::gethostname(host.data(), host.size() - 1);
  const auto hash = std::hash<std::string>{}(machine + host.data() + '/' + options.base_topic);
  return fmt::format("bmsgate-{:08x}", static_cast<std::uint32_t>(hash ^ hash >> 32U));
}

int configure_mosquitto(mosquitto* client, const MqttOptions& options, std::string& detail) {
  const int version = options.version == MqttVersion::k5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311;
  if (const int code = mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, version); code != MOSQ_ERR_SUCCESS) return code;
  static_cast<void>(mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1));
  if (!options.username.empty()) {
    const auto* password = options.password.empty() ? nullptr : options.password.c_str();
    if (const int code = mosquitto_username_pw_set(client, options.username.c_str(), password); code != MOSQ_ERR_SUCCESS) return code;
  }
  return options.tls ? configure_tls(client, options, detail) : MOSQ_ERR_SUCCESS;
}

std::string mosquitto_refusal(MqttVersion version, int code) {
  return version == MqttVersion::k5 ? mosquitto_reason_string(code) : mosquitto_connack_string(code);
}

}  // namespace bmsgate::outputs
