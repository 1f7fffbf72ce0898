// SPDX-License-Identifier: Apache-2.0
// The data ids of JK's NW protocol: how wide each is and where its value goes; the bits of its alarm word. Used by jk_nw.
// Facts: docs/protocols/jk.md (vendor's "4G-GPS common protocol V4.2", syssi/esphome-jk-bms).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/alarm.hpp"
#include "core/bms_setting.hpp"
#include "core/map.hpp"

namespace bmsgate::protocols::nw {

using core::AlarmId;
using core::BmsSetting;
using core::Encoding;
using core::Field;
using core::Severity;

enum class Use : std::uint8_t {
  kUnknown,  // its width is unknown too: the walk ends
  kSkip,     // known, but of no use
  kSecret,   // known, and shown to nobody
  kField,
  kSetting,
  kProbe,  // temperature with the sign rule of this protocol
  kCells,
  kCurrent,
  kRuntime,
  kAlarms,
  kStatus,
  kVersion,
  kFull,
  kName,
  kDate,
  kSoftware,
  kManufacturer,
};

struct Datum {
  std::uint8_t id{0};
  std::uint8_t width{0};
  Use use{Use::kUnknown};
  Encoding encoding{Encoding::kU8};
  std::uint16_t target{0};  // slot of the Sample, or BmsSetting
  std::int32_t multiply{1};
};

constexpr Encoding unsigned_of(unsigned width) noexcept {
  return width == 1 ? Encoding::kU8 : width == 2 ? Encoding::kU16be : Encoding::kU32be;
}
constexpr Datum field(unsigned id, unsigned width, Field target, std::int32_t multiply = 1) {
  return {static_cast<std::uint8_t>(id),
          static_cast<std::uint8_t>(width),
          Use::kField,
          unsigned_of(width),
          static_cast<std::uint16_t>(core::slot(target)),
          multiply};
}
constexpr Datum setting(unsigned id, unsigned width, BmsSetting target, std::int32_t multiply = 1) {
  return {static_cast<std::uint8_t>(id),
          static_cast<std::uint8_t>(width),
          Use::kSetting,
          unsigned_of(width),
          static_cast<std::uint16_t>(target),
          multiply};
}
constexpr Datum signed_setting(unsigned id, BmsSetting target, std::int32_t multiply) {
  return {static_cast<std::uint8_t>(id), 2, Use::kSetting, Encoding::kI16be, static_cast<std::uint16_t>(target), multiply};
}
constexpr Datum probe(unsigned id, std::size_t target) {
  return {static_cast<std::uint8_t>(id), 2, Use::kProbe, Encoding::kU16be, static_cast<std::uint16_t>(target), 1};
}
constexpr Datum other(unsigned id, unsigned width, Use use) {
  return {static_cast<std::uint8_t>(id), static_cast<std::uint8_t>(width), use, unsigned_of(width), 0, 1};
}

inline constexpr std::uint8_t kPasswordId = 0xB2;

// Multipliers lead to the decimals of field.def and bms_setting.def: V, A, Ah and s have 3, degrees and percent 1.
inline constexpr auto kData = std::to_array<Datum>({
    other(0x79, 0, Use::kCells),
    probe(0x80, core::slot(Field::kMosTemperature)),
    probe(0x81, core::slot(Field::kTemperature, 0)),
    probe(0x82, core::slot(Field::kTemperature, 1)),
    field(0x83, 2, Field::kPackVoltage, 10),
    other(0x84, 2, Use::kCurrent),
    field(0x85, 1, Field::kSoc, 10),
    setting(0x86, 1, BmsSetting::kTemperatureSensors),
    field(0x87, 2, Field::kCycles),
    field(0x89, 4, Field::kCycledCapacity, 1000),
    field(0x8A, 2, Field::kCellCount),
    other(0x8B, 2, Use::kAlarms),
    other(0x8C, 2, Use::kStatus),
    setting(0x8E, 2, BmsSetting::kPackOv, 10),
    setting(0x8F, 2, BmsSetting::kPackUv, 10),
    setting(0x90, 2, BmsSetting::kCellOv),
    setting(0x91, 2, BmsSetting::kCellOvRelease),
    setting(0x92, 2, BmsSetting::kCellOvDelay, 1000),
    setting(0x93, 2, BmsSetting::kCellUv),
    setting(0x94, 2, BmsSetting::kCellUvRelease),
    setting(0x95, 2, BmsSetting::kCellUvDelay, 1000),
    setting(0x96, 2, BmsSetting::kCellDelta),
    setting(0x97, 2, BmsSetting::kDischargeOc, 1000),
    setting(0x98, 2, BmsSetting::kDischargeOcDelay, 1000),
    setting(0x99, 2, BmsSetting::kChargeOc, 1000),
    setting(0x9A, 2, BmsSetting::kChargeOcDelay, 1000),
    setting(0x9B, 2, BmsSetting::kBalanceStart),
    setting(0x9C, 2, BmsSetting::kBalanceDelta),
    setting(0x9D, 1, BmsSetting::kSwitchBalance),
    setting(0x9E, 2, BmsSetting::kMosOt, 10),
    setting(0x9F, 2, BmsSetting::kMosOtRelease, 10),
    setting(0xA0, 2, BmsSetting::kBoxOt, 10),
    setting(0xA1, 2, BmsSetting::kBoxOtRelease, 10),
    setting(0xA2, 2, BmsSetting::kTempDelta, 10),
    setting(0xA3, 2, BmsSetting::kChargeOt, 10),
    setting(0xA4, 2, BmsSetting::kDischargeOt, 10),
    signed_setting(0xA5, BmsSetting::kChargeUt, 10),
    signed_setting(0xA6, BmsSetting::kChargeUtRelease, 10),
    signed_setting(0xA7, BmsSetting::kDischargeUt, 10),
    signed_setting(0xA8, BmsSetting::kDischargeUtRelease, 10),
    setting(0xA9, 1, BmsSetting::kCellCount),
    setting(0xAA, 4, BmsSetting::kCapacity, 1000),
    setting(0xAB, 1, BmsSetting::kSwitchCharge),
    setting(0xAC, 1, BmsSetting::kSwitchDischarge),
    setting(0xAD, 2, BmsSetting::kCurrentCalibration),
    setting(0xAE, 1, BmsSetting::kAddress),
    setting(0xAF, 1, BmsSetting::kChemistry),
    setting(0xB0, 2, BmsSetting::kSleepTime),
    setting(0xB1, 1, BmsSetting::kSocLowWarning, 10),
    other(kPasswordId, 10, Use::kSecret),
    setting(0xB3, 1, BmsSetting::kDedicatedCharger),
    other(0xB4, 8, Use::kName),
    other(0xB5, 4, Use::kDate),
    other(0xB6, 4, Use::kRuntime),
    other(0xB7, 15, Use::kSoftware),
    other(0xB8, 1, Use::kSkip),
    other(0xB9, 4, Use::kFull),
    other(0xBA, 24, Use::kManufacturer),
    other(0xBB, 1, Use::kSkip),
    other(0xBC, 1, Use::kSkip),
    other(0xBD, 1, Use::kSkip),
    other(0xBE, 2, Use::kSkip),
    other(0xBF, 2, Use::kSkip),
    other(0xC0, 1, Use::kVersion),
});

inline constexpr std::uint8_t kFirstId = kData.front().id;
inline constexpr auto kById = [] {
  std::array<Datum, 256 - kFirstId> table{};
  for (const auto& datum : kData) table[datum.id - std::size_t{kFirstId}] = datum;
  return table;
}();

struct AlarmBit {
  AlarmId id;
  Severity severity;
  std::string_view detail{};
};
inline constexpr std::array<AlarmBit, 16> kAlarmBits{{
    {AlarmId::kSocLow, Severity::kWarning},
    {AlarmId::kMosOt, Severity::kAlarm},
    {AlarmId::kPackOv, Severity::kAlarm},
    {AlarmId::kPackUv, Severity::kAlarm},
    {AlarmId::kBatteryOt, Severity::kAlarm},
    {AlarmId::kChargeOc, Severity::kAlarm},
    {AlarmId::kDischargeOc, Severity::kAlarm},
    {AlarmId::kCellDelta, Severity::kAlarm},
    {AlarmId::kChargeOt, Severity::kAlarm},
    {AlarmId::kBatteryUt, Severity::kAlarm},
    {AlarmId::kCellOv, Severity::kAlarm},
    {AlarmId::kCellUv, Severity::kAlarm},
    {AlarmId::kOther, Severity::kAlarm, "Protection 309_A"},
    {AlarmId::kOther, Severity::kAlarm, "Protection 309_B"},
    {AlarmId::kOther, Severity::kWarning, "Vendor alarm bit 14"},
    {AlarmId::kOther, Severity::kWarning, "Vendor alarm bit 15"},
}};

}  // namespace bmsgate::protocols::nw
