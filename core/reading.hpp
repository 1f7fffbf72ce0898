// SPDX-License-Identifier: Apache-2.0
// A Sample with its circumstances: which pack, when, how good. What the hub keeps and every output gets. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/clock.hpp"
#include "core/sample.hpp"

namespace bmsgate::core {

/// kGood: fresh. kHeld: no good reading for 3 polls and at least 10 s. kStale: older than the hold time (60 s). kImplausible: rejected by
/// the gate (viewable, never published). kAsleep: only by a dialect's own sign.
enum class Quality : std::uint8_t { kGood, kHeld, kStale, kImplausible, kAsleep };
inline constexpr std::array<std::string_view, 5> kQualityNames{"good", "held", "stale", "implausible", "asleep"};

/// Index of a pack in the hub, given once at start.
using PackIndex = std::uint8_t;
inline constexpr std::size_t kMaxPacks = 64;

struct Reading {
  PackIndex pack{0};
  Quality quality{Quality::kStale};
  std::uint32_t sequence{0};  // counts the good readings of a pack from 1; 0 = none yet
  Instant at{};               // when its last byte was received
  UtcMs utc_ms{0};            // the same instant in UTC; 0 = the clock was not set
  Sample sample;
};

/// Fills what follows from the measured values: power (V x I), cell extremes and average, temperature extremes, state where the BMS gives
/// none, time to full and empty, the alarm flag. Never overwrites a measured value except those that dialects are known to report
/// late or without sign (power, cell extremes).
void derive(Sample& sample) noexcept;

}  // namespace bmsgate::core
