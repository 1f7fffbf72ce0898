// SPDX-License-Identifier: Apache-2.0
// Runs a pack through months in steps.
#include "sim/history_maker.hpp"

#include <algorithm>

namespace bmsgate::sim {
namespace {

constexpr std::uint32_t kLeastAlarmGapS = 9 * 86'400;

}  // namespace

void make_history(const HistorySpec& spec, const std::function<bool(core::UtcMs utc_ms, const core::Sample& sample)>& take) {
  auto profile = spec.profile;
  // What is raised every few minutes for a show would be thousands of alarms in a past.
  if (profile.forced_alarm) profile.forced_alarm->every_s = std::max(profile.forced_alarm->every_s, kLeastAlarmGapS);
  PackModel model{profile};
  const auto step_ms = static_cast<core::UtcMs>(std::max<std::uint32_t>(spec.step_s, 1)) * 1000;
  for (auto at_ms = spec.from_utc_ms; at_ms < spec.to_utc_ms; at_ms += step_ms) {
    model.advance(at_ms);
    if (!take(at_ms, model.truth())) return;
  }
}

}  // namespace bmsgate::sim
