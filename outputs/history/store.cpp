// SPDX-License-Identifier: Apache-2.0
// The SQLite file of the history: opening, quarantine, chunks, events, notes.
#include "outputs/history/store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "outputs/history/schema.hpp"
#include "outputs/history/sql.hpp"

namespace bmsgate::outputs {
namespace {

bool execute(sqlite3* database, const char* sql) { return sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK; }

std::string set_aside(const std::string& path) {
  for (int number = 1; number < 1000; ++number) {
    const auto aside = fmt::format("{}.damaged-{}", path, number);
    std::error_code error;
    if (std::filesystem::exists(aside, error)) continue;
    std::filesystem::rename(path, aside, error);
    if (error) return {};
    for (const char* suffix : {"-wal", "-shm"}) std::filesystem::rename(path + suffix, aside + suffix, error);
    return aside;
  }
  return {};
}

/// The text of an event's row in the order of kEventColumns.
constexpr const char* kEventColumns = "id, at_ms, end_ms, kind, pack, key, severity, text, origin, cell, value, worst, unit";

EventRow event_of(const Statement& row) {
  EventRow event;
  event.id = row.integer(0);
  event.at_ms = row.integer(1);
  event.end_ms = row.integer(2);
  event.kind = row.text(3);
  event.pack = row.text(4);
  event.key = row.text(5);
  event.severity = row.text(6);
  event.text = row.text(7);
  event.origin = row.text(8);
  if (!row.is_null(9)) event.cell = static_cast<int>(row.integer(9));
  if (!row.is_null(10)) event.value = row.number(10);
  if (!row.is_null(11)) event.worst = row.number(11);
  event.unit = row.text(12);
  return event;
}

}  // namespace

std::unique_ptr<Store> Store::open(const std::string& path, OpenMode mode, core::Logger& logger, std::string& why) {
  const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE | (mode == OpenMode::kRead ? 0 : SQLITE_OPEN_CREATE);
  for (int attempt = 0; attempt < 2; ++attempt) {
    sqlite3* database = nullptr;
    const auto code = sqlite3_open_v2(path.c_str(), &database, flags, nullptr);
    const auto trouble = code == SQLITE_OK ? prepare(database, path, mode, logger) : Trouble::kDisk;
    if (trouble == Trouble::kNone) return std::unique_ptr<Store>{new Store{database, path}};
    why = trouble == Trouble::kNewer     ? fmt::format("{} was written by a newer version of bmsgate; it is left as it is", path)
          : trouble == Trouble::kForeign ? fmt::format("{} is not a history of bmsgate", path)
                                         : fmt::format("{}: {}", path, trouble_text(database, path));
    sqlite3_close(database);
    if (mode == OpenMode::kRead && trouble == Trouble::kDisk && is_read_only(path)) return open_immutable(path, logger);
    if ((trouble != Trouble::kDamaged && trouble != Trouble::kForeign) || mode == OpenMode::kRead) return nullptr;
    const auto aside = set_aside(path);
    if (aside.empty()) return nullptr;
    logger.write(core::Level::kError, "history",
                 fmt::format("{} {}: kept as {}, a new one is begun", path,
                             trouble == Trouble::kDamaged ? "is damaged" : "is not a history of bmsgate", aside));
  }
  return nullptr;
}

/// SQLite needs to write beside a file even to read it, unless it is told that nobody changes it: so it is on a disk without writes.
std::unique_ptr<Store> Store::open_immutable(const std::string& path, core::Logger& logger) {
  std::string uri = "file:";
  for (const char c : path)
    uri += c == '%' || c == '?' || c == '#' ? fmt::format("%{:02X}", static_cast<unsigned char>(c)) : std::string{c};
  uri += "?immutable=1";
  sqlite3* database = nullptr;
  const auto code = sqlite3_open_v2(uri.c_str(), &database, SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nullptr);
  if (code == SQLITE_OK && prepare(database, path, OpenMode::kRead, logger) == Trouble::kNone) {
    return std::unique_ptr<Store>{new Store{database, path}};
  }
  sqlite3_close(database);
  return nullptr;
}

Store::Store(sqlite3* database, std::string path) noexcept : database_{database}, path_{std::move(path)} {}

Store::~Store() { sqlite3_close(database_); }

bool Store::begin() { return execute(database_, "BEGIN IMMEDIATE"); }
bool Store::commit() { return execute(database_, "COMMIT"); }
void Store::rollback() { execute(database_, "ROLLBACK"); }
std::string Store::last_error() const { return trouble_text(database_, path_); }
bool Store::damaged() const {
  const int code = sqlite3_errcode(database_) & 0xFF;
  return code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
}

bool Store::put_chunk(std::string_view pack, HistoryTier tier, const ChunkRow& chunk) {
  Statement name{database_, "INSERT INTO pack(name) VALUES(?) ON CONFLICT DO NOTHING"};
  if (!name.bind(pack).run()) return false;
  Statement insert{
      database_, "INSERT INTO chunk(pack, tier, from_ms, to_ms, rows, bytes) VALUES((SELECT id FROM pack WHERE name = ?), ?, ?, ?, ?, ?)"};
  insert.bind(pack).bind(static_cast<std::int64_t>(tier)).bind(chunk.from_ms).bind(chunk.to_ms).bind(std::int64_t{chunk.rows});
  return insert.bind_blob(chunk.bytes).run();
}

bool Store::remove_chunk(std::int64_t id) { return Statement{database_, "DELETE FROM chunk WHERE id = ?"}.bind(id).run(); }

void Store::for_each_chunk(std::string_view pack, HistoryTier tier, core::UtcMs from_ms, core::UtcMs to_ms,
                           const std::function<bool(ChunkRow&& chunk)>& take) const {
  Statement query{database_,
                  "SELECT chunk.id, from_ms, to_ms, rows, bytes FROM chunk JOIN pack ON pack.id = chunk.pack "
                  "WHERE pack.name = ? AND tier = ? AND to_ms >= ? AND from_ms <= ? ORDER BY from_ms, chunk.id"};
  query.bind(pack).bind(static_cast<std::int64_t>(tier)).bind(from_ms).bind(to_ms);
  while (query.row()) {
    ChunkRow chunk{query.integer(0), query.integer(1), query.integer(2), static_cast<std::uint32_t>(query.integer(3)), query.text(4)};
    if (!take(std::move(chunk))) return;
  }
}

std::optional<std::pair<core::UtcMs, core::UtcMs>> Store::range(std::string_view pack, HistoryTier tier, core::UtcMs from_ms,
                                                                core::UtcMs to_ms) const {
  Statement query{database_,
                  "SELECT min(from_ms), max(to_ms) FROM chunk JOIN pack ON pack.id = chunk.pack "
                  "WHERE pack.name = ? AND tier = ? AND to_ms >= ? AND from_ms <= ?"};
  query.bind(pack).bind(static_cast<std::int64_t>(tier)).bind(from_ms).bind(to_ms);
  if (!query.row() || query.is_null(0)) return std::nullopt;
  return std::pair{query.integer(0), query.integer(1)};
}

std::vector<std::string> Store::packs() const {
  std::vector<std::string> names;
  Statement query{database_, "SELECT name FROM pack ORDER BY id"};
  while (query.row()) names.push_back(query.text(0));
  return names;
}

TierUse Store::use(HistoryTier tier) const {
  Statement query{database_, "SELECT total(length(bytes) + 40), total(rows), min(from_ms), max(to_ms) FROM chunk WHERE tier = ?"};
  if (!query.bind(static_cast<std::int64_t>(tier)).row()) return {};
  return {static_cast<std::uint64_t>(query.number(0)), static_cast<std::uint64_t>(query.number(1)), query.integer(2), query.integer(3)};
}

bool Store::drop_before(HistoryTier tier, core::UtcMs before_ms) {
  return Statement{database_, "DELETE FROM chunk WHERE tier = ? AND to_ms < ?"}.bind(static_cast<std::int64_t>(tier)).bind(before_ms).run();
}

std::optional<core::UtcMs> Store::start_of_newest(HistoryTier tier, std::int64_t unit_ms, std::int64_t count) const {
  Statement query{database_, "SELECT DISTINCT to_ms / ?1 FROM chunk WHERE tier = ?2 ORDER BY 1 DESC LIMIT 1 OFFSET ?3"};
  query.bind(unit_ms).bind(static_cast<std::int64_t>(tier)).bind(count - 1);
  return query.row() ? std::optional{query.integer(0) * unit_ms} : std::nullopt;
}

bool Store::drop_to_size(HistoryTier tier, std::uint64_t bytes) {
  auto used = use(tier).bytes;
  if (used <= bytes) return true;
  std::vector<std::int64_t> oldest;
  Statement query{database_, "SELECT id, length(bytes) + 40 FROM chunk WHERE tier = ? ORDER BY to_ms"};
  query.bind(static_cast<std::int64_t>(tier));
  while (used > bytes && query.row()) {
    used -= std::min(used, static_cast<std::uint64_t>(query.integer(1)));
    oldest.push_back(query.integer(0));
  }
  return std::all_of(oldest.begin(), oldest.end(), [this](std::int64_t id) { return remove_chunk(id); });
}

std::optional<std::int64_t> Store::put_event(const EventRow& event) {
  Statement insert{database_,
                   "INSERT INTO event(at_ms, end_ms, kind, pack, key, severity, text, origin, cell, value, worst, unit) "
                   "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
  insert.bind(event.at_ms).bind(event.end_ms).bind(event.kind).bind(event.pack).bind(event.key).bind(event.severity);
  insert.bind(event.text).bind(event.origin);
  event.cell ? insert.bind(std::int64_t{*event.cell}) : insert.bind_null();
  event.value ? insert.bind(*event.value) : insert.bind_null();
  event.worst ? insert.bind(*event.worst) : insert.bind_null();
  insert.bind(event.unit);
  if (!insert.run()) return std::nullopt;
  return sqlite3_last_insert_rowid(database_);
}

bool Store::keep_newest_events(std::int64_t count) {
  return Statement{database_, "DELETE FROM event WHERE id <= (SELECT id FROM event ORDER BY id DESC LIMIT 1 OFFSET ?)"}.bind(count).run();
}

bool Store::end_event(std::int64_t id, core::UtcMs end_ms, std::optional<double> worst) {
  Statement update{database_, "UPDATE event SET end_ms = ?, worst = coalesce(?, worst) WHERE id = ?"};
  update.bind(end_ms);
  worst ? update.bind(*worst) : update.bind_null();
  return update.bind(id).run();
}

std::vector<EventRow> Store::events(const EventFilter& filter) const {
  const auto sql = fmt::format(
      "SELECT {} FROM event WHERE at_ms >= ?1 AND (?2 = 0 OR at_ms <= ?2) AND (?3 = 0 OR id < ?3) AND (?4 = '' OR pack = ?4) "
      "AND (?5 = '' OR kind = ?5) ORDER BY id DESC LIMIT ?6",
      kEventColumns);
  Statement query{database_, sql.c_str()};
  query.bind(filter.from_ms).bind(filter.to_ms).bind(filter.before_id).bind(filter.pack).bind(filter.kind).bind(std::int64_t{filter.limit});
  std::vector<EventRow> found;
  while (query.row()) found.push_back(event_of(query));
  return found;
}

std::vector<EventRow> Store::unfinished(std::string_view kind, std::string_view pack) const {
  const auto sql =
      fmt::format("SELECT {} FROM event WHERE end_ms = 0 AND kind = ?1 AND (?2 = '' OR pack = ?2) ORDER BY id DESC", kEventColumns);
  Statement query{database_, sql.c_str()};
  query.bind(kind).bind(pack);
  std::vector<EventRow> found;
  while (query.row()) found.push_back(event_of(query));
  return found;
}

bool Store::put_note(std::string_view key, std::string_view value) {
  return Statement{database_, "INSERT INTO note(key, value) VALUES(?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value"}
      .bind(key)
      .bind(value)
      .run();
}

std::optional<std::string> Store::note(std::string_view key) const {
  Statement query{database_, "SELECT value FROM note WHERE key = ?"};
  if (!query.bind(key).row()) return std::nullopt;
  return query.text(0);
}

bool Store::put_adrift(const AdriftRow& row) {
  Statement insert{database_, "INSERT INTO adrift(boot, pack, bytes) VALUES(?, ?, ?)"};
  insert.bind(row.boot).bind(row.pack);
  if (!insert.bind_blob(row.bytes).run()) return false;
  Statement trim{database_, "DELETE FROM adrift WHERE id <= ?"};
  const std::int64_t newest = sqlite3_last_insert_rowid(database_);
  return trim.bind(newest - kMaxAdrift).run();
}

std::optional<AdriftRow> Store::newest_adrift() const {
  Statement query{database_, "SELECT id, boot, pack, bytes FROM adrift ORDER BY id DESC LIMIT 1"};
  if (!query.row()) return std::nullopt;
  return AdriftRow{query.integer(0), query.text(1), query.text(2), query.text(3)};
}

bool Store::drop_adrift(std::int64_t id) { return Statement{database_, "DELETE FROM adrift WHERE id = ?"}.bind(id).run(); }

}  // namespace bmsgate::outputs
