// SPDX-License-Identifier: Apache-2.0
// Modbus requests and replies as bytes, and their framing over TCP.
#include "core/modbus_pdu.hpp"

#include <algorithm>

namespace bmsgate::core::modbus {
namespace {

constexpr std::uint8_t kErrorBit = 0x80;
constexpr std::size_t kReadSize = 5;   // function, start, count
constexpr std::size_t kWriteHead = 6;  // function, start, count, byte count
constexpr std::size_t kIdRequestSize = 4;
constexpr std::size_t kIdReplyHead = 7;
constexpr std::uint8_t kIdOneObject = 4;
constexpr std::uint8_t kConformity = 0x82;  // regular identification, as stream and one by one

constexpr std::uint8_t high(std::size_t value) noexcept { return static_cast<std::uint8_t>(value >> 8U); }
constexpr std::uint8_t low(std::size_t value) noexcept { return static_cast<std::uint8_t>(value); }

void put_word(Pdu& out, std::size_t value) noexcept {
  out.push_back(high(value));
  out.push_back(low(value));
}

void put_head(Pdu& out, Function function, std::size_t first, std::size_t second) noexcept {
  out.clear();
  out.push_back(static_cast<std::uint8_t>(function));
  put_word(out, first);
  put_word(out, second);
}

Exception check_range(const Request& request) noexcept {
  return std::uint32_t{request.start} + request.count > kAddressSpace ? Exception::kAddress : Exception::kNone;
}

Exception parse_read(std::span<const std::uint8_t> pdu, Request& out) noexcept {
  if (pdu.size() != kReadSize) return Exception::kValue;
  out.start = word_at(pdu, 1);
  out.count = word_at(pdu, 3);
  if (out.count < 1 || out.count > kMaxReadRegisters) return Exception::kValue;
  return check_range(out);
}

Exception parse_write_single(std::span<const std::uint8_t> pdu, Request& out) noexcept {
  if (pdu.size() != kReadSize) return Exception::kValue;
  out.start = word_at(pdu, 1);
  out.count = 1;
  out.values = pdu.subspan(3);
  return Exception::kNone;
}

Exception parse_write_multiple(std::span<const std::uint8_t> pdu, Request& out) noexcept {
  if (pdu.size() < kWriteHead) return Exception::kValue;
  out.start = word_at(pdu, 1);
  out.count = word_at(pdu, 3);
  const std::size_t bytes = pdu[5];
  if (out.count < 1 || out.count > kMaxWriteRegisters || bytes != std::size_t{2} * out.count || pdu.size() != kWriteHead + bytes) {
    return Exception::kValue;
  }
  out.values = pdu.subspan(kWriteHead);
  return check_range(out);
}

Exception parse_device_id(std::span<const std::uint8_t> pdu, Request& out) noexcept {
  if (pdu.size() < 2) return Exception::kValue;
  if (pdu[1] != kMeiDeviceId) return Exception::kFunction;
  if (pdu.size() != kIdRequestSize || pdu[2] < 1 || pdu[2] > kIdOneObject) return Exception::kValue;
  out.id_code = pdu[2];
  out.object = pdu[3];
  return Exception::kNone;
}

/// The highest object of an identification level.
constexpr std::uint8_t last_object(std::uint8_t id_code) noexcept { return id_code == 1 ? 0x02 : id_code == 2 ? 0x7F : 0xFF; }

std::string_view object_text(const DeviceObject& object) noexcept {
  return {object.text.data(), std::min(object.text.size(), kMaxPdu - kIdReplyHead - 2)};
}

void put_object(Pdu& out, const DeviceObject& object) noexcept {
  const auto text = object_text(object);
  out.push_back(object.id);
  out.push_back(low(text.size()));
  for (const char c : text) out.push_back(static_cast<std::uint8_t>(c));
}

}  // namespace

Exception parse_request(std::span<const std::uint8_t> pdu, Request& out) noexcept {
  out = {};
  if (pdu.empty()) return Exception::kFunction;
  out.function = static_cast<Function>(pdu[0]);
  switch (out.function) {
    case Function::kReadHolding:
    case Function::kReadInput: return parse_read(pdu, out);
    case Function::kWriteSingle: return parse_write_single(pdu, out);
    case Function::kWriteMultiple: return parse_write_multiple(pdu, out);
    case Function::kDeviceId: return parse_device_id(pdu, out);
  }
  return Exception::kFunction;
}

void reply_exception(Pdu& out, std::uint8_t function, Exception code) noexcept {
  out.clear();
  out.push_back(function | kErrorBit);
  out.push_back(static_cast<std::uint8_t>(code));
}

void reply_registers(Pdu& out, Function function, std::span<const std::uint16_t> registers) noexcept {
  registers = registers.first(std::min(registers.size(), kMaxReadRegisters));
  out.clear();
  out.push_back(static_cast<std::uint8_t>(function));
  out.push_back(low(2 * registers.size()));
  for (const auto word : registers) put_word(out, word);
}

void reply_write(Pdu& out, const Request& request) noexcept {
  const bool single = request.function == Function::kWriteSingle;
  put_head(out, request.function, request.start, single ? request.value(0) : request.count);
}

Exception reply_device_id(Pdu& out, const Request& request, std::span<const DeviceObject> objects) noexcept {
  const bool one = request.id_code == kIdOneObject;
  const auto last = one ? request.object : last_object(request.id_code);
  std::size_t first = 0;
  while (first < objects.size() && objects[first].id != request.object) ++first;
  if (first == objects.size() || objects[first].id > last) {
    if (one) return Exception::kAddress;
    first = 0;
  }
  out.clear();
  out.push_back(static_cast<std::uint8_t>(Function::kDeviceId));
  out.push_back(kMeiDeviceId);
  out.push_back(request.id_code);
  out.push_back(kConformity);
  std::uint8_t count = 0;
  std::size_t next = first;
  std::size_t size = kIdReplyHead;
  for (; next < objects.size() && objects[next].id <= last; ++next, ++count) {
    size += 2 + object_text(objects[next]).size();
    if (size > kMaxPdu) break;
  }
  const bool more = next < objects.size() && objects[next].id <= last;
  out.push_back(more ? 0xFF : 0x00);
  out.push_back(more ? objects[next].id : 0x00);
  out.push_back(count);
  for (const auto& object : objects.subspan(first, count)) put_object(out, object);
  return Exception::kNone;
}

bool encode_read(Pdu& out, Function function, std::uint16_t start, std::size_t count) noexcept {
  if (count < 1 || count > kMaxReadRegisters || start + count > kAddressSpace) return false;
  put_head(out, function, start, count);
  return true;
}

void encode_write_single(Pdu& out, std::uint16_t address, std::uint16_t value) noexcept {
  put_head(out, Function::kWriteSingle, address, value);
}

bool encode_write_multiple(Pdu& out, std::uint16_t start, std::span<const std::uint16_t> values) noexcept {
  if (values.empty() || values.size() > kMaxWriteRegisters || start + values.size() > kAddressSpace) return false;
  put_head(out, Function::kWriteMultiple, start, values.size());
  out.push_back(low(2 * values.size()));
  for (const auto value : values) put_word(out, value);
  return true;
}

Error parse_reply(std::span<const std::uint8_t> request, std::span<const std::uint8_t> reply, Reply& out) noexcept {
  out = {};
  Request asked;
  if (parse_request(request, asked) != Exception::kNone || reply.size() < 2) return Error::kBadFrame;
  if (reply[0] == (request[0] | kErrorBit)) {
    if (reply.size() != 2 || reply[1] == 0) return Error::kBadFrame;
    out.exception = static_cast<Exception>(reply[1]);
    return Error::kRefused;
  }
  if (reply[0] != request[0]) return Error::kBadFrame;
  switch (asked.function) {
    case Function::kReadHolding:
    case Function::kReadInput:
      if (reply[1] != 2 * asked.count || reply.size() != std::size_t{2} + reply[1]) return Error::kBadFrame;
      out.values = reply.subspan(2);
      return Error::kNone;
    case Function::kWriteSingle:
    case Function::kWriteMultiple:
      return reply.size() == kReadSize && std::equal(reply.begin(), reply.end(), request.begin()) ? Error::kNone : Error::kBadFrame;
    case Function::kDeviceId:
      if (reply.size() < kIdReplyHead || reply[1] != kMeiDeviceId) return Error::kBadFrame;
      out.values = reply.subspan(2);
      return Error::kNone;
  }
  return Error::kBadFrame;
}

std::array<std::uint8_t, kMbapSize> mbap(std::uint16_t transaction, std::uint8_t unit, std::size_t pdu_size) noexcept {
  return {high(transaction), low(transaction), 0, 0, high(pdu_size + 1), low(pdu_size + 1), unit};
}

Framer::Outcome Framer::next(std::span<const std::uint8_t>& input, Frame& out) noexcept {
  const auto frame_of = [&](std::span<const std::uint8_t> adu) {
    out = {word_at(adu, 0), adu[6], adu.subspan(kMbapSize)};
    return Outcome::kFrame;
  };
  constexpr std::size_t kLengthEnd = 6;
  // How long the frame at the front of `bytes` is: 0 = not known yet, kMaxAdu + 1 = none at all.
  const auto size_of = [](std::span<const std::uint8_t> bytes) -> std::size_t {
    if (bytes.size() >= 4 && word_at(bytes, 2) != 0) return kMaxAdu + 1;
    if (bytes.size() < kLengthEnd) return 0;
    const std::size_t length = word_at(bytes, 4);
    return length < 2 || length > kMaxPdu + 1 ? kMaxAdu + 1 : kLengthEnd + length;
  };
  if (finished_) {
    partial_.clear();
    finished_ = false;
  }
  if (partial_.empty()) {
    const auto size = size_of(input);
    if (size > kMaxAdu) return Outcome::kBad;
    if (size != 0 && size <= input.size()) {
      const auto adu = input.first(size);
      input = input.subspan(size);
      return frame_of(adu);
    }
  }
  while (!input.empty()) {
    const auto known = size_of(partial_.view());
    const auto wanted = (known == 0 ? kLengthEnd : known) - partial_.size();
    const auto piece = input.first(std::min(wanted, input.size()));
    partial_.append(piece);
    input = input.subspan(piece.size());
    const auto size = size_of(partial_.view());
    if (size > kMaxAdu) return Outcome::kBad;
    if (size == partial_.size()) {
      finished_ = true;
      return frame_of(partial_.view());
    }
  }
  return Outcome::kMore;
}

}  // namespace bmsgate::core::modbus
