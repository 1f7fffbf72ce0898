// SPDX-License-Identifier: Apache-2.0
// What can be asked of a BMS (command.def). A dialect turns a Command into bytes; the command gate decides whether it may. Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bmsgate::core {

enum class CommandId : std::uint8_t {
#define COMMAND(id, ...) id,
#include "core/command.def"
#undef COMMAND
};

enum class Argument : std::uint8_t { kNone, kSwitch, kPercent };

struct CommandInfo {
  CommandId id;
  std::string_view key;
  std::string_view label;
  Argument argument;
  std::int32_t min;
  std::int32_t max;
  std::string_view warning;
};

namespace detail {
constexpr auto make_commands() noexcept {
  using enum Argument;
  return std::to_array<CommandInfo>({
#define COMMAND(id, key, label, argument, min, max, warning) {CommandId::id, #key, label, argument, min, max, warning},
#include "core/command.def"
#undef COMMAND
  });
}
}  // namespace detail
inline constexpr auto kCommands = detail::make_commands();
[[nodiscard]] constexpr const CommandInfo& info(CommandId id) noexcept { return kCommands[static_cast<std::size_t>(id)]; }

struct Command {
  CommandId id{};
  std::int32_t value{0};  // kSwitch: 0 or 1; kPercent: 0.1 %; kNone: 0
};

}  // namespace bmsgate::core
