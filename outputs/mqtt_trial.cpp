// SPDX-License-Identifier: Apache-2.0
// One attempt to reach an MQTT broker.
#include <fmt/format.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "outputs/mqtt_setup.hpp"
#include "outputs/trial.hpp"

namespace bmsgate::outputs {
namespace {

using std::chrono::steady_clock;

/// What the library tells during the attempt.
struct Heard {
  bool connected{false};
  bool reached{false};  // the port takes connections
  int refusal{0};
  std::string detail;
};

/// A reason and its sentence; {host}, {port} and {detail} are filled in here and by the pages.
struct Reason {
  std::string_view key;
  std::string_view text;
};

constexpr Reason kNoName{"no_name", "The name {host} is not known. Is it spelled right, and does this machine reach a name server?"};
constexpr Reason kNobody{"nobody", "Nobody listens at {host} port {port}. Is the broker running, and is the port right?"};
constexpr Reason kUnreachable{"unreachable", "{host} cannot be reached: {detail}."};
constexpr Reason kTimeout{"timeout", "{host} port {port} does not answer. A firewall may swallow the connection."};
constexpr Reason kSilent{"silent_port", "{host} port {port} takes the connection, but says nothing that a broker says."};
constexpr Reason kPassword{"password", "The broker is there, but refuses this user and password."};
constexpr Reason kRefused{"refused", "The broker is there, but refuses us: {detail}"};
constexpr Reason kTls{"tls", "No secure connection with {host} port {port}: {detail}"};
constexpr Reason kClosed{"closed", "{host} port {port} hangs up at once. It may want TLS."};
constexpr Reason kClosedTls{"closed_tls", "{host} port {port} hangs up at once. It may speak no TLS, or want a client certificate."};
constexpr Reason kStranger{"stranger", "{host} port {port} answers, but it is no MQTT broker."};
constexpr Reason kOther{"other", "{host} port {port}: {detail}"};

Trial told(const Reason& reason, const MqttOptions& options, std::string detail) {
  Trial trial{.ok = false, .key = reason.key, .message{}, .params{}};
  trial.params = {{"host", options.host}, {"port", std::to_string(options.port)}, {"detail", std::move(detail)}};
  trial.message = fmt::format(fmt::runtime(reason.text), fmt::arg("host", options.host), fmt::arg("port", options.port),
                              fmt::arg("detail", trial.params.back().second));
  return trial;
}

bool is_login(int refusal) {
  return refusal == CONNACK_REFUSED_BAD_USERNAME_PASSWORD || refusal == CONNACK_REFUSED_NOT_AUTHORIZED ||
         refusal == MQTT_RC_BAD_USERNAME_OR_PASSWORD || refusal == MQTT_RC_NOT_AUTHORIZED;
}

/// Why there is no connection. `number` is errno at the time.
Trial failure(int code, int number, const Heard& heard, const MqttOptions& options) {
  if (heard.refusal != 0) {
    return told(is_login(heard.refusal) ? kPassword : kRefused, options, mosquitto_refusal(options.version, heard.refusal));
  }
  const auto detail = heard.detail.empty() ? std::string{mosquitto_strerror(code)} : heard.detail;
  switch (code) {
    case MOSQ_ERR_EAI: return told(kNoName, options, detail);
    case MOSQ_ERR_TLS: return told(kTls, options, detail);
    case MOSQ_ERR_PROTOCOL:
    case MOSQ_ERR_MALFORMED_PACKET: return told(kStranger, options, detail);
    case MOSQ_ERR_CONN_LOST:
    case MOSQ_ERR_NO_CONN: return told(!heard.detail.empty() ? kTls : options.tls ? kClosedTls : kClosed, options, detail);
    case MOSQ_ERR_ERRNO: break;
    default: return told(kOther, options, detail);
  }
  switch (number) {
    case ECONNREFUSED: return told(kNobody, options, std::strerror(number));
    case ETIMEDOUT: return told(heard.reached ? kSilent : kTimeout, options, std::strerror(number));
    case EHOSTUNREACH:
    case ENETUNREACH: return told(kUnreachable, options, std::strerror(number));
    case ECONNRESET:
    case EPIPE: return told(options.tls ? kClosedTls : kClosed, options, std::strerror(number));
    default: return told(kOther, options, number != 0 ? std::strerror(number) : detail);
  }
}

/// Until the broker has accepted us, refused, or the deadline has come.
int connect(mosquitto* client, const MqttOptions& options, Heard& heard, steady_clock::time_point deadline) {
  int code = configure_mosquitto(client, options, heard.detail);
  if (code != MOSQ_ERR_SUCCESS) return MOSQ_ERR_TLS;  // files that are not there are all that can be wrong
  code = mosquitto_connect_async(client, options.host.c_str(), options.port, options.keep_alive_s);
  while (code == MOSQ_ERR_SUCCESS && !heard.connected && heard.refusal == 0) {
    if (steady_clock::now() > deadline) {
      sockaddr_storage peer{};
      socklen_t size = sizeof peer;
      heard.reached = ::getpeername(mosquitto_socket(client), reinterpret_cast<sockaddr*>(&peer), &size) == 0;
      errno = ETIMEDOUT;
      return MOSQ_ERR_ERRNO;
    }
    code = mosquitto_loop(client, 50, 1);
  }
  return code;
}

}  // namespace

Trial try_mqtt(const MqttOptions& options, std::chrono::milliseconds patience) {
  init_mosquitto();
  Heard heard;
  const auto id = mqtt_client_id(options) + "-test";
  const std::unique_ptr<mosquitto, decltype(&mosquitto_destroy)> client{mosquitto_new(id.c_str(), true, &heard), &mosquitto_destroy};
  if (!client) return told(kOther, options, std::strerror(errno));
  mosquitto_connect_callback_set(client.get(), [](mosquitto*, void* told_to, int code) {
    auto& all = *static_cast<Heard*>(told_to);
    all.connected = code == 0;
    all.refusal = code;
  });
  mosquitto_log_callback_set(client.get(), [](mosquitto*, void* told_to, int level, const char* text) {
    if (level == MOSQ_LOG_ERR) static_cast<Heard*>(told_to)->detail = text;
  });
  const auto began = steady_clock::now();
  const int code = connect(client.get(), options, heard, began + patience);
  const int number = errno;
  if (!heard.connected) return failure(code, number, heard, options);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - began).count();
  static_cast<void>(mosquitto_disconnect(client.get()));
  auto trial = told({"connected", "Connected to {host} port {port}."}, options, {});
  trial.ok = true;
  trial.params.back() = {"ms", std::to_string(took)};
  trial.message += fmt::format(" It took {} ms.", took);
  return trial;
}

}  // namespace bmsgate::outputs
