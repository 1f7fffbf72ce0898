// SPDX-License-Identifier: Apache-2.0
// How the recorder goes on after a restart: readings from before the clock was set get their times, condensed rows that were not yet
// written are made again from the readings.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>

#include "outputs/history/recorder.hpp"

namespace bmsgate::outputs {
namespace {

constexpr core::UtcMs kDayMs = 86'400'000;
constexpr auto kReadings = HistoryTier::kReadings;

std::int64_t ms_since_start(core::Instant at) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
}

HistoryRow shifted(const Chunk& chunk, std::size_t row, std::int64_t shift_ticks) {
  HistoryRow moved{chunk.times[row] + shift_ticks, {}};
  for (const auto& column : chunk.columns) {
    if (column.has(row)) moved.cells.push_back({column.key, column.values[row]});
  }
  return moved;
}

}  // namespace

std::string boot_id() {
  std::string id;
  std::getline(std::ifstream{"/proc/sys/kernel/random/boot_id"}, id);
  return id;
}

std::optional<core::UtcMs> Recorder::utc_of(core::Instant at) const {
  if (offset_ms_) return ms_since_start(at) + *offset_ms_;
  const auto now_ms = clock_.utc_ms();
  if (now_ms == 0) return std::nullopt;
  return now_ms - std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - at).count();
}

void Recorder::place_waiting() {
  for (auto& [pack, state] : packs_) {
    for (const auto& chunk : state.adrift.take()) {
      for (std::size_t row = 0; row < chunk.times.size(); ++row) {
        auto moved = shifted(chunk, row, *offset_ms_ / info(kReadings).tick_ms);
        if (state.resumed) condense(state, moved.tick * info(kReadings).tick_ms, sample_of(chunk, row));
        state.readings.add(moved);
      }
    }
  }
}

/// Newest first. This start of the machine is placed exactly. Of an earlier start it is only known that it was over before the next began:
/// it is placed right before that.
bool Recorder::place_adrift() {
  std::int64_t shift_ms = 0;
  {
    const std::lock_guard lock{mutex_};
    if (!offset_ms_) return true;
    shift_ms = *offset_ms_;
  }
  std::string boot = boot_;
  estimated_ = 0;
  for (auto row = store_->newest_adrift(); row; row = store_->newest_adrift()) {
    if (row->boot != boot) {
      const auto last = decode(row->bytes);
      shift_ms -= last && !last->times.empty() ? (last->times.back() + 1) * info(kReadings).tick_ms : 0;
      boot = row->boot;
    }
    const auto placed = place(*row, shift_ms);
    if (!placed || !store_->drop_adrift(row->id)) return false;
    if (boot != boot_) estimated_ += *placed;
  }
  adrift_in_file_ = false;
  return true;
}

bool Recorder::tell_of_estimates() {
  if (estimated_ == 0) return true;
  EventRow event;
  event.at_ms = clock_.utc_ms();
  event.kind = "system";
  event.key = "history";
  event.severity = "warning";
  event.text =
      fmt::format("{} readings come from an earlier start on which the time was never known; they stand right before this one", estimated_);
  logger_.write(core::Level::kWarning, "history", event.text);
  return store_->put_event(event).has_value();
}

/// How many rows; nullopt: the disk does not allow it.
std::optional<std::size_t> Recorder::place(const AdriftRow& row, std::int64_t shift_ms) {
  const auto chunk = decode(row.bytes);
  if (!chunk || chunk->times.empty()) return 0;
  RowQueue rows{kReadings};
  for (std::size_t i = 0; i < chunk->times.size(); ++i) rows.add(shifted(*chunk, i, shift_ms / info(kReadings).tick_ms));
  for (const auto& part : rows.chunks()) {
    if (!put(row.pack, kReadings, part, 3)) return std::nullopt;
    const auto from_ms = part.times.front() * info(kReadings).tick_ms;
    placed_from_ = std::min(placed_from_.value_or(from_ms), from_ms);
  }
  const std::lock_guard lock{mutex_};
  auto& state = packs_[row.pack];
  if (!state.resumed) return chunk->times.size();
  state.resumed = false;  // its condensed rows are made anew
  for (auto& condensed : state.condensed) condensed = Condensed{condensed.tier};
  return chunk->times.size();
}

void Recorder::resume_all() {
  std::vector<std::pair<std::string, core::UtcMs>> packs;
  {
    const std::lock_guard lock{mutex_};
    for (const auto& [pack, state] : packs_) {
      if (state.resumed) continue;
      const auto first = state.in_flight.empty() ? state.readings.chunks() : state.in_flight;
      if (!first.empty()) packs.emplace_back(pack, first.front().times.front() * info(kReadings).tick_ms);
    }
  }
  for (const auto& [pack, first_ms] : packs) resume(pack, first_ms);
  if (!packs.empty()) placed_from_.reset();
}

/// Goes over the readings from the last condensed row on: before what is new, and before the newest there is (other than that only where
/// the clock was wrong).
void Recorder::resume(const std::string& pack, core::UtcMs first_ms) {
  std::vector<core::UtcMs> ends{first_ms};
  const auto newest = store_->range(pack, kReadings);
  if (newest && std::abs(newest->second - first_ms) > kDayMs) ends.insert(ends.begin(), newest->second + 1);
  std::array<std::vector<Chunk>, 2> before;
  constexpr std::array kCondensed{HistoryTier::kMinutes, HistoryTier::kTwentyMinutes};
  for (std::size_t i = 0; i < kCondensed.size(); ++i) {
    for (const auto end_ms : ends) {
      auto from_ms = std::min(end_ms - kDayMs, placed_from_.value_or(end_ms));
      const auto written = store_->range(pack, kCondensed[i], from_ms, end_ms);
      if (written && written->second < end_ms) from_ms = std::max(from_ms, written->second + info(kCondensed[i]).tick_ms);
      store_->for_each_chunk(pack, kReadings, from_ms, end_ms - 1, [&](ChunkRow&& row) {
        if (const auto chunk = decode(row.bytes)) before[i].push_back(part(*chunk, kReadings, from_ms, end_ms));
        return true;
      });
    }
  }
  const std::lock_guard lock{mutex_};
  auto& state = packs_[pack];
  state.resumed = true;
  auto pending = state.in_flight;
  for (auto& chunk : state.readings.chunks()) pending.push_back(std::move(chunk));
  for (std::size_t i = 0; i < before.size(); ++i) {
    auto& condensed = state.condensed[i];
    for (const auto* chunks : {&before[i], &pending}) {
      for (const auto& chunk : *chunks) {
        for (std::size_t row = 0; row < chunk.times.size(); ++row) {
          const auto finished = condensed.condenser.add(chunk.times[row] * info(kReadings).tick_ms, sample_of(chunk, row));
          if (finished) condensed.rows.add(*finished);
        }
      }
    }
  }
}

}  // namespace bmsgate::outputs
