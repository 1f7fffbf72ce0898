// SPDX-License-Identifier: Apache-2.0
// A setting is a member with its default as initialiser, and one row beside it:
//
//   struct MqttOptions { bool enabled{false}; int port{1883}; std::string password; };
//   inline constexpr auto kMqttOptions = std::to_array<core::Option>({
//       core::option<&MqttOptions::enabled>({.key = "enabled", .label = "MQTT", .help = "Publish to a broker."}),
//       core::option<&MqttOptions::port>({.key = "port", .label = "Port", .help = "…", .min = 1, .max = 65535}),
//       core::option<&MqttOptions::password>({.key = "password", .label = "Password", .help = "…", .flags = core::kSecret}),
//   });
//
// From the rows come files, forms, validation, environment, command line and docs. Any thread.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <type_traits>

namespace bmsgate::core {

enum class OptionType : std::uint8_t { kBool, kInteger, kNumber, kText, kChoice };

enum OptionFlags : std::uint8_t {
  kPlain = 0,
  kSecret = 1,    // never shown, logged or sent back
  kRestart = 2,   // takes effect when the program starts anew
  kAdvanced = 4,  // not shown at first
  kAssigned = 8,  // of a list: a number that no two items share; 0 = the next free one is given once and kept
};

/// Longest text of a row that names no limit of its own.
inline constexpr double kMaxTextLength = 255;

/// A value on its way in or out. `text` points into the options object or the input; copy it to keep it.
struct OptionValue {
  OptionType type{};
  bool flag{false};
  std::int64_t integer{0};  // kInteger; kChoice: the index in the list of choices
  double number{0};
  std::string_view text{};
};

/// The words of a row.
struct OptionText {
  std::string_view key;
  std::string_view label;
  std::string_view help;
  std::string_view unit{};
  double min{0};  // kInteger, kNumber: range (both 0: what the member's type holds); kText: shortest and longest length in bytes
  double max{0};
  std::string_view choices{};       // kChoice and texts with fixed values: "a|b|c"
  std::string_view pattern{};       // kText: a regular expression that the whole text matches
  std::string_view pattern_help{};  // the pattern in words, for people: "1 to 19 of a-z 0-9 _ -"
  std::string_view refers_to{};     // kText: key of the list of tables that must have an item with this id
  std::uint8_t flags{kPlain};
};

struct Option : OptionText {
  OptionType type{};
  OptionValue (*get)(const void* object){nullptr};
  void (*set)(void* object, const OptionValue& value){nullptr};  // the value has been validated
};

namespace detail {
template <class T>
struct MemberOf;
template <class Object, class Member>
struct MemberOf<Member Object::*> {
  using object = Object;
  using member = Member;
};
}  // namespace detail

/// Binds a member to its row; the member's type decides the option's type (an enum is a choice by index).
template <auto Pointer>
[[nodiscard]] constexpr Option option(const OptionText& text) noexcept {
  using Object = typename detail::MemberOf<decltype(Pointer)>::object;
  using Member = typename detail::MemberOf<decltype(Pointer)>::member;
  Option row{};
  static_cast<OptionText&>(row) = text;
  if constexpr (std::same_as<Member, bool>) {
    row.type = OptionType::kBool;
  } else if constexpr (std::is_enum_v<Member>) {
    row.type = OptionType::kChoice;
  } else if constexpr (std::integral<Member>) {
    row.type = OptionType::kInteger;
    if (row.min == 0 && row.max == 0) {
      row.min = static_cast<double>(std::numeric_limits<Member>::min());
      row.max = static_cast<double>(std::numeric_limits<Member>::max());
    }
  } else if constexpr (std::floating_point<Member>) {
    row.type = OptionType::kNumber;
  } else {
    row.type = OptionType::kText;
    if (row.max == 0) row.max = kMaxTextLength;
  }
  row.get = [](const void* object) {
    const auto& member = static_cast<const Object*>(object)->*Pointer;
    OptionValue value;
    if constexpr (std::same_as<Member, bool>) {
      value.type = OptionType::kBool;
      value.flag = member;
    } else if constexpr (std::is_enum_v<Member>) {
      value.type = OptionType::kChoice;
      value.integer = static_cast<std::int64_t>(member);
    } else if constexpr (std::integral<Member>) {
      value.type = OptionType::kInteger;
      value.integer = static_cast<std::int64_t>(member);
    } else if constexpr (std::floating_point<Member>) {
      value.type = OptionType::kNumber;
      value.number = member;
    } else {
      value.type = OptionType::kText;
      value.text = std::string_view{member};
    }
    return value;
  };
  row.set = [](void* object, const OptionValue& value) {
    auto& member = static_cast<Object*>(object)->*Pointer;
    if constexpr (std::same_as<Member, bool>) {
      member = value.flag;
    } else if constexpr (std::is_enum_v<Member> || std::integral<Member>) {
      member = static_cast<Member>(value.integer);
    } else if constexpr (std::floating_point<Member>) {
      member = static_cast<Member>(value.number);
    } else {
      member = value.text;
    }
  };
  return row;
}

/// One group of settings: a table of the file, a page of the form.
struct OptionGroup {
  std::string_view key;  // "mqtt"; for lists of tables the singular: "bus", "pack"
  std::string_view title;
  std::string_view help;
  std::span<const Option> options;
  bool can_try{false};  // values that are not saved yet can be tried: the page shows a button
};

}  // namespace bmsgate::core
