// SPDX-License-Identifier: Apache-2.0
// The latest Reading of every pack, and the fan-out to the outputs. One per program, loop thread only. Subscribers are called in the order
// in which they subscribed and must not block: those with slow work put a copy into a bounded queue of their own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/bms_setting.hpp"
#include "core/clock.hpp"
#include "core/fixed.hpp"
#include "core/link_stats.hpp"
#include "core/reading.hpp"
#include "core/result.hpp"

namespace bmsgate::core {

/// What stays the same about a pack while the program runs.
struct PackConfig {
  FixedString<19> id;        // [a-z0-9_-]{1,19}
  FixedString<48> name;      // shown to people
  FixedString<19> bus;       // id of its bus
  FixedString<12> protocol;  // key of its dialect
  std::uint8_t address{0};
  std::uint8_t unit{0};  // Modbus unit, 1-247
  bool accepted{true};   // false: only heard so far, not yet saved by anybody
};

struct ActiveAlarm {
  Alarm alarm;
  UtcMs since_utc_ms{0};
  std::int32_t worst{0};  // worst value of the cell (or pack) concerned, scaled as its field; only if has_value
  bool has_value{false};
};

/// The field whose value an alarm is about (it tells the decimals of ActiveAlarm::worst and Event::value), or nullptr.
[[nodiscard]] const FieldInfo* field_of(const Alarm& alarm) noexcept;

enum class EventKind : std::uint8_t { kAlarmStart, kAlarmEnd, kQuality, kIdentity, kLink, kCommand, kSettings, kProgram };
inline constexpr std::array<std::string_view, 8> kEventNames{"alarm_start", "alarm_end", "quality",  "identity",
                                                             "link",        "command",   "settings", "program"};
inline constexpr PackIndex kNoPack = 255;

/// Something that happened once; kept by the event log, sent to pages and MQTT.
struct Event {
  EventKind kind{};
  PackIndex pack{kNoPack};
  UtcMs utc_ms{0};
  Alarm alarm{};          // kAlarmStart, kAlarmEnd
  std::int32_t value{0};  // kAlarm…: value (end: worst value) of the cell or pack, scaled as its field; only if has_value
  bool has_value{false};
  Quality quality{};        // kQuality: the new one
  std::string_view text{};  // what people read; valid during the call only
};

class Subscriber {
 public:
  /// A new good reading of a pack.
  virtual void on_reading(const Reading& /*reading*/) noexcept {}
  /// The quality of the latest reading changed without a new one (held, stale, asleep), or a pack appeared or told its identity.
  virtual void on_pack(PackIndex /*pack*/) noexcept {}
  virtual void on_event(const Event& /*event*/) noexcept {}

 protected:
  ~Subscriber() = default;
};

/// Adds to a reading what the gateway itself counts (energy, the day's extremes), before anybody sees it.
class Completer {
 public:
  virtual void complete(Reading& reading) noexcept = 0;

 protected:
  ~Completer() = default;
};

class Hub {
 public:
  static constexpr std::size_t kMaxSubscribers = 32;
  static constexpr std::size_t kMaxAlarms = 24;  // of one pack at a time, as many as an AlarmList holds

  /// kNoSpace: kMaxPacks reached.
  [[nodiscard]] Result<PackIndex> add_pack(const PackConfig& config) noexcept;
  [[nodiscard]] bool subscribe(Subscriber& subscriber) noexcept;
  void unsubscribe(Subscriber& subscriber) noexcept;
  /// nullptr: none. Must outlive the hub's last publish().
  void set_completer(Completer* completer) noexcept { completer_ = completer; }

  /// A good, derived reading. Sets its sequence, works out which alarms began and ended, then tells everybody.
  void publish(Reading& reading) noexcept;
  void set_quality(PackIndex pack, Quality quality, UtcMs utc_ms) noexcept;
  void set_identity(PackIndex pack, const Identity& identity) noexcept;
  void set_settings(PackIndex pack, const BmsSettings& settings) noexcept;
  /// The dialect of a pack that was configured as "auto" has been found out.
  void set_protocol(PackIndex pack, std::string_view protocol, std::uint8_t address) noexcept;
  /// A sample that the gate rejected: kept to be looked at, not sent anywhere.
  void set_rejected(PackIndex pack, const Reading& reading) noexcept;
  void announce(const Event& event) noexcept;

  [[nodiscard]] std::size_t pack_count() const noexcept { return count_; }
  [[nodiscard]] const PackConfig& config(PackIndex pack) const noexcept { return slots_[pack].config; }
  [[nodiscard]] const Reading& latest(PackIndex pack) const noexcept { return slots_[pack].latest; }
  [[nodiscard]] const Reading& rejected(PackIndex pack) const noexcept { return slots_[pack].rejected; }
  [[nodiscard]] const Identity& identity(PackIndex pack) const noexcept { return slots_[pack].identity; }
  [[nodiscard]] const BmsSettings& settings(PackIndex pack) const noexcept { return slots_[pack].settings; }
  [[nodiscard]] std::span<const ActiveAlarm> alarms(PackIndex pack) const noexcept { return slots_[pack].alarms.view(); }
  [[nodiscard]] LinkStats& stats(PackIndex pack) noexcept { return slots_[pack].stats; }
  [[nodiscard]] const LinkStats& stats(PackIndex pack) const noexcept { return slots_[pack].stats; }
  /// Index of the pack with this id, or kNoPack.
  [[nodiscard]] PackIndex find(std::string_view id) const noexcept;
  /// Index of the pack at this Modbus unit (0 and 255: the first pack), or kNoPack.
  [[nodiscard]] PackIndex find_unit(std::uint8_t unit) const noexcept;

 private:
  struct Slot {
    PackConfig config;
    Reading latest;
    Reading rejected;
    Identity identity;
    BmsSettings settings;
    LinkStats stats;
    FixedVector<ActiveAlarm, kMaxAlarms> alarms;
  };
  using AlarmChanges = FixedVector<Event, 2 * kMaxAlarms>;  // all may end, and as many begin
  static void track_alarms(Slot& slot, const Reading& reading, AlarmChanges& changes) noexcept;

  std::array<Slot, kMaxPacks> slots_{};
  std::size_t count_{0};
  FixedVector<Subscriber*, kMaxSubscribers> subscribers_;
  Completer* completer_{nullptr};
};

}  // namespace bmsgate::core
