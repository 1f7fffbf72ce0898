// SPDX-License-Identifier: Apache-2.0
// Live values of Daly's Modbus-like dialects: the two register maps hold the same things in different places.
// Used by protocols/daly_modbus.cpp, daly_d2.cpp and daly_p81.cpp; loop thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>

#include "core/protocol.hpp"
#include "protocols/daly_common.hpp"

namespace bmsgate::protocols {

/// What is known of one board.
struct ModbusBoard {
  // The blocks of a live reading. The first must be there; the others belong to it if the asker reads them at all.
  static constexpr std::uint8_t kMain = 1;
  static constexpr std::uint8_t kExtra = 2;
  static constexpr std::uint8_t kAside = 4;  // live values that are read now and then

  core::Sample live;
  core::BmsSettings settings;
  core::Identity identity;
  core::DialectOptions options;
  SignLatch sign;
  std::int32_t current_tenths{0};  // before the sign rule
  bool has_current{false};
  bool bad{false};  // start-up values: this reading is dropped
  bool settings_new{false};
  bool identity_new{false};
  bool settings_checked{false};  // the settings block was found to be what it is taken for
  std::uint8_t cells{0};         // 0 = not known
  std::uint8_t sensors{0};
  std::uint8_t polled{0};                // blocks of the poll that is going on
  std::uint8_t heard{0};                 // blocks heard in other masters' traffic since the last report
  std::uint8_t usual{kMain | kExtra};    // blocks that other masters read in one go
  core::Part part{core::Part::kLive};    // what is being polled
  std::array<std::uint8_t, 8> misses{};  // per row of the plan
  std::array<bool, 8> served{};          // per row of the plan: has answered once
};

/// A block of registers as it came.
struct Registers {
  std::uint16_t first;
  Bytes data;
  [[nodiscard]] constexpr bool has(unsigned reg) const noexcept { return reg >= first && register_bytes(reg - first) + 2 <= data.size(); }
  /// Only where has().
  [[nodiscard]] constexpr std::uint16_t operator[](unsigned reg) const noexcept { return core::u16be(data, register_bytes(reg - first)); }
};

/// What a register without a value holds.
inline constexpr std::uint16_t kNoValue = 0xFFFF;

/// A row of a map that is counted in registers.
template <class Target>
[[nodiscard]] constexpr core::MapRow<Target> register_row(std::uint16_t reg, Target target, std::int32_t multiply = 1,
                                                          std::int32_t add = 0) noexcept {
  return {static_cast<std::uint16_t>(register_bytes(reg)), core::Encoding::kU16be, target, multiply, 1, add, kNoValue};
}

/// A register that is one field, or one setting.
struct RegisterField {
  std::uint16_t reg;
  core::Field field;
};
struct RegisterSetting {
  std::uint16_t reg;
  core::BmsSetting setting;
};

/// Where a dialect keeps its live values: the two maps hold the same things in different places.
struct LiveMap {
  std::uint16_t cells;
  std::uint8_t cell_slots;
  std::uint16_t temperatures;
  std::uint16_t pack;
  std::uint16_t current;
  std::uint16_t soc;
  std::uint16_t state;
  std::uint16_t cell_count;
  std::uint16_t sensor_count;
  std::uint16_t balance_state;
  std::uint16_t balance_current;
  std::uint16_t balance_masks;
  std::uint8_t mask_words;
  std::span<const core::MapRow<core::Field>> rows;  // offsets are twice the register
  std::span<const RegisterField> single_temperatures;
  std::span<const RegisterField> switches;
};

/// Takes over what of the live values lies in a block. false: start-up values or a foreign map, nothing was taken and board.bad is set.
[[nodiscard]] bool take_live(ModbusBoard& board, const LiveMap& map, const Registers& registers) noexcept;

/// Takes over limits of the current. 0 A stands where a board has none.
void take_current_limits(core::BmsSettings& settings, const Registers& registers, std::span<const RegisterSetting> rows) noexcept;

/// Takes over a switch that stands among the settings, if it is there.
void take_switch(core::BmsSettings& settings, const Registers& registers, std::uint16_t reg, core::BmsSetting setting) noexcept;

}  // namespace bmsgate::protocols
