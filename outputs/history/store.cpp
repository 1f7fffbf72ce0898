// SPDX-License-Identifier: Apache-2.0
// The SQLite file of the history: schema, migration, quarantine, chunks, events.
#include "outputs/history/store.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "outputs/history/sql.hpp"

namespace bmsgate::outputs {
namespace {

constexpr int kSchemaVersion = 1;
constexpr int kApplicationId = 0x42474831;  // "BGH1"
constexpr const char* kSchema = R"sql(
CREATE TABLE pack(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE chunk(id INTEGER PRIMARY KEY, pack INTEGER NOT NULL, tier INTEGER NOT NULL, from_ms INTEGER NOT NULL,
                   to_ms INTEGER NOT NULL, rows INTEGER NOT NULL, bytes BLOB NOT NULL);
CREATE INDEX chunk_by_time ON chunk(pack, tier, to_ms, from_ms);
CREATE TABLE event(id INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL, kind TEXT NOT NULL,
                   pack TEXT NOT NULL, key TEXT NOT NULL, severity TEXT NOT NULL, text TEXT NOT NULL, origin TEXT NOT NULL,
                   cell INTEGER, value REAL, worst REAL, unit TEXT NOT NULL);
CREATE INDEX event_by_time ON event(at_ms);
CREATE TABLE note(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
)sql";

bool execute(sqlite3* database, const char* sql) { return sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK; }

std::int64_t pragma(sqlite3* database, const char* sql) {
  Statement query{database, sql};
  return query.row() ? query.integer(0) : -1;
}

/// Why a connection cannot be used.
enum class Trouble { kNone, kDamaged, kNewer, kDisk };

Trouble prepare(sqlite3* database, OpenMode mode) {
  sqlite3_busy_timeout(database, 5'000);
  sqlite3_extended_result_codes(database, 1);
  if (mode == OpenMode::kWrite) {
    // A chunk leaves half a page empty, and a commit writes whole pages: small ones spare both. Only a new file takes the size.
    execute(database, "PRAGMA page_size=1024");
    // WAL with NORMAL: a power cut loses at most the commits since the last checkpoint's sync, never the file.
    execute(database, "PRAGMA journal_mode=WAL");
    execute(database, "PRAGMA synchronous=NORMAL");
    execute(database, "PRAGMA wal_autocheckpoint=4000");
    execute(database, "PRAGMA journal_size_limit=4194304");
  }
  execute(database, "PRAGMA cache_size=-2048");
  const auto version = pragma(database, "PRAGMA user_version");
  const auto code = sqlite3_errcode(database) & 0xFF;
  if (version < 0) return code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? Trouble::kDamaged : Trouble::kDisk;
  if (version > kSchemaVersion) return Trouble::kNewer;
  if (version == 0) {
    if (mode == OpenMode::kRead) return Trouble::kDisk;
    if (pragma(database, "SELECT count(*) FROM sqlite_master") > 0) return Trouble::kDamaged;  // a foreign or half-made file
    const auto script =
        fmt::format("BEGIN IMMEDIATE;{}PRAGMA application_id={};PRAGMA user_version={};COMMIT", kSchema, kApplicationId, kSchemaVersion);
    if (!execute(database, script.c_str())) return Trouble::kDisk;
  }
  if (mode == OpenMode::kWrite) {
    Statement check{database, "PRAGMA quick_check(1)"};
    if (!check.row() || check.text(0) != "ok") return Trouble::kDamaged;
  }
  return Trouble::kNone;
}

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
  const int flags = mode == OpenMode::kWrite ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READWRITE;
  for (int attempt = 0; attempt < 2; ++attempt) {
    sqlite3* database = nullptr;
    const auto code = sqlite3_open_v2(path.c_str(), &database, flags | SQLITE_OPEN_NOMUTEX, nullptr);
    const auto trouble = code == SQLITE_OK ? prepare(database, mode) : Trouble::kDisk;
    if (trouble == Trouble::kNone) return std::unique_ptr<Store>{new Store{database}};
    why = fmt::format("{}: {}", path, trouble == Trouble::kNewer ? "was written by a newer version of bmsgate" : sqlite3_errmsg(database));
    sqlite3_close(database);
    if (trouble != Trouble::kDamaged || mode != OpenMode::kWrite) return nullptr;
    const auto aside = set_aside(path);
    if (aside.empty()) return nullptr;
    logger.write(core::Level::kError, "history", fmt::format("{} is damaged: kept as {}, a new one is begun", path, aside));
  }
  return nullptr;
}

Store::Store(sqlite3* database) noexcept : database_{database} {}

Store::~Store() { sqlite3_close(database_); }

bool Store::begin() { return execute(database_, "BEGIN IMMEDIATE"); }
bool Store::commit() { return execute(database_, "COMMIT"); }
void Store::rollback() { execute(database_, "ROLLBACK"); }
std::string Store::last_error() const { return sqlite3_errmsg(database_); }

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

std::optional<std::pair<core::UtcMs, core::UtcMs>> Store::range(std::string_view pack, HistoryTier tier) const {
  Statement query{database_,
                  "SELECT min(from_ms), max(to_ms) FROM chunk JOIN pack ON pack.id = chunk.pack WHERE pack.name = ? AND tier = ?"};
  query.bind(pack).bind(static_cast<std::int64_t>(tier));
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

bool Store::drop_to_size(HistoryTier tier, std::uint64_t bytes) {
  auto used = use(tier).bytes;
  while (used > bytes) {
    Statement oldest{database_, "SELECT id, length(bytes) + 40 FROM chunk WHERE tier = ? ORDER BY to_ms LIMIT 1"};
    if (!oldest.bind(static_cast<std::int64_t>(tier)).row()) return true;
    used -= std::min(used, static_cast<std::uint64_t>(oldest.integer(1)));
    if (!remove_chunk(oldest.integer(0))) return false;
  }
  return true;
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

}  // namespace bmsgate::outputs
