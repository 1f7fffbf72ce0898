// SPDX-License-Identifier: Apache-2.0
// Settings of the history: how long each tier is kept and how often it is written. Used by outputs/history and host/; loop thread.
#pragma once

#include <array>

#include "core/option.hpp"

namespace bmsgate::outputs {

struct HistoryOptions {
  bool enabled{true};
  int recent_days{14};
  int recent_mb{0};
  int minute_days{400};
  int minute_mb{0};
  int long_days{0};
  int long_mb{0};
  int commit_s{60};
};

inline constexpr auto kHistoryOptions = std::to_array<core::Option>({
    core::option<&HistoryOptions::enabled>(
        {.key = "enabled", .label = "History", .help = "Keep every value of every pack in the data folder."}),
    core::option<&HistoryOptions::recent_days>({.key = "recent_days",
                                                .label = "Every reading for",
                                                .help = "How long each single reading is kept. 0: for ever.",
                                                .unit = "days",
                                                .min = 0,
                                                .max = 36500}),
    core::option<&HistoryOptions::recent_mb>({.key = "recent_mb",
                                              .label = "Every reading, at most",
                                              .help = "Space for single readings; the oldest go first. 0: no limit.",
                                              .unit = "MB",
                                              .min = 0,
                                              .max = 10000000,
                                              .flags = core::kAdvanced}),
    core::option<&HistoryOptions::minute_days>({.key = "minute_days",
                                                .label = "Minutes for",
                                                .help = "How long the least, mean and greatest value of each minute are kept. 0: for ever.",
                                                .unit = "days",
                                                .min = 0,
                                                .max = 36500}),
    core::option<&HistoryOptions::minute_mb>({.key = "minute_mb",
                                              .label = "Minutes, at most",
                                              .help = "Space for minutes; the oldest go first. 0: no limit.",
                                              .unit = "MB",
                                              .min = 0,
                                              .max = 10000000,
                                              .flags = core::kAdvanced}),
    core::option<&HistoryOptions::long_days>({.key = "long_days",
                                              .label = "20 minutes for",
                                              .help = "How long the values of each 20 minutes are kept. 0: for ever.",
                                              .unit = "days",
                                              .min = 0,
                                              .max = 36500}),
    core::option<&HistoryOptions::long_mb>({.key = "long_mb",
                                            .label = "20 minutes, at most",
                                            .help = "Space for 20 minutes; the oldest go first. 0: no limit.",
                                            .unit = "MB",
                                            .min = 0,
                                            .max = 10000000,
                                            .flags = core::kAdvanced}),
    core::option<&HistoryOptions::commit_s>(
        {.key = "commit_s",
         .label = "Write every",
         .help = "Time between two writes to the disk. Longer spares a memory card; a power cut loses up to this much.",
         .unit = "s",
         .min = 1,
         .max = 3600,
         .flags = core::kAdvanced}),
});

}  // namespace bmsgate::outputs
