// SPDX-License-Identifier: Apache-2.0
// The data folder and its lock.
#include "host/data_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace bmsgate::host {

DataFolder::~DataFolder() {
  if (lock_ >= 0) ::close(lock_);
}

std::optional<std::string> DataFolder::open(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return fmt::format("cannot make the data folder {}: {}; give another one with --data", path.string(), error.message());
  const auto file = path / "lock";
  lock_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  read_only_ = lock_ < 0 && errno == EROFS;
  if (read_only_) lock_ = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (read_only_ && lock_ < 0) {  // nobody can write here, so there is nothing to guard
    path_ = path;
    return std::nullopt;
  }
  if (lock_ < 0) {
    return fmt::format("cannot write in the data folder {}: {}; give another one with --data", path.string(), std::strerror(errno));
  }
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    return fmt::format("the data folder {} is in use by another bmsgate; end that one, or give another folder with --data", path.string());
  }
  path_ = path;
  return std::nullopt;
}

}  // namespace bmsgate::host
