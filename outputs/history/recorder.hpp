// SPDX-License-Identifier: Apache-2.0
// Writes what happens into the history file: a subscriber on the loop thread, a writer thread behind a bounded queue. One commit per
// interval is the only periodic write of the program, so that memory cards last.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/hub.hpp"
#include "core/log.hpp"
#include "outputs/history/rows.hpp"
#include "outputs/history/store.hpp"
#include "outputs/history_options.hpp"

namespace bmsgate::outputs {

/// What the recorder has done since it was started.
struct RecorderCounters {
  std::uint64_t readings{0};
  std::uint64_t lost{0};  // the queue or the memory for unwritten rows was full
  std::uint64_t commits{0};
  std::uint64_t failed_commits{0};
  std::uint64_t bytes_written{0};  // chunks, without SQLite's own overhead
  core::Duration running{};        // how long this has been counted
};
/// The pace of writing, as far as it can be told after some minutes.
[[nodiscard]] std::uint64_t bytes_per_day(const RecorderCounters& counters) noexcept;

class Recorder final : public core::Subscriber {
 public:
  /// `path`: the history file. `hub` gives packs their names.
  Recorder(const HistoryOptions& options, std::string path, const core::Hub& hub, core::Clock& clock, core::Logger& logger);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  /// Opens the file and starts the writer. A disk that does not allow it is tried again at every commit.
  void start();
  /// Writes what is pending and ends the writer. Any thread.
  void stop();

  void on_reading(const core::Reading& reading) noexcept override;

  /// Adds a line to the event log; `end_key` (optional) is remembered so that end_event() finds it. Any thread.
  void log_event(EventRow event);
  /// Sets the end of the last unfinished event with this pack, kind and key. Any thread.
  void end_event(std::string pack, std::string kind, std::string key, core::UtcMs end_ms, std::optional<double> worst);

  /// Keeps a note with the next commit; a later note of the same key replaces it. Any thread.
  void keep_note(std::string key, std::string value);
  /// The note as it lies in the file; only before start() (it reads the disk).
  [[nodiscard]] std::optional<std::string> load_note(std::string_view key);

  /// Takes [from_ms, to_ms) of a pack out of the history, in memory and on the disk; `done` on the writer thread. Any thread. False: too
  /// many changes wait already, or the recorder has ended; nothing happens then.
  [[nodiscard]] bool erase(std::string pack, core::UtcMs from_ms, core::UtcMs to_ms, std::function<void(bool ok)> done);
  /// Puts rows of the 20-minute tier into the past of a pack; what is there already stays. `done` as above, with the count of new rows;
  /// nullopt: the disk does not allow it.
  [[nodiscard]] bool insert(std::string pack, Chunk rows, std::function<void(std::optional<std::size_t> added)> done);

  /// Rows of a pack that are not in the file yet, oldest first. Any thread.
  [[nodiscard]] std::vector<Chunk> pending(std::string_view pack);
  [[nodiscard]] RecorderCounters counters() const;
  /// Blocks until everything taken in so far is in the file (tests, export). false: it could not be written.
  bool flush();

 private:
  struct Item {
    std::string pack;
    core::Instant at{};
    core::UtcMs utc_ms{0};
    core::Sample sample;
  };
  struct EventChange {
    EventRow event;
    bool is_end{false};
  };
  using Edit = std::function<void(bool written)>;  // false: the disk takes nothing just now
  using Notes = std::map<std::string, std::string>;
  /// Everything about one pack that is not in the file yet.
  struct PackState {
    std::vector<ChunkBuilder> readings;  // more than one where the clock was set back
    std::vector<Chunk> in_flight;        // being written
    Condenser minutes{HistoryTier::kMinutes};
    Condenser twenty{HistoryTier::kTwentyMinutes};
    ChunkBuilder minute_rows;
    ChunkBuilder twenty_rows;
    core::UtcMs newest_ms{0};
    bool resumed{false};
  };

  void run();
  void drain();                                   // with mutex_ held: queue → pack states
  void take(PackState& state, const Item& item);  // with mutex_ held
  void condense(PackState& state, core::UtcMs utc_ms, const core::Sample& sample);
  void place_unplaced(core::Instant at, core::UtcMs utc_ms);
  bool write();  // writer thread: one commit
  bool write_pack(const std::string& pack, std::vector<Chunk> readings, Chunk minutes, Chunk twenty);
  bool put(const std::string& pack, HistoryTier tier, const Chunk& chunk, int level);
  [[nodiscard]] std::pair<std::vector<EventChange>, Notes> waiting() const;
  bool write_events(const std::vector<EventChange>& changes, const Notes& notes);
  void compact(const std::string& pack, HistoryTier tier);
  [[nodiscard]] bool edit(Edit edit);
  void forget(const std::string& pack, core::UtcMs from_ms, core::UtcMs to_ms);  // what is in memory of a range
  bool in_transaction(const std::function<bool(Store&)>& change);
  void retain();
  void resume(const std::string& pack, PackState& state);  // condensers go on where the last run stopped
  bool ensure_open();

  const HistoryOptions options_;
  const std::string path_;
  const core::Hub& hub_;
  core::Clock& clock_;
  core::Logger& logger_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable flushed_;
  std::vector<Item> queue_;
  std::vector<Item> unplaced_;  // readings from before the clock was set
  std::vector<EventChange> events_;
  Notes notes_;
  std::vector<Edit> edits_;
  std::map<std::string, PackState, std::less<>> packs_;
  RecorderCounters counters_;
  core::Instant started_{};
  std::uint64_t flush_wanted_{0};
  std::uint64_t flush_done_{0};
  bool flush_ok_{false};
  bool stopping_{false};

  std::unique_ptr<Store> store_;  // writer thread
  bool complained_{false};
  std::thread thread_;
};

}  // namespace bmsgate::outputs
