// SPDX-License-Identifier: Apache-2.0
// Local time by the C library.
#include "outputs/local_time.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdlib>
#include <ctime>

namespace bmsgate::outputs {
namespace {

std::tm broken_down(core::UtcMs utc_ms) noexcept {
  const std::time_t seconds = static_cast<std::time_t>(utc_ms >= 0 ? utc_ms / 1000 : (utc_ms - 999) / 1000);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  return parts;
}

/// Takes a number of exactly `digits` digits from the front of `text`.
bool take_number(std::string_view& text, std::size_t digits, int& out) noexcept {
  if (text.size() < digits) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, out);
  if (error != std::errc{} || end != text.data() + digits || out < 0) return false;
  text.remove_prefix(digits);
  return true;
}

bool take_character(std::string_view& text, char wanted) noexcept {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

bool take_day(std::string_view& text, LocalDay& day) noexcept {
  return take_number(text, 4, day.year) && take_character(text, '-') && take_number(text, 2, day.month) && take_character(text, '-') &&
         take_number(text, 2, day.day) && day.month >= 1 && day.month <= 12 && day.day >= 1 && day.day <= 31;
}

/// Z, +hh:mm, -hhmm or nothing; `offset_min` stays as it is for nothing.
bool take_offset(std::string_view& text, bool& has_offset, int& offset_min) noexcept {
  has_offset = !text.empty();
  if (text.empty()) return true;
  if (take_character(text, 'Z') || take_character(text, 'z')) {
    offset_min = 0;
    return text.empty();
  }
  const int sign = text.front() == '-' ? -1 : 1;
  if (text.front() != '+' && text.front() != '-' && text.front() != ' ') return false;  // a blank is a plus that an URL lost
  text.remove_prefix(1);
  int hours = 0;
  int minutes = 0;
  if (!take_number(text, 2, hours)) return false;
  (void)take_character(text, ':');
  if (!text.empty() && !take_number(text, 2, minutes)) return false;
  offset_min = sign * (hours * 60 + minutes);
  return text.empty() && hours < 24 && minutes < 60;
}

}  // namespace

std::int64_t local_ms(core::UtcMs utc_ms) noexcept { return utc_ms + std::int64_t{broken_down(utc_ms).tm_gmtoff} * 1000; }

LocalDay day_of(core::UtcMs utc_ms) noexcept {
  const auto parts = broken_down(utc_ms);
  return {parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday};
}

core::UtcMs start_of(LocalDay day) noexcept {
  std::tm parts{};
  parts.tm_year = day.year - 1900;
  parts.tm_mon = day.month - 1;
  parts.tm_mday = day.day;
  parts.tm_isdst = -1;
  auto start_ms = static_cast<core::UtcMs>(std::mktime(&parts)) * 1000;
  // Where clocks are changed at midnight there is none that day, or there are two. They are changed by half hours.
  constexpr core::UtcMs kHalfHourMs = 1'800'000;
  for (int step = 0; step < 4 && day_of(start_ms) < day; ++step) start_ms += kHalfHourMs;
  for (int step = 0; step < 4 && day_of(start_ms - kHalfHourMs) == day; ++step) start_ms -= kHalfHourMs;
  return start_ms;
}

LocalDay next(LocalDay day) noexcept {
  // Noon of the next day is never moved into another day by daylight saving time.
  std::tm parts{};
  parts.tm_year = day.year - 1900;
  parts.tm_mon = day.month - 1;
  parts.tm_mday = day.day + 1;
  parts.tm_hour = 12;
  parts.tm_isdst = -1;
  const auto noon = std::mktime(&parts);
  return day_of(static_cast<core::UtcMs>(noon) * 1000);
}

int minute_of_day(core::UtcMs utc_ms) noexcept {
  const auto parts = broken_down(utc_ms);
  return parts.tm_hour * 60 + parts.tm_min;
}

std::string text(LocalDay day) { return fmt::format("{:04}-{:02}-{:02}", day.year, day.month, day.day); }

bool parse(std::string_view text, LocalDay& out) noexcept {
  LocalDay day;
  if (!take_day(text, day) || !text.empty()) return false;
  out = day;
  return true;
}

std::string local_iso(core::UtcMs utc_ms) {
  const auto parts = broken_down(utc_ms);
  const auto offset_min = static_cast<int>(parts.tm_gmtoff / 60);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}{:02}:{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min, parts.tm_sec, offset_min < 0 ? '-' : '+', std::abs(offset_min) / 60,
                     std::abs(offset_min) % 60);
}

void IsoWriter::append(std::string& out, core::UtcMs utc_ms) {
  constexpr std::int64_t kQuarterMs = 900'000;  // offsets change at quarters of an hour only
  if (utc_ms / kQuarterMs != quarter_ || utc_ms < 0) {
    quarter_ = utc_ms / kQuarterMs;
    offset_s_ = broken_down(utc_ms).tm_gmtoff;
  }
  const std::chrono::sys_seconds local{std::chrono::seconds{utc_ms / 1000 + offset_s_}};
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::year_month_day date{day};
  const auto second = static_cast<unsigned>((local - day).count());
  const auto minutes = static_cast<unsigned>(std::abs(offset_s_) / 60);
  char text[] = "0000-00-00T00:00:00+00:00";
  const auto put = [&text](std::size_t at, unsigned value) {
    text[at] = static_cast<char>('0' + value / 10 % 10);
    text[at + 1] = static_cast<char>('0' + value % 10);
  };
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
  put(0, year / 100);
  put(2, year % 100);
  put(5, static_cast<unsigned>(date.month()));
  put(8, static_cast<unsigned>(date.day()));
  put(11, second / 3'600);
  put(14, second / 60 % 60);
  put(17, second % 60);
  if (offset_s_ < 0) text[19] = '-';
  put(20, minutes / 60);
  put(23, minutes % 60);
  out.append(text, sizeof(text) - 1);
}

bool parse_time(std::string_view text, core::UtcMs& out) noexcept {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size()) {
    constexpr std::int64_t kMillisecondsFrom = 100'000'000'000;  // as seconds this is the year 5138
    if (number < 0) return false;
    out = number < kMillisecondsFrom ? number * 1000 : number;
    return true;
  }
  LocalDay day;
  if (!take_day(text, day)) return false;
  if (text.empty()) {
    out = start_of(day);
    return true;
  }
  int hour = 0;
  int minute = 0;
  int second = 0;
  int offset_min = 0;
  bool has_offset = false;
  if (!(take_character(text, 'T') || take_character(text, 't') || take_character(text, ' '))) return false;
  if (!take_number(text, 2, hour) || !take_character(text, ':') || !take_number(text, 2, minute)) return false;
  if (take_character(text, ':') && !take_number(text, 2, second)) return false;
  if (take_character(text, '.')) {
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') text.remove_prefix(1);
  }
  if (!take_offset(text, has_offset, offset_min) || hour > 23 || minute > 59 || second > 60) return false;
  std::tm parts{};
  parts.tm_year = day.year - 1900;
  parts.tm_mon = day.month - 1;
  parts.tm_mday = day.day;
  parts.tm_hour = hour;
  parts.tm_min = minute - offset_min;
  parts.tm_sec = second;
  parts.tm_isdst = -1;
  out = static_cast<core::UtcMs>(has_offset ? timegm(&parts) : std::mktime(&parts)) * 1000;
  return true;
}

}  // namespace bmsgate::outputs
