// SPDX-License-Identifier: Apache-2.0
// Versions of the history file.
#include "outputs/history/schema.hpp"

#include <fmt/format.h>
#include <sys/statvfs.h>

#include <array>
#include <filesystem>

#include "outputs/history/sql.hpp"

namespace bmsgate::outputs {
namespace {

constexpr int kApplicationId = 0x42474831;  // "BGH1"

/// kVersions[n] leads from version n to n + 1; the first one makes the layout out of nothing. A step is never changed once it was released.
constexpr std::array kVersions{
    R"sql(
CREATE TABLE pack(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE chunk(id INTEGER PRIMARY KEY, pack INTEGER NOT NULL, tier INTEGER NOT NULL, from_ms INTEGER NOT NULL,
                   to_ms INTEGER NOT NULL, rows INTEGER NOT NULL, bytes BLOB NOT NULL);
CREATE INDEX chunk_by_time ON chunk(pack, tier, to_ms, from_ms);
CREATE TABLE event(id INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL, kind TEXT NOT NULL,
                   pack TEXT NOT NULL, key TEXT NOT NULL, severity TEXT NOT NULL, text TEXT NOT NULL, origin TEXT NOT NULL,
                   cell INTEGER, value REAL, worst REAL, unit TEXT NOT NULL);
CREATE INDEX event_by_time ON event(at_ms);
CREATE TABLE note(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
)sql",
    // Readings from before the clock was set.
    R"sql(
CREATE TABLE adrift(id INTEGER PRIMARY KEY, boot TEXT NOT NULL, pack TEXT NOT NULL, bytes BLOB NOT NULL);
)sql",
};
constexpr auto kVersion = static_cast<std::int64_t>(kVersions.size());

bool execute(sqlite3* database, const char* sql) { return sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK; }

std::int64_t number(sqlite3* database, const char* sql) {
  Statement query{database, sql};
  return query.row() ? query.integer(0) : -1;
}

bool is_broken(int code) noexcept { return (code & 0xFF) == SQLITE_CORRUPT || (code & 0xFF) == SQLITE_NOTADB; }

Trouble by_error(sqlite3* database) { return is_broken(sqlite3_errcode(database)) ? Trouble::kDamaged : Trouble::kDisk; }

Trouble migrate(sqlite3* database, std::int64_t version) {
  std::string script = "BEGIN IMMEDIATE;";
  for (auto step = static_cast<std::size_t>(version); step < kVersions.size(); ++step) script += kVersions[step];
  script += fmt::format("PRAGMA application_id={};PRAGMA user_version={};COMMIT", kApplicationId, kVersion);
  if (execute(database, script.c_str())) return Trouble::kNone;
  const auto trouble = by_error(database);
  execute(database, "ROLLBACK");
  return trouble;
}

}  // namespace

Trouble prepare(sqlite3* database, const std::string& path, OpenMode mode, core::Logger& logger) {
  sqlite3_busy_timeout(database, 5'000);
  sqlite3_extended_result_codes(database, 1);
  execute(database, "PRAGMA cache_size=-2048");
  const auto version = number(database, "PRAGMA user_version");
  if (version < 0) return by_error(database);
  const auto tables = number(database, "SELECT count(*) FROM sqlite_master");
  if (tables < 0) return by_error(database);
  if (tables > 0 && (version == 0 || number(database, "PRAGMA application_id") != kApplicationId)) return Trouble::kForeign;
  if (version > kVersion) return Trouble::kNewer;
  if (mode == OpenMode::kRead) return version == 0 ? Trouble::kDisk : Trouble::kNone;

  if (sqlite3_db_readonly(database, "main") == 1) return Trouble::kDisk;
  // A chunk leaves half a page empty, and a commit writes whole pages: small ones spare both. Only a new file takes the size.
  execute(database, "PRAGMA page_size=1024");
  // One sync for each commit, of which there is one a minute: what was committed outlives a power cut.
  if (!execute(database, "PRAGMA journal_mode=WAL")) return by_error(database);
  execute(database, "PRAGMA synchronous=FULL");
  execute(database, "PRAGMA wal_autocheckpoint=4000");
  execute(database, "PRAGMA journal_size_limit=4194304");
  if (mode == OpenMode::kWrite) {
    Statement check{database, "PRAGMA quick_check(1)"};
    if (!check.row()) return by_error(database);
    if (check.text(0) != "ok") return Trouble::kDamaged;
  }
  if (version == kVersion) return Trouble::kNone;
  const auto trouble = migrate(database, version);
  if (trouble == Trouble::kNone && version > 0) {
    logger.write(core::Level::kInfo, "history", fmt::format("{}: brought from format {} to format {}", path, version, kVersion));
  }
  return trouble;
}

bool is_read_only(const std::string& path) noexcept {
  struct statvfs status {};
  return ::statvfs(std::filesystem::path{path}.parent_path().c_str(), &status) == 0 && (status.f_flag & ST_RDONLY) != 0;
}

std::string trouble_text(sqlite3* database, const std::string& path) {
  const int code = sqlite3_errcode(database) & 0xFF;
  if (code == SQLITE_FULL) return "the disk is full";
  if (code == SQLITE_READONLY || is_read_only(path)) return "the disk is read-only";
  return sqlite3_errmsg(database);
}

}  // namespace bmsgate::outputs
