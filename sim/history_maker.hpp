// SPDX-License-Identifier: Apache-2.0
// Months of made-up but plausible past of a pack, fast: for the demo's history and for the tests of what is found in it. Any thread.
#pragma once

#include <functional>

#include "core/clock.hpp"
#include "core/sample.hpp"
#include "sim/pack_model.hpp"

namespace bmsgate::sim {

struct HistorySpec {
  PackProfile profile;
  core::UtcMs from_utc_ms{0};
  core::UtcMs to_utc_ms{0};
  std::uint32_t step_s{60};
};

/// Runs a pack through the time asked for and calls `take` for each step with its derived sample (power, extremes, alarm flag filled in).
/// `take` answers false to stop. Deterministic by the profile's seed.
void make_history(const HistorySpec& spec, const std::function<bool(core::UtcMs utc_ms, const core::Sample& sample)>& take);

}  // namespace bmsgate::sim
