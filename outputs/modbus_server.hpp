// SPDX-License-Identifier: Apache-2.0
// The Modbus TCP server: listens, keeps the clients apart, hands their bytes to sessions. Runs on the io_context given, all calls from its
// thread. Every client is limited: a half frame, a client that reads nothing and one that never speaks hold up nobody else.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/clock.hpp"
#include "core/hub.hpp"
#include "core/log.hpp"
#include "outputs/modbus_blocks.hpp"
#include "outputs/modbus_options.hpp"
#include "outputs/modbus_session.hpp"

namespace boost::asio {
class io_context;
}

namespace bmsgate::outputs {

struct ModbusContext {
  boost::asio::io_context& io;
  const core::Hub& hub;
  const core::Clock& clock;
  core::Logger& log;
  std::string version;     // of the program, for the identification
  bool fahrenheit{false};  // unit of the temperature in the block 100-157
};

class ModbusServer {
 public:
  /// Listens at once if the options enable it. To change options, make a new one.
  ModbusServer(const ModbusContext& context, const ModbusOptions& options);
  ~ModbusServer();
  ModbusServer(const ModbusServer&) = delete;
  ModbusServer& operator=(const ModbusServer&) = delete;

  /// Why it does not listen although it is enabled: one line with what to do, for the caller to tell. Empty: all is well.
  [[nodiscard]] const std::string& error() const noexcept;
  [[nodiscard]] bool listening() const noexcept;
  /// The port in use (of interest where port 0 was asked for).
  [[nodiscard]] std::uint16_t port() const noexcept;
  [[nodiscard]] std::size_t client_count() const noexcept;
  [[nodiscard]] const ModbusCounters& counters() const noexcept;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace bmsgate::outputs
