// SPDX-License-Identifier: Apache-2.0
// The data sets of bench/history, as our file and as plain SQLite rows.
#include "bench/history_data.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "bench/gateway.hpp"
#include "outputs/history/rows.hpp"

namespace bmsgate::bench {

using core::Field;

const std::vector<std::int32_t>& Source::next() {
  for (std::size_t i = 0; i < kValues; ++i) {
    if (worst_ && i < kCells) {
      values_[i] = 3'300 + static_cast<std::int32_t>(std::lround(noise_(random_)));
    } else {
      values_[i] += static_cast<std::int32_t>(std::lround(step_(random_)));
      values_[i] = std::clamp(values_[i], 2'000, 3'900);
    }
  }
  return values_;
}

void add_history(const std::string& path, const std::string& pack, const DataSet& set) {
  Quiet log;
  std::string why;
  const auto store = outputs::Store::open(path, outputs::OpenMode::kWrite, log, why);
  Source source{set};
  outputs::ChunkBuilder builder;
  const auto& info = outputs::info(set.tier);
  bool ok = store && store->begin();
  for (std::int64_t row = 0; ok && row < set.rows; ++row) {
    const auto at_ms = kStart + row * set.step_ms;
    outputs::HistoryRow made;
    made.tick = at_ms / info.tick_ms;
    const auto& values = source.next();
    for (std::size_t i = 0; i < kCells; ++i) {
      made.cells.push_back({{core::info(Field::kCellVoltage).reg, static_cast<std::uint8_t>(i), outputs::ColumnPart::kValue}, values[i]});
    }
    for (std::size_t i = 0; i < kScalars.size(); ++i) {
      made.cells.push_back({{core::info(kScalars[i]).reg, 0, outputs::ColumnPart::kValue}, values[kCells + i]});
    }
    builder.add(made);
    const bool period_ends = (at_ms + set.step_ms) / info.chunk_ms != at_ms / info.chunk_ms;
    if (!period_ends && row + 1 < set.rows) continue;
    const auto& chunk = builder.chunk();
    ok = store->put_chunk(pack, set.tier,
                          {0, chunk.times.front() * info.tick_ms, chunk.times.back() * info.tick_ms,
                           static_cast<std::uint32_t>(chunk.times.size()), outputs::encode(chunk)});
    builder.clear();
  }
  if (!ok || !store->commit()) give_up(fmt::format("{}: {}", path, store ? store->last_error() : why));
}

Database make_rows(const std::string& path, const DataSet& set) {
  sqlite3* opened = nullptr;
  sqlite3_open(path.c_str(), &opened);
  Database database{opened, &sqlite3_close};
  std::string sql = "PRAGMA journal_mode=WAL; BEGIN; CREATE TABLE sample(t INTEGER PRIMARY KEY";
  for (std::size_t i = 0; i < kValues; ++i) sql += fmt::format(",c{} INTEGER", i);
  sqlite3_exec(opened, (sql + ")").c_str(), nullptr, nullptr, nullptr);
  sql = "INSERT INTO sample VALUES(?";
  for (std::size_t i = 0; i < kValues; ++i) sql += ",?";
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(opened, (sql + ")").c_str(), -1, &insert, nullptr);
  Source source{set};
  for (std::int64_t row = 0; row < set.rows; ++row) {
    sqlite3_bind_int64(insert, 1, (kStart + row * set.step_ms) / 1000);
    const auto& values = source.next();
    for (std::size_t i = 0; i < kValues; ++i) sqlite3_bind_int(insert, static_cast<int>(i + 2), values[i]);
    sqlite3_step(insert);
    sqlite3_reset(insert);
  }
  sqlite3_finalize(insert);
  if (sqlite3_exec(opened, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)", nullptr, nullptr, nullptr) != SQLITE_OK) {
    give_up(fmt::format("{}: {}", path, sqlite3_errmsg(opened)));
  }
  return database;
}

double median_ms(int runs, const std::function<void()>& work) {
  work();
  std::vector<double> times;
  for (int run = 0; run < runs; ++run) {
    const auto begin = Steady::now();
    work();
    times.push_back(std::chrono::duration<double, std::milli>(Steady::now() - begin).count());
  }
  return quantiles(std::move(times)).median;
}

}  // namespace bmsgate::bench
