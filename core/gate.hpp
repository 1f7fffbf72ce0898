// SPDX-License-Identifier: Apache-2.0
// The plausibility gate behind every decoder: check sums of these wires are weak (8- and 16-bit sums), so a sample is believed only if it
// lies in its ranges, is consistent in itself, and does not jump without a second sample that jumps to the same place.
// One gate per pack, called by Intake on the loop thread.
//
// What it lets through (its bounds). A wrong value that passes a check sum is published only if every wrong value of that sample
//   - lies within min…max of field.def,
//   - differs from the last published one by no more than `step` of field.def (states, switches, counts: not at all),
//   - and the cells still add up to the pack voltage: |pack - sum of cells| < 1 % + 50 mV + 3 x the resolution of the pack voltage.
// A change beyond `step` is published with the second sample that agrees with it (within `step`; states: exactly). Values that only ever
// move in larger steps are believed after four samples in a row, each of them beyond the step. Fields with step -1 are range-checked only:
// out of range, the single value is dropped. State of charge 0 together with cycle count 0 is what boards say in their first seconds: both,
// and the remaining capacity, are left out until they have stood for 20 s.
#pragma once

#include <bitset>
#include <cstdint>

#include "core/clock.hpp"
#include "core/sample.hpp"

namespace bmsgate::core {

enum class Belief : std::uint8_t {
  kPublish,      // believed
  kUnconfirmed,  // wants a second reading that agrees: poll again at once
  kRejected,     // cannot be true
};

/// Why a sample was not published; for the log and the page that shows it.
enum class Doubt : std::uint8_t { kNone, kRange, kCellSum, kJump, kAlarmChange, kFirst, kWeakCheck };
inline constexpr std::array<std::string_view, 7> kDoubtNames{"",
                                                             "out of range",
                                                             "cells and pack voltage disagree",
                                                             "sudden change",
                                                             "alarms changed",
                                                             "first reading",
                                                             "frame without its acknowledgement"};

/// What the gate has to know about a dialect.
struct GateRules {
  std::int32_t pack_resolution_mv{1};
  bool confirm_first{true};  // the first reading waits for a second one; so does, alone, a value that appears later
};

/// One bit per Field: values that a reading carries over from an earlier one. They neither raise doubt nor confirm anything.
using FieldMask = std::uint64_t;
static_assert(kFieldCount <= 64);

class Gate {
 public:
  explicit Gate(const GateRules& rules = {}) noexcept : rules_{rules} {}

  /// Judges a derived sample, received at `at`. May take out single values (see above). `confirmed` and `carried` as in Report.
  [[nodiscard]] Belief judge(Sample& sample, bool confirmed, FieldMask carried, Instant at) noexcept;
  /// The reason for the last verdict, and the field it concerns (kRange, kJump).
  [[nodiscard]] Doubt doubt() const noexcept { return doubt_; }
  [[nodiscard]] Field doubtful_field() const noexcept { return doubtful_field_; }
  /// Another dialect speaks for this pack now.
  void use(const GateRules& rules) noexcept { rules_ = rules; }

 private:
  [[nodiscard]] bool in_range(Sample& sample) noexcept;
  [[nodiscard]] bool cells_add_up(const Sample& sample) const noexcept;
  void hold_back_start_values(Sample& sample, Instant at) noexcept;
  [[nodiscard]] bool jumps_are_confirmed(Sample& sample, FieldMask carried) noexcept;
  void undo_carried_jump(Sample& sample, std::size_t s) const noexcept;
  [[nodiscard]] bool alarms_are_confirmed(const AlarmList& alarms) noexcept;
  [[nodiscard]] bool agrees_with_weak(const Sample& sample) const noexcept;
  void suspect(Doubt doubt, Field field = {}) noexcept;

  GateRules rules_;
  Sample last_;                      // what was published last
  Sample pending_;                   // values that jumped and wait for a second one
  Sample weak_;                      // the last sample that came without a good check
  std::bitset<kSlotCount> waiting_;  // slots of pending_ in use
  bool has_last_{false};
  bool has_pending_alarms_{false};
  bool has_weak_{false};
  std::uint8_t run_{0};  // samples in a row that were not confirmed
  Instant zero_since_{kFarFuture};
  Doubt doubt_{};
  Field doubtful_field_{};
};

}  // namespace bmsgate::core
