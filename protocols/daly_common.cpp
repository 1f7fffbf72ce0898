// SPDX-License-Identifier: Apache-2.0
// Failure bits and fault words of Daly boards as normalised alarms, and texts.
#include "protocols/daly_common.hpp"

#include <bit>

namespace bmsgate::protocols {
namespace {

using core::AlarmId;
using core::Severity;
using enum core::AlarmId;
using enum core::Severity;

/// One bit of the failure bytes; an empty text takes that of the key.
struct FailureBit {
  std::uint8_t byte;
  std::uint8_t bit;
  AlarmId id;
  Severity severity;
  std::string_view text{};
};

// V1.2, MALAND, DRN, D2MQTT, SYSSI. Level 1 warns, level 2 acts. SOC limits trip nothing on most boards: never more than a warning.
// Bits 4 and 5 of byte 6 (switched off by command, charging cabinet offline) are states and not listed.
constexpr auto kFailureBits = std::to_array<FailureBit>({
    {0, 0, kCellOv, kWarning},
    {0, 1, kCellOv, kAlarm},
    {0, 2, kCellUv, kWarning},
    {0, 3, kCellUv, kAlarm},
    {0, 4, kPackOv, kWarning},
    {0, 5, kPackOv, kAlarm},
    {0, 6, kPackUv, kWarning},
    {0, 7, kPackUv, kAlarm},
    {1, 0, kChargeOt, kWarning},
    {1, 1, kChargeOt, kAlarm},
    {1, 2, kChargeUt, kWarning},
    {1, 3, kChargeUt, kAlarm},
    {1, 4, kDischargeOt, kWarning},
    {1, 5, kDischargeOt, kAlarm},
    {1, 6, kDischargeUt, kWarning},
    {1, 7, kDischargeUt, kAlarm},
    {2, 0, kChargeOc, kWarning},
    {2, 1, kChargeOc, kAlarm},
    {2, 2, kDischargeOc, kWarning},
    {2, 3, kDischargeOc, kAlarm},
    {2, 4, kSocHigh, kWarning},
    {2, 5, kSocHigh, kWarning},
    {2, 6, kSocLow, kWarning},
    {2, 7, kSocLow, kWarning},
    {3, 0, kCellDelta, kWarning},
    {3, 1, kCellDelta, kAlarm},
    {3, 2, kTempDelta, kWarning},
    {3, 3, kTempDelta, kAlarm},
    {4, 0, kMosOt, kAlarm, "Charge MOS over-temperature"},
    {4, 1, kMosOt, kAlarm, "Discharge MOS over-temperature"},
    {4, 2, kSensorFault, kAlarm, "Charge MOS temperature sensor fault"},
    {4, 3, kSensorFault, kAlarm, "Discharge MOS temperature sensor fault"},
    {4, 4, kChargeMosFault, kAlarm, "Charge MOS stuck closed"},
    {4, 5, kDischargeMosFault, kAlarm, "Discharge MOS stuck closed"},
    {4, 6, kChargeMosFault, kAlarm, "Charge MOS stays open"},
    {4, 7, kDischargeMosFault, kAlarm, "Discharge MOS stays open"},
    {5, 0, kAfeFault, kAlarm},
    {5, 1, kAfeFault, kAlarm, "Cell voltages lost"},
    {5, 2, kSensorFault, kAlarm},
    {5, 3, kMemoryFault, kAlarm, "Memory (EEPROM) fault"},
    {5, 4, kMemoryFault, kAlarm, "Clock fault"},
    {5, 5, kPrechargeFault, kAlarm},
    {5, 6, kCommFault, kAlarm, "No communication with the vehicle or controller"},
    {5, 7, kCommFault, kAlarm},
    {6, 0, kCurrentSensorFault, kAlarm},
    {6, 1, kAfeFault, kAlarm, "Pack voltage measurement fault"},
    {6, 2, kShortCircuit, kAlarm},
    {6, 3, kOther, kWarning, "Charging forbidden: voltage too low"},
});
constexpr std::size_t kFaultCodeByte = 7;

/// "Fault code 1" to "Fault code 255": the meaning of the numbers is not published, so people get the number.
struct FaultCodeText {
  std::array<char, 14> chars{'F', 'a', 'u', 'l', 't', ' ', 'c', 'o', 'd', 'e', ' '};
  std::uint8_t size{11};
};
constexpr auto make_fault_code_texts() noexcept {
  std::array<FaultCodeText, 256> texts{};
  for (unsigned code = 0; code < texts.size(); ++code) {
    auto& text = texts[code];
    if (code >= 100) text.chars[text.size++] = static_cast<char>('0' + code / 100);
    if (code >= 10) text.chars[text.size++] = static_cast<char>('0' + code / 10 % 10);
    text.chars[text.size++] = static_cast<char>('0' + code % 10);
  }
  return texts;
}
constexpr auto kFaultCodeTexts = make_fault_code_texts();

constexpr bool failure_bits_fit() noexcept {
  for (const auto& row : kFailureBits) {
    if (row.byte >= kFaultCodeByte || row.bit > 7) return false;
  }
  return true;
}
static_assert(failure_bits_fit());

/// A part of a fault word: three bits of level (0 none, 1 warning, 2 and more protection) or one bit.
struct FaultPart {
  std::uint8_t word;  // from 6D
  std::uint8_t shift;
  std::uint8_t bits;
  AlarmId id;
  Severity worst;
  std::string_view text{};
};

// PATAG; 70 low and 72 high proven by captures. States (links present, switched off by somebody, fan, heater, limiting) are not listed.
constexpr auto kFaultParts = std::to_array<FaultPart>({
    {0, 0, 3, kCellOv, kAlarm},
    {0, 3, 3, kCellUv, kAlarm},
    {0, 7, 1, kOther, kWarning, "Smart charger does not answer"},
    {0, 8, 3, kCellDelta, kAlarm},
    {0, 11, 3, kChargeOt, kAlarm},
    {0, 15, 1, kOther, kWarning, "Smart load does not answer"},
    {1, 0, 3, kChargeUt, kAlarm},
    {1, 3, 3, kDischargeOt, kAlarm},
    {1, 6, 1, kMosOt, kAlarm, "Charge MOS over-temperature"},
    {1, 7, 1, kSensorFault, kAlarm, "Charge MOS temperature sensor fault"},
    {1, 8, 3, kDischargeUt, kAlarm},
    {1, 11, 3, kTempDelta, kAlarm},
    {1, 14, 1, kMosOt, kAlarm, "Discharge MOS over-temperature"},
    {1, 15, 1, kSensorFault, kAlarm, "Discharge MOS temperature sensor fault"},
    {2, 0, 3, kPackOv, kAlarm},
    {2, 3, 3, kPackUv, kAlarm},
    {2, 6, 1, kShortCircuit, kAlarm},
    {2, 8, 3, kChargeOc, kAlarm},
    {2, 11, 3, kDischargeOc, kAlarm},
    {2, 14, 1, kOther, kAlarm, "Charge voltage too low"},
    {2, 15, 1, kOther, kAlarm, "Discharge voltage too high"},
    {3, 0, 3, kSocLow, kWarning},
    {3, 3, 3, kOther, kWarning, "State of health low"},
    {3, 8, 3, kMosOt, kAlarm},
    {3, 11, 3, kBatteryOt, kAlarm, "Thermal runaway"},
    {5, 8, 1, kAfeFault, kAlarm},
    {5, 9, 1, kAfeFault, kAlarm, "Measuring chip does not answer"},
    {5, 10, 1, kAfeFault, kAlarm, "Measuring chip sampling fault"},
    {5, 11, 1, kAfeFault, kAlarm, "Cell voltage measurement fault"},
    {5, 12, 1, kAfeFault, kAlarm, "Sense wire off"},
    {5, 13, 1, kAfeFault, kAlarm, "Pack voltage measurement fault"},
    {5, 14, 1, kCurrentSensorFault, kAlarm},
    {5, 15, 1, kSensorFault, kAlarm},
    {6, 0, 1, kSensorFault, kAlarm, "Temperature sensor wire off"},
    {6, 1, 1, kMemoryFault, kAlarm, "Memory (EEPROM) fault"},
    {6, 2, 1, kMemoryFault, kAlarm, "Memory (flash) fault"},
    {6, 3, 1, kMemoryFault, kAlarm, "Clock fault"},
    {6, 4, 1, kChargeMosFault, kAlarm},
    {6, 5, 1, kDischargeMosFault, kAlarm},
    {6, 6, 1, kPrechargeFault, kAlarm, "Precharge MOS fault"},
    {6, 7, 1, kPrechargeFault, kAlarm},
    {6, 15, 1, kOther, kAlarm, "Heater fault"},
});
// A lone pack reports a broken parallel link for ever: an alarm only where the same word says that there is such a link.
constexpr std::size_t kParallelWord = 3;
constexpr unsigned kParallelLink = 1U << 6U;
constexpr unsigned kParallelFault = 1U << 7U;

constexpr bool fault_parts_fit() noexcept {
  for (const auto& row : kFaultParts) {
    if (row.word >= 7 || row.shift + row.bits > 16 || (row.bits != 1 && row.bits != 3)) return false;
  }
  return true;
}
static_assert(fault_parts_fit());

}  // namespace

void add_failure_bits(Bytes failure, core::AlarmList& alarms) noexcept {
  for (const auto& row : kFailureBits) {
    if (row.byte < failure.size() && ((failure[row.byte] >> row.bit) & 1U) != 0) alarms.add({row.id, row.severity, 0, row.text});
  }
  if (failure.size() > kFaultCodeByte && failure[kFaultCodeByte] != 0) {
    const auto& text = kFaultCodeTexts[failure[kFaultCodeByte]];
    alarms.add({kOther, kWarning, 0, {text.chars.data(), text.size}});
  }
}

void add_fault_words(std::span<const std::uint16_t, 7> words, core::AlarmList& alarms) noexcept {
  for (const auto& row : kFaultParts) {
    const unsigned level = (static_cast<unsigned>(words[row.word]) >> row.shift) & ((1U << row.bits) - 1U);
    if (level == 0) continue;
    const bool only_warns = row.bits == 3 && level == 1;
    alarms.add({row.id, only_warns ? kWarning : row.worst, 0, row.text});
  }
  if ((words[kParallelWord] & kParallelFault) != 0) {
    const bool linked = (words[kParallelWord] & kParallelLink) != 0;
    alarms.add({kCommFault, linked ? kAlarm : kWarning, 0, "No communication with parallel packs"});
  }
}

void clear_fields(core::Sample& sample, FieldMask fields) noexcept {
  for (; fields != 0; fields &= fields - 1) sample.clear_all(core::kFields[static_cast<std::size_t>(std::countr_zero(fields))].field);
}

FieldMask copy_settings(const core::BmsSettings& settings, core::Sample& live) noexcept {
  using enum core::Field;
  constexpr auto kBoth = mask_of({kChargeSwitch, kDischargeSwitch, kBalanceSwitch, kNominalCapacity});
  clear_fields(live, kBoth);
  core::settings_to_fields(settings, live);
  return kBoth;
}

std::string_view daly_text(Bytes bytes) noexcept {
  const auto blank = [](std::uint8_t c) { return c == ' ' || c == 0; };
  std::size_t first = 0;
  while (first < bytes.size() && blank(bytes[first])) ++first;
  std::size_t last = first;
  while (last < bytes.size() && bytes[last] >= 0x20 && bytes[last] < 0x7F) ++last;
  while (last > first && bytes[last - 1] == ' ') --last;
  // char may look at any object's bytes.
  return {reinterpret_cast<const char*>(bytes.data()) + first, last - first};
}

}  // namespace bmsgate::protocols
