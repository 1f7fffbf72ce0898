// SPDX-License-Identifier: Apache-2.0
// Finds, takes apart and builds the Modbus-like frames of JK's protocol 001.
#include "protocols/jk_modbus.hpp"

#include <array>

#include "core/crc.hpp"
#include "core/map.hpp"

namespace bmsgate::protocols {
namespace {

using core::Scan;
using core::Verdict;
using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t kShortSize = 8;  // register read, acknowledgement
constexpr std::size_t kExceptionSize = 5;
constexpr unsigned kMaxRegisters = 125;
constexpr std::size_t kMaxData = 250;

struct KnownReply {
  std::uint8_t bytes;
  std::uint16_t reg;
};
constexpr std::array<KnownReply, 4> kKnownReplies{{{240, kRegLive}, {32, 0x12F0}, {144, kRegSettings}, {160, kRegAbout}}};

constexpr bool in_blocks(std::uint8_t reg_high) noexcept { return reg_high >= 0x10 && reg_high <= 0x16; }
constexpr bool holds(Bytes bytes, std::size_t size) noexcept { return core::crc16_modbus_ok(bytes.first(size)); }

Scan scan_exception(Bytes bytes) noexcept {
  if (bytes.size() >= 3 && (bytes[2] == 0 || bytes[2] > 0x0B)) return {Verdict::kNone};
  if (bytes.size() < kExceptionSize) return {Verdict::kMore};
  return holds(bytes, kExceptionSize) ? Scan{Verdict::kFrame, kExceptionSize} : Scan{Verdict::kNone};
}

/// A write and its acknowledgement begin alike; the byte count, and in doubt the CRC, tells them apart.
Scan scan_write(Bytes bytes) noexcept {
  if (bytes.size() >= 3 && !in_blocks(bytes[2])) return {Verdict::kNone};
  if (bytes.size() >= 6 && (bytes[4] != 0 || bytes[5] == 0 || bytes[5] > kMaxRegisters)) return {Verdict::kNone};
  if (bytes.size() < kShortSize) return {Verdict::kMore};
  if (holds(bytes, kShortSize)) return {Verdict::kFrame, kShortSize};
  const std::size_t data = std::size_t{2} * bytes[5];
  if (bytes[6] != data) return {Verdict::kBadCheck};
  const auto size = static_cast<std::uint16_t>(9 + data);
  if (bytes.size() < size) return {Verdict::kMore};
  return holds(bytes, size) ? Scan{Verdict::kFrame, size} : Scan{Verdict::kBadCheck};
}

Scan scan_read(Bytes bytes, std::size_t expected_bytes) noexcept {
  if (bytes.size() < 3) return {Verdict::kMore};
  const std::size_t data = bytes[2];
  const bool may_reply = data != 0 && data % 2 == 0 && data <= kMaxData;
  const bool may_request = in_blocks(bytes[2]) && (bytes.size() < 5 || bytes[4] == 0) && (bytes.size() < 6 || bytes[5] != 0);
  const auto size = static_cast<std::uint16_t>(5 + data);
  if (may_reply && bytes.size() >= size && holds(bytes, size)) return {Verdict::kFrame, size};
  if (may_request && bytes.size() >= kShortSize && holds(bytes, kShortSize)) return {Verdict::kFrame, kShortSize};
  if (may_reply && bytes.size() < size) return {Verdict::kMore};
  if (may_request && bytes.size() < kShortSize) return {Verdict::kMore};
  const bool likely = data == expected_bytes || jk_block_of_size(data) != 0;
  return {may_reply && likely ? Verdict::kBadCheck : Verdict::kNone};
}

void put16(core::Request& out, std::uint16_t value) noexcept {
  out.bytes.push_back(static_cast<std::uint8_t>(value >> 8U));
  out.bytes.push_back(static_cast<std::uint8_t>(value & 0xFFU));
}

void begin_request(core::Request& out, std::uint8_t address, std::uint8_t function, std::uint16_t reg, std::uint16_t count) noexcept {
  out = {};
  out.address = address;
  out.tag = reg;
  out.bytes.push_back(address);
  out.bytes.push_back(function);
  put16(out, reg);
  put16(out, count);
}

void end_request(core::Request& out) noexcept {
  const auto crc = core::crc16_modbus(out.bytes.view());
  out.bytes.push_back(static_cast<std::uint8_t>(crc & 0xFFU));
  out.bytes.push_back(static_cast<std::uint8_t>(crc >> 8U));
}

}  // namespace

std::uint16_t jk_block_of_size(std::size_t bytes) noexcept {
  for (const auto& known : kKnownReplies) {
    if (known.bytes == bytes) return known.reg;
  }
  return 0;
}

Scan scan_jk_modbus(Bytes bytes, std::size_t expected_bytes) noexcept {
  if (bytes[0] > kJkMaxAddress) return {Verdict::kNone};
  if (bytes.size() < 2) return {Verdict::kMore};
  switch (bytes[1]) {
    case kReadRegisters: return scan_read(bytes, expected_bytes);
    case kWriteRegisters: return scan_write(bytes);
    case kExceptionFlag | kReadRegisters:
    case kExceptionFlag | kWriteRegisters: return scan_exception(bytes);
    default: return {Verdict::kNone};
  }
}

JkModbusFrame parse_jk_modbus(Bytes frame) noexcept {
  using Kind = JkModbusFrame::Kind;
  JkModbusFrame out;
  out.address = frame[0];
  const bool is_short = frame.size() == kShortSize;
  if ((frame[1] & kExceptionFlag) != 0) {
    out.kind = Kind::kException;
    return out;
  }
  // A reply of 8 bytes would carry 3: never an even count.
  if (frame[1] == kReadRegisters && !is_short) {
    out.kind = Kind::kReadReply;
    out.data = frame.subspan(3, frame[2]);
    return out;
  }
  out.reg = core::u16be(frame, 2);
  out.count = core::u16be(frame, 4);
  out.kind = frame[1] == kReadRegisters ? Kind::kRead : is_short ? Kind::kAck : Kind::kWrite;
  return out;
}

void build_jk_trigger(std::uint8_t address, std::uint16_t reg, core::Request& out) noexcept {
  begin_request(out, address, kWriteRegisters, reg, 1);
  out.bytes.push_back(2);
  put16(out, 0);
  end_request(out);
}

void build_jk_read(std::uint8_t address, std::uint16_t reg, std::uint16_t count, core::Request& out) noexcept {
  begin_request(out, address, kReadRegisters, reg, count);
  end_request(out);
}

void build_jk_write32(std::uint8_t address, std::uint16_t reg, std::uint32_t value, core::Request& out) noexcept {
  begin_request(out, address, kWriteRegisters, reg, 2);
  out.changes_state = true;
  out.bytes.push_back(4);
  put16(out, static_cast<std::uint16_t>(value >> 16U));
  put16(out, static_cast<std::uint16_t>(value & 0xFFFFU));
  end_request(out);
}

}  // namespace bmsgate::protocols
