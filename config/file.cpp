// SPDX-License-Identifier: Apache-2.0
// Whole files in, whole files out, safe against a power cut.
#include "config/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace bmsgate::config {
namespace {

std::string reason() { return std::strerror(errno); }

/// Closes what it holds.
class Descriptor {
 public:
  Descriptor(const std::string& path, int flags, mode_t mode = 0) : fd_{::open(path.c_str(), flags | O_CLOEXEC, mode)} {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] bool open() const noexcept { return fd_ >= 0; }

 private:
  int fd_;
};

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

FileText read_file(const std::string& path, std::size_t limit) {
  FileText out;
  // A named pipe in the file's place must not stop the program.
  const Descriptor file{path, O_RDONLY | O_NONBLOCK};
  if (!file.open()) {
    out.exists = errno != ENOENT;
    out.error = "cannot be read: " + reason();
    return out;
  }
  struct stat about {};
  if (::fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode)) {
    out.error = "cannot be read: it is no regular file";
    return out;
  }
  char buffer[16384];
  for (;;) {
    const auto got = ::read(file.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) out.error = "cannot be read: " + reason();
    if (got <= 0) return out;
    out.text.append(buffer, static_cast<std::size_t>(got));
    if (out.text.size() > limit) {
      out.error = "is larger than " + std::to_string(limit / 1024) + " KiB; this is no settings file";
      return out;
    }
  }
}

bool readable_by_all(const std::string& path) {
  struct stat about {};
  return ::stat(path.c_str(), &about) == 0 && (about.st_mode & S_IROTH) != 0;
}

std::string write_file(const std::string& path, std::string_view text) {
  const auto temporary = path + ".tmp";
  const auto folder = std::filesystem::path{path}.parent_path();
  std::error_code ignored;  // what is wrong with the folder shows when the file is made
  if (!folder.empty()) std::filesystem::create_directories(folder, ignored);
  const auto fail = [&](std::string_view what) {
    auto message = "cannot be " + std::string{what} + ": " + reason();
    ::unlink(temporary.c_str());
    return message;
  };
  {
    ::unlink(temporary.c_str());  // of a run that was cut off, perhaps with another mode
    const Descriptor file{temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, S_IRUSR | S_IWUSR};
    if (!file.open()) return "cannot be written: " + reason();
    if (!write_all(file.get(), text)) return fail("written");
    if (::fsync(file.get()) != 0) return fail("written");
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) return fail("replaced");
  const Descriptor directory{folder.empty() ? "." : folder.string(), O_RDONLY | O_DIRECTORY};
  if (directory.open()) ::fsync(directory.get());
  return {};
}

}  // namespace bmsgate::config
