// SPDX-License-Identifier: Apache-2.0
// Virtual lines on real ptys and sockets: opened, asked, answered, closed and opened again.
#include "host/sim_loop.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <thread>

#include "host/tty.hpp"
#include "sim/simulator.hpp"
#include "tests/support/hex.hpp"

namespace bmsgate::host {
namespace {

using test::from_hex;

constexpr const char* kAskLive = "01 10 16 20 00 01 02 00 00 D6 F1";

/// A folder that goes away again.
struct Folder {
  Folder() {
    char name[] = "/tmp/bmsgate-test-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

std::vector<std::uint8_t> ask(int fd, const std::vector<std::uint8_t>& request, std::size_t size) {
  EXPECT_EQ(::write(fd, request.data(), request.size()), static_cast<ssize_t>(request.size()));
  std::vector<std::uint8_t> got;
  while (got.size() < size) {
    pollfd wait{fd, POLLIN, 0};
    if (::poll(&wait, 1, 3000) <= 0) break;
    std::uint8_t buffer[512];
    const auto count = ::read(fd, buffer, sizeof buffer);
    if (count <= 0) break;
    got.insert(got.end(), buffer, buffer + count);
  }
  return got;
}

class SimLoopTest : public testing::Test {
 protected:
  SimLoopTest() {
    sim::LineSpec spec;
    spec.simulator.baud = 0;
    spec.simulator.start_utc_ms = 1'750'000'000'000;
    std::string error;
    simulator = sim::make_simulator(spec, error);
  }
  ~SimLoopTest() override {
    if (!thread.joinable()) return;
    loop.stop();
    thread.join();
  }
  void run() {
    thread = std::thread{[this] { EXPECT_EQ(loop.run(), ""); }};
  }
  Folder folder;
  SimLoop loop;
  std::unique_ptr<sim::Simulator> simulator;
  std::thread thread;
};

TEST_F(SimLoopTest, APtyCanBeOpenedAgainAndAgain) {
  const auto path = folder.path + "/line";
  ASSERT_EQ(loop.add("pty:" + path, as_peer(*simulator)), "");
  run();
  for (int i = 0; i < 3; ++i) {
    const int fd = ::open(path.c_str(), O_RDWR | O_NOCTTY);
    ASSERT_GE(fd, 0);
    EXPECT_EQ(ask(fd, from_hex(kAskLive), 308).size(), 308U);
    ::close(fd);
  }
}

TEST_F(SimLoopTest, TheLinkOfAPtyGoesWithIt) {
  const auto path = folder.path + "/line";
  {
    SimLoop other;
    ASSERT_EQ(other.add("pty:" + path, as_peer(*simulator)), "");
    struct stat there {};
    EXPECT_EQ(::lstat(path.c_str(), &there), 0);
  }
  struct stat there {};
  EXPECT_NE(::lstat(path.c_str(), &there), 0);
}

TEST_F(SimLoopTest, TcpClientsComeAndGo) {
  // A port that is free now; nobody else here asks for it in the meantime.
  const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(probe, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size), 0);
  ::close(probe);
  ASSERT_EQ(loop.add("tcp:127.0.0.1:" + std::to_string(ntohs(address.sin_port)), as_peer(*simulator)), "");
  run();
  for (int i = 0; i < 2; ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    ASSERT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(ask(fd, from_hex(kAskLive), 308).size(), 308U);
    ::close(fd);
  }
}

TEST_F(SimLoopTest, WhatCannotBeOpenedIsSaidInOneLine) {
  std::filesystem::create_directory(folder.path + "/taken");
  for (const auto& link : {std::string{"nonsense"}, "pty:" + folder.path + "/taken", "pty:" + folder.path + "/no/such",
                           std::string{"serial:/dev/no-such-port"}, "serial:" + folder.path, std::string{"tcp:192.0.2.1:1"}}) {
    const auto problem = loop.add(link, as_peer(*simulator));
    EXPECT_NE(problem, "") << link;
    EXPECT_EQ(problem.find('\n'), std::string::npos);
  }
}

}  // namespace
}  // namespace bmsgate::host
