// SPDX-License-Identifier: Apache-2.0
// Size and speed of the history beside plain SQLite rows on the same made-up data: 16 cells in mV (random walk, 43 % of the steps zero,
// mean step 0.67) and 12 single values, at 1 s and at 1 min; the worst case is white noise of 3 mV on each cell. Query times include the
// JSON text. Figures of servers are those measured on such a machine with such data (30 days of minutes).
#include <sqlite3.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <functional>
#include <random>

#include "bench/report.hpp"
#include "outputs/history/csv.hpp"
#include "outputs/history/history_json.hpp"
#include "outputs/history/query.hpp"
#include "outputs/history/rows.hpp"

namespace {

using namespace bmsgate;
using core::Field;
namespace fs = std::filesystem;

constexpr core::UtcMs kStart = 1'760'000'400'000;  // on a full hour
constexpr std::size_t kCells = 16;
constexpr auto kScalars =
    std::to_array<Field>({Field::kPackVoltage, Field::kCurrent, Field::kPower, Field::kSoc, Field::kRemainingCapacity,
                          Field::kTemperatureMin, Field::kTemperatureMax, Field::kMosTemperature, Field::kCellMinVoltage,
                          Field::kCellMaxVoltage, Field::kCellAverageVoltage, Field::kCellDeltaVoltage});
constexpr std::size_t kValues = kCells + kScalars.size();

/// The made-up series, row after row.
class Source {
 public:
  explicit Source(bool worst) : worst_{worst} {}
  const std::vector<std::int32_t>& next() {
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

 private:
  bool worst_;
  std::mt19937 random_{1};
  std::normal_distribution<double> step_{0, 0.88};
  std::normal_distribution<double> noise_{0, 3};
  std::vector<std::int32_t> values_ = std::vector<std::int32_t>(kValues, 3'300);
};

struct Quiet final : core::Logger {
  void write(core::Level, std::string_view, std::string_view) noexcept override {}
};

fs::path folder() {
  static const fs::path made = [] {
    auto path = fs::temp_directory_path() / ("bmsgate-bench-history-" + std::to_string(::getpid()));
    fs::create_directories(path);
    return path;
  }();
  return made;
}

/// Our file, as the recorder leaves it when the periods of the chunks are over.
std::unique_ptr<outputs::Store> make_store(const std::string& name, outputs::HistoryTier tier, std::int64_t rows, std::int64_t step_ms,
                                           bool worst) {
  Quiet log;
  std::string why;
  auto store = outputs::Store::open((folder() / name).string(), outputs::OpenMode::kWrite, log, why);
  Source source{worst};
  outputs::ChunkBuilder builder;
  const auto& info = outputs::info(tier);
  bool ok = store && store->begin();
  for (std::int64_t row = 0; ok && row < rows; ++row) {
    const auto at_ms = kStart + row * step_ms;
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
    const bool period_ends = (at_ms + step_ms) / info.chunk_ms != at_ms / info.chunk_ms;
    if (!period_ends && row + 1 < rows) continue;
    const auto& chunk = builder.chunk();
    ok = store->put_chunk("bench", tier,
                          {0, chunk.times.front() * info.tick_ms, chunk.times.back() * info.tick_ms,
                           static_cast<std::uint32_t>(chunk.times.size()), outputs::encode(chunk)});
    builder.clear();
  }
  if (!ok || !store->commit()) return nullptr;
  return store;
}

/// The same as plain rows: time and 28 columns.
sqlite3* make_rows(const std::string& name, std::int64_t rows, std::int64_t step_ms, bool worst) {
  sqlite3* database = nullptr;
  sqlite3_open((folder() / name).c_str(), &database);
  std::string sql = "PRAGMA journal_mode=WAL; BEGIN; CREATE TABLE sample(t INTEGER PRIMARY KEY";
  for (std::size_t i = 0; i < kValues; ++i) sql += fmt::format(",c{} INTEGER", i);
  sqlite3_exec(database, (sql + ")").c_str(), nullptr, nullptr, nullptr);
  sql = "INSERT INTO sample VALUES(?";
  for (std::size_t i = 0; i < kValues; ++i) sql += ",?";
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(database, (sql + ")").c_str(), -1, &insert, nullptr);
  Source source{worst};
  for (std::int64_t row = 0; row < rows; ++row) {
    sqlite3_bind_int64(insert, 1, (kStart + row * step_ms) / 1000);
    const auto& values = source.next();
    for (std::size_t i = 0; i < kValues; ++i) sqlite3_bind_int(insert, static_cast<int>(i + 2), values[i]);
    sqlite3_step(insert);
    sqlite3_reset(insert);
  }
  sqlite3_finalize(insert);
  sqlite3_exec(database, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)", nullptr, nullptr, nullptr);
  return database;
}

double size_of(const std::string& name) { return static_cast<double>(fs::file_size(folder() / name)); }

/// Median of 10 runs after one that warms up, in ms.
double median_ms(const std::function<void()>& work) {
  std::vector<double> times;
  for (int run = 0; run < 11; ++run) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    if (run > 0) times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
  }
  std::nth_element(times.begin(), times.begin() + 5, times.end());
  return times[5];
}

std::size_t ask(const outputs::Store& store, core::UtcMs span_ms, int points) {
  std::string json;
  outputs::append_envelope(json, outputs::query(store, {}, {"bench", kStart, kStart + span_ms - 1, {Field::kCellVoltage}, points}));
  return json.size();
}

/// Least, mean and greatest of each cell by SQL, as JSON text.
std::size_t ask_sql(sqlite3* database, core::UtcMs span_ms, std::int64_t step_s) {
  std::string sql = fmt::format("SELECT t/{0}*{0}", step_s);
  for (std::size_t i = 0; i < kCells; ++i) sql += fmt::format(",min(c{0}),avg(c{0}),max(c{0})", i);
  sql += fmt::format(" FROM sample WHERE t >= {} AND t < {} GROUP BY 1", kStart / 1000, (kStart + span_ms) / 1000);
  sqlite3_stmt* query = nullptr;
  sqlite3_prepare_v2(database, sql.c_str(), -1, &query, nullptr);
  std::string json;
  while (sqlite3_step(query) == SQLITE_ROW) {
    outputs::append_integer(json, sqlite3_column_int64(query, 0));
    for (int column = 1; column <= static_cast<int>(3 * kCells); ++column) {
      json += ',';
      outputs::append_scaled(json, static_cast<std::int32_t>(std::lround(sqlite3_column_double(query, column))), 3);
    }
  }
  sqlite3_finalize(query);
  return json.size();
}

/// Plain rows read and written as JSON, nothing else.
std::size_t read_sql(sqlite3* database) {
  std::string sql = "SELECT t";
  for (std::size_t i = 0; i < kCells; ++i) sql += fmt::format(",c{}", i);
  sqlite3_stmt* query = nullptr;
  sqlite3_prepare_v2(database, (sql + " FROM sample").c_str(), -1, &query, nullptr);
  std::string json;
  while (sqlite3_step(query) == SQLITE_ROW) {
    outputs::append_integer(json, sqlite3_column_int64(query, 0));
    for (int column = 1; column <= static_cast<int>(kCells); ++column) {
      json += ',';
      outputs::append_scaled(json, sqlite3_column_int(query, column), 3);
    }
  }
  sqlite3_finalize(query);
  return json.size();
}

double resident_kb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss);
}

void bench_sizes(std::vector<bench::Row>& rows) {
  constexpr std::int64_t kMinutes = 30 * 1'440;
  constexpr std::int64_t kSeconds = 86'400;
  const auto one = [&](const std::string& what, outputs::HistoryTier tier, std::int64_t count, std::int64_t step_ms, bool worst,
                       double limit) {
    const auto name = what + ".db";
    make_store(name, tier, count, step_ms, worst).reset();
    sqlite3_close(make_rows("rows " + name, count, step_ms, worst));
    const auto values = static_cast<double>(count) * kValues;
    rows.push_back(
        {"bytes a value, " + what, size_of(name) / values, "B", "SQLite rows, this run", size_of("rows " + name) / values, limit});
  };
  one("minutes", outputs::HistoryTier::kMinutes, kMinutes, 60'000, false, 0.36);
  one("seconds", outputs::HistoryTier::kReadings, kSeconds, 1'000, false, 0.36);
  one("minutes, worst", outputs::HistoryTier::kMinutes, kMinutes, 60'000, true, 0.9);
  one("seconds, worst", outputs::HistoryTier::kReadings, kSeconds, 1'000, true, 0.9);
  rows.push_back({"a year of minutes of a pack", size_of("minutes.db") / 30 * 365 / 1e6, "MB", "", bench::kNone, 60});
}

void bench_queries(std::vector<bench::Row>& rows) {
  constexpr core::UtcMs kDay = 86'400'000;
  Quiet log;
  std::string why;
  const auto open = [&](const char* name) { return outputs::Store::open((folder() / name).string(), outputs::OpenMode::kRead, log, why); };
  const auto minutes = open("minutes.db");
  const auto seconds = open("seconds.db");
  sqlite3* minute_rows = nullptr;
  sqlite3* second_rows = nullptr;
  sqlite3_open((folder() / "rows minutes.db").c_str(), &minute_rows);
  sqlite3_open((folder() / "rows seconds.db").c_str(), &second_rows);

  const auto month = median_ms([&] { ask(*minutes, 30 * kDay, 1'000); });
  rows.push_back({"30 days of minutes to 1,000 points", month, "ms", "VictoriaMetrics 1.79 over HTTP, measured", 14.8, 14.8});
  rows.push_back(
      {"  beside GROUP BY on rows", month, "ms", "SQLite rows, this run", median_ms([&] { ask_sql(minute_rows, 30 * kDay, 2'592); })});
  const auto day = median_ms([&] { ask(*seconds, kDay, 1'440); });
  const auto day_sql = median_ms([&] { ask_sql(second_rows, kDay, 60); });
  rows.push_back({"24 h of seconds to 1,440 points", day, "ms", "SQLite rows, this run", day_sql, day_sql / 4});

  constexpr std::int64_t kLongRows = 180 * 72;
  const auto half_year = make_store("long.db", outputs::HistoryTier::kTwentyMinutes, kLongRows, 1'200'000, false);
  sqlite3* long_rows = make_rows("rows long.db", kLongRows, 1'200'000, false);
  const auto plain = median_ms([&] { read_sql(long_rows); });
  rows.push_back({"180 days of 20 min, 16 cells", median_ms([&] { ask(*half_year, 180 * kDay, 1'440); }), "ms",
                  "reading SQLite rows, this run", plain, 1.5 * plain});
  for (auto* database : {minute_rows, second_rows, long_rows}) sqlite3_close(database);
}

void bench_csv(std::vector<bench::Row>& rows) {
  Quiet log;
  std::string why;
  const auto minutes = outputs::Store::open((folder() / "minutes.db").string(), outputs::OpenMode::kRead, log, why);
  std::vector<Field> fields(kScalars.begin(), kScalars.end());
  fields.push_back(Field::kCellVoltage);
  std::size_t bytes = 0;
  double before_kb = 0;
  const auto ms = median_ms([&] {
    outputs::CsvWriter writer{{"bench", kStart, kStart + 30LL * 86'400'000 - 1, 60'000, fields}};
    std::string piece;
    bytes = 0;
    bool more = true;
    while (more) {
      piece.clear();
      more = writer.next(*minutes, {}, piece);
      bytes += piece.size();
      if (before_kb == 0) before_kb = resident_kb();
    }
  });
  rows.push_back({"a month of minutes as CSV", static_cast<double>(bytes) / 1e6 / (ms / 1000), "MB/s", "", bench::kNone, 50, true});
  rows.push_back({"memory gained while it is written", (resident_kb() - before_kb) / 1024, "MB", "", bench::kNone, 4});
}

}  // namespace

int main() {
  std::vector<bench::Row> rows;
  bench_sizes(rows);
  bench_queries(rows);
  bench_csv(rows);
  fs::remove_all(folder());
  return bench::report("history", rows);
}
