// SPDX-License-Identifier: Apache-2.0
// What a line and a pack have been through since the program started: for /buses, metrics and hints. Loop thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/clock.hpp"

namespace bmsgate::core {

/// Upper bounds of the latency buckets in ms (from the last byte sent to the first received); the last bucket is open.
inline constexpr std::array<std::uint16_t, 11> kLatencyBoundsMs{5, 10, 20, 40, 60, 80, 120, 200, 350, 500, 1000};

struct LinkStats {
  std::uint32_t requests{0};
  std::uint32_t replies{0};
  std::uint32_t timeouts{0};
  std::uint32_t refused{0};
  std::uint32_t bad_checks{0};
  std::uint32_t truncated{0};
  std::uint32_t bytes_skipped{0};
  std::uint32_t echoes{0};
  std::uint32_t rejected{0};     // samples that the gate did not let through
  std::uint32_t unconfirmed{0};  // samples that waited for a second one
  std::array<std::uint32_t, kLatencyBoundsMs.size() + 1> latency{};

  constexpr void count_latency(Duration latency_us) noexcept {
    const auto ms = latency_us.count() / 1000;
    std::size_t bucket = 0;
    while (bucket < kLatencyBoundsMs.size() && ms >= kLatencyBoundsMs[bucket]) ++bucket;
    ++latency[bucket];
  }
};

}  // namespace bmsgate::core
