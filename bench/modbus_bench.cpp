// SPDX-License-Identifier: Apache-2.0
// Modbus TCP reads a second: our server beside one made with libmodbus, each in a process of its own, asked by the same generator in turns.
#include <modbus.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/report.hpp"
#include "host/system_clock.hpp"
#include "outputs/modbus_server.hpp"

namespace {

using namespace bmsgate;
using Clock = std::chrono::steady_clock;

constexpr int kRegisters = 60;
constexpr int kRounds = 3;
constexpr auto kRound = std::chrono::milliseconds{1500};
constexpr int kMaxClients = 64;

class Silent final : public core::Logger {
 public:
  void write(core::Level, std::string_view, std::string_view) noexcept override {}
};

/// A listening socket's port, told through a pipe by the child that serves it.
struct Server {
  pid_t pid;
  std::uint16_t port;
};

Server in_child(const std::function<void(const std::function<void(std::uint16_t)>&)>& serve) {
  std::array<int, 2> pipe{};
  if (::pipe(pipe.data()) != 0) std::abort();
  const pid_t pid = ::fork();
  if (pid == 0) {
    serve([&](std::uint16_t port) { static_cast<void>(!::write(pipe[1], &port, sizeof port)); });
    std::_Exit(0);
  }
  std::uint16_t port = 0;
  if (::read(pipe[0], &port, sizeof port) != sizeof port) std::abort();
  ::close(pipe[0]);
  ::close(pipe[1]);
  return {pid, port};
}

void serve_ours(const std::function<void(std::uint16_t)>& tell) {
  boost::asio::io_context io;
  host::SystemClock clock;
  Silent log;
  const auto hub = std::make_unique<core::Hub>();
  core::PackConfig config;
  config.unit = 1;
  core::Reading reading;
  reading.pack = hub->add_pack(config).value();
  for (std::size_t s = 0; s < core::kSlotCount; ++s) reading.sample.set_slot(s, static_cast<std::int32_t>(s));
  hub->publish(reading);
  outputs::ModbusOptions options;
  options.enabled = true;
  options.port = 0;
  options.listen = "127.0.0.1";
  outputs::ModbusServer server{{.io = io, .hub = *hub, .clock = clock, .log = log, .version = "bench"}, options};
  tell(server.port());
  io.run();
}

/// The usual libmodbus server of many clients: one thread, select().
void serve_libmodbus(const std::function<void(std::uint16_t)>& tell) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener, kMaxClients) != 0) std::abort();
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  auto* context = modbus_new_tcp("127.0.0.1", 0);
  auto* mapping = modbus_mapping_new_start_address(0, 0, 0, 0, 2000, kRegisters, 0, 0);
  tell(ntohs(address.sin_port));
  fd_set all;
  FD_ZERO(&all);
  FD_SET(listener, &all);
  int highest = listener;
  std::array<std::uint8_t, MODBUS_TCP_MAX_ADU_LENGTH> query{};
  for (;;) {
    fd_set ready = all;
    if (::select(highest + 1, &ready, nullptr, nullptr, nullptr) < 0) return;
    for (int fd = 0; fd <= highest; ++fd) {
      if (!FD_ISSET(fd, &ready)) continue;
      if (fd == listener) {
        const int client = ::accept(listener, nullptr, nullptr);
        FD_SET(client, &all);
        highest = std::max(highest, client);
        continue;
      }
      modbus_set_socket(context, fd);
      const int length = modbus_receive(context, query.data());
      if (length > 0) {
        modbus_reply(context, query.data(), length, mapping);
      } else if (length < 0) {
        ::close(fd);
        FD_CLR(fd, &all);
      }
    }
  }
}

/// One request in flight on each of `count` connections; answers a second.
double requests_per_second(std::uint16_t port, int count) {
  constexpr std::array<std::uint8_t, 12> kRequest{0, 1, 0, 0, 0, 6, 1, 3, 0x07, 0xD0, 0, kRegisters};
  constexpr std::size_t kReply = 9 + 2 * kRegisters;
  std::vector<pollfd> clients;
  for (int i = 0; i < count; ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) std::abort();
    clients.push_back({fd, POLLIN, 0});
  }
  std::vector<std::size_t> have(clients.size(), 0);
  std::array<std::uint8_t, 512> buffer{};
  const auto ask = [&](int fd) {
    if (::send(fd, kRequest.data(), kRequest.size(), 0) != static_cast<ssize_t>(kRequest.size())) std::abort();
  };
  for (const auto& client : clients) ask(client.fd);
  std::uint64_t answers = 0;
  const auto begin = Clock::now();
  while (Clock::now() - begin < kRound) {
    if (::poll(clients.data(), clients.size(), 1000) <= 0) std::abort();
    for (std::size_t i = 0; i < clients.size(); ++i) {
      if (clients[i].revents == 0) continue;
      const auto got = ::recv(clients[i].fd, buffer.data(), kReply - have[i], 0);
      if (got <= 0) std::abort();
      have[i] += static_cast<std::size_t>(got);
      if (have[i] < kReply) continue;
      have[i] = 0;
      ++answers;
      ask(clients[i].fd);
    }
  }
  const std::chrono::duration<double> seconds = Clock::now() - begin;
  for (const auto& client : clients) ::close(client.fd);
  return static_cast<double>(answers) / seconds.count();
}

}  // namespace

int main() {
  const auto ours = in_child(serve_ours);
  const auto theirs = in_child(serve_libmodbus);
  std::vector<bench::Row> rows;
  for (const int count : {1, 8, kMaxClients}) {
    std::vector<double> own;
    std::vector<double> reference;
    for (int round = 0; round < kRounds; ++round) {
      own.push_back(requests_per_second(ours.port, count));
      reference.push_back(requests_per_second(theirs.port, count));
    }
    std::ranges::sort(own);
    std::ranges::sort(reference);
    rows.push_back({.name = fmt::format("read {} registers, {} connection{}", kRegisters, count, count == 1 ? "" : "s"),
                    .value = own[kRounds / 2],
                    .unit = "1/s",
                    .reference = "libmodbus, select()",
                    .reference_value = reference[kRounds / 2]});
  }
  for (const auto& server : {ours, theirs}) {
    ::kill(server.pid, SIGTERM);
    ::waitpid(server.pid, nullptr, 0);
  }
  return bench::report("modbus", rows);
}
