// SPDX-License-Identifier: Apache-2.0
// Takes live values out of blocks of registers.
#include "protocols/daly_live.hpp"

#include <algorithm>

namespace bmsgate::protocols {
namespace {

void set_bounded(core::Sample& sample, core::Field field, std::int32_t value, std::int32_t most) noexcept {
  if (value <= most) {
    sample.set(field, value);
  } else {
    sample.clear(field);
  }
}

void set_temperature(core::Sample& sample, core::Field field, std::uint16_t raw, std::size_t element = 0) noexcept {
  if (const auto tenths = daly_temperature(raw)) {
    sample.set(field, *tenths, element);
  } else {
    sample.clear(field, element);
  }
}

void take_cells(ModbusBoard& board, const LiveMap& map, const Registers& registers) noexcept {
  using enum core::Field;
  const std::size_t count = board.cells == 0 ? map.cell_slots : board.cells;
  for (std::size_t i = 0; i < map.cell_slots; ++i) {
    const auto reg = static_cast<std::uint16_t>(map.cells + i);
    if (!registers.has(reg)) continue;
    const auto mv = registers[reg];
    board.live.clear(kCellVoltage, i);
    if (i < count && mv != kNoValue && (mv != 0 || board.cells != 0)) board.live.set(kCellVoltage, mv, i);
  }
}

void take_temperatures(ModbusBoard& board, const LiveMap& map, const Registers& registers) noexcept {
  using enum core::Field;
  for (std::size_t i = 0; i < core::kMaxTemperatures; ++i) {
    const auto reg = static_cast<std::uint16_t>(map.temperatures + i);
    if (registers.has(reg)) set_temperature(board.live, kTemperature, i < board.sensors ? registers[reg] : std::uint16_t{0}, i);
  }
  for (const auto& row : map.single_temperatures) {
    if (registers.has(row.reg)) set_temperature(board.live, row.field, registers[row.reg]);
  }
}

void take_balance(ModbusBoard& board, const LiveMap& map, const Registers& registers) noexcept {
  using enum core::Field;
  constexpr std::uint16_t kMostKinds = 2;  // 0 off, 1 passive, 2 active; an ESS board puts something else here
  auto& live = board.live;
  if (registers.has(map.balance_state)) {
    live.clear(kBalancing);
    if (registers[map.balance_state] <= kMostKinds) live.set(kBalancing, registers[map.balance_state] != 0 ? 1 : 0);
  }
  if (registers.has(map.balance_current)) {
    const auto raw = registers[map.balance_current];
    live.clear(kBalanceCurrent);
    if (raw != 0 && raw != kNoValue) live.set(kBalanceCurrent, raw - kDalyCurrentZero);
  }
  if (!registers.has(map.balance_masks) || !registers.has(static_cast<std::uint16_t>(map.balance_masks + map.mask_words - 1))) return;
  live.clear_all(kBalancingCell);
  std::uint64_t mask = 0;
  for (unsigned word = 0; word < map.mask_words; ++word) {
    mask |= std::uint64_t{registers[static_cast<std::uint16_t>(map.balance_masks + word)]} << (16 * word);
  }
  // Some maps keep something else in these registers: bits count only while the board says that it balances, and only for its cells.
  if (board.cells == 0 || !live.has(kBalancing) || (live.get(kBalancing) != 0 && (mask >> board.cells) != 0)) return;
  if (live.get(kBalancing) == 0) mask = 0;
  for (std::size_t i = 0; i < board.cells; ++i) live.set(kBalancingCell, static_cast<std::int32_t>((mask >> i) & 1U), i);
}

}  // namespace

bool take_live(ModbusBoard& board, const LiveMap& map, const Registers& registers) noexcept {
  using enum core::Field;
  if (registers.has(map.cell_count)) {
    const auto cells = registers[map.cell_count];
    board.bad = cells == 0 || cells > map.cell_slots;  // a board of the other dialect answers FFFF
    if (board.bad) return false;
    board.cells = static_cast<std::uint8_t>(cells);
    board.live.set(kCellCount, cells);
  }
  if (registers.has(map.pack) && registers.has(map.soc)) {
    board.bad = !awake(registers[map.pack], registers[map.current], registers[map.soc], board.cells);
    if (board.bad) return false;
    board.current_tenths = registers[map.current] - kDalyCurrentZero;
    board.has_current = true;
  }
  if (registers.has(map.sensor_count)) {
    board.sensors = static_cast<std::uint8_t>(std::min<std::size_t>(registers[map.sensor_count], core::kMaxTemperatures));
  }
  apply_from(map.rows, registers.data, register_bytes(registers.first), board.live);
  if (registers.has(map.state)) set_bounded(board.live, kState, registers[map.state], 2);
  for (const auto& row : map.switches) {
    if (registers.has(row.reg)) set_bounded(board.live, row.field, registers[row.reg], 1);
  }
  take_cells(board, map, registers);
  take_temperatures(board, map, registers);
  take_balance(board, map, registers);
  return true;
}

void take_current_limits(core::BmsSettings& settings, const Registers& registers, std::span<const RegisterSetting> rows) noexcept {
  for (const auto& row : rows) {
    if (!registers.has(row.reg) || registers[row.reg] == kNoValue) continue;
    if (const auto limit = limit_ma(registers[row.reg]); limit != 0) settings.set(row.setting, limit);
  }
}

void take_switch(core::BmsSettings& settings, const Registers& registers, std::uint16_t reg, core::BmsSetting setting) noexcept {
  if (registers.has(reg) && registers[reg] <= 1) settings.set(setting, registers[reg]);
}

}  // namespace bmsgate::protocols
