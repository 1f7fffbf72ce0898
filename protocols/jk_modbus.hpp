// SPDX-License-Identifier: Apache-2.0
// The Modbus side of JK's RS485 protocol 001: triggers and their acknowledgements, register reads, writes and exceptions. Used by jk_pb.
// Registers are counted in bytes: register 1278 is byte 78 of block 1200. Facts: docs/protocols/jk.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/frame_buffer.hpp"
#include "core/protocol.hpp"

namespace bmsgate::protocols {

inline constexpr std::uint8_t kJkMaxAddress = 15;

inline constexpr std::uint16_t kRegSettings = 0x1000;
inline constexpr std::uint16_t kRegLive = 0x1200;
inline constexpr std::uint16_t kRegAbout = 0x1400;
inline constexpr std::uint16_t kRegActions = 0x1600;
inline constexpr std::uint16_t kTriggerAbout = 0x161C;
inline constexpr std::uint16_t kTriggerSettings = 0x161E;
inline constexpr std::uint16_t kTriggerStatus = 0x1620;
inline constexpr std::uint16_t kTriggerDetailLog = 0x1622;
inline constexpr std::uint16_t kTriggerSystemLog = 0x1624;

inline constexpr std::uint8_t kReadRegisters = 0x03;
inline constexpr std::uint8_t kWriteRegisters = 0x10;
inline constexpr std::uint8_t kExceptionFlag = 0x80;

/// A Modbus-like frame with a right CRC, taken apart.
struct JkModbusFrame {
  enum class Kind : std::uint8_t { kRead, kReadReply, kWrite, kAck, kException };
  Kind kind{};
  std::uint8_t address{0};
  std::uint16_t reg{0};  // kReadReply, kException: 0
  std::uint16_t count{0};
  std::span<const std::uint8_t> data;  // kReadReply only
};

/// What begins here, if it is such a frame. `expected_bytes`: size of the data that an open register read will bring, 0 = none is open.
[[nodiscard]] core::Scan scan_jk_modbus(std::span<const std::uint8_t> bytes, std::size_t expected_bytes) noexcept;
/// Takes a frame apart that scan_jk_modbus found.
[[nodiscard]] JkModbusFrame parse_jk_modbus(std::span<const std::uint8_t> frame) noexcept;

/// First register of a reply whose request nobody heard, told by its size: the blocks that known programs read; 0 = no telling.
[[nodiscard]] std::uint16_t jk_block_of_size(std::size_t bytes) noexcept;

/// True for the writes that merely ask for a long frame.
[[nodiscard]] constexpr bool is_jk_trigger(std::uint16_t reg) noexcept { return reg >= kTriggerAbout && reg <= kTriggerSystemLog; }

void build_jk_trigger(std::uint8_t address, std::uint16_t reg, core::Request& out) noexcept;
void build_jk_read(std::uint8_t address, std::uint16_t reg, std::uint16_t count, core::Request& out) noexcept;
void build_jk_write32(std::uint8_t address, std::uint16_t reg, std::uint32_t value, core::Request& out) noexcept;

}  // namespace bmsgate::protocols
