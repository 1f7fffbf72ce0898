// SPDX-License-Identifier: Apache-2.0
// The layout of the history file and the ways from its older versions to the present one. Used by Store; thread of the connection.
#pragma once

#include <string>

#include "core/log.hpp"
#include "outputs/history/store.hpp"

namespace bmsgate::outputs {

/// Why a connection cannot be used.
enum class Trouble : std::uint8_t {
  kNone,
  kDamaged,  // SQLite finds it broken, or it is no SQLite file
  kForeign,  // an SQLite file, but not a history
  kNewer,    // written by a later version of the program
  kDisk,     // the disk does not allow it
};

/// Readies a fresh connection: checks whose file it is, and for writing checks its pages (only where `mode` says so), makes the layout or
/// brings an older one up to date in one transaction. A newer or foreign file is not changed.
[[nodiscard]] Trouble prepare(sqlite3* database, const std::string& path, OpenMode mode, core::Logger& logger);

/// The last error of a connection, in words that help: the disk is full, read-only, ...
[[nodiscard]] std::string trouble_text(sqlite3* database, const std::string& path);

/// True if the file system that a path lies on takes no writes.
[[nodiscard]] bool is_read_only(const std::string& path) noexcept;

}  // namespace bmsgate::outputs
