// SPDX-License-Identifier: Apache-2.0
// The MQTT output: one connection to a broker, and the formats that publish through it. Made and used on the loop thread.
#pragma once

#include <memory>

#include "core/clock.hpp"
#include "core/hub.hpp"
#include "core/log.hpp"
#include "outputs/mqtt_client.hpp"
#include "outputs/mqtt_options.hpp"

namespace boost::asio {
class io_context;
}

namespace bmsgate::outputs {

struct MqttContext {
  boost::asio::io_context& io;
  core::Hub& hub;
  const core::Clock& clock;
  core::Logger& log;
};

class MqttOutput {
 public:
  /// Connects if the options enable it. To change options, make a new one.
  MqttOutput(const MqttContext& context, const MqttOptions& options);
  /// Says goodbye; takes at most one second.
  ~MqttOutput();
  MqttOutput(const MqttOutput&) = delete;
  MqttOutput& operator=(const MqttOutput&) = delete;

  [[nodiscard]] MqttStatus status() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;  // nullptr: not enabled
};

}  // namespace bmsgate::outputs
