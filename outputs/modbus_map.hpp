// SPDX-License-Identifier: Apache-2.0
// The register map in words, for people and for `bmsgate dump registers`: the blocks whose layout is fixed by others. The native block
// follows from the field table. outputs/modbus_blocks.cpp fills these registers; a test holds the two together. Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/field.hpp"

namespace bmsgate::outputs {

enum class RegisterType : std::uint8_t { kU16, kS16, kU32, kS32, kFloat, kText };
inline constexpr std::array<std::string_view, 6> kRegisterTypeNames{"U16", "S16", "U32", "S32", "float", "text"};

struct RegisterInfo {
  std::uint16_t address;  // PDU address of the first register
  std::uint16_t count;    // registers in all
  RegisterType type;
  std::string_view unit;  // of one step: "0.01 V"
  std::string_view name;
};

// clang-format off
/// 100-157: the original product's block. 0 where nothing is known.
inline constexpr auto kOriginalMap = std::to_array<RegisterInfo>({
    {100, 1, RegisterType::kU16, "%", "State of charge"},
    {101, 1, RegisterType::kU16, "V", "Pack voltage"},
    {102, 1, RegisterType::kS16, "A", "Current, positive while charging"},
    {103, 1, RegisterType::kS16, "W", "Power, positive while charging; stops at 32767"},
    {104, 1, RegisterType::kU16, "mV", "Cell spread"},
    {105, 1, RegisterType::kU16, "mV", "Average cell"},
    {106, 1, RegisterType::kU16, "mV", "Highest cell"},
    {107, 1, RegisterType::kU16, "mV", "Lowest cell"},
    {108, 2, RegisterType::kFloat, "°C or °F", "Average temperature, in the unit of general.temperature_unit"},
    {110, 2, RegisterType::kFloat, "V", "Pack voltage"},
    {112, 2, RegisterType::kFloat, "A", "Current"},
    {114, 2, RegisterType::kFloat, "W", "Power"},
    {117, 1, RegisterType::kU16, "", "Discharge MOS: 0 off, 1 on"},
    {118, 1, RegisterType::kU16, "", "Charge MOS: 0 off, 1 on"},
    {120, 16, RegisterType::kU16, "mV", "Cells 1 to 16"},
    {140, 1, RegisterType::kU16, "", "Number of cells"},
    {141, 1, RegisterType::kU16, "%", "Highest state of charge today"},
    {142, 1, RegisterType::kU16, "h", "Hour of the highest state of charge"},
    {143, 1, RegisterType::kU16, "min", "Minute of the highest state of charge"},
    {144, 1, RegisterType::kU16, "Ah", "Remaining capacity"},
    {145, 1, RegisterType::kU16, "", "Failure: 0 no, 1 yes"},
    {150, 1, RegisterType::kU16, "byte", "Free memory; stops at 65535"},
    {151, 1, RegisterType::kU16, "s", "Counter of seconds"},
    {152, 1, RegisterType::kS16, "h", "Time zone: hours ahead of UTC"},
});

/// 256-330 and 1282-1321: a battery as Victron's gateway numbers it. FFFF (signed: 7FFF, 7FFFFFFF) where nothing is known.
inline constexpr auto kVictronMap = std::to_array<RegisterInfo>({
    {256, 2, RegisterType::kS32, "W", "Power"},
    {258, 1, RegisterType::kS16, "W", "Power"},
    {259, 1, RegisterType::kU16, "0.01 V", "Pack voltage"},
    {261, 1, RegisterType::kS16, "0.1 A", "Current, positive while charging"},
    {262, 1, RegisterType::kS16, "0.1 °C", "Highest temperature"},
    {265, 1, RegisterType::kU16, "-0.1 Ah", "Consumed charge"},
    {266, 1, RegisterType::kU16, "0.1 %", "State of charge"},
    {267, 1, RegisterType::kU16, "", "Any alarm: 0 none, 1 warning, 2 alarm (so are all to 279)"},
    {268, 1, RegisterType::kU16, "", "Low voltage"},
    {269, 1, RegisterType::kU16, "", "High voltage"},
    {272, 1, RegisterType::kU16, "", "Low state of charge"},
    {273, 1, RegisterType::kU16, "", "Low temperature"},
    {274, 1, RegisterType::kU16, "", "High temperature"},
    {279, 1, RegisterType::kU16, "", "Hot electronics"},
    {284, 1, RegisterType::kU16, "", "Cycles"},
    {286, 1, RegisterType::kU16, "0.1 Ah", "Charge given out"},
    {1300, 1, RegisterType::kU16, "0.01 V", "Lowest cell"},
    {1301, 1, RegisterType::kU16, "0.01 V", "Highest cell"},
    {1302, 1, RegisterType::kU16, "", "Modules offline"},
    {1303, 1, RegisterType::kU16, "", "Modules online"},
    {1304, 1, RegisterType::kU16, "", "Modules that block charging"},
    {1305, 1, RegisterType::kU16, "", "Modules that block discharging"},
    {1306, 4, RegisterType::kText, "", "Number of the lowest cell"},
    {1310, 4, RegisterType::kText, "", "Number of the highest cell"},
});

/// What the native block holds beside the fields.
inline constexpr auto kNativeMap = std::to_array<RegisterInfo>({
    {2990, 1, RegisterType::kU16, "", "Quality: 0 good, 1 held, 2 stale, 4 asleep"},
    {2992, 2, RegisterType::kU32, "s", "Age of the reading; FFFFFFFF: there has been none"},
    {2998, 2, RegisterType::kU32, "", "The constant 01020304, to check the order of the words"},
});
// clang-format on

struct RegisterBlock {
  std::string_view name;
  std::string_view note;
  std::span<const RegisterInfo> rows;
  bool fields;  // the fields of core/field.def belong to it, too
};
inline constexpr auto kRegisterBlocks = std::to_array<RegisterBlock>({
    {"original",
     "100-157, as the original product has them. Unused registers and what is not known are 0. Floats have the low word first "
     "(CDAB), with modbus.swap_floats the high word (ABCD).",
     kOriginalMap, false},
    {"victron",
     "256-330 and 1282-1321, as Victron's gateway numbers a battery. Registers that are not listed, and what is not known, are "
     "FFFF, in signed registers 7FFF and 7FFFFFFF.",
     kVictronMap, false},
    {"native",
     "2000-2999: every datum at its full resolution, the high word first. What is not known is FFFF or FFFFFFFF, in signed registers "
     "8000 and 80000000.",
     kNativeMap, true},
});

}  // namespace bmsgate::outputs
