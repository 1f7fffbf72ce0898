// SPDX-License-Identifier: Apache-2.0
// One poll loop for all virtual lines.
#include "host/sim_loop.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <utility>

#include "host/line.hpp"
#include "host/rfc2217_server.hpp"

namespace bmsgate::host {
namespace {

constexpr std::uint32_t kUsualBaud = 115200;
constexpr core::Duration kLookAgain{50'000};  // at a pty that nobody has open

core::Instant now() {
  return core::Instant{std::chrono::duration_cast<core::Duration>(std::chrono::steady_clock::now().time_since_epoch())};
}

/// Owns a descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_{fd} {}
  Descriptor(Descriptor&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { reset(); }
  void reset() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool open() const { return fd_ >= 0; }

 private:
  int fd_{-1};
};

std::string reason() { return std::strerror(errno); }

}  // namespace

struct SimLoop::Line {
  LinkSpec spec;
  std::string name;  // the link as it was given
  Peer peer;
  Descriptor port;      // the line itself
  Descriptor listener;  // tcp, rfc2217
  std::optional<Rfc2217Server> telnet;
  std::string pty_link;  // to be removed at the end
  bool nobody{false};    // a pty that nobody has open

  Line() = default;
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  ~Line() {
    if (!pty_link.empty()) ::unlink(pty_link.c_str());
  }

  [[nodiscard]] std::string open();
  [[nodiscard]] std::string open_pty();
  [[nodiscard]] std::string open_serial();
  [[nodiscard]] std::string open_listener();
  void send(std::span<const std::uint8_t> bytes);
  void write_all(std::span<const std::uint8_t> bytes) const;
};

struct SimLoop::Impl {
  std::vector<std::unique_ptr<Line>> lines;
  Descriptor stopper{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  Descriptor signals;
  std::function<void(std::string_view)> log;
  std::vector<std::uint8_t> out;

  void say(const std::string& text) const {
    if (log) log(text);
  }
  void accept(Line& line) const;
  [[nodiscard]] std::string receive(Line& line) const;
  [[nodiscard]] core::Instant send_due();
  [[nodiscard]] std::string handle(Line& line, short port_events, short listener_events) const;
};

std::string SimLoop::Line::open() {
  switch (spec.kind) {
    case LinkSpec::Kind::kPty: return open_pty();
    case LinkSpec::Kind::kSerial: return open_serial();
    default: return open_listener();
  }
}

std::string SimLoop::Line::open_pty() {
  Descriptor master{::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)};
  std::array<char, 64> slave{};
  if (!master.open() || ::grantpt(master.get()) != 0 || ::unlockpt(master.get()) != 0 ||
      ::ptsname_r(master.get(), slave.data(), slave.size()) != 0) {
    return fmt::format("cannot make a pseudo terminal: {}", reason());
  }
  if (const int error = system_tty().set_raw(master.get(), kUsualBaud); error != 0) {
    return fmt::format("cannot set up the pseudo terminal: {}", std::strerror(error));
  }
  struct stat there {};
  if (::lstat(spec.target.c_str(), &there) == 0) {
    if (!S_ISLNK(there.st_mode)) return fmt::format("{}: exists and is no link: choose another path", spec.target);
    ::unlink(spec.target.c_str());
  }
  if (::symlink(slave.data(), spec.target.c_str()) != 0) return fmt::format("{}: cannot make this link: {}", spec.target, reason());
  pty_link = spec.target;
  port = std::move(master);
  nobody = true;
  return {};
}

std::string SimLoop::Line::open_serial() {
  Descriptor serial{::open(spec.target.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)};
  if (!serial.open()) return fmt::format("{}: cannot open: {}", spec.target, reason());
  const auto baud = spec.baud != 0 ? spec.baud : kUsualBaud;
  if (const int error = system_tty().set_raw(serial.get(), baud); error != 0) {
    return fmt::format("{}: no serial port: {}", spec.target, std::strerror(error));
  }
  port = std::move(serial);
  return {};
}

std::string SimLoop::Line::open_listener() {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(spec.target.c_str(), std::to_string(spec.port).c_str(), &hints, &found); error != 0) {
    return fmt::format("{}: {}", spec.target, ::gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses{found, &::freeaddrinfo};
  Descriptor socket{::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  const int on = 1;
  if (socket.open()) ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (!socket.open() || ::bind(socket.get(), found->ai_addr, found->ai_addrlen) != 0 || ::listen(socket.get(), 4) != 0) {
    return fmt::format("{}: cannot listen: {}", name, reason());
  }
  listener = std::move(socket);
  return {};
}

void SimLoop::Line::write_all(std::span<const std::uint8_t> bytes) const {
  // What the other side does not take is lost, as on a wire. MSG_NOSIGNAL has no counterpart for ttys; those raise no SIGPIPE.
  if (listener.open()) {
    static_cast<void>(::send(port.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
  } else {
    static_cast<void>(!::write(port.get(), bytes.data(), bytes.size()));
  }
}

void SimLoop::Line::send(std::span<const std::uint8_t> bytes) {
  if (!port.open() || nobody || bytes.empty()) return;
  if (!telnet) return write_all(bytes);
  Rfc2217Server::Bytes encoded;
  Rfc2217Server::encode(bytes, encoded);
  write_all(encoded);
}

void SimLoop::Impl::accept(Line& line) const {
  Descriptor client{::accept4(line.listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
  if (!client.open()) return;
  const int on = 1;
  ::setsockopt(client.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  line.port = std::move(client);
  say(fmt::format("{}: client connected", line.name));
  if (line.spec.kind != LinkSpec::Kind::kRfc2217) return;
  line.telnet.emplace(line.spec.baud != 0 ? line.spec.baud : kUsualBaud);
  line.write_all(Rfc2217Server::greeting());
}

/// Empty text = fine; else the line is gone for good.
std::string SimLoop::Impl::receive(Line& line) const {
  std::array<std::uint8_t, 1024> buffer{};
  const auto count = ::read(line.port.get(), buffer.data(), buffer.size());
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return {};
  if (count <= 0) {
    if (line.spec.kind == LinkSpec::Kind::kPty) {
      line.nobody = true;
      say(fmt::format("{}: closed by the other side", line.name));
    } else if (line.listener.open()) {
      line.port.reset();
      say(fmt::format("{}: client gone", line.name));
    } else {
      return fmt::format("{}: the port is gone", line.spec.target);
    }
    return {};
  }
  const std::span<const std::uint8_t> bytes{buffer.data(), static_cast<std::size_t>(count)};
  if (!line.telnet) {
    line.peer.on_bytes(bytes, now());
    return {};
  }
  Rfc2217Server::Bytes data, reply;
  line.telnet->feed(bytes, data, reply);
  if (!reply.empty()) line.write_all(reply);
  if (!data.empty()) line.peer.on_bytes(data, now());
  return {};
}

core::Instant SimLoop::Impl::send_due() {
  const auto at = now();
  auto next = core::kFarFuture;
  for (auto& line : lines) {
    if (line->nobody) {
      pollfd state{line->port.get(), POLLIN, 0};
      line->nobody = ::poll(&state, 1, 0) > 0 && (state.revents & POLLHUP) != 0;
      if (!line->nobody) say(fmt::format("{}: opened", line->name));
    }
    if (line->nobody) next = std::min(next, at + kLookAgain);
    out.clear();
    line->peer.poll(at, out);
    line->send(out);
    next = std::min(next, line->peer.next_deadline());
  }
  return next;
}

std::string SimLoop::Impl::handle(Line& line, short port_events, short listener_events) const {
  if ((port_events & (POLLIN | POLLHUP | POLLERR)) != 0) {
    if (auto gone = receive(line); !gone.empty()) return gone;
  }
  if ((listener_events & POLLIN) != 0) accept(line);
  return {};
}

SimLoop::SimLoop() : impl_{std::make_unique<Impl>()} {}
SimLoop::~SimLoop() = default;

std::string SimLoop::add(std::string_view link, Peer peer) {
  auto line = std::make_unique<Line>();
  if (auto problem = parse_link(link, line->spec); !problem.empty()) return problem;
  line->name = link;
  line->peer = std::move(peer);
  if (auto problem = line->open(); !problem.empty()) return problem;
  impl_->lines.push_back(std::move(line));
  return {};
}

void SimLoop::set_log(std::function<void(std::string_view)> log) { impl_->log = std::move(log); }

void SimLoop::stop_on_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  impl_->signals = Descriptor{::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
}

void SimLoop::stop() noexcept {
  const std::uint64_t one = 1;
  static_cast<void>(!::write(impl_->stopper.get(), &one, sizeof one));
}

std::string SimLoop::run() {
  std::vector<pollfd> waits;
  for (;;) {
    const auto next = impl_->send_due();
    waits = {{impl_->stopper.get(), POLLIN, 0}, {impl_->signals.get(), POLLIN, 0}};
    for (const auto& line : impl_->lines) {
      waits.push_back({line->nobody ? -1 : line->port.get(), POLLIN, 0});
      waits.push_back({line->listener.get(), POLLIN, 0});
    }
    timespec timeout{3600, 0};
    if (next != core::kFarFuture) {
      const auto left_us = std::clamp<std::int64_t>((next - now()).count(), 0, 3'600'000'000);
      timeout = {static_cast<time_t>(left_us / 1'000'000), static_cast<long>(left_us % 1'000'000 * 1000)};
    }
    if (::ppoll(waits.data(), waits.size(), &timeout, nullptr) < 0 && errno != EINTR) return fmt::format("cannot wait: {}", reason());
    if (waits[0].revents != 0 || waits[1].revents != 0) return {};
    for (std::size_t i = 0; i < impl_->lines.size(); ++i) {
      if (auto gone = impl_->handle(*impl_->lines[i], waits[2 + 2 * i].revents, waits[3 + 2 * i].revents); !gone.empty()) return gone;
    }
  }
}

}  // namespace bmsgate::host
