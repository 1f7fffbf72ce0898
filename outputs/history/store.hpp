// SPDX-License-Identifier: Apache-2.0
// The history file: chunks and events in one SQLite database. A Store is one connection; the writer has one, each reader its own, each on
// its own thread. Every call blocks on the disk: never from the loop thread. Format: docs/history-format.md.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.hpp"
#include "core/field.hpp"
#include "core/log.hpp"
#include "outputs/history/chunk.hpp"

struct sqlite3;

namespace bmsgate::outputs {

/// How finely time is kept. The number is part of the format.
enum class HistoryTier : std::uint8_t { kReadings = 0, kMinutes = 1, kTwentyMinutes = 2 };

struct TierInfo {
  HistoryTier tier;
  std::string_view key;
  std::int64_t tick_ms;   // resolution of its times
  std::int64_t chunk_ms;  // a full chunk spans this much
  core::Tier least;       // fields of this tier of the field table, and above, are kept in it
};
inline constexpr std::array<TierInfo, 3> kTiers{{
    {HistoryTier::kReadings, "recent", 100, 3'600'000, core::Tier::kRecent},
    {HistoryTier::kMinutes, "minute", 60'000, 86'400'000, core::Tier::kMinute},
    {HistoryTier::kTwentyMinutes, "always", 1'200'000, std::int64_t{32} * 86'400'000, core::Tier::kAlways},
}};
[[nodiscard]] constexpr const TierInfo& info(HistoryTier tier) noexcept { return kTiers[static_cast<std::size_t>(tier)]; }

/// One chunk as it lies in the file.
struct ChunkRow {
  std::int64_t id{0};
  core::UtcMs from_ms{0};  // of its first row
  core::UtcMs to_ms{0};    // of its last row
  std::uint32_t rows{0};
  std::string bytes;
};

struct TierUse {
  std::uint64_t bytes{0};
  std::uint64_t rows{0};
  core::UtcMs from_ms{0};
  core::UtcMs to_ms{0};
};

/// One line of the event log.
struct EventRow {
  std::int64_t id{0};
  core::UtcMs at_ms{0};
  core::UtcMs end_ms{0};  // 0: it lasts, or has no duration
  std::string kind;       // alarm, link, command, setting, system
  std::string pack;       // empty: the gateway itself
  std::string key;
  std::string severity;
  std::string text;
  std::string origin;  // who or what caused it
  std::optional<int> cell;
  std::optional<double> value;
  std::optional<double> worst;
  std::string unit;
};

struct EventFilter {
  std::string pack;
  std::string kind;
  core::UtcMs from_ms{0};
  core::UtcMs to_ms{0};       // 0: no end
  std::int64_t before_id{0};  // 0: from the newest on
  int limit{200};
};

/// Readings of one pack from before the clock was set, as a chunk of the first tier whose times count from the start of the machine.
struct AdriftRow {
  std::int64_t id{0};
  std::string boot;  // which start of the machine
  std::string pack;
  std::string bytes;
};

enum class OpenMode : std::uint8_t {
  kWrite,
  kWriteAgain,  // as kWrite, for a file that was in use a moment ago: its pages are not checked, which takes as long as reading all of it
  kRead,
};

class Store {
 public:
  static constexpr std::pair kEver{std::numeric_limits<core::UtcMs>::min(), std::numeric_limits<core::UtcMs>::max()};

  /// Opens (and for writing creates or migrates) the file. A damaged or foreign file is set aside as PATH.damaged-N with one line in the
  /// log and a new one is begun. nullptr: the disk does not allow it, or the file is of a newer version; `why` says so in one line.
  [[nodiscard]] static std::unique_ptr<Store> open(const std::string& path, OpenMode mode, core::Logger& logger, std::string& why);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Everything between begin() and commit() is on the disk together, or not at all. false: the disk is full, gone or read-only
  /// (last_error()); nothing was written, and the same may be tried again later.
  [[nodiscard]] bool begin();
  [[nodiscard]] bool commit();
  void rollback();
  [[nodiscard]] std::string last_error() const;
  /// True if the last call failed because the file is broken: open it anew with kWrite.
  [[nodiscard]] bool damaged() const;

  [[nodiscard]] bool put_chunk(std::string_view pack, HistoryTier tier, const ChunkRow& chunk);
  [[nodiscard]] bool remove_chunk(std::int64_t id);
  /// Chunks that overlap [from_ms, to_ms], oldest first; `take` answers false to stop.
  void for_each_chunk(std::string_view pack, HistoryTier tier, core::UtcMs from_ms, core::UtcMs to_ms,
                      const std::function<bool(ChunkRow&& chunk)>& take) const;
  /// First and last time that a tier holds of a pack, by the chunks that overlap [from_ms, to_ms]; nullopt: nothing.
  [[nodiscard]] std::optional<std::pair<core::UtcMs, core::UtcMs>> range(std::string_view pack, HistoryTier tier,
                                                                         core::UtcMs from_ms = kEver.first,
                                                                         core::UtcMs to_ms = kEver.second) const;
  [[nodiscard]] std::vector<std::string> packs() const;
  [[nodiscard]] TierUse use(HistoryTier tier) const;
  /// Deletes whole chunks that ended before `before_ms`. The space is used again; the file does not shrink.
  [[nodiscard]] bool drop_before(HistoryTier tier, core::UtcMs before_ms);
  /// Where the oldest of the `count` newest stretches of `unit_ms` begins that hold anything; nullopt: there are fewer.
  [[nodiscard]] std::optional<core::UtcMs> start_of_newest(HistoryTier tier, std::int64_t unit_ms, std::int64_t count) const;
  /// Deletes the oldest chunks of a tier until it takes at most `bytes`.
  [[nodiscard]] bool drop_to_size(HistoryTier tier, std::uint64_t bytes);

  [[nodiscard]] std::optional<std::int64_t> put_event(const EventRow& event);
  [[nodiscard]] bool end_event(std::int64_t id, core::UtcMs end_ms, std::optional<double> worst);
  [[nodiscard]] bool keep_newest_events(std::int64_t count);
  [[nodiscard]] std::vector<EventRow> events(const EventFilter& filter) const;
  /// Events of a kind without an end, newest first. `pack` empty: of all packs.
  [[nodiscard]] std::vector<EventRow> unfinished(std::string_view kind, std::string_view pack = "") const;

  /// Small things that are kept beside the history (energy counters, computed days): text by key.
  [[nodiscard]] bool put_note(std::string_view key, std::string_view value);
  [[nodiscard]] std::optional<std::string> note(std::string_view key) const;

  /// Keeps the newest kMaxAdrift: a machine that never learns the time does not fill its disk.
  [[nodiscard]] bool put_adrift(const AdriftRow& row);
  static constexpr std::int64_t kMaxAdrift = 20'000;
  [[nodiscard]] std::optional<AdriftRow> newest_adrift() const;
  [[nodiscard]] bool drop_adrift(std::int64_t id);

 private:
  Store(sqlite3* database, std::string path) noexcept;
  static std::unique_ptr<Store> open_immutable(const std::string& path, core::Logger& logger);
  sqlite3* database_;
  const std::string path_;
};

}  // namespace bmsgate::outputs
