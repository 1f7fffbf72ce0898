// SPDX-License-Identifier: Apache-2.0
// Where messages go. Passed to whoever has something to say; the host prints them, tests collect them. Any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace bmsgate::core {

enum class Level : std::uint8_t { kDebug, kInfo, kWarning, kError };

class Logger {
 public:
  /// One line, without a newline; `who` is the part of the program ("bus boat", "mqtt"). Secrets never get here.
  virtual void write(Level level, std::string_view who, std::string_view message) noexcept = 0;

 protected:
  ~Logger() = default;
};

}  // namespace bmsgate::core
