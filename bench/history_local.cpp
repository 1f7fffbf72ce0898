// SPDX-License-Identifier: Apache-2.0
// Sizes and queries without a server in between.
#include "bench/history_local.hpp"

#include <cmath>

#include "outputs/history/history_json.hpp"
#include "outputs/history/query.hpp"
#include "outputs/pack_json.hpp"

namespace bmsgate::bench {
namespace {

constexpr int kRuns = 10;
constexpr std::int64_t kMonthStepS = 2'592;  // 30 days in 1,000 points
constexpr std::int64_t kDayStepS = 60;

std::string file_of(const DataSet& set) { return fmt::format("{}.db", set.name); }
std::string rows_of(const DataSet& set) { return fmt::format("{} as rows.db", set.name); }

double bytes_a_value(const std::string& path, const DataSet& set) {
  return static_cast<double>(fs::file_size(path)) / (static_cast<double>(set.rows) * kValues);
}

/// Our answer as JSON text.
std::size_t ask(const outputs::Store& store, core::UtcMs span_ms, int points) {
  std::string json;
  outputs::append_envelope(json, outputs::query(store, {}, {"bench", kStart, kStart + span_ms - 1, {core::Field::kCellVoltage}, points}));
  return json.size();
}

/// Rows of SQL as JSON text.
std::size_t ask_sql(sqlite3* database, const std::string& sql) {
  sqlite3_stmt* query = nullptr;
  if (sqlite3_prepare_v2(database, sql.c_str(), -1, &query, nullptr) != SQLITE_OK) give_up(sqlite3_errmsg(database));
  std::string json;
  while (sqlite3_step(query) == SQLITE_ROW) {
    outputs::append_integer(json, sqlite3_column_int64(query, 0));
    for (int column = 1; column < sqlite3_column_count(query); ++column) {
      json += ',';
      outputs::append_scaled(json, static_cast<std::int32_t>(std::lround(sqlite3_column_double(query, column))), 3);
    }
  }
  sqlite3_finalize(query);
  return json.size();
}

/// Least, mean and greatest of each cell.
std::string envelope_sql(core::UtcMs span_ms, std::int64_t step_s) {
  std::string sql = fmt::format("SELECT t/{0}*{0}", step_s);
  for (std::size_t i = 0; i < kCells; ++i) sql += fmt::format(",min(c{0}),avg(c{0}),max(c{0})", i);
  return sql + fmt::format(" FROM sample WHERE t >= {} AND t < {} GROUP BY 1", kStart / 1000, (kStart + span_ms) / 1000);
}

std::string plain_sql() {
  std::string sql = "SELECT t";
  for (std::size_t i = 0; i < kCells; ++i) sql += fmt::format(",c{}", i);
  return sql + " FROM sample";
}

double time_ours(const Folder& folder, const DataSet& set, core::UtcMs span_ms, int points) {
  Quiet log;
  std::string why;
  const auto store = outputs::Store::open(folder.file(file_of(set)), outputs::OpenMode::kRead, log, why);
  if (!store) give_up(why);
  return median_ms(kRuns, [&] { ask(*store, span_ms, points); });
}

double time_sql(const Folder& folder, const DataSet& set, const std::string& sql) {
  sqlite3* opened = nullptr;
  sqlite3_open(folder.file(rows_of(set)).c_str(), &opened);
  const Database database{opened, &sqlite3_close};
  return median_ms(kRuns, [&] { ask_sql(opened, sql); });
}

}  // namespace

Sizes measure_sizes(const Folder& folder) {
  Sizes sizes;
  for (std::size_t i = 0; i < kSized.size(); ++i) {
    const auto& set = kSized[i];
    add_history(folder.file(file_of(set)), "bench", set);
    make_rows(folder.file(rows_of(set)), set).reset();
    sizes.ours[i] = bytes_a_value(folder.file(file_of(set)), set);
    sizes.rows[i] = bytes_a_value(folder.file(rows_of(set)), set);
  }
  return sizes;
}

LocalTimes measure_local(const Folder& folder) {
  add_history(folder.file(file_of(kHalfYear)), "bench", kHalfYear);
  make_rows(folder.file(rows_of(kHalfYear)), kHalfYear).reset();
  return {
      .month = time_ours(folder, kMinutes, 30 * kDayMs, 1'000),
      .month_rows = time_sql(folder, kMinutes, envelope_sql(30 * kDayMs, kMonthStepS)),
      .day = time_ours(folder, kSeconds, kDayMs, 1'440),
      .day_rows = time_sql(folder, kSeconds, envelope_sql(kDayMs, kDayStepS)),
      .half_year = time_ours(folder, kHalfYear, 180 * kDayMs, 1'440),
      .half_year_rows = time_sql(folder, kHalfYear, plain_sql()),
  };
}

}  // namespace bmsgate::bench
