// SPDX-License-Identifier: Apache-2.0
// Writes what happens into the history file: a subscriber on the loop thread, a writer thread behind a bounded queue. One commit per
// interval is the only periodic write of the program, so that memory cards last.
#pragma once

#include <array>
#include <chrono>
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
  std::uint64_t bytes_written{0};  // by the whole program to the disk, as the kernel counts it; else the chunks alone
  core::Duration running{};        // how long this has been counted
};
/// The pace of writing; nullopt in the first minute, when it cannot be told yet.
[[nodiscard]] std::optional<std::uint64_t> bytes_per_day(const RecorderCounters& counters) noexcept;

/// Names this start of the machine; empty where the kernel does not tell.
[[nodiscard]] std::string boot_id();

class Recorder final : public core::Subscriber {
 public:
  /// `path`: the history file. `hub` gives packs their names. `boot` names this start of the machine: readings that were written before the
  /// clock was set are placed exactly if it is still the same.
  Recorder(const HistoryOptions& options, std::string path, const core::Hub& hub, core::Clock& clock, core::Logger& logger,
           std::string boot = boot_id());
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  /// Starts the writer, which opens the file; waits a moment for that. A disk that does not allow it is tried again at every commit.
  void start();
  /// Writes what is pending and ends the writer. Any thread.
  void stop();

  void on_reading(const core::Reading& reading) noexcept override;

  /// Adds a line to the event log; `end_key` (optional) is remembered so that end_event() finds it. Any thread.
  void log_event(EventRow event);
  /// Sets the end of the last unfinished event with this pack, kind and key. Any thread.
  /// `text` tells apart events of one key (other); empty: any.
  void end_event(std::string pack, std::string kind, std::string key, core::UtcMs end_ms, std::optional<double> worst,
                 std::string text = {});

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
  /// Why nothing is written just now, in one line; empty: all is well. Any thread.
  [[nodiscard]] std::string trouble() const;
  /// Whether events wait for the next commit that could be written now. Any thread.
  [[nodiscard]] bool events_wait() const;
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
    std::optional<core::Instant> at;  // for an event from before the clock was set
  };
  using Edit = std::function<void(bool written)>;  // false: the disk takes nothing just now
  using Notes = std::map<std::string, std::string>;
  /// The rows of a condensed tier on their way.
  struct Condensed {
    explicit Condensed(HistoryTier of) noexcept : tier{of}, condenser{of}, rows{of} {}
    HistoryTier tier;
    Condenser condenser;
    RowQueue rows;
  };
  /// Everything about one pack that is not in the file yet.
  struct PackState {
    RowQueue readings{HistoryTier::kReadings};
    std::vector<Chunk> in_flight;             // being written
    RowQueue adrift{HistoryTier::kReadings};  // from before the clock was set: times count from the start of the machine
    std::vector<Chunk> adrift_in_flight;
    std::array<Condensed, 2> condensed{Condensed{HistoryTier::kMinutes}, Condensed{HistoryTier::kTwentyMinutes}};
    core::UtcMs last_ms{0};
    bool resumed{false};
  };
  /// What one commit writes of a pack.
  struct Work {
    std::string pack;
    std::array<std::vector<Chunk>, kTiers.size()> chunks;  // by tier
    std::vector<Chunk> adrift;
  };
  struct Waiting {
    std::vector<EventChange> events;
    Notes notes;
  };

  void run();
  [[nodiscard]] std::uint64_t wait_for_work(std::chrono::steady_clock::time_point until, std::vector<Edit>& edits, bool& stopping);

  // With mutex_ held.
  void drain();  // queue → pack states
  void take(PackState& state, const Item& item);
  void take_adrift(PackState& state, const Item& item);
  void condense(PackState& state, core::UtcMs utc_ms, const core::Sample& sample);
  void place_waiting();  // readings from before the clock was set that are still in memory
  [[nodiscard]] std::optional<core::UtcMs> utc_of(core::Instant at) const;

  // Writer thread.
  bool ensure_open();
  bool write(bool stopping);
  [[nodiscard]] std::vector<Work> gather();
  bool write_all(const std::vector<Work>& work, const Waiting& waiting);
  void written(const std::vector<Work>& work, const Waiting& waiting);
  void complain(const std::string& why);
  bool put(const std::string& pack, HistoryTier tier, const Chunk& chunk, int level);
  [[nodiscard]] Waiting waiting(bool stopping) const;
  bool end_left_alarms();
  bool write_events(const std::vector<EventChange>& changes, const Notes& notes);
  void compact(const std::vector<Work>& work);
  bool compact(const std::string& pack, HistoryTier tier, std::int64_t period, bool is_over);
  bool place_adrift();  // those that were written
  std::optional<std::size_t> place(const AdriftRow& row, std::int64_t shift_ms);
  bool tell_of_estimates();
  void resume_all();
  void resume(const std::string& pack, core::UtcMs first_ms);  // condensers go on where the last run stopped
  [[nodiscard]] bool edit(Edit edit);
  void forget(const std::string& pack, core::UtcMs from_ms, core::UtcMs to_ms);  // what is in memory of a range
  bool in_transaction(const std::function<bool(Store&)>& change);
  void retain();

  const HistoryOptions options_;
  const std::string path_;
  const std::string boot_;
  const core::Hub& hub_;
  core::Clock& clock_;
  core::Logger& logger_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable flushed_;
  std::vector<Item> queue_;
  std::vector<EventChange> events_;
  Notes notes_;
  std::vector<Edit> edits_;
  std::map<std::string, PackState, std::less<>> packs_;
  RecorderCounters counters_;
  core::Instant started_{};
  std::optional<std::uint64_t> disk_bytes_before_;
  std::uint64_t flush_wanted_{0};
  std::uint64_t flush_done_{0};
  bool flush_ok_{false};
  bool stopping_{false};
  bool started_up_{false};  // the file has been opened, or refused
  std::string trouble_;
  std::optional<std::int64_t> offset_ms_;  // from the machine's own time to UTC, once a reading has told it

  // Writer thread.
  std::unique_ptr<Store> store_;
  bool left_ended_{false};  // alarms that the last run left without an end have got one
  OpenMode open_mode_{OpenMode::kWrite};
  bool adrift_in_file_{true};               // as far as is known
  std::optional<core::UtcMs> placed_from_;  // how far back condensers have to go
  std::uint64_t estimated_{0};              // readings of an earlier start that this commit places
  core::Instant failing_since_{};
  std::uint64_t lost_before_{0};
  std::thread thread_;
};

}  // namespace bmsgate::outputs
