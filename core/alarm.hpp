// SPDX-License-Identifier: Apache-2.0
// Normalised alarms (alarm.def): what is wrong, how badly, in which cell. Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/fixed.hpp"

namespace bmsgate::core {

enum class AlarmId : std::uint8_t {
#define ALARM(id, ...) id,
#include "core/alarm.def"
#undef ALARM
};

struct AlarmInfo {
  AlarmId id;
  std::string_view key;
  std::string_view text;
};
inline constexpr auto kAlarms = std::to_array<AlarmInfo>({
#define ALARM(id, key, text) {AlarmId::id, #key, text},
#include "core/alarm.def"
#undef ALARM
});
[[nodiscard]] constexpr const AlarmInfo& info(AlarmId id) noexcept { return kAlarms[static_cast<std::size_t>(id)]; }

enum class Severity : std::uint8_t { kHint, kWarning, kAlarm };
inline constexpr std::array<std::string_view, 3> kSeverityNames{"hint", "warning", "alarm"};

/// One alarm of one reading.
struct Alarm {
  AlarmId id{};
  Severity severity{};
  std::uint8_t cell{0};       // 1-based; 0 = the frame names none
  std::string_view detail{};  // static text of the dialect, for AlarmId::kOther; empty = the text of alarm.def

  [[nodiscard]] constexpr std::string_view text() const noexcept { return detail.empty() ? info(id).text : detail; }
  friend constexpr bool operator==(const Alarm& a, const Alarm& b) noexcept {
    return a.id == b.id && a.severity == b.severity && a.cell == b.cell && a.detail == b.detail;
  }
};

/// The alarms of one reading. The same alarm twice (two vendor bits) is kept once, with the worse severity.
class AlarmList {
 public:
  constexpr void add(const Alarm& alarm) noexcept {
    for (auto& have : list_) {
      if (have.id == alarm.id && have.detail == alarm.detail && have.cell == alarm.cell) {
        if (alarm.severity > have.severity) have.severity = alarm.severity;
        return;
      }
    }
    list_.push_back(alarm);
  }
  constexpr void clear() noexcept { list_.clear(); }
  [[nodiscard]] constexpr std::size_t size() const noexcept { return list_.size(); }
  [[nodiscard]] constexpr bool empty() const noexcept { return list_.empty(); }
  [[nodiscard]] constexpr const Alarm* begin() const noexcept { return list_.begin(); }
  [[nodiscard]] constexpr const Alarm* end() const noexcept { return list_.end(); }
  [[nodiscard]] constexpr Alarm* begin() noexcept { return list_.begin(); }
  [[nodiscard]] constexpr Alarm* end() noexcept { return list_.end(); }
  /// True if something worse than a hint is present.
  [[nodiscard]] constexpr bool serious() const noexcept {
    for (const auto& alarm : list_) {
      if (alarm.severity != Severity::kHint) return true;
    }
    return false;
  }
  friend constexpr bool operator==(const AlarmList& a, const AlarmList& b) noexcept {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (!(a.list_[i] == b.list_[i])) return false;
    }
    return true;
  }

 private:
  FixedVector<Alarm, 24> list_;
};

}  // namespace bmsgate::core
