// SPDX-License-Identifier: Apache-2.0
// Time as the core sees it: a monotonic instant for deadlines, UTC for what people read. The host and the tests implement Clock.
#pragma once

#include <chrono>
#include <cstdint>

namespace bmsgate::core {

using Duration = std::chrono::microseconds;

/// Tag of the monotonic time line (CLOCK_MONOTONIC on Linux, virtual in tests). It has no now(): time comes in as an argument.
struct Monotonic {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<Monotonic, Duration>;
  static constexpr bool is_steady = true;
};
using Instant = Monotonic::time_point;
inline constexpr Instant kFarFuture = Instant::max();

/// UTC in milliseconds since 1970; 0 = not known (a machine without a clock before its first time fix).
using UtcMs = std::int64_t;

/// Where time comes from. Any thread.
class Clock {
 public:
  [[nodiscard]] virtual Instant now() const noexcept = 0;
  [[nodiscard]] virtual UtcMs utc_ms() const noexcept = 0;

 protected:
  ~Clock() = default;
};

}  // namespace bmsgate::core
