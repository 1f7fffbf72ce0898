// SPDX-License-Identifier: Apache-2.0
// One way of laying packs out on MQTT topics. The MQTT output drives every format that is switched on; all calls on the loop thread.
#pragma once

#include "core/clock.hpp"
#include "core/hub.hpp"

namespace bmsgate::outputs {

class MqttFormat {
 public:
  MqttFormat() = default;
  virtual ~MqttFormat() = default;
  MqttFormat(const MqttFormat&) = delete;
  MqttFormat& operator=(const MqttFormat&) = delete;

  /// A connection has come to be: the broker may know nothing of us.
  virtual void on_connected(core::Instant now) = 0;
  virtual void on_reading(const core::Reading& reading) = 0;
  virtual void on_pack(core::PackIndex pack) = 0;
  virtual void on_event(const core::Event& event) = 0;
  /// About once a second, for what is sent by the clock.
  virtual void on_second(core::Instant now) = 0;
};

}  // namespace bmsgate::outputs
