// SPDX-License-Identifier: Apache-2.0
// The past of the demo's packs: made up once, kept in its data folder. Called by the demo before the gateway starts.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/log.hpp"
#include "sim/demo.hpp"

namespace bmsgate::host {

inline constexpr int kDemoHistoryDays = 200;

/// Gives those of the first four packs a past that have none yet. What went wrong as a sentence; nothing = done.
[[nodiscard]] std::optional<std::string> make_demo_history(const std::vector<sim::DemoLine>& lines, const std::filesystem::path& file,
                                                           core::UtcMs now_utc_ms, core::Logger& log);

}  // namespace bmsgate::host
