// SPDX-License-Identifier: Apache-2.0
// Months of made-up readings, condensed as the recorder would have done it.
#include "host/demo_history.hpp"

#include <algorithm>
#include <mutex>
#include <thread>

#include "core/tally.hpp"
#include "outputs/energy.hpp"
#include "outputs/history/rows.hpp"
#include "outputs/history/store.hpp"
#include "outputs/local_time.hpp"
#include "sim/history_maker.hpp"

namespace bmsgate::host {
namespace {

using outputs::HistoryTier;

constexpr std::size_t kMaxPacks = 4;  // further packs are the same again
constexpr int kLevel = 3;             // quick to pack; nobody keeps a demo for years
constexpr core::UtcMs kDayMs = 86'400'000;

/// Several packs are made at the same time; the file takes one at a time.
struct SharedStore {
  outputs::Store& store;
  std::mutex mutex;
  bool failed{false};

  void put(const std::string& pack, HistoryTier tier, outputs::ChunkBuilder& builder) {
    if (builder.empty()) return;
    const auto& chunk = builder.chunk();
    const auto tick_ms = outputs::info(tier).tick_ms;
    const outputs::ChunkRow row{0, chunk.times.front() * tick_ms, chunk.times.back() * tick_ms,
                                static_cast<std::uint32_t>(chunk.times.size()), outputs::encode(chunk, kLevel)};
    builder.clear();
    const std::lock_guard lock{mutex};
    failed = failed || !store.put_chunk(pack, tier, row);
  }
  void note(const std::string& key, const std::string& value) {
    const std::lock_guard lock{mutex};
    failed = failed || !store.put_note(key, value);
  }
};

/// One tier of one pack: rows of its ticks, chunks of its periods.
class TierWriter {
 public:
  TierWriter(SharedStore& store, std::string pack, HistoryTier tier)
      : store_{store}, pack_{std::move(pack)}, tier_{tier}, condenser_{tier} {}

  void add(core::UtcMs utc_ms, const core::Sample& sample) {
    if (const auto row = condenser_.add(utc_ms, sample)) take(*row);
  }
  void finish() {
    if (const auto row = condenser_.finish()) take(*row);
    store_.put(pack_, tier_, builder_);
  }

 private:
  void take(const outputs::HistoryRow& row) {
    const auto& info = outputs::info(tier_);
    const auto period = row.tick * info.tick_ms / info.chunk_ms;
    if (period != period_) store_.put(pack_, tier_, builder_);
    period_ = period;
    static_cast<void>(builder_.add(row));
  }
  SharedStore& store_;
  std::string pack_;
  HistoryTier tier_;
  outputs::Condenser condenser_;
  outputs::ChunkBuilder builder_;
  std::int64_t period_{0};
};

void make_past(SharedStore& store, const sim::DemoPack& pack, core::UtcMs now_utc_ms) {
  TierWriter minutes{store, pack.id, HistoryTier::kMinutes};
  TierWriter twenty{store, pack.id, HistoryTier::kTwentyMinutes};
  sim::HistorySpec spec;
  spec.profile = pack.profile;
  spec.from_utc_ms = now_utc_ms - kDemoHistoryDays * kDayMs;
  spec.to_utc_ms = now_utc_ms;
  core::Tally tally;  // the gateway's own counters, as if it had been running all the time
  sim::make_history(spec, [&](core::UtcMs utc_ms, const core::Sample& made) {
    auto sample = made;
    tally.count(sample, core::Instant{std::chrono::milliseconds{utc_ms}}, outputs::local_ms(utc_ms));
    minutes.add(utc_ms, sample);
    twenty.add(utc_ms, sample);
    return true;
  });
  minutes.finish();
  twenty.finish();
  store.note(outputs::tally_key(pack.id), outputs::to_text(tally.state()));
}

}  // namespace

std::optional<std::string> make_demo_history(const std::vector<sim::DemoLine>& lines, const std::filesystem::path& file,
                                             core::UtcMs now_utc_ms, core::Logger& log) {
  std::string why;
  const auto store = outputs::Store::open(file.string(), outputs::OpenMode::kWrite, log, why);
  if (store == nullptr) return why;
  std::vector<const sim::DemoPack*> packs;
  for (const auto& line : lines) {
    for (const auto& pack : line.packs) {
      if (packs.size() < kMaxPacks && !store->range(pack.id, HistoryTier::kMinutes)) packs.push_back(&pack);
    }
  }
  if (packs.empty()) return std::nullopt;
  log.write(core::Level::kInfo, "demo", "making up the history of the packs; this is done once");
  if (!store->begin()) return store->last_error();
  SharedStore shared{*store, {}};
  std::vector<std::thread> threads;
  for (const auto* pack : packs) threads.emplace_back([&shared, pack, now_utc_ms] { make_past(shared, *pack, now_utc_ms); });
  for (auto& thread : threads) thread.join();
  if (shared.failed || !store->commit()) return store->last_error();
  return std::nullopt;
}

}  // namespace bmsgate::host
