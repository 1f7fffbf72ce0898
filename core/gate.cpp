// SPDX-License-Identifier: Apache-2.0
// What a sample must pass before it is believed.
#include "core/gate.hpp"

#include <algorithm>

namespace bmsgate::core {
namespace {

constexpr std::uint8_t kPatience = 3;  // after this many unconfirmed samples in a row, values that keep moving are believed
constexpr Duration kStartTime = std::chrono::seconds{20};

[[nodiscard]] bool differs(std::int32_t a, std::int32_t b, std::int32_t step) noexcept {
  const auto distance = static_cast<std::int64_t>(a) - b;
  return distance > step || distance < -static_cast<std::int64_t>(step);
}

/// The same alarms, whatever cell they name: it wanders while an alarm lasts.
[[nodiscard]] bool same_alarms(const AlarmList& a, const AlarmList& b) noexcept {
  if (a.size() != b.size()) return false;
  for (const auto& one : a) {
    const bool there = std::any_of(b.begin(), b.end(), [&](const Alarm& other) {
      return one.id == other.id && one.severity == other.severity && one.detail == other.detail;
    });
    if (!there) return false;
  }
  return true;
}

[[nodiscard]] constexpr bool is_carried(FieldMask carried, Field field) noexcept { return ((carried >> index(field)) & 1U) != 0; }

}  // namespace

void Gate::suspect(Doubt doubt, Field field) noexcept {
  if (doubt_ != Doubt::kNone) return;
  doubt_ = doubt;
  doubtful_field_ = field;
}

Belief Gate::judge(Sample& sample, bool confirmed, FieldMask carried, Instant at) noexcept {
  doubt_ = Doubt::kNone;
  if (!in_range(sample)) return Belief::kRejected;
  if (!cells_add_up(sample)) {
    suspect(Doubt::kCellSum, Field::kCellVoltage);
    return Belief::kRejected;
  }
  hold_back_start_values(sample, at);

  // Each of these keeps notes for the next sample, so all of them are asked.
  bool believed = jumps_are_confirmed(sample, carried);
  if (!alarms_are_confirmed(sample.alarms)) believed = false;
  if (!confirmed && !agrees_with_weak(sample)) {
    suspect(Doubt::kWeakCheck);
    believed = false;
  }
  has_weak_ = !confirmed;
  if (has_weak_) weak_ = sample;

  if (!believed) {
    if (!has_last_) doubt_ = Doubt::kFirst;
    if (run_ < kPatience) ++run_;
    return Belief::kUnconfirmed;
  }
  last_.merge(sample);
  last_.alarms = sample.alarms;
  has_last_ = true;
  run_ = 0;
  return Belief::kPublish;
}

bool Gate::in_range(Sample& sample) noexcept {
  for (const auto& field : kFields) {
    for (std::size_t i = 0; i < field.count; ++i) {
      if (!sample.has(field.field, i)) continue;
      const auto value = sample.get(field.field, i);
      if (value >= field.min && value <= field.max) continue;
      if (field.step >= 0) {
        suspect(Doubt::kRange, field.field);
        return false;
      }
      sample.clear(field.field, i);
    }
  }
  return true;
}

bool Gate::cells_add_up(const Sample& sample) const noexcept {
  if (!sample.has(Field::kPackVoltage)) return true;
  std::int32_t sum_mv = 0;
  std::int32_t cells = 0;
  for (std::size_t i = 0; i < kMaxCells; ++i) {
    if (!sample.has(Field::kCellVoltage, i)) continue;
    sum_mv += sample.get(Field::kCellVoltage, i);
    ++cells;
  }
  if (cells == 0) return true;
  const auto pack_mv = sample.get(Field::kPackVoltage);
  const auto tolerance_mv = pack_mv / 100 + 50 + (rules_.pack_resolution_mv > 1 ? 3 * rules_.pack_resolution_mv : 0);
  return !differs(pack_mv, sum_mv, tolerance_mv);
}

void Gate::hold_back_start_values(Sample& sample, Instant at) noexcept {
  const auto zero = [](const Sample& s) { return s.value(Field::kSoc) == 0 && s.value(Field::kCycles) == 0; };
  if (!zero(sample) || zero(last_)) {
    zero_since_ = kFarFuture;
    return;
  }
  if (zero_since_ == kFarFuture) zero_since_ = at;
  if (at - zero_since_ >= kStartTime) return;
  for (const auto field : {Field::kSoc, Field::kCycles, Field::kRemainingCapacity, Field::kTimeToFull, Field::kTimeToEmpty}) {
    sample.clear(field);
  }
}

bool Gate::jumps_are_confirmed(Sample& sample, FieldMask carried) noexcept {
  bool all = true;
  std::bitset<kSlotCount> agreed;
  for (const auto& field : kFields) {
    if (field.step < 0) continue;
    for (std::size_t i = 0; i < field.count; ++i) {
      const auto s = slot(field.field, i);
      if (!sample.slot_valid(s)) continue;
      const auto value = sample.slot_value(s);
      const bool jumps = last_.slot_valid(s) ? differs(value, last_.slot_value(s), field.step) : rules_.confirm_first;
      if (is_carried(carried, field.field)) {
        if (jumps) undo_carried_jump(sample, s);
        continue;
      }
      if (!jumps) {
        waiting_[s] = false;
        continue;
      }
      agreed[s] = waiting_[s] && (run_ >= kPatience || !differs(value, pending_.slot_value(s), field.step));
      if (!agreed[s] && has_last_ && !last_.slot_valid(s)) {
        sample.clear_slot(s);  // a value that appears later waits alone: the others need not
      } else if (!agreed[s]) {
        suspect(Doubt::kJump, field.field);
        all = false;
      }
      waiting_[s] = true;
      pending_.set_slot(s, value);
    }
  }
  if (all) waiting_ &= ~agreed;
  return all;
}

/// The jump was seen when the value was asked for; what was believed before stands until it is asked again.
void Gate::undo_carried_jump(Sample& sample, std::size_t s) const noexcept {
  if (last_.slot_valid(s)) {
    sample.set_slot(s, last_.slot_value(s));
  } else {
    sample.clear_slot(s);
  }
}

bool Gate::alarms_are_confirmed(const AlarmList& alarms) noexcept {
  const bool changed = has_last_ ? !same_alarms(alarms, last_.alarms) : rules_.confirm_first;
  const bool agreed = has_pending_alarms_ && (run_ >= kPatience || same_alarms(alarms, pending_.alarms));
  has_pending_alarms_ = changed;
  pending_.alarms = alarms;
  if (changed && !agreed) suspect(Doubt::kAlarmChange, Field::kAlarm);
  return !changed || agreed;
}

bool Gate::agrees_with_weak(const Sample& sample) const noexcept {
  if (!has_weak_ || !same_alarms(sample.alarms, weak_.alarms)) return false;
  for (const auto& field : kFields) {
    if (field.step < 0) continue;
    for (std::size_t i = 0; i < field.count; ++i) {
      if (!sample.has(field.field, i)) continue;
      if (!weak_.has(field.field, i) || differs(sample.get(field.field, i), weak_.get(field.field, i), field.step)) return false;
    }
  }
  return true;
}

}  // namespace bmsgate::core
