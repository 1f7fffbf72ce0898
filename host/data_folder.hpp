// SPDX-License-Identifier: Apache-2.0
// The folder in which the gateway keeps what it must not forget: made if need be, and held by one running program at a time.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace bmsgate::host {

class DataFolder {
 public:
  DataFolder() = default;
  ~DataFolder();
  DataFolder(const DataFolder&) = delete;
  DataFolder& operator=(const DataFolder&) = delete;

  /// Makes the folder and takes its lock. What went wrong as a sentence; nothing = it is ours.
  [[nodiscard]] std::optional<std::string> open(const std::filesystem::path& path);
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// The disk takes no writes: what is in the folder can be read, nothing can be kept.
  [[nodiscard]] bool read_only() const { return read_only_; }

 private:
  std::filesystem::path path_;
  int lock_{-1};
  bool read_only_{false};
};

}  // namespace bmsgate::host
