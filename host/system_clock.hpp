// SPDX-License-Identifier: Apache-2.0
// The real clock. Any thread.
#pragma once

#include <chrono>

#include "core/clock.hpp"

namespace bmsgate::host {

class SystemClock final : public core::Clock {
 public:
  [[nodiscard]] core::Instant now() const noexcept override {
    // steady_clock is CLOCK_MONOTONIC on Linux.
    return core::Instant{std::chrono::duration_cast<core::Duration>(std::chrono::steady_clock::now().time_since_epoch())};
  }
  [[nodiscard]] core::UtcMs utc_ms() const noexcept override {
    const auto utc = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    return utc < kYear2024 ? 0 : utc;  // before: the clock was never set
  }

 private:
  static constexpr core::UtcMs kYear2024 = 1'704'067'200'000;
};

}  // namespace bmsgate::host
