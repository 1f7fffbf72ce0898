// SPDX-License-Identifier: Apache-2.0
// A port for a server that a test starts a little later: out of the range from which the kernel gives ports to clients, so that no
// connection of another test takes it meanwhile.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>

namespace bmsgate::test {

/// Binds a socket to a free loopback port and answers it; 0: there is none.
inline std::uint16_t bind_free_port(int socket) {
  constexpr unsigned kFirst = 10'000, kCount = 22'000;
  static unsigned next = static_cast<unsigned>(::getpid()) * 37U;
  for (unsigned tries = 0; tries < kCount; ++tries) {
    const auto port = static_cast<std::uint16_t>(kFirst + next++ % kCount);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    if (::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return port;
  }
  return 0;
}

inline std::uint16_t free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto port = bind_free_port(socket);
  ::close(socket);
  return port;
}

}  // namespace bmsgate::test
