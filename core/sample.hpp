// SPDX-License-Identifier: Apache-2.0
// One set of values of one pack: scaled integers plus a validity bit each. Missing is a bit, never 0, -1 or NaN. Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/alarm.hpp"
#include "core/field.hpp"

namespace bmsgate::core {

class Sample {
 public:
  /// `value` is scaled: the unit of the field x 10^decimals.
  constexpr void set(Field field, std::int32_t value, std::size_t element = 0) noexcept { set_slot(slot(field, element), value); }
  constexpr void clear(Field field, std::size_t element = 0) noexcept { clear_slot(slot(field, element)); }
  /// Makes every element of a field missing.
  constexpr void clear_all(Field field) noexcept {
    for (std::size_t i = 0; i < info(field).count; ++i) clear(field, i);
  }

  [[nodiscard]] constexpr bool has(Field field, std::size_t element = 0) const noexcept { return slot_valid(slot(field, element)); }
  /// Only where has().
  [[nodiscard]] constexpr std::int32_t get(Field field, std::size_t element = 0) const noexcept { return values_[slot(field, element)]; }
  [[nodiscard]] constexpr std::optional<std::int32_t> value(Field field, std::size_t element = 0) const noexcept {
    if (!has(field, element)) return std::nullopt;
    return get(field, element);
  }
  /// How many elements, counted from the first to the last valid one (holes included); 0 = the field is missing.
  [[nodiscard]] constexpr std::size_t extent(Field field) const noexcept {
    std::size_t n = info(field).count;
    while (n > 0 && !has(field, n - 1)) --n;
    return n;
  }

  // By slot, for code that walks all values.
  constexpr void set_slot(std::size_t s, std::int32_t value) noexcept {
    values_[s] = value;
    valid_[s / 64] |= std::uint64_t{1} << (s % 64);
  }
  constexpr void clear_slot(std::size_t s) noexcept { valid_[s / 64] &= ~(std::uint64_t{1} << (s % 64)); }
  [[nodiscard]] constexpr bool slot_valid(std::size_t s) const noexcept { return ((valid_[s / 64] >> (s % 64)) & 1U) != 0; }
  [[nodiscard]] constexpr std::int32_t slot_value(std::size_t s) const noexcept { return values_[s]; }

  constexpr void reset() noexcept {
    valid_ = {};
    alarms.clear();
  }
  /// Takes over every value of `other` that is valid there; alarms are left alone.
  constexpr void merge(const Sample& other) noexcept {
    for (std::size_t s = 0; s < kSlotCount; ++s) {
      if (other.slot_valid(s)) set_slot(s, other.slot_value(s));
    }
  }
  friend constexpr bool operator==(const Sample& a, const Sample& b) noexcept {
    if (a.valid_ != b.valid_ || !(a.alarms == b.alarms)) return false;
    for (std::size_t s = 0; s < kSlotCount; ++s) {
      if (a.slot_valid(s) && a.values_[s] != b.values_[s]) return false;
    }
    return true;
  }

  AlarmList alarms;

 private:
  static constexpr std::size_t kWords = (kSlotCount + 63) / 64;
  std::array<std::int32_t, kSlotCount> values_{};
  std::array<std::uint64_t, kWords> valid_{};
};

}  // namespace bmsgate::core
