// SPDX-License-Identifier: Apache-2.0
// TCP on the loopback, and RFC 2217 against a port server of another make.
#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <fstream>

#include "tests/host/line_support.hpp"

namespace bmsgate::host {
namespace {

/// A listening socket on the loopback, and its one client.
class Server {
 public:
  explicit Server(std::uint16_t port = 0) : fd_{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)} {
    const int yes = 1;
    ::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    address_.sin_family = AF_INET;
    address_.sin_port = htons(port);
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address_), sizeof address_), 0);
    EXPECT_EQ(::listen(fd_, 4), 0);
    socklen_t size = sizeof address_;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address_), &size);
  }
  ~Server() {
    if (client_ >= 0) ::close(client_);
    ::close(fd_);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  [[nodiscard]] std::uint16_t port() const { return ntohs(address_.sin_port); }
  [[nodiscard]] bool accepted() {
    if (client_ < 0) client_ = ::accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return client_ >= 0;
  }
  void write(const Bytes& bytes) const { EXPECT_EQ(::write(client_, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size())); }
  [[nodiscard]] Bytes read() const {
    Bytes bytes(1024);
    const auto got = ::read(client_, bytes.data(), bytes.size());
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  }

 private:
  int fd_;
  int client_{-1};
  sockaddr_in address_{};
};

using NetworkLineTest = LineTest;

TEST_F(NetworkLineTest, ATcpServerThatGoesComesBack) {
  auto server = std::make_unique<Server>();
  const auto port = server->port();
  auto& tcp = open("tcp:127.0.0.1:" + std::to_string(port));
  ASSERT_TRUE(until([&] { return server->accepted() && events.ups == 1; }));
  EXPECT_TRUE(tcp.send(every_byte()));
  EXPECT_EQ(gather([&] { return server->read(); }, 256), every_byte());
  server->write({1, 2, 3});
  EXPECT_TRUE(until([&] { return events.bytes == Bytes{1, 2, 3}; }));

  server.reset();
  EXPECT_TRUE(until([&] { return events.downs >= 2; }));
  EXPECT_NE(events.reasons.back().find("cannot connect to 127.0.0.1"), std::string::npos) << events.reasons.back();
  server = std::make_unique<Server>(port);
  EXPECT_TRUE(until([&] { return server->accepted() && events.ups == 2; }));
}

TEST_F(NetworkLineTest, AConnectionThatSeemsDeadIsMadeAnew) {
  Server server;
  auto& tcp = open("tcp:127.0.0.1:" + std::to_string(server.port()));
  ASSERT_TRUE(until([&] { return events.ups == 1; }));
  tcp.reopen();
  EXPECT_EQ(events.downs, 1);
  EXPECT_TRUE(until([&] { return events.ups == 2; }));
}

TEST_F(NetworkLineTest, AnUnknownHostIsCalledSo) {
  open("tcp:no-such-host.invalid:1");
  EXPECT_TRUE(until([&] { return events.downs > 0; }));
  EXPECT_NE(events.reasons[0].find("no-such-host.invalid"), std::string::npos);
}

TEST_F(NetworkLineTest, StoppingInTheMiddleOfConnectingIsQuiet) {
  const Server server;
  open("tcp:127.0.0.1:" + std::to_string(server.port()));
  line->stop();
  line.reset();
  io.restart();
  io.run_for(std::chrono::milliseconds{50});
  EXPECT_EQ(events.ups + events.downs, 0);
}

TEST_F(NetworkLineTest, APortServerThatRefusesItsSettingsIsUsedAsItIs) {
  Server server;
  auto& port = open("rfc2217:127.0.0.1:" + std::to_string(server.port()) + "?baud=9600");
  ASSERT_TRUE(until([&] { return server.accepted(); }));
  server.write({255, 254, 44});  // DONT COM-PORT
  EXPECT_TRUE(until([&] { return events.ups == 1; }));
  EXPECT_EQ(events.notes.size(), 1U);
  const auto negotiation = gather([&] { return server.read(); }, 18);
  server.write({1, 255, 255, 2, 255, 241, 3});
  EXPECT_TRUE(until([&] { return events.bytes.size() == 4; }));
  EXPECT_EQ(events.bytes, (Bytes{1, 255, 2, 3}));
  EXPECT_TRUE(port.send(Bytes{255, 0}));
  EXPECT_EQ(gather([&] { return server.read(); }, 3), (Bytes{255, 255, 0}));
}

TEST_F(NetworkLineTest, AnotherSpeedThanWishedForIsSaid) {
  Server server;
  open("rfc2217:127.0.0.1:" + std::to_string(server.port()) + "?baud=9600");
  ASSERT_TRUE(until([&] { return server.accepted(); }));
  server.write({255, 253, 44});
  server.write({255, 250, 44, 101, 0, 1, 0xC2});  // 115200, in two pieces
  server.write({0, 255, 240});
  EXPECT_TRUE(until([&] { return events.ups == 1; }));
  ASSERT_EQ(events.notes.size(), 1U);
  EXPECT_NE(events.notes[0].find("115200"), std::string::npos);
  EXPECT_TRUE(events.bytes.empty());
}

/// ser2net in front of a pty.
class Ser2net {
 public:
  Ser2net(const std::string& folder, const std::string& tty, std::uint16_t port) {
    const auto file = folder + "/ser2net.yaml";
    std::ofstream{file} << "connection: &bms\n  accepter: telnet(rfc2217),tcp,127.0.0.1," << port << "\n  connector: serialdev," << tty
                        << ",9600n81,local\n";
    pid_ = ::fork();
    if (pid_ == 0) {
      ::execlp("ser2net", "ser2net", "-n", "-u", "-c", file.c_str(), static_cast<char*>(nullptr));
      ::_exit(127);
    }
  }
  ~Ser2net() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Ser2net(const Ser2net&) = delete;
  Ser2net& operator=(const Ser2net&) = delete;

 private:
  pid_t pid_{-1};
};

TEST_F(NetworkLineTest, Rfc2217ReachesAPortServerOfAnotherMake) {
  if (std::system("PATH=$PATH:/usr/sbin command -v ser2net >/dev/null 2>&1") != 0) GTEST_SKIP() << "ser2net is not installed";
  const FarEnd far{path("tty")};
  const auto port = Server{}.port();
  const Ser2net ser2net{folder.string(), path("tty"), port};
  auto& remote = open("rfc2217:127.0.0.1:" + std::to_string(port) + "?baud=19200");
  ASSERT_TRUE(until([&] { return events.ups == 1; })) << (events.reasons.empty() ? "" : events.reasons.back());
  EXPECT_TRUE(events.notes.empty()) << events.notes[0];
  EXPECT_TRUE(remote.send(every_byte()));
  EXPECT_EQ(gather([&] { return far.read(); }, 256), every_byte());
  far.write(every_byte());
  EXPECT_TRUE(until([&] { return events.bytes.size() >= 256; }));
  EXPECT_EQ(events.bytes, every_byte());
}

}  // namespace
}  // namespace bmsgate::host
