// SPDX-License-Identifier: Apache-2.0
// The recorder: what comes in, and the loop of its writer thread.
#include "outputs/history/recorder.hpp"

#include <fmt/format.h>

#include <chrono>

#include "outputs/disk_writes.hpp"
#include "outputs/history/background.hpp"

namespace bmsgate::outputs {
namespace {

constexpr std::size_t kMaxQueue = 4'096;  // readings between two visits of the writer
constexpr std::size_t kWakeAt = 256;      // readings that wake the writer before its time
// Rows per pack and tier, while the disk takes nothing: two hours of seconds, two days of minutes, a month of 20 minutes.
constexpr std::size_t kMaxPendingRows = 8'192;
constexpr std::size_t kMaxCondensedRows = 2'880;
constexpr std::size_t kMaxEvents = 2'000;
std::int64_t ms_since_start(core::Instant at) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
}

}  // namespace

Recorder::Recorder(const HistoryOptions& options, std::string path, const core::Hub& hub, core::Clock& clock, core::Logger& logger,
                   std::string boot)
    : options_{options}, path_{std::move(path)}, boot_{std::move(boot)}, hub_{hub}, clock_{clock}, logger_{logger} {}

Recorder::~Recorder() { stop(); }

void Recorder::start() {
  started_ = clock_.now();
  disk_bytes_before_ = disk_bytes_written();
  thread_ = std::thread{[this] { run(); }};
  // A new or a small file is there at once; the pages of a large one are checked while readings come in already.
  std::unique_lock lock{mutex_};
  flushed_.wait_for(lock, std::chrono::seconds{1}, [this] { return started_up_; });
}

void Recorder::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
  store_.reset();
}

// ---- loop thread

void Recorder::on_reading(const core::Reading& reading) noexcept {
  const std::lock_guard lock{mutex_};
  if (queue_.size() >= kMaxQueue) drain();  // the writer is busy for long
  queue_.push_back({std::string{hub_.config(reading.pack).id.view()}, reading.at, reading.utc_ms, reading.sample});
  ++counters_.readings;
  if (queue_.size() == kWakeAt) wake_.notify_one();
}

void Recorder::log_event(EventRow event) {
  const auto at = event.at_ms == 0 ? std::optional{clock_.now()} : std::nullopt;
  const std::lock_guard lock{mutex_};
  if (events_.size() < kMaxEvents) events_.push_back({std::move(event), false, at});
}

void Recorder::end_event(std::string pack, std::string kind, std::string key, core::UtcMs end_ms, std::optional<double> worst,
                         std::string text) {
  EventRow event;
  event.pack = std::move(pack);
  event.kind = std::move(kind);
  event.key = std::move(key);
  event.end_ms = end_ms;
  event.worst = worst;
  event.text = std::move(text);
  const auto at = end_ms == 0 ? std::optional{clock_.now()} : std::nullopt;
  const std::lock_guard lock{mutex_};
  if (events_.size() < kMaxEvents) events_.push_back({std::move(event), true, at});
}

void Recorder::keep_note(std::string key, std::string value) {
  const std::lock_guard lock{mutex_};
  notes_[std::move(key)] = std::move(value);
}

std::optional<std::string> Recorder::load_note(std::string_view key) {
  std::string why;
  const auto store = Store::open(path_, OpenMode::kRead, logger_, why);
  return store ? store->note(key) : std::nullopt;
}

// ---- any thread

std::vector<Chunk> Recorder::pending(std::string_view pack) {
  const std::lock_guard lock{mutex_};
  drain();
  std::vector<Chunk> chunks;
  const auto found = packs_.find(pack);
  if (found == packs_.end()) return chunks;
  chunks = found->second.in_flight;
  for (auto& chunk : found->second.readings.chunks()) chunks.push_back(std::move(chunk));
  return chunks;
}

RecorderCounters Recorder::counters() const {
  const auto disk_bytes = disk_bytes_written();
  const std::lock_guard lock{mutex_};
  auto counters = counters_;
  counters.running = clock_.now() - started_;
  if (disk_bytes && disk_bytes_before_) counters.bytes_written = *disk_bytes - *disk_bytes_before_;
  return counters;
}

std::string Recorder::trouble() const {
  const std::lock_guard lock{mutex_};
  return trouble_;
}

std::optional<std::uint64_t> bytes_per_day(const RecorderCounters& counters) noexcept {
  const auto seconds = std::chrono::duration<double>(counters.running).count();
  if (seconds < 60) return std::nullopt;
  return static_cast<std::uint64_t>(static_cast<double>(counters.bytes_written) * 86'400 / seconds);
}

bool Recorder::events_wait() const {
  const std::lock_guard lock{mutex_};
  return trouble_.empty() && !events_.empty() && !events_.front().at;
}

bool Recorder::flush() {
  std::unique_lock lock{mutex_};
  const auto mine = ++flush_wanted_;
  wake_.notify_all();
  flushed_.wait(lock, [&] { return flush_done_ >= mine || stopping_; });
  return flush_done_ >= mine && flush_ok_;
}

// ---- with the mutex held

void Recorder::drain() {
  for (auto& item : queue_) {
    auto& state = packs_[item.pack];
    if (item.utc_ms == 0) {
      take_adrift(state, item);
      continue;
    }
    offset_ms_ = item.utc_ms - ms_since_start(item.at);
    place_waiting();
    take(state, item);
  }
  queue_.clear();
}

void Recorder::take_adrift(PackState& state, const Item& item) {
  auto rows = state.adrift.rows();
  for (const auto& chunk : state.adrift_in_flight) rows += chunk.times.size();
  if (rows < kMaxPendingRows) {
    state.adrift.add(row_of(HistoryTier::kReadings, ms_since_start(item.at), item.sample));
  } else {
    ++counters_.lost;
  }
}

void Recorder::take(PackState& state, const Item& item) {
  if (state.resumed) condense(state, item.utc_ms, item.sample);
  state.last_ms = item.utc_ms;
  auto rows = state.readings.rows();
  for (const auto& chunk : state.in_flight) rows += chunk.times.size();
  if (rows < kMaxPendingRows) {
    state.readings.add(row_of(HistoryTier::kReadings, item.utc_ms, item.sample));
  } else {
    ++counters_.lost;
  }
}

void Recorder::condense(PackState& state, core::UtcMs utc_ms, const core::Sample& sample) {
  for (auto& condensed : state.condensed) {
    const auto row = condensed.condenser.add(utc_ms, sample);
    if (row && condensed.rows.rows() < kMaxCondensedRows) condensed.rows.add(*row);
  }
}

// ---- writer thread

/// Blocks until there is something to do; answers up to which flush() it was asked for.
std::uint64_t Recorder::wait_for_work(std::chrono::steady_clock::time_point until, std::vector<Edit>& edits, bool& stopping) {
  std::unique_lock lock{mutex_};
  for (;;) {
    wake_.wait_until(lock, until, [&] { return stopping_ || flush_wanted_ > flush_done_ || !edits_.empty() || queue_.size() >= kWakeAt; });
    drain();
    const bool due = std::chrono::steady_clock::now() >= until;
    if (!due && !stopping_ && edits_.empty() && flush_wanted_ == flush_done_) continue;
    edits.swap(edits_);
    stopping = stopping_;
    return flush_wanted_;
  }
}

void Recorder::run() {
  work_in_background();
  ensure_open();
  {
    const std::lock_guard lock{mutex_};
    started_up_ = true;
  }
  flushed_.notify_all();
  const auto interval = std::chrono::seconds{options_.commit_s};
  auto next_commit = std::chrono::steady_clock::now() + interval;
  auto next_retain = clock_.now() + std::chrono::minutes{1};
  for (bool stopping = false; !stopping;) {
    std::vector<Edit> edits;
    const auto flushing = wait_for_work(next_commit, edits, stopping);
    const bool ok = write(stopping);
    for (const auto& change : edits) change(ok);
    next_commit = std::chrono::steady_clock::now() + interval;
    if (ok && !stopping && clock_.now() >= next_retain) {
      retain();
      next_retain = clock_.now() + std::chrono::hours{1};
    }
    {
      const std::lock_guard lock{mutex_};
      flush_done_ = flushing;
      flush_ok_ = ok;
    }
    flushed_.notify_all();
  }
}

}  // namespace bmsgate::outputs
