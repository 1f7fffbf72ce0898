// SPDX-License-Identifier: Apache-2.0
// The writer of the history.
#include "outputs/history/recorder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "outputs/history/background.hpp"

namespace bmsgate::outputs {
namespace {

constexpr std::size_t kMaxQueue = 4'096;        // readings between two visits of the writer
constexpr std::size_t kWakeAt = 256;            // readings that wake the writer before its time
constexpr std::size_t kMaxUnplaced = 2'000;     // readings from before the clock was set
constexpr std::size_t kMaxPendingRows = 8'192;  // per pack, while the disk takes nothing
constexpr std::size_t kMaxEvents = 2'000;
constexpr int kQuickLevel = 3;  // for chunks that will be merged soon
constexpr int kFinalLevel = 16;
constexpr std::size_t kMergeAt = 64;  // small chunks of one period before they are merged early
constexpr core::UtcMs kHourMs = 3'600'000;
constexpr core::UtcMs kDayMs = 24 * kHourMs;
/// Condensed rows are written when an hour of them has come together: until then the readings stand for them.
constexpr std::int64_t rows_per_write(HistoryTier tier) { return std::max<std::int64_t>(kHourMs / info(tier).tick_ms, 1); }

constexpr core::UtcMs ms_of(HistoryTier tier, std::int64_t tick) { return tick * info(tier).tick_ms; }

}  // namespace

Recorder::Recorder(const HistoryOptions& options, std::string path, const core::Hub& hub, core::Clock& clock, core::Logger& logger)
    : options_{options}, path_{std::move(path)}, hub_{hub}, clock_{clock}, logger_{logger} {}

Recorder::~Recorder() { stop(); }

void Recorder::start() {
  started_ = clock_.now();
  ensure_open();
  thread_ = std::thread{[this] { run(); }};
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
  if (queue_.size() >= kMaxQueue) {
    ++counters_.lost;
    return;
  }
  queue_.push_back({std::string{hub_.config(reading.pack).id.view()}, reading.at, reading.utc_ms, reading.sample});
  ++counters_.readings;
  if (queue_.size() == kWakeAt) wake_.notify_one();
}

void Recorder::log_event(EventRow event) {
  const std::lock_guard lock{mutex_};
  if (events_.size() < kMaxEvents) events_.push_back({std::move(event), false});
}

void Recorder::end_event(std::string pack, std::string kind, std::string key, core::UtcMs end_ms, std::optional<double> worst) {
  EventRow event;
  event.pack = std::move(pack);
  event.kind = std::move(kind);
  event.key = std::move(key);
  event.end_ms = end_ms;
  event.worst = worst;
  const std::lock_guard lock{mutex_};
  if (events_.size() < kMaxEvents) events_.push_back({std::move(event), true});
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
  for (const auto& builder : found->second.readings) chunks.push_back(builder.chunk());
  return chunks;
}

RecorderCounters Recorder::counters() const {
  const std::lock_guard lock{mutex_};
  auto counters = counters_;
  counters.running = clock_.now() - started_;
  return counters;
}

std::uint64_t bytes_per_day(const RecorderCounters& counters) noexcept {
  const auto seconds = std::chrono::duration<double>(counters.running).count();
  return seconds < 60 ? 0 : static_cast<std::uint64_t>(static_cast<double>(counters.bytes_written) * 86'400 / seconds);
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
    if (item.utc_ms == 0) {
      if (unplaced_.size() < kMaxUnplaced) {
        unplaced_.push_back(std::move(item));
      } else {
        ++counters_.lost;
      }
      continue;
    }
    place_unplaced(item.at, item.utc_ms);
    take(packs_[item.pack], item);
  }
  queue_.clear();
}

void Recorder::place_unplaced(core::Instant at, core::UtcMs utc_ms) {
  if (unplaced_.empty()) return;
  auto waiting = std::move(unplaced_);
  unplaced_.clear();
  for (auto& item : waiting) {
    item.utc_ms = utc_ms - std::chrono::duration_cast<std::chrono::milliseconds>(at - item.at).count();
    take(packs_[item.pack], item);
  }
}

void Recorder::take(PackState& state, const Item& item) {
  const auto row = row_of(HistoryTier::kReadings, item.utc_ms, item.sample);
  if (state.readings.empty()) state.readings.emplace_back();
  const auto& last = state.readings.back().chunk().times;
  if (!last.empty() && row.tick < last.back()) state.readings.emplace_back();  // the clock was set back
  std::size_t rows = 0;
  for (const auto& builder : state.readings) rows += builder.rows();
  if (rows >= kMaxPendingRows) {
    ++counters_.lost;
    return;
  }
  state.readings.back().add(row);
  if (state.resumed) condense(state, item.utc_ms, item.sample);
}

void Recorder::condense(PackState& state, core::UtcMs utc_ms, const core::Sample& sample) {
  if (utc_ms < state.newest_ms) {  // rows of these ticks exist already; the readings themselves are kept
    return;
  }
  state.newest_ms = utc_ms;
  if (const auto row = state.minutes.add(utc_ms, sample)) state.minute_rows.add(*row);
  if (const auto row = state.twenty.add(utc_ms, sample)) state.twenty_rows.add(*row);
}

// ---- writer thread

bool Recorder::ensure_open() {
  if (store_) return true;
  std::string why;
  store_ = Store::open(path_, OpenMode::kWrite, logger_, why);
  if (store_) {
    if (complained_) logger_.write(core::Level::kInfo, "history", "the disk works again");
    complained_ = false;
    return true;
  }
  if (!complained_) logger_.write(core::Level::kError, "history", fmt::format("{}; keeping readings in memory for now", why));
  complained_ = true;
  return false;
}

void Recorder::run() {
  work_in_background();
  auto next_commit = std::chrono::steady_clock::now() + std::chrono::seconds{options_.commit_s};
  auto next_retain = std::chrono::steady_clock::now() + std::chrono::minutes{1};
  for (;;) {
    bool stopping = false;
    std::uint64_t flushing = 0;
    std::vector<Edit> edits;
    {
      std::unique_lock lock{mutex_};
      wake_.wait_until(lock, next_commit,
                       [&] { return stopping_ || flush_wanted_ > flush_done_ || !edits_.empty() || queue_.size() >= kWakeAt; });
      drain();
      stopping = stopping_;
      edits.swap(edits_);
      flushing = flush_wanted_;
      if (!stopping && edits.empty() && flush_wanted_ == flush_done_ && std::chrono::steady_clock::now() < next_commit) continue;
    }
    const bool ok = write();
    for (const auto& change : edits) change(ok);
    next_commit = std::chrono::steady_clock::now() + std::chrono::seconds{options_.commit_s};
    if (ok && !stopping && std::chrono::steady_clock::now() >= next_retain) {
      retain();
      next_retain = std::chrono::steady_clock::now() + std::chrono::hours{1};
    }
    {
      const std::lock_guard lock{mutex_};
      flush_done_ = flushing;
      flush_ok_ = ok;
    }
    flushed_.notify_all();
    if (stopping) return;
  }
}

bool Recorder::write() {
  if (!ensure_open()) return false;
  struct Work {
    std::string pack;
    std::vector<Chunk> readings;
    Chunk minutes;
    Chunk twenty;
  };
  std::vector<Work> work;
  {
    const std::lock_guard lock{mutex_};
    for (auto& [pack, state] : packs_) {
      if (!state.resumed) resume(pack, state);
      for (auto& builder : state.readings) {
        if (!builder.empty()) state.in_flight.push_back(builder.chunk());
      }
      state.readings.clear();
      Work item{pack, state.in_flight, {}, {}};
      if (static_cast<std::int64_t>(state.minute_rows.rows()) >= rows_per_write(HistoryTier::kMinutes))
        item.minutes = state.minute_rows.chunk();
      if (static_cast<std::int64_t>(state.twenty_rows.rows()) >= rows_per_write(HistoryTier::kTwentyMinutes))
        item.twenty = state.twenty_rows.chunk();
      if (!item.readings.empty() || !item.minutes.times.empty() || !item.twenty.times.empty()) work.push_back(std::move(item));
    }
  }
  bool ok = store_->begin();
  for (const auto& item : work) ok = ok && write_pack(item.pack, item.readings, item.minutes, item.twenty);
  const auto [events, notes] = waiting();
  ok = ok && write_events(events, notes) && store_->commit();
  if (!ok) {
    const auto why = store_->last_error();
    store_->rollback();
    store_.reset();
    if (!complained_) logger_.write(core::Level::kError, "history", fmt::format("{}: {}; keeping readings in memory for now", path_, why));
    complained_ = true;
    const std::lock_guard lock{mutex_};
    ++counters_.failed_commits;
    return false;
  }
  {
    const std::lock_guard lock{mutex_};
    ++counters_.commits;
    events_.erase(events_.begin(), events_.begin() + static_cast<std::ptrdiff_t>(events.size()));
    for (const auto& [key, value] : notes) {
      const auto kept = notes_.find(key);
      if (kept != notes_.end() && kept->second == value) notes_.erase(kept);
    }
    for (const auto& item : work) {
      auto& state = packs_[item.pack];
      state.in_flight.clear();
      if (!item.minutes.times.empty()) state.minute_rows.clear();
      if (!item.twenty.times.empty()) state.twenty_rows.clear();
    }
  }
  for (const auto& item : work) {
    compact(item.pack, HistoryTier::kReadings);
    if (!item.minutes.times.empty()) compact(item.pack, HistoryTier::kMinutes);
    if (!item.twenty.times.empty()) compact(item.pack, HistoryTier::kTwentyMinutes);
  }
  return true;
}

bool Recorder::put(const std::string& pack, HistoryTier tier, const Chunk& chunk, int level) {
  if (chunk.times.empty()) return true;
  ChunkRow row;
  row.from_ms = ms_of(tier, chunk.times.front());
  row.to_ms = ms_of(tier, chunk.times.back());
  row.rows = static_cast<std::uint32_t>(chunk.times.size());
  row.bytes = encode(chunk, level);
  const std::lock_guard lock{mutex_};
  counters_.bytes_written += row.bytes.size();
  return store_->put_chunk(pack, tier, row);
}

bool Recorder::write_pack(const std::string& pack, std::vector<Chunk> readings, Chunk minutes, Chunk twenty) {
  for (const auto& chunk : readings) {
    if (!put(pack, HistoryTier::kReadings, chunk, kQuickLevel)) return false;
  }
  return put(pack, HistoryTier::kMinutes, minutes, kQuickLevel) && put(pack, HistoryTier::kTwentyMinutes, twenty, kQuickLevel);
}

/// Events and notes wait until they are in the file: a failed commit keeps them.
std::pair<std::vector<Recorder::EventChange>, Recorder::Notes> Recorder::waiting() const {
  const std::lock_guard lock{mutex_};
  return {events_, notes_};
}

bool Recorder::write_events(const std::vector<EventChange>& changes, const Notes& notes) {
  for (const auto& [key, value] : notes) {
    if (!store_->put_note(key, value)) return false;
  }
  for (const auto& change : changes) {
    if (!change.is_end) {
      if (!store_->put_event(change.event)) return false;
      continue;
    }
    EventFilter filter;
    filter.pack = change.event.pack;
    filter.kind = change.event.kind;
    for (const auto& open : store_->events(filter)) {
      if (open.key != change.event.key || open.end_ms != 0) continue;
      if (!store_->end_event(open.id, change.event.end_ms, change.event.worst)) return false;
      break;
    }
  }
  return true;
}

/// Merges the small chunks of periods that are over (or that have become too many) into one each.
void Recorder::compact(const std::string& pack, HistoryTier tier) {
  const auto period_ms = info(tier).chunk_ms;
  const auto newest = store_->range(pack, tier);
  if (!newest) return;
  struct Small {
    std::int64_t id;
    Chunk chunk;
    std::int64_t period;
  };
  // Small chunks lie in the last two periods, unless the clock was set; older ones have been merged before.
  const auto from_ms = newest->second - 2 * period_ms;
  std::map<std::int64_t, std::vector<Small>> periods;
  store_->for_each_chunk(pack, tier, from_ms, newest->second, [&](ChunkRow&& row) {
    if (row.from_ms < from_ms) return true;
    if (auto chunk = decode(row.bytes)) periods[row.from_ms / period_ms].push_back({row.id, std::move(*chunk), row.from_ms / period_ms});
    return true;
  });
  const auto current = newest->second / period_ms;
  for (auto& [period, smalls] : periods) {
    if (smalls.size() < 2 || (period == current && smalls.size() < kMergeAt)) continue;
    std::vector<Chunk> chunks;
    chunks.reserve(smalls.size());
    for (auto& small : smalls) chunks.push_back(std::move(small.chunk));
    const auto merged = merge(chunks);
    bool ok = store_->begin() && put(pack, tier, merged, kFinalLevel);
    for (const auto& small : smalls) ok = ok && store_->remove_chunk(small.id);
    if (!(ok && store_->commit())) {
      store_->rollback();
      return;
    }
  }
}

void Recorder::retain() {
  const auto now_ms = clock_.utc_ms();
  const std::array<std::pair<int, int>, 3> limits{
      {{options_.recent_days, options_.recent_mb}, {options_.minute_days, options_.minute_mb}, {options_.long_days, options_.long_mb}}};
  if (!store_->begin()) return;
  bool ok = true;
  for (const auto& tier : kTiers) {
    const auto [days, mb] = limits[static_cast<std::size_t>(tier.tier)];
    if (days > 0 && now_ms > 0) ok = ok && store_->drop_before(tier.tier, now_ms - days * kDayMs);
    if (mb > 0) ok = ok && store_->drop_to_size(tier.tier, static_cast<std::uint64_t>(mb) << 20U);
  }
  if (!(ok && store_->commit())) store_->rollback();
}

/// Condensed rows that were not yet written when the program ended are made again from the readings.
void Recorder::resume(const std::string& pack, PackState& state) {
  state.resumed = true;
  const auto resume_tier = [&](HistoryTier tier, Condenser& condenser, ChunkBuilder& rows) {
    const auto written = store_->range(pack, tier);
    const core::UtcMs from_ms = written ? written->second + info(tier).tick_ms : 0;
    const auto feed = [&](const Chunk& chunk) {
      for (std::size_t i = 0; i < chunk.times.size(); ++i) {
        const auto utc_ms = ms_of(HistoryTier::kReadings, chunk.times[i]);
        if (utc_ms < from_ms) continue;
        core::Sample sample;
        for (const auto& column : chunk.columns) {
          if (!column.has(i)) continue;
          for (const auto& field : core::kFields) {
            if (field.reg == column.key.reg && column.key.element < field.count)
              sample.set(field.field, column.values[i], column.key.element);
          }
        }
        if (const auto row = condenser.add(utc_ms, sample)) rows.add(*row);
        state.newest_ms = std::max(state.newest_ms, utc_ms);
      }
    };
    const auto newest = store_->range(pack, HistoryTier::kReadings);
    const auto oldest_needed = newest ? std::max(from_ms, newest->second - kDayMs) : from_ms;
    store_->for_each_chunk(pack, HistoryTier::kReadings, oldest_needed, INT64_MAX, [&](ChunkRow&& row) {
      if (const auto chunk = decode(row.bytes)) feed(*chunk);
      return true;
    });
    for (const auto& builder : state.readings) feed(builder.chunk());
  };
  resume_tier(HistoryTier::kMinutes, state.minutes, state.minute_rows);
  resume_tier(HistoryTier::kTwentyMinutes, state.twenty, state.twenty_rows);
}

}  // namespace bmsgate::outputs
