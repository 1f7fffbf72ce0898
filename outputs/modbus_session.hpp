// SPDX-License-Identifier: Apache-2.0
// One Modbus TCP client as seen by the server, without a socket: bytes in, answers out. Used by the server and the fuzzer; loop thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/hub.hpp"
#include "core/modbus_pdu.hpp"
#include "outputs/modbus_blocks.hpp"

namespace bmsgate::outputs {

struct ModbusCounters {
  std::uint64_t requests{0};
  std::uint64_t exceptions{0};
  std::uint64_t dropped{0};   // connections closed for bytes that are not Modbus TCP
  std::uint64_t accepted{0};  // connections
  std::uint64_t evicted{0};   // connections closed to make room, or for their silence
};

class ModbusSession {
 public:
  /// All must outlive the session. `version` goes into the identification.
  ModbusSession(const core::Hub& hub, ModbusBlocks& blocks, ModbusCounters& counters, std::string_view version) noexcept
      : hub_{hub}, blocks_{blocks}, counters_{counters}, version_{version} {}

  /// Appends the answers to all requests that are complete, in their order. False: close the connection; `out` holds answers that are
  /// still owed.
  [[nodiscard]] bool on_bytes(std::span<const std::uint8_t> bytes, std::vector<std::uint8_t>& out);

 private:
  void answer(const core::modbus::Frame& frame, core::modbus::Pdu& reply) noexcept;
  [[nodiscard]] core::modbus::Exception execute(core::PackIndex pack, const core::modbus::Request& request,
                                                core::modbus::Pdu& reply) noexcept;

  const core::Hub& hub_;
  ModbusBlocks& blocks_;
  ModbusCounters& counters_;
  std::string_view version_;
  core::modbus::Framer framer_;
};

}  // namespace bmsgate::outputs
