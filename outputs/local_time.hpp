// SPDX-License-Identifier: Apache-2.0
// Local days and times of the site, by the C library's time zone (TZ, set once at start from the settings). Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/clock.hpp"

namespace bmsgate::outputs {

/// A local calendar day.
struct LocalDay {
  int year{1970};
  int month{1};  // 1-12
  int day{1};    // 1-31
  friend constexpr auto operator<=>(const LocalDay&, const LocalDay&) = default;
};

/// UTC plus the offset in force then.
[[nodiscard]] std::int64_t local_ms(core::UtcMs utc_ms) noexcept;
[[nodiscard]] LocalDay day_of(core::UtcMs utc_ms) noexcept;
/// Days may overflow (month 13, day 0): they are normalised.
[[nodiscard]] core::UtcMs start_of(LocalDay day) noexcept;
[[nodiscard]] LocalDay next(LocalDay day) noexcept;
/// Minutes since local midnight as the wall clock shows them.
[[nodiscard]] int minute_of_day(core::UtcMs utc_ms) noexcept;
/// "2026-11-22".
[[nodiscard]] std::string text(LocalDay day);
/// False: not a date of this form.
[[nodiscard]] bool parse(std::string_view text, LocalDay& out) noexcept;
/// "2026-11-22T18:05:00+01:00", in seconds.
[[nodiscard]] std::string local_iso(core::UtcMs utc_ms);
/// The same for many times in a row, several times faster: the time zone is asked once a quarter of an hour.
class IsoWriter {
 public:
  void append(std::string& out, core::UtcMs utc_ms);

 private:
  std::int64_t quarter_{INT64_MIN};
  std::int64_t offset_s_{0};
};
/// Seconds or milliseconds since 1970, or RFC 3339 with Z, an offset or (local time) none; a date alone is its local midnight. False: none
/// of these.
[[nodiscard]] bool parse_time(std::string_view text, core::UtcMs& out) noexcept;

}  // namespace bmsgate::outputs
