// SPDX-License-Identifier: Apache-2.0
// The recorder's changes of what is already recorded: days taken out, rows from elsewhere put in.
#include <fmt/format.h>

#include "outputs/history/edit.hpp"
#include "outputs/history/recorder.hpp"

namespace bmsgate::outputs {
namespace {

constexpr std::size_t kMaxEdits = 16;

}  // namespace

bool Recorder::edit(Edit edit) {
  {
    const std::lock_guard lock{mutex_};
    if (stopping_ || edits_.size() >= kMaxEdits) return false;
    edits_.push_back(std::move(edit));
  }
  wake_.notify_all();
  return true;
}

bool Recorder::erase(std::string pack, core::UtcMs from_ms, core::UtcMs to_ms, std::function<void(bool ok)> done) {
  return edit([this, pack = std::move(pack), from_ms, to_ms, done = std::move(done)](bool written) {
    const bool ok = written && in_transaction([&](Store& store) { return erase_range(store, pack, from_ms, to_ms); });
    if (ok) forget(pack, from_ms, to_ms);
    done(ok);
  });
}

bool Recorder::insert(std::string pack, Chunk rows, std::function<void(std::optional<std::size_t> added)> done) {
  return edit([this, pack = std::move(pack), rows = std::move(rows), done = std::move(done)](bool written) {
    std::optional<std::size_t> added;
    const bool ok = written && in_transaction([&](Store& store) {
                      added = insert_rows(store, pack, rows);
                      return added.has_value();
                    });
    done(ok ? added : std::nullopt);
  });
}

// ---- writer thread

bool Recorder::in_transaction(const std::function<bool(Store&)>& change) {
  if (!store_) return false;
  if (store_->begin() && change(*store_) && store_->commit()) return true;
  logger_.write(core::Level::kError, "history", fmt::format("{}: {}; nothing was changed", path_, store_->last_error()));
  store_->rollback();
  return false;
}

void Recorder::forget(const std::string& pack, core::UtcMs from_ms, core::UtcMs to_ms) {
  const std::lock_guard lock{mutex_};
  drain();
  const auto found = packs_.find(pack);
  if (found == packs_.end()) return;
  auto& state = found->second;
  const auto cut = [&](RowQueue& rows, HistoryTier tier) {
    rows.change([&](const Chunk& chunk) { return without(chunk, tier, from_ms, to_ms); });
  };
  cut(state.readings, HistoryTier::kReadings);
  for (auto& condensed : state.condensed) cut(condensed.rows, condensed.tier);
  if (state.last_ms < from_ms || state.last_ms >= to_ms) return;
  for (auto& condensed : state.condensed) static_cast<void>(condensed.condenser.finish());
}

}  // namespace bmsgate::outputs
