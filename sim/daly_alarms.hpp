// SPDX-License-Identifier: Apache-2.0
// Daly's failure bits, shared by the A5 answer 98 and the D2 words 3A-3D: bit n = byte n / 8, bit n % 8. Source: Daly "UART/485
// Communications Protocol V1.2". Private to this folder.
#pragma once

#include <array>

#include "sim/wire.hpp"

namespace bmsgate::sim {

inline constexpr auto kDalyAlarmBits = std::to_array<AlarmBit>({
    {core::AlarmId::kCellOv, core::Severity::kHint, 0},
    {core::AlarmId::kCellOv, core::Severity::kAlarm, 1},
    {core::AlarmId::kCellUv, core::Severity::kHint, 2},
    {core::AlarmId::kCellUv, core::Severity::kAlarm, 3},
    {core::AlarmId::kPackOv, core::Severity::kHint, 4},
    {core::AlarmId::kPackOv, core::Severity::kAlarm, 5},
    {core::AlarmId::kPackUv, core::Severity::kHint, 6},
    {core::AlarmId::kPackUv, core::Severity::kAlarm, 7},
    {core::AlarmId::kChargeOt, core::Severity::kHint, 8},
    {core::AlarmId::kChargeOt, core::Severity::kAlarm, 9},
    {core::AlarmId::kChargeUt, core::Severity::kHint, 10},
    {core::AlarmId::kChargeUt, core::Severity::kAlarm, 11},
    {core::AlarmId::kDischargeOt, core::Severity::kHint, 12},
    {core::AlarmId::kDischargeOt, core::Severity::kAlarm, 13},
    {core::AlarmId::kDischargeUt, core::Severity::kHint, 14},
    {core::AlarmId::kDischargeUt, core::Severity::kAlarm, 15},
    {core::AlarmId::kChargeOc, core::Severity::kHint, 16},
    {core::AlarmId::kChargeOc, core::Severity::kAlarm, 17},
    {core::AlarmId::kDischargeOc, core::Severity::kHint, 18},
    {core::AlarmId::kDischargeOc, core::Severity::kAlarm, 19},
    {core::AlarmId::kSocHigh, core::Severity::kHint, 20},
    {core::AlarmId::kSocHigh, core::Severity::kAlarm, 21},
    {core::AlarmId::kSocLow, core::Severity::kHint, 22},
    {core::AlarmId::kSocLow, core::Severity::kAlarm, 23},
    {core::AlarmId::kCellDelta, core::Severity::kHint, 24},
    {core::AlarmId::kCellDelta, core::Severity::kAlarm, 25},
    {core::AlarmId::kTempDelta, core::Severity::kHint, 26},
    {core::AlarmId::kTempDelta, core::Severity::kAlarm, 27},
    {core::AlarmId::kMosOt, core::Severity::kHint, 32},
    {core::AlarmId::kChargeMosFault, core::Severity::kHint, 36},
    {core::AlarmId::kDischargeMosFault, core::Severity::kHint, 37},
    {core::AlarmId::kAfeFault, core::Severity::kHint, 40},
    {core::AlarmId::kSensorFault, core::Severity::kHint, 42},
    {core::AlarmId::kMemoryFault, core::Severity::kHint, 43},
    {core::AlarmId::kPrechargeFault, core::Severity::kHint, 45},
    {core::AlarmId::kCommFault, core::Severity::kHint, 47},
    {core::AlarmId::kCurrentSensorFault, core::Severity::kHint, 48},
    {core::AlarmId::kShortCircuit, core::Severity::kHint, 50},
});

/// The current as Daly sends it: tenths of an ampere above 30000.
[[nodiscard]] constexpr std::uint64_t daly_current(std::int32_t current_ma, bool inverted) {
  return static_cast<std::uint64_t>(30000 + rounded(inverted ? -current_ma : current_ma, 100));
}
[[nodiscard]] constexpr std::uint64_t daly_temperature(std::int32_t temperature_dc) {
  return static_cast<std::uint64_t>(rounded(temperature_dc, 10) + 40);
}

}  // namespace bmsgate::sim
