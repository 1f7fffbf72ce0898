// SPDX-License-Identifier: Apache-2.0
// A connection to an MQTT broker that looks after itself: the seam between what is published and the library that sends it.
// publish() is called on the loop thread and never waits; connecting, TLS and sending happen on the client's own thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/log.hpp"
#include "outputs/mqtt_options.hpp"

namespace bmsgate::outputs {

/// What becomes of a message that cannot go out at once.
enum class MqttKind : std::uint8_t {
  kState,     // QoS 0; a newer one on the same topic takes its place; given up while there is no connection
  kRetained,  // the same, with QoS 1, and kept by the broker
  kEvent,     // QoS 1; waits for the connection; when too many wait, the oldest is given up
};

struct MqttMessage {
  std::string topic;
  std::string payload;
  MqttKind kind{};
};

struct MqttStatus {
  bool connected{false};
  std::string problem;  // why there is no connection: one line; empty while all is well
  std::uint64_t published{0};
  std::uint64_t dropped{0};  // messages given up before they were sent
  std::uint64_t connects{0};
  std::size_t queued{0};
};

class MqttClient {
 public:
  MqttClient() = default;
  virtual ~MqttClient() = default;
  MqttClient(const MqttClient&) = delete;
  MqttClient& operator=(const MqttClient&) = delete;

  virtual void publish(MqttMessage message) = 0;
  [[nodiscard]] virtual MqttStatus status() const = 0;
};

/// What the broker is to say for us when we are gone, and what we say when we leave in peace: retained, on this topic.
struct MqttWill {
  std::string topic;
  std::string payload;
};

/// Connects by libmosquitto, again and again with growing pauses. `on_connected` is called on the client's thread after each connect.
/// The destructor publishes the will and disconnects; it waits at most one second.
[[nodiscard]] std::unique_ptr<MqttClient> make_mosquitto_client(const MqttOptions& options, MqttWill will, core::Logger& log,
                                                                std::function<void()> on_connected);

}  // namespace bmsgate::outputs
