// SPDX-License-Identifier: Apache-2.0
// Faults of a line or a BMS, on demand: `--fault NAME[=VALUE]`. A table names them; the Simulator applies them to what it sends.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sim/pack_model.hpp"

namespace bmsgate::sim {

/// Rates are per byte or per answer, 0 to 1; 0 = does not happen.
struct Faults {
  double noise{0};             // a byte is replaced
  double lost{0};              // a byte vanishes
  double inserted{0};          // a byte that nobody sent
  double cut{0};               // an answer ends early
  double duplicate{0};         // an answer comes twice
  double echo{0};              // a request comes back before its answer
  double dead{0};              // an answer does not come
  double wrong_address{0};     // an answer carries another address
  double sleep{0};             // requests that go unheard before the BMS wakes (a sleeping Daly mirrors them)
  double slow{0};              // further ms before each answer
  double wrong_cell_count{0};  // the count the BMS reports, whatever it has
  std::optional<ForcedAlarm> alarm{};
};

enum class FaultUnit : std::uint8_t { kRate, kNumber, kAlarm };

struct FaultInfo {
  std::string_view name;
  std::string_view help;
  FaultUnit unit;
  double Faults::*member;  // nullptr for kAlarm
  double preset;           // without =VALUE
  double max;
};
[[nodiscard]] std::span<const FaultInfo> fault_table();

/// Takes one `NAME[=VALUE]`. Empty text = done; else one line for the user.
[[nodiscard]] std::string parse_fault(std::string_view text, Faults& faults);
/// The table as help text, one line a fault.
[[nodiscard]] std::string fault_help();

}  // namespace bmsgate::sim
