// SPDX-License-Identifier: Apache-2.0
// Errors from a closed list, and a value-or-error for code that has no exceptions. Any thread.
#pragma once

#include <cstdint>
#include <utility>

namespace bmsgate::core {

enum class Error : std::uint8_t {
  kNone,
  kUnsupported,  // the dialect has no such command, part or address
  kOutOfRange,   // an argument outside its limits
  kNoSpace,      // a fixed buffer or queue is full
  kTimeout,      // nothing answered in time
  kBadCheck,     // check sum or CRC wrong
  kBadFrame,     // right check, impossible content
  kRefused,      // the other side said no
  kClosed,       // line or connection is gone
};

[[nodiscard]] constexpr const char* text(Error error) noexcept {
  switch (error) {
    case Error::kNone: return "ok";
    case Error::kUnsupported: return "not supported";
    case Error::kOutOfRange: return "out of range";
    case Error::kNoSpace: return "no space";
    case Error::kTimeout: return "timeout";
    case Error::kBadCheck: return "bad checksum";
    case Error::kBadFrame: return "bad frame";
    case Error::kRefused: return "refused";
    case Error::kClosed: return "closed";
  }
  return "?";
}

/// A value, or the reason why there is none. `value()` may be called only where `ok()`.
template <class T>
class [[nodiscard]] Result {
 public:
  constexpr Result(T value) noexcept : value_{std::move(value)} {}  // NOLINT(google-explicit-constructor): reads as `return x;`
  constexpr Result(Error error) noexcept : error_{error} {}         // NOLINT(google-explicit-constructor)

  [[nodiscard]] constexpr bool ok() const noexcept { return error_ == Error::kNone; }
  [[nodiscard]] constexpr Error error() const noexcept { return error_; }
  [[nodiscard]] constexpr const T& value() const noexcept { return value_; }

 private:
  T value_{};
  Error error_{Error::kNone};
};

}  // namespace bmsgate::core
