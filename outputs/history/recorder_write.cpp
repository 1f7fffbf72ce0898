// SPDX-License-Identifier: Apache-2.0
// The recorder's commits: new rows, events and notes in one transaction; then small chunks become large ones and old ones go.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "outputs/history/recorder.hpp"

namespace bmsgate::outputs {
namespace {

constexpr int kQuickLevel = 3;  // for chunks that will be merged soon
constexpr int kFinalLevel = 16;
constexpr std::size_t kMergeAt = 64;             // small chunks of one period before they are merged early
constexpr std::int64_t kMaxEventRows = 100'000;  // in the file
constexpr core::UtcMs kHourMs = 3'600'000;
constexpr core::UtcMs kDayMs = 24 * kHourMs;

/// Condensed rows are written when an hour of them has come together: until then the readings stand for them.
std::size_t rows_per_write(HistoryTier tier) { return static_cast<std::size_t>(std::max<std::int64_t>(kHourMs / info(tier).tick_ms, 1)); }

core::UtcMs ms_of(HistoryTier tier, std::int64_t tick) { return tick * info(tier).tick_ms; }

std::int64_t period_of(HistoryTier tier, const Chunk& chunk) { return ms_of(tier, chunk.times.front()) / info(tier).chunk_ms; }

std::uint64_t rows_of(const std::vector<Chunk>& chunks) {
  std::uint64_t rows = 0;
  for (const auto& chunk : chunks) rows += chunk.times.size();
  return rows;
}

}  // namespace

bool Recorder::ensure_open() {
  if (store_) return true;
  std::string why;
  store_ = Store::open(path_, open_mode_, logger_, why);
  if (!store_) complain(why);
  return store_ != nullptr;
}

void Recorder::complain(const std::string& why) {
  const std::lock_guard lock{mutex_};
  ++counters_.failed_commits;
  if (trouble_.empty()) {
    failing_since_ = clock_.now();
    lost_before_ = counters_.lost;
  }
  if (trouble_ == why) return;
  trouble_ = why;
  logger_.write(core::Level::kError, "history",
                fmt::format("{}; nothing is recorded, new readings wait in memory as long as they fit", why));
}

bool Recorder::write(bool stopping) {
  if (!ensure_open()) return false;
  bool ok = store_->begin();
  if (ok && adrift_in_file_) ok = place_adrift();
  if (ok && !left_ended_) ok = end_left_alarms();
  if (ok) resume_all();
  const auto work = gather();
  const auto waiting = this->waiting(stopping);
  ok = ok && write_all(work, waiting) && store_->commit();
  if (!ok) {
    const auto why = fmt::format("{}: {}", path_, store_->last_error());
    open_mode_ = store_->damaged() ? OpenMode::kWrite : OpenMode::kWriteAgain;
    store_->rollback();
    store_.reset();
    adrift_in_file_ = true;
    complain(why);
    return false;
  }
  written(work, waiting);
  compact(work);
  return true;
}

/// What this commit takes along. Readings stay in memory as `in_flight` until they are in the file.
std::vector<Recorder::Work> Recorder::gather() {
  std::vector<Work> all;
  const std::lock_guard lock{mutex_};
  for (auto& [pack, state] : packs_) {
    for (auto& chunk : state.readings.take()) state.in_flight.push_back(std::move(chunk));
    for (auto& chunk : state.adrift.take()) state.adrift_in_flight.push_back(std::move(chunk));
    Work work{pack, {}, state.adrift_in_flight};
    work.chunks[static_cast<std::size_t>(HistoryTier::kReadings)] = state.in_flight;
    for (const auto& condensed : state.condensed) {
      if (condensed.rows.rows() >= rows_per_write(condensed.tier)) {
        work.chunks[static_cast<std::size_t>(condensed.tier)] = condensed.rows.chunks();
      }
    }
    all.push_back(std::move(work));
  }
  return all;
}

bool Recorder::write_all(const std::vector<Work>& work, const Waiting& waiting) {
  for (const auto& one : work) {
    for (const auto& tier : kTiers) {
      for (const auto& chunk : one.chunks[static_cast<std::size_t>(tier.tier)]) {
        if (!put(one.pack, tier.tier, chunk, kQuickLevel)) return false;
      }
    }
    for (const auto& chunk : one.adrift) {
      if (!store_->put_adrift({0, boot_, one.pack, encode(chunk, kQuickLevel)})) return false;
    }
  }
  return tell_of_estimates() && write_events(waiting.events, waiting.notes);
}

bool Recorder::put(const std::string& pack, HistoryTier tier, const Chunk& chunk, int level) {
  if (chunk.times.empty()) return true;
  ChunkRow row;
  row.from_ms = ms_of(tier, chunk.times.front());
  row.to_ms = ms_of(tier, chunk.times.back());
  row.rows = static_cast<std::uint32_t>(chunk.times.size());
  row.bytes = encode(chunk, level);
  {
    const std::lock_guard lock{mutex_};
    counters_.bytes_written += row.bytes.size();
  }
  return store_->put_chunk(pack, tier, row);
}

/// The commit is on the disk: memory lets go of what it held.
void Recorder::written(const std::vector<Work>& work, const Waiting& waiting) {
  open_mode_ = OpenMode::kWriteAgain;
  left_ended_ = true;
  estimated_ = 0;
  const std::lock_guard lock{mutex_};
  ++counters_.commits;
  events_.erase(events_.begin(), events_.begin() + static_cast<std::ptrdiff_t>(waiting.events.size()));
  for (const auto& [key, value] : waiting.notes) {
    const auto kept = notes_.find(key);
    if (kept != notes_.end() && kept->second == value) notes_.erase(kept);
  }
  for (const auto& one : work) {
    auto& state = packs_[one.pack];
    state.in_flight.clear();
    state.adrift_in_flight.clear();
    adrift_in_file_ = adrift_in_file_ || !one.adrift.empty();
    for (auto& condensed : state.condensed) condensed.rows.drop_first(rows_of(one.chunks[static_cast<std::size_t>(condensed.tier)]));
  }
  if (trouble_.empty()) return;
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(clock_.now() - failing_since_).count();
  EventRow event;
  event.at_ms = clock_.utc_ms();
  event.kind = "system";
  event.key = "history";
  event.severity = "warning";
  event.text = fmt::format("the history could not be written for {} min ({}); {} readings were lost", minutes, trouble_,
                           counters_.lost - lost_before_);
  trouble_.clear();
  logger_.write(core::Level::kInfo, "history", fmt::format("the disk works again: {}", event.text));
  events_.push_back({std::move(event), false, std::nullopt});
}

/// Events and notes wait until they are in the file: a failed commit keeps them. Events from before the clock was set wait until it is, or
/// until the program ends.
Recorder::Waiting Recorder::waiting(bool stopping) const {
  const std::lock_guard lock{mutex_};
  Waiting waiting{{}, notes_};
  for (const auto& change : events_) {
    waiting.events.push_back(change);
    if (!change.at) continue;
    const auto at_ms = utc_of(*change.at);
    auto& event = waiting.events.back().event;
    if (at_ms) {
      (change.is_end ? event.end_ms : event.at_ms) = *at_ms;
    } else if (!stopping) {
      waiting.events.pop_back();
      break;
    }
  }
  return waiting;
}

/// An alarm was watched until the last reading before the program ended. Should it last, it begins anew with the first reading.
bool Recorder::end_left_alarms() {
  for (const auto& open : store_->unfinished("alarm")) {
    auto seen_ms = open.at_ms;
    for (const auto& tier : kTiers) {
      if (const auto range = store_->range(open.pack, tier.tier)) seen_ms = std::max(seen_ms, range->second);
    }
    if (!store_->end_event(open.id, seen_ms, std::nullopt)) return false;
  }
  return true;
}

bool Recorder::write_events(const std::vector<EventChange>& changes, const Notes& notes) {
  for (const auto& [key, value] : notes) {
    if (!store_->put_note(key, value)) return false;
  }
  for (auto [event, is_end, at] : changes) {
    auto& time_ms = is_end ? event.end_ms : event.at_ms;
    if (time_ms == 0) {  // nobody will ever know: it takes its place behind the last one
      EventFilter newest;
      newest.limit = 1;
      const auto last = store_->events(newest);
      if (!last.empty()) time_ms = last[0].at_ms;
    }
    if (!is_end) {
      if (!store_->put_event(event)) return false;
      continue;
    }
    for (const auto& open : store_->unfinished(event.kind, event.pack)) {
      if (open.key != event.key || (!event.text.empty() && open.text != event.text)) continue;
      if (!store_->end_event(open.id, event.end_ms, event.worst)) return false;
      break;
    }
  }
  return true;
}

/// Merges the small chunks of periods that are over (or that have become too many) into one each.
void Recorder::compact(const std::vector<Work>& work) {
  if (!store_->begin()) return;
  bool ok = true;
  for (const auto& one : work) {
    for (const auto& tier : kTiers) {
      const auto& chunks = one.chunks[static_cast<std::size_t>(tier.tier)];
      std::set<std::int64_t> periods;
      for (const auto& chunk : chunks) {
        // The one before may have ended with this commit; the one before that, with a commit that was interrupted.
        for (const std::int64_t back : {0, 1, 2}) periods.insert(period_of(tier.tier, chunk) - back);
      }
      for (const auto period : periods) ok = ok && compact(one.pack, tier.tier, period, period != period_of(tier.tier, chunks.back()));
    }
  }
  if (!(ok && store_->commit())) store_->rollback();
}

bool Recorder::compact(const std::string& pack, HistoryTier tier, std::int64_t period, bool is_over) {
  const auto period_ms = info(tier).chunk_ms;
  std::vector<ChunkRow> rows;
  store_->for_each_chunk(pack, tier, period * period_ms, (period + 1) * period_ms - 1, [&](ChunkRow&& row) {
    if (row.from_ms / period_ms == period) rows.push_back(std::move(row));
    return true;
  });
  if (rows.size() < 2 || (!is_over && rows.size() < kMergeAt)) return true;
  // Of two readings for one tick the one written later counts.
  std::sort(rows.begin(), rows.end(), [](const ChunkRow& a, const ChunkRow& b) { return a.id < b.id; });
  std::vector<Chunk> chunks;
  std::vector<std::int64_t> merged;
  for (const auto& row : rows) {
    auto chunk = decode(row.bytes);
    if (!chunk) continue;  // damaged: left as it is
    chunks.push_back(std::move(*chunk));
    merged.push_back(row.id);
  }
  if (merged.size() < 2) return true;
  return put(pack, tier, merge(chunks, tier), kFinalLevel) &&
         std::all_of(merged.begin(), merged.end(), [this](std::int64_t id) { return store_->remove_chunk(id); });
}

/// A clock that is wrong must not cost old readings: what goes is older than is to be kept by the clock, and there are as many newer days
/// that hold something.
void Recorder::retain() {
  const auto now_ms = clock_.utc_ms();
  const std::array<std::pair<int, int>, 3> limits{
      {{options_.recent_days, options_.recent_mb}, {options_.minute_days, options_.minute_mb}, {options_.long_days, options_.long_mb}}};
  if (!store_->begin()) return;
  bool ok = store_->keep_newest_events(kMaxEventRows);
  for (const auto& tier : kTiers) {
    const auto [days, mb] = limits[static_cast<std::size_t>(tier.tier)];
    if (days > 0 && now_ms > 0) {
      const auto unit_ms = std::max(kDayMs, tier.chunk_ms);
      const auto units = (days * kDayMs + unit_ms - 1) / unit_ms + 1;
      const auto newest_ms = store_->start_of_newest(tier.tier, unit_ms, units);
      if (newest_ms) ok = ok && store_->drop_before(tier.tier, std::min(*newest_ms, now_ms - days * kDayMs));
    }
    if (mb > 0) ok = ok && store_->drop_to_size(tier.tier, static_cast<std::uint64_t>(mb) << 20U);
  }
  if (!(ok && store_->commit())) store_->rollback();
}

}  // namespace bmsgate::outputs
