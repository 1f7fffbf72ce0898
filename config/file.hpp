// SPDX-License-Identifier: Apache-2.0
// Files that are read whole and written whole or not at all. Any thread; blocks while the disk does.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bmsgate::config {

struct FileText {
  bool exists{true};
  std::string text;
  std::string error;  // empty: `text` holds the file
};

/// Reads a regular file of at most `limit` bytes.
[[nodiscard]] FileText read_file(const std::string& path, std::size_t limit);

/// Whether users who are neither its owner nor of its group can read a file.
[[nodiscard]] bool readable_by_all(const std::string& path);

/// Writes a temporary file beside `path`, syncs it and renames it over `path`: after a power cut there is the old file or the new one.
/// Makes the folder if it is missing. Mode 0600. Answers what went wrong; empty: nothing.
[[nodiscard]] std::string write_file(const std::string& path, std::string_view text);

}  // namespace bmsgate::config
