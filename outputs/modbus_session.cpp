// SPDX-License-Identifier: Apache-2.0
// Answers Modbus TCP requests: unit to pack, function to block.
#include "outputs/modbus_session.hpp"

#include <array>

namespace bmsgate::outputs {

using core::modbus::Exception;
using core::modbus::Frame;
using core::modbus::Framer;
using core::modbus::Function;
using core::modbus::Pdu;
using core::modbus::Request;

bool ModbusSession::on_bytes(std::span<const std::uint8_t> bytes, std::vector<std::uint8_t>& out) {
  Frame frame;
  Pdu reply;
  for (;;) {
    switch (framer_.next(bytes, frame)) {
      case Framer::Outcome::kMore: return true;
      case Framer::Outcome::kBad: ++counters_.dropped; return false;
      case Framer::Outcome::kFrame: break;
    }
    answer(frame, reply);
    const auto head = core::modbus::mbap(frame.transaction, frame.unit, reply.size());
    out.insert(out.end(), head.begin(), head.end());
    out.insert(out.end(), reply.begin(), reply.end());
  }
}

void ModbusSession::answer(const Frame& frame, Pdu& reply) noexcept {
  ++counters_.requests;
  Request request;
  const auto pack = hub_.find_unit(frame.unit);
  auto exception = pack == core::kNoPack ? Exception::kTargetSilent : core::modbus::parse_request(frame.pdu, request);
  if (exception == Exception::kNone) exception = execute(pack, request, reply);
  if (exception == Exception::kNone) return;
  ++counters_.exceptions;
  core::modbus::reply_exception(reply, frame.pdu[0], exception);
}

Exception ModbusSession::execute(core::PackIndex pack, const Request& request, Pdu& reply) noexcept {
  switch (request.function) {
    case Function::kReadHolding:
    case Function::kReadInput: {
      std::array<std::uint16_t, core::modbus::kMaxReadRegisters> registers;
      const auto words = std::span{registers}.first(request.count);
      const auto exception = blocks_.read(pack, request.start, words);
      if (exception == Exception::kNone) core::modbus::reply_registers(reply, request.function, words);
      return exception;
    }
    case Function::kDeviceId: {
      const auto objects = std::to_array<core::modbus::DeviceObject>({
          {0x00, "bmsgate"},
          {0x01, "bmsgate"},
          {0x02, version_},
          {0x04, "Battery gateway"},
          {0x05, hub_.identity(pack).model.view()},
          {0x06, hub_.config(pack).name.view()},
      });
      return core::modbus::reply_device_id(reply, request, objects);
    }
    case Function::kWriteSingle:
    case Function::kWriteMultiple: break;  // nothing can be written
  }
  return Exception::kFunction;
}

}  // namespace bmsgate::outputs
