// SPDX-License-Identifier: Apache-2.0
// Settings of the gateway as a whole: its name, and how times and values are shown. Used by host/; loop thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "core/log.hpp"
#include "core/option.hpp"

namespace bmsgate::host {

enum class Language : std::uint8_t { kAuto, kEnglish, kItalian, kGerman };
enum class TemperatureUnit : std::uint8_t { kCelsius, kFahrenheit };
enum class ClockStyle : std::uint8_t { k24h, k12h };
enum class Layout : std::uint8_t { kBmsgate, kJk, kDaly };
enum class LogLevel : std::uint8_t { kError, kWarning, kInfo, kDebug };

struct GeneralOptions {
  std::string name{"bmsgate"};
  std::string time_zone;
  Language language{Language::kAuto};
  TemperatureUnit temperature_unit{TemperatureUnit::kCelsius};
  ClockStyle clock{ClockStyle::k24h};
  Layout layout{Layout::kBmsgate};
  LogLevel log_level{LogLevel::kInfo};
};

inline constexpr auto kGeneralOptions = std::to_array<core::Option>({
    core::option<&GeneralOptions::name>(
        {.key = "name", .label = "Name", .help = "What this gateway is called in the pages and in the network.", .min = 1, .max = 32}),
    core::option<&GeneralOptions::time_zone>(
        {.key = "time_zone",
         .label = "Time zone",
         .help = "Name of the zone that days and times are shown in, such as Europe/Rome. Empty: the machine's own.",
         .max = 64,
         .pattern = "([A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*)?",
         .pattern_help = "a name such as Europe/Rome, or empty"}),
    core::option<&GeneralOptions::language>({.key = "language",
                                             .label = "Language",
                                             .help = "Language of the pages. auto: what the browser asks for.",
                                             .choices = "auto|en|it|de"}),
    core::option<&GeneralOptions::temperature_unit>(
        {.key = "temperature_unit",
         .label = "Temperatures in",
         .help = "Unit in the pages, and of the temperature register of the Modbus block 100-157.",
         .choices = "C|F"}),
    core::option<&GeneralOptions::clock>(
        {.key = "clock", .label = "Clock", .help = "How the pages write the time of day.", .choices = "24h|12h"}),
    core::option<&GeneralOptions::layout>({.key = "layout",
                                           .label = "Layout",
                                           .help = "Look of the status page: bmsgate's own, JK style or DALY style.",
                                           .choices = "bmsgate|jk|daly"}),
    core::option<&GeneralOptions::log_level>({.key = "log_level",
                                              .label = "Log",
                                              .help = "The least important messages that are still written to the log.",
                                              .choices = "error|warning|info|debug",
                                              .flags = core::kAdvanced}),
});

}  // namespace bmsgate::host
