// SPDX-License-Identifier: Apache-2.0
// What waits to be sent to a broker, bounded. Not locked: its owner does that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "outputs/mqtt_client.hpp"

namespace bmsgate::outputs {

class MqttQueue {
 public:
  static constexpr std::size_t kMaxMessages = 512;
  static constexpr std::size_t kMaxEvents = 200;

  /// `connected`: whether there is somebody to send it to.
  void push(MqttMessage message, bool connected);
  /// Back to the front: it was on its way when the connection broke.
  void push_front(MqttMessage message);
  [[nodiscard]] std::optional<MqttMessage> pop();
  /// The connection is gone: states are overtaken by the time it is back.
  void drop_states();

  [[nodiscard]] std::size_t size() const noexcept { return messages_.size(); }
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }

 private:
  [[nodiscard]] bool drop_oldest(bool events);

  std::deque<MqttMessage> messages_;
  std::size_t events_{0};
  std::uint64_t dropped_{0};
};

}  // namespace bmsgate::outputs
