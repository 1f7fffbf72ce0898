// SPDX-License-Identifier: Apache-2.0
// Whether the Modbus server answers, or could have its port.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "outputs/trial.hpp"

namespace bmsgate::outputs {
namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t size{0};
};

/// `text` empty: every address of the machine, or its loopback to connect to.
Address address_of(const std::string& text, std::uint16_t port, bool to_connect) {
  Address out;
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(port);
  four.sin_addr.s_addr = htonl(to_connect ? INADDR_LOOPBACK : INADDR_ANY);
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(port);
  if (text.find(':') != std::string::npos && ::inet_pton(AF_INET6, text.c_str(), &six.sin6_addr) == 1) {
    std::memcpy(&out.storage, &six, sizeof six);
    out.size = sizeof six;
    return out;
  }
  if (!text.empty()) static_cast<void>(::inet_pton(AF_INET, text.c_str(), &four.sin_addr));
  std::memcpy(&out.storage, &four, sizeof four);
  out.size = sizeof four;
  return out;
}

class Socket {
 public:
  explicit Socket(const Address& address) : fd_{::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0)} {}
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

const sockaddr* generic(const Address& address) { return reinterpret_cast<const sockaddr*>(&address.storage); }

Trial told(bool ok, std::string_view key, std::string message, std::uint16_t port, std::string detail = {}) {
  return {.ok = ok, .key = key, .message = std::move(message), .params = {{"port", std::to_string(port)}, {"detail", std::move(detail)}}};
}

/// Asks unit 255 (the first pack) for one register. Empty: it answered; else what went wrong.
std::string ask(const Address& address, std::chrono::milliseconds patience) {
  const Socket socket{address};
  const timeval limit{.tv_sec = patience.count() / 1000, .tv_usec = patience.count() % 1000 * 1000};
  ::setsockopt(socket.fd(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket.fd(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  constexpr std::array<unsigned char, 12> kRequest{0, 1, 0, 0, 0, 6, 255, 3, 0, 100, 0, 1};
  std::array<unsigned char, 9> reply{};
  if (::connect(socket.fd(), generic(address), address.size) != 0 ||
      ::send(socket.fd(), kRequest.data(), kRequest.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(kRequest.size())) {
    return std::strerror(errno);
  }
  if (::recv(socket.fd(), reply.data(), reply.size(), MSG_WAITALL) < static_cast<ssize_t>(reply.size())) return "no answer";
  return reply[1] == 1 && (reply[7] & 0x7FU) == 3 ? "" : "another answer than Modbus";
}

}  // namespace

Trial try_modbus(const ModbusOptions& options, bool serving, std::chrono::milliseconds patience) {
  const auto port = options.port;
  if (serving) {
    const auto wrong = ask(address_of(options.listen, port, true), patience);
    if (wrong.empty()) return told(true, "serving", fmt::format("The server answers on port {}.", port), port);
    return told(false, "silent", fmt::format("The server does not answer on port {}: {}.", port, wrong), port, wrong);
  }
  const auto address = address_of(options.listen, port, false);
  const Socket socket{address};
  constexpr int kOn = 1;
  ::setsockopt(socket.fd(), SOL_SOCKET, SO_REUSEADDR, &kOn, sizeof kOn);
  if (::bind(socket.fd(), generic(address), address.size) == 0 && ::listen(socket.fd(), 1) == 0) {
    return told(true, "port_free", fmt::format("Port {} is free: the server can have it.", port), port);
  }
  switch (const int number = errno; number) {
    case EADDRINUSE: return told(false, "port_taken", fmt::format("Another program uses port {}. Choose another one.", port), port);
    case EACCES:
      return told(false, "port_denied", fmt::format("This program may not open port {}. Choose one from 1024 upwards.", port), port);
    case EADDRNOTAVAIL:
      return told(false, "no_address", fmt::format("{} is no address of this machine.", options.listen), port, options.listen);
    default:
      return told(false, "port_other", fmt::format("Port {} cannot be opened: {}.", port, std::strerror(number)), port,
                  std::strerror(number));
  }
}

}  // namespace bmsgate::outputs
