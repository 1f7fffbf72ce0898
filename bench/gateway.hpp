// SPDX-License-Identifier: Apache-2.0
// The real program as a benchmark runs it: children, free ports, a folder that vanishes, plain sockets, and what /proc says.
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace bmsgate::bench {

using Steady = std::chrono::steady_clock;
namespace fs = std::filesystem;

/// What has to go when a benchmark gives up in the middle of something.
struct Leftovers {
  std::mutex mutex;
  std::vector<pid_t> children;
  std::vector<fs::path> folders;
};
inline Leftovers& leftovers() {
  static Leftovers all;
  return all;
}

[[noreturn]] inline void give_up(const std::string& why) {
  fmt::print(stderr, "bench: {}\n", why);
  std::error_code ignored;
  const std::lock_guard lock{leftovers().mutex};
  for (const auto pid : leftovers().children) ::kill(pid, SIGKILL);
  for (const auto pid : leftovers().children) ::waitpid(pid, nullptr, 0);
  for (const auto& folder : leftovers().folders) fs::remove_all(folder, ignored);
  std::_Exit(1);
}

class Folder {
 public:
  Folder() {
    std::string name = fs::temp_directory_path() / "bmsgate-bench-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) give_up("no temporary folder");
    path_ = name;
    const std::lock_guard lock{leftovers().mutex};
    leftovers().folders.push_back(path_);
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return path_ / name; }
  void write(const std::string& name, const std::string& text) const { std::ofstream{path_ / name} << text; }

 private:
  fs::path path_;
};

/// A child process, ended with this object.
class Child {
 public:
  Child(std::vector<std::string> arguments, const std::string& output) {
    std::vector<char*> argv;
    for (auto& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t files{};
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_addopen(&files, 1, output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::posix_spawn_file_actions_adddup2(&files, 1, 2);
    const int failed = ::posix_spawnp(&pid_, argv[0], &files, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&files);
    if (failed != 0) give_up(fmt::format("cannot start {}", argv[0]));
    const std::lock_guard lock{leftovers().mutex};
    leftovers().children.push_back(pid_);
  }
  ~Child() {
    const std::lock_guard lock{leftovers().mutex};
    std::erase(leftovers().children, pid_);
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool alive() const { return ::waitpid(pid_, nullptr, WNOHANG) == 0; }

 private:
  pid_t pid_{-1};
};

inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

/// A listening socket on a free port.
inline std::pair<int, std::uint16_t> listen_somewhere() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(fd, 16) != 0) give_up("cannot listen");
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return {fd, ntohs(address.sin_port)};
}
inline std::uint16_t free_port() {
  const auto [fd, port] = listen_somewhere();
  ::close(fd);
  return port;
}

/// A connected socket, or -1.
inline int try_connect(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = loopback(port);
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  ::close(fd);
  return -1;
}
inline int connect_to(std::uint16_t port, std::chrono::seconds patience = std::chrono::seconds{20}) {
  const auto deadline = Steady::now() + patience;
  while (Steady::now() < deadline) {
    if (const int fd = try_connect(port); fd >= 0) return fd;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  give_up(fmt::format("nobody listens on port {}", port));
}
inline void send_text(int fd, std::string_view text) {
  if (::send(fd, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size())) give_up("cannot send");
}

/// Reads a stream line by line.
class Lines {
 public:
  explicit Lines(int fd) : fd_{fd} {}
  /// False: the stream has ended.
  bool next(std::string& line) {
    for (;;) {
      const auto end = text_.find('\n', at_);
      if (end != std::string::npos) {
        line.assign(text_, at_, end - at_);
        at_ = end + 1;
        return true;
      }
      text_.erase(0, at_);
      at_ = 0;
      std::array<char, 16384> piece{};
      const auto got = ::recv(fd_, piece.data(), piece.size(), 0);
      if (got <= 0) return false;
      text_.append(piece.data(), static_cast<std::size_t>(got));
    }
  }

 private:
  int fd_;
  std::string text_;
  std::size_t at_{0};
};

/// The first number behind `key` in a JSON text, in thousandths; -1: there is none.
inline long thousandths_behind(std::string_view json, std::string_view key) {
  const auto at = json.find(key);
  if (at == std::string_view::npos) return -1;
  double value = 0;
  const auto* first = json.data() + at + key.size();
  if (std::from_chars(first, json.data() + json.size(), value).ec != std::errc{}) return -1;
  return static_cast<long>(value * 1000 + 0.5);
}

struct Quantiles {
  double median{0};
  double p99{0};
  double p999{0};
  double max{0};
};
inline Quantiles quantiles(std::vector<double> values) {
  if (values.empty()) return {};
  std::ranges::sort(values);
  const auto at = [&](double part) {
    return values[std::min(values.size() - 1, static_cast<std::size_t>(part * static_cast<double>(values.size())))];
  };
  return {at(0.5), at(0.99), at(0.999), values.back()};
}

/// Run time of all threads of a process so far, in seconds (/proc/PID/task/*/schedstat).
inline double cpu_seconds(pid_t pid) {
  double nanoseconds = 0;
  std::error_code ignored;
  for (const auto& task : fs::directory_iterator{fmt::format("/proc/{}/task", pid), ignored}) {
    double run = 0;
    std::ifstream{task.path() / "schedstat"} >> run;
    nanoseconds += run;
  }
  return nanoseconds / 1e9;
}

/// A line of /proc/PID/status in MB (VmRSS, VmHWM).
inline double memory_mb(pid_t pid, std::string_view what) {
  std::ifstream status{fmt::format("/proc/{}/status", pid)};
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with(what)) return std::strtod(line.c_str() + what.size() + 1, nullptr) * 1024 / 1e6;
  }
  return 0;
}

inline std::string program() {
  const char* given = std::getenv("BMSGATE");
  return given != nullptr ? given : std::string{BMSGATE_BENCH_DIR} + "/bmsgate";
}
inline std::string broker_program() { return fs::exists("/usr/sbin/mosquitto") ? "/usr/sbin/mosquitto" : "mosquitto"; }

/// A broker on a free port.
struct Broker {
  explicit Broker(const Folder& folder) : port{free_port()} {
    folder.write("mosquitto.conf", fmt::format("listener {} 127.0.0.1\nallow_anonymous true\npersistence false\n", port));
    child = std::make_unique<Child>(std::vector<std::string>{broker_program(), "-c", folder.file("mosquitto.conf")},
                                    folder.file("mosquitto.log"));
    ::close(connect_to(port));
  }
  std::uint16_t port;
  std::unique_ptr<Child> child;
};

/// A gateway of `lines` TCP links with `packs` JK-PB packs each (p1, p2 … = Modbus units), polled every second, all outlets on.
struct Gateway {
  Gateway(const Folder& folder, const Broker& broker, const std::vector<std::uint16_t>& links, int packs)
      : web{free_port()}, modbus{free_port()} {
    std::string toml = fmt::format(
        "[web]\nport = {}\nlisten = \"127.0.0.1\"\n[mqtt]\nenabled = true\nhost = \"127.0.0.1\"\nport = {}\ndead_band = 0\n"
        "[modbus]\nenabled = true\nport = {}\nlisten = \"127.0.0.1\"\n",
        web, broker.port, modbus);
    int unit = 0;
    for (std::size_t line = 0; line < links.size(); ++line) {
      toml += fmt::format("[[bus]]\nid = \"line{}\"\nlink = \"tcp:127.0.0.1:{}\"\n", line, links[line]);
      for (int address = 1; address <= packs; ++address) {
        ++unit;
        toml += fmt::format("[[pack]]\nid = \"p{}\"\nbus = \"line{}\"\nprotocol = \"jk-pb\"\naddress = {}\npoll_s = 1\nunit = {}\n", unit,
                            line, address, unit);
      }
    }
    folder.write("bmsgate.toml", toml);
    started = Steady::now();
    child = std::make_unique<Child>(
        std::vector<std::string>{program(), "run", "--config", folder.file("bmsgate.toml"), "--data", folder.file("data")},
        folder.file("bmsgate.log"));
  }
  std::uint16_t web;
  std::uint16_t modbus;
  Steady::time_point started;
  std::unique_ptr<Child> child;
};

/// Opens the event stream of the gateway.
inline int open_stream(std::uint16_t web) {
  const int fd = connect_to(web);
  send_text(fd, "GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  return fd;
}

/// "p7" of a text that holds it behind `key`; 0: not there.
inline int pack_behind(std::string_view text, std::string_view key) {
  const auto at = text.find(key);
  int pack = 0;
  if (at != std::string_view::npos) std::from_chars(text.data() + at + key.size(), text.data() + text.size(), pack);
  return pack;
}

}  // namespace bmsgate::bench
