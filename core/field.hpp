// SPDX-License-Identifier: Apache-2.0
// The field table (field.def) as an enum and a constexpr table, and the place of each field's elements in a Sample.
// Every output is a loop over kFields; nothing outside field.def names a field's key, unit or register. Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bmsgate::core {

enum class Field : std::uint8_t {
#define FIELD(id, ...) id,
#include "core/field.def"
#undef FIELD
};

enum class Kind : std::uint8_t { kNumber, kBool, kState, kClock };
enum class Wire : std::uint8_t { kU16, kS16, kU32, kS32 };
enum class Category : std::uint8_t { kMain, kCells, kTemps, kSwitch, kEnergy, kDetail };
enum class Tier : std::uint8_t { kNever, kRecent, kMinute, kAlways };

/// What a pack is doing; the value of Field::kState.
enum class State : std::uint8_t { kIdle, kCharging, kDischarging };
inline constexpr std::array<std::string_view, 3> kStateNames{"idle", "charging", "discharging"};

/// One line of field.def; the columns are described there.
struct FieldInfo {
  Field field;
  std::string_view key;
  std::string_view label;
  std::string_view unit;
  std::uint8_t decimals;
  std::uint8_t count;
  Kind kind;
  Wire wire;
  std::uint16_t reg;
  std::string_view ha_class;
  std::string_view ha_state;
  std::uint8_t precision;
  Category category;
  Tier tier;
  std::int32_t min;   // scaled, like the values of a Sample
  std::int32_t max;   // scaled
  std::int32_t step;  // scaled; 0 = any change is confirmed, -1 = not watched
};

[[nodiscard]] constexpr std::int32_t pow10(unsigned exponent) noexcept {
  std::int32_t power = 1;
  while (exponent-- > 0) power *= 10;
  return power;
}

namespace detail {
/// A limit of the table in scaled units, cut to what an int32 holds.
constexpr std::int32_t scaled(double value, unsigned decimals) noexcept {
  const double product = value * pow10(decimals);
  if (product >= 2147483647.0) return 2147483647;
  if (product <= -2147483647.0) return -2147483647;
  return static_cast<std::int32_t>(product + (product < 0 ? -0.5 : 0.5));
}

constexpr auto make_fields() noexcept {
  using enum Kind;
  using enum Wire;
  using enum Category;
  using enum Tier;
  // clang-format off
  return std::to_array<FieldInfo>({
#define FIELD(id, key, label, unit, decimals, count, kind, wire, reg, ha_class, ha_state, precision, category, tier, min, max, step) \
  {Field::id, #key, label, unit, decimals, count, kind, wire, reg, ha_class, ha_state, precision, category, tier,                    \
   scaled(min, decimals), scaled(max, decimals), (step) < 0 ? -1 : scaled(step, decimals)},
#include "core/field.def"
#undef FIELD
  });
  // clang-format on
}
}  // namespace detail

inline constexpr auto kFields = detail::make_fields();
inline constexpr std::size_t kFieldCount = kFields.size();

[[nodiscard]] constexpr std::size_t index(Field field) noexcept { return static_cast<std::size_t>(field); }
[[nodiscard]] constexpr const FieldInfo& info(Field field) noexcept { return kFields[index(field)]; }

inline constexpr std::size_t kMaxCells = info(Field::kCellVoltage).count;
inline constexpr std::size_t kMaxTemperatures = info(Field::kTemperature).count;

namespace detail {
constexpr auto make_slots() noexcept {
  std::array<std::uint16_t, kFieldCount + 1> first{};
  for (std::size_t i = 0; i < kFieldCount; ++i) first[i + 1] = static_cast<std::uint16_t>(first[i] + kFields[i].count);
  return first;
}
inline constexpr auto kFirstSlot = make_slots();
}  // namespace detail

/// Number of values in a Sample, and where the elements of a field begin.
inline constexpr std::size_t kSlotCount = detail::kFirstSlot[kFieldCount];
[[nodiscard]] constexpr std::size_t slot(Field field, std::size_t element = 0) noexcept {
  return detail::kFirstSlot[index(field)] + element;
}

[[nodiscard]] constexpr std::size_t register_width(Wire wire) noexcept { return wire == Wire::kU32 || wire == Wire::kS32 ? 2 : 1; }

/// The field of a public key, or nullptr.
[[nodiscard]] constexpr const FieldInfo* find_field(std::string_view key) noexcept {
  for (const auto& field : kFields) {
    if (field.key == key) return &field;
  }
  return nullptr;
}

namespace detail {
constexpr bool keys_are_unique() noexcept {
  for (std::size_t a = 0; a < kFieldCount; ++a) {
    for (std::size_t b = a + 1; b < kFieldCount; ++b) {
      if (kFields[a].key == kFields[b].key) return false;
    }
  }
  return true;
}
constexpr bool registers_are_disjoint() noexcept {
  for (std::size_t a = 0; a < kFieldCount; ++a) {
    const auto a_end = kFields[a].reg + kFields[a].count * register_width(kFields[a].wire);
    if (kFields[a].reg < 2000 || a_end > 3000) return false;
    for (std::size_t b = a + 1; b < kFieldCount; ++b) {
      const auto b_end = kFields[b].reg + kFields[b].count * register_width(kFields[b].wire);
      if (kFields[a].reg < b_end && kFields[b].reg < a_end) return false;
    }
  }
  return true;
}
}  // namespace detail
static_assert(detail::keys_are_unique(), "two fields share a key");
static_assert(detail::registers_are_disjoint(), "registers of the native block overlap or leave 2000-2999");

}  // namespace bmsgate::core
