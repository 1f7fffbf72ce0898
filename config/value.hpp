// SPDX-License-Identifier: Apache-2.0
// One setting's value while it is not yet in its struct, and the check of a value against its row. Used by config/ and host/; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/option.hpp"

namespace bmsgate::config {

/// A choice is kept as its text.
using Value = std::variant<bool, std::int64_t, double, std::string>;

[[nodiscard]] std::vector<std::string_view> split_choices(std::string_view choices);

/// What an object holds now.
[[nodiscard]] Value get(const core::Option& option, const void* object);
/// Only a value that check() has let through.
void set(const core::Option& option, void* object, const Value& value);

/// Brings a value to the option's type and checks it. Answers what is wrong with it, in words that follow "key: "; empty: nothing.
/// A secret value is never repeated.
[[nodiscard]] std::string check(const core::Option& option, Value& value);
/// The same for text of the environment and the command line: "on", "1884", "2.5".
[[nodiscard]] std::string check_text(const core::Option& option, std::string_view text, Value& value);

/// "1-300 s", "auto, en, it, de", "true or false"; what people may write.
[[nodiscard]] std::string allowed(const core::Option& option);
/// As people read it, without quotes.
[[nodiscard]] std::string to_text(const Value& value);
[[nodiscard]] std::string number_text(double value);
/// Text in quotes, with escapes that TOML and JSON share.
[[nodiscard]] std::string quoted(std::string_view text);
/// A key or name of the input for a message: short, in one line, valid UTF-8; in quotes if it looks odd.
[[nodiscard]] std::string shown_key(std::string_view key);
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

/// The word of the list that is most like `word`, if one is near enough to be meant.
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view word, const std::vector<std::string_view>& words);
/// "; did you mean X?" or nothing.
[[nodiscard]] std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& words);

}  // namespace bmsgate::config
