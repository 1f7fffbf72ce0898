// SPDX-License-Identifier: Apache-2.0
// The content of a JK BMS: frames of 300 bytes that begin with 55 AA EB 90 (RS485 and BLE), and the same bytes as Modbus registers.
// Used by jk_pb and jk_ble. Facts: docs/protocols/jk.md (vendor's "BMS RS485 Modbus" V1.0/V1.1, syssi/esphome-jk-bms, captures).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/bms_setting.hpp"
#include "core/frame_buffer.hpp"
#include "core/sample.hpp"

namespace bmsgate::protocols {

inline constexpr std::size_t kJkFrameSize = 300;
inline constexpr std::size_t kJkTypeAt = 4;

enum JkFrameType : std::uint8_t { kJkSettings = 1, kJkStatus = 2, kJkAbout = 3, kJkSystemLog = 5, kJkDetailLog = 6 };

/// Status frames of firmware below 11 have room for 24 cells, later ones for 32: the same fields at other offsets.
enum class JkLayout : std::uint8_t { k24S, k32S };

/// A stretch of content. A whole frame begins at offset 0 and is little-endian; a register read begins at 6 + register - block base and is
/// big-endian.
struct JkBlock {
  std::span<const std::uint8_t> bytes;
  std::size_t first{0};
  bool big_endian{false};

  [[nodiscard]] constexpr bool has(std::size_t offset, std::size_t size) const noexcept {
    return offset >= first && offset + size <= first + bytes.size();
  }
};

/// What begins here, if it is a 55 AA EB 90 frame.
[[nodiscard]] core::Scan scan_jk_frame(std::span<const std::uint8_t> bytes) noexcept;

void read_jk_status(const JkBlock& block, JkLayout layout, core::Sample& sample) noexcept;
void read_jk_settings(const JkBlock& block, core::BmsSettings& settings) noexcept;
void read_jk_about(const JkBlock& block, core::Identity& identity) noexcept;

/// Overwrites the PIN and the passwords in a stretch of the about frame that begins at offset `first`: for those who look at raw frames.
void hide_jk_secrets(std::span<std::uint8_t> about, std::size_t first) noexcept;

/// True if the cells that the mask names add up to the pack voltage, as they do in the right layout only.
[[nodiscard]] bool jk_layout_fits(const JkBlock& block, JkLayout layout) noexcept;
/// True if the T3 slot merely repeats the MOS temperature.
[[nodiscard]] bool jk_third_probe_is_copy(const JkBlock& block) noexcept;

}  // namespace bmsgate::protocols
