// SPDX-License-Identifier: Apache-2.0
// A loop, a folder and a far end for tests of lines on real descriptors. Nothing here asserts milliseconds.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "host/line.hpp"

namespace bmsgate::host {

using Bytes = std::vector<std::uint8_t>;

/// All byte values, as they must pass every line.
inline Bytes every_byte() {
  Bytes bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<std::uint8_t>(i));
  return bytes;
}

struct Events final : LineEvents {
  void on_line_up() override { ++ups; }
  void on_line_down(std::string_view why) override {
    ++downs;
    reasons.emplace_back(why);
  }
  void on_line_bytes(std::span<const std::uint8_t> more) override { bytes.insert(bytes.end(), more.begin(), more.end()); }
  void on_line_note(std::string_view note) override { notes.emplace_back(note); }
  int ups{0};
  int downs{0};
  Bytes bytes;
  std::vector<std::string> reasons;
  std::vector<std::string> notes;
};

struct LineTest : ::testing::Test {
  LineTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "bmsgate-line-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
  }
  ~LineTest() override {
    if (line) line->stop();
    std::filesystem::remove_all(folder);
  }
  Line& open(const std::string& link, const TtyControl& tty = system_tty()) {
    LinkSpec spec;
    EXPECT_EQ(parse_link(link, spec), "");
    line = make_line(io, spec, 115200, tty);
    line->start(events);
    return *line;
  }
  /// Runs the loop until `done`, no longer than `limit`.
  [[nodiscard]] bool until(const std::function<bool()>& done, std::chrono::seconds limit = std::chrono::seconds{10}) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!done() && std::chrono::steady_clock::now() < end) {
      io.restart();
      io.run_for(std::chrono::milliseconds{10});
    }
    return done();
  }
  /// Runs it until `size` bytes have come from `read`.
  [[nodiscard]] Bytes gather(const std::function<Bytes()>& read, std::size_t size) {
    Bytes got;
    static_cast<void>(until([&] {
      const auto more = read();
      got.insert(got.end(), more.begin(), more.end());
      return got.size() >= size;
    }));
    return got;
  }
  [[nodiscard]] std::string path(const char* name) const { return folder / name; }

  boost::asio::io_context io{1};
  Events events;
  std::unique_ptr<Line> line;
  std::filesystem::path folder;
};

/// The far end of a serial line: a pty with a link to it.
class FarEnd {
 public:
  explicit FarEnd(std::string link) : link_{std::move(link)}, fd_{::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK)} {
    char name[64]{};
    EXPECT_EQ(::grantpt(fd_) | ::unlockpt(fd_) | ::ptsname_r(fd_, name, sizeof name), 0);
    EXPECT_EQ(::symlink(name, link_.c_str()), 0);
  }
  ~FarEnd() {
    ::unlink(link_.c_str());
    ::close(fd_);
  }
  FarEnd(const FarEnd&) = delete;
  FarEnd& operator=(const FarEnd&) = delete;
  void write(const Bytes& bytes) const { EXPECT_EQ(::write(fd_, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size())); }
  [[nodiscard]] Bytes read() const {
    Bytes bytes(512);
    const auto got = ::read(fd_, bytes.data(), bytes.size());
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  }

 private:
  std::string link_;
  int fd_;
};

}  // namespace bmsgate::host
