// SPDX-License-Identifier: Apache-2.0
// The Modbus server over real sockets, and against mbpoll, a client that is not ours.
#include "outputs/modbus_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <cstdio>
#include <optional>
#include <vector>

#include "tests/outputs/support.hpp"

namespace bmsgate::outputs {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Bytes = std::vector<std::uint8_t>;
using std::chrono::seconds;

/// A blocking client that gives up after some seconds.
class Client {
 public:
  explicit Client(std::uint16_t port) {
    socket_.connect({asio::ip::address_v4::loopback(), port});
    const timeval patience{10, 0};
    ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    socket_.set_option(tcp::no_delay{true});
  }
  void send(const Bytes& bytes) {
    boost::system::error_code ignored;
    asio::write(socket_, asio::buffer(bytes), ignored);
  }
  /// The next reply, from its MBAP on; empty: the server closed the connection.
  Bytes receive() {
    Bytes adu(6);
    if (!fill(adu.data(), adu.size())) return {};
    const std::size_t length = adu[4] << 8 | adu[5];
    adu.resize(6 + length);
    return fill(adu.data() + 6, length) ? adu : Bytes{};
  }
  Bytes ask(const Bytes& bytes) {
    send(bytes);
    return receive();
  }

 private:
  bool fill(std::uint8_t* to, std::size_t size) {
    while (size > 0) {
      const auto got = ::recv(socket_.native_handle(), to, size, 0);
      if (got <= 0) return false;
      to += got;
      size -= static_cast<std::size_t>(got);
    }
    return true;
  }
  asio::io_context io_;
  tcp::socket socket_{io_};
};

Bytes adu(std::uint16_t transaction, std::uint8_t unit, const Bytes& pdu) {
  Bytes out{static_cast<std::uint8_t>(transaction >> 8),
            static_cast<std::uint8_t>(transaction),
            0,
            0,
            0,
            static_cast<std::uint8_t>(pdu.size() + 1),
            unit};
  out.insert(out.end(), pdu.begin(), pdu.end());
  return out;
}
Bytes exception(std::uint16_t transaction, std::uint8_t unit, std::uint8_t function, std::uint8_t code) {
  return adu(transaction, unit, {static_cast<std::uint8_t>(function | 0x80), code});
}
const Bytes kReadSoc{0x03, 0, 100, 0, 1};

class ModbusServerTest : public ::testing::Test {
 protected:
  ModbusServerTest() {
    add_pack(*hub_, "boat", 1);
    const auto shed = add_pack(*hub_, "shed", 7);
    auto reading = example_reading(0, clock_);
    hub_->publish(reading);
    reading = example_reading(shed, clock_);
    reading.sample.set(core::Field::kSoc, 420);
    hub_->publish(reading);
    start({.enabled = true, .port = 0, .listen = "127.0.0.1"});
  }
  ~ModbusServerTest() override {
    loop_.run([&] { server_.reset(); });
  }
  void start(const ModbusOptions& options) {
    port_ = loop_.run([&] {
      server_.emplace(ModbusContext{.io = loop_.io, .hub = *hub_, .clock = clock_, .log = log_, .version = "1.2"}, options);
      return server_->port();
    });
  }
  std::size_t clients() {
    return loop_.run([&] { return server_->client_count(); });
  }
  ModbusCounters counters() {
    return loop_.run([&] { return server_->counters(); });
  }

  SetClock clock_;
  KeptLog log_;
  std::unique_ptr<core::Hub> hub_ = std::make_unique<core::Hub>();
  Loop loop_;
  std::optional<ModbusServer> server_;
  std::uint16_t port_{0};
};

TEST_F(ModbusServerTest, UnitsLeadToPacks) {
  Client client{port_};
  struct Row {
    std::uint8_t unit;
    Bytes reply;
  };
  for (const auto& row : {Row{1, {0x03, 2, 0, 88}}, Row{0, {0x03, 2, 0, 88}}, Row{255, {0x03, 2, 0, 88}}, Row{7, {0x03, 2, 0, 42}},
                          Row{2, {0x83, 0x0B}}, Row{247, {0x83, 0x0B}}}) {
    EXPECT_EQ(client.ask(adu(0x1234, row.unit, kReadSoc)), adu(0x1234, row.unit, row.reply)) << int{row.unit};
  }
  EXPECT_EQ(client.ask(adu(0xFFFF, 1, {0x04, 0, 100, 0, 1})), adu(0xFFFF, 1, {0x04, 2, 0, 88}));
  EXPECT_EQ(client.ask(adu(0x0000, 1, kReadSoc)), adu(0x0000, 1, {0x03, 2, 0, 88})) << "the transaction wrapped";
}

TEST_F(ModbusServerTest, EveryFunctionAtItsLimits) {
  Client client{port_};
  struct Row {
    Bytes pdu;
    std::uint8_t code;  // 0 = a normal answer
  };
  const std::vector<Row> rows{
      {{0x01, 0, 100, 0, 1}, 1},
      {{0x02, 0, 100, 0, 1}, 1},
      {{0x05, 0, 100, 0xFF, 0}, 1},
      {{0x0F, 0, 100, 0, 1, 1, 1}, 1},
      {{0x16, 0, 100, 0, 0, 0, 0}, 1},
      {{0x17, 0, 100, 0, 1}, 1},
      {{0x00}, 1},
      {{0x7F}, 1},
      {{0x06, 0, 100, 0, 1}, 1},
      {{0x10, 0, 100, 0, 1, 2, 0, 1}, 1},
      {{0x03, 0, 100, 0, 0}, 3},
      {{0x03, 0x07, 0xD0, 0, 125}, 0},
      {{0x03, 0x07, 0xD0, 0, 126}, 3},
      {{0x03, 0xFF, 0xFF, 0, 1}, 2},
      {{0x03, 0xFF, 0xFF, 0, 2}, 2},
      {{0x04, 0, 100, 0, 0}, 3},
      {{0x04, 0, 100, 0, 58}, 0},
      {{0x04, 0, 100, 0, 59}, 2},
      {{0x03, 0, 100, 0}, 3},
      {{0x03, 0, 100, 0, 1, 9}, 3},
      {{0x03}, 3},
      {{0x06, 0, 100, 0}, 3},
      {{0x10, 0, 0, 0, 2, 2, 0, 1}, 3},
      {{0x2B, 0x0E, 1, 0}, 0},
      {{0x2B, 0x0E, 9, 0}, 3},
      {{0x2B, 0x0E, 4, 99}, 2},
      {{0x2B, 0x0D, 1, 0}, 1},
  };
  std::uint16_t transaction = 0;
  for (const auto& row : rows) {
    const auto reply = client.ask(adu(++transaction, 1, row.pdu));
    ASSERT_GE(reply.size(), 9U) << transaction;
    EXPECT_EQ(reply[1], transaction & 0xFF);
    if (row.code == 0) {
      EXPECT_EQ(reply[7], row.pdu[0]) << transaction;
    } else {
      EXPECT_EQ(reply, exception(transaction, 1, row.pdu[0], row.code)) << transaction;
    }
  }
}

TEST_F(ModbusServerTest, IdentificationNamesProgramAndPack) {
  Client client{port_};
  const auto reply = client.ask(adu(1, 7, {0x2B, 0x0E, 2, 0}));
  const std::string text(reply.begin(), reply.end());
  EXPECT_THAT(text, ::testing::HasSubstr("bmsgate"));
  EXPECT_THAT(text, ::testing::HasSubstr("1.2"));
  EXPECT_THAT(text, ::testing::HasSubstr("shed"));
}

TEST_F(ModbusServerTest, GluedAndSplitRequestsAreAnsweredInOrder) {
  Client client{port_};
  Bytes stream;
  for (std::uint16_t i = 1; i <= 50; ++i) {
    const auto request = adu(i, 1, kReadSoc);
    stream.insert(stream.end(), request.begin(), request.end());
  }
  client.send(stream);
  for (std::uint16_t i = 1; i <= 50; ++i) ASSERT_EQ(client.receive(), adu(i, 1, {0x03, 2, 0, 88}));
  for (const auto byte : adu(9, 1, kReadSoc)) client.send({byte});
  EXPECT_EQ(client.receive(), adu(9, 1, {0x03, 2, 0, 88}));
}

TEST_F(ModbusServerTest, HalfAFrameDelaysNobodyElse) {
  std::vector<std::unique_ptr<Client>> halves;
  for (std::size_t cut = 1; cut < 12; ++cut) {
    auto request = adu(3, 1, kReadSoc);
    request.resize(cut);
    halves.push_back(std::make_unique<Client>(port_));
    halves.back()->send(request);
  }
  Client client{port_};
  for (int i = 0; i < 100; ++i) ASSERT_EQ(client.ask(adu(4, 1, kReadSoc)), adu(4, 1, {0x03, 2, 0, 88}));
}

TEST_F(ModbusServerTest, WhatIsNotModbusIsDroppedWithoutAnAnswer) {
  for (const auto& bytes : std::vector<Bytes>{{0, 1, 0, 1, 0, 6, 1, 3, 0, 100, 0, 1},
                                              {0, 1, 0, 0, 0, 0},
                                              {0, 1, 0, 0, 0, 1, 1},
                                              {0, 1, 0, 0, 1, 0, 1},
                                              {'G', 'E', 'T', ' ', '/', ' '}}) {
    Client client{port_};
    EXPECT_EQ(client.ask(bytes), Bytes{});
  }
  EXPECT_EQ(counters().dropped, 5U);
  Client client{port_};
  auto bytes = adu(1, 1, kReadSoc);
  bytes.insert(bytes.end(), {9, 9, 9, 9});
  EXPECT_EQ(client.ask(bytes), adu(1, 1, {0x03, 2, 0, 88})) << "what came before is still answered";
  EXPECT_EQ(client.receive(), Bytes{});
}

TEST_F(ModbusServerTest, SixtyFourClientsAtOnce) {
  std::vector<std::unique_ptr<Client>> all;
  for (int i = 0; i < 64; ++i) all.push_back(std::make_unique<Client>(port_));
  for (int round = 0; round < 3; ++round) {
    for (auto& client : all) client->send(adu(5, 1, kReadSoc));
    for (auto& client : all) ASSERT_EQ(client->receive(), adu(5, 1, {0x03, 2, 0, 88}));
  }
  EXPECT_EQ(clients(), 64U);
}

TEST_F(ModbusServerTest, AFurtherClientTakesThePlaceOfTheMostSilent) {
  start({.enabled = true, .port = 0, .listen = "127.0.0.1", .max_clients = 2});
  Client first{port_};
  ASSERT_FALSE(first.ask(adu(1, 1, kReadSoc)).empty());
  clock_.pass(seconds{1});
  Client second{port_};
  ASSERT_FALSE(second.ask(adu(1, 1, kReadSoc)).empty());
  clock_.pass(seconds{1});
  ASSERT_FALSE(first.ask(adu(2, 1, kReadSoc)).empty());
  Client third{port_};
  ASSERT_FALSE(third.ask(adu(1, 1, kReadSoc)).empty());
  EXPECT_EQ(second.receive(), Bytes{});
  EXPECT_FALSE(first.ask(adu(3, 1, kReadSoc)).empty());
  EXPECT_EQ(clients(), 2U);
}

TEST_F(ModbusServerTest, TheSilentAreClosedEvenIfBytesDripIn) {
  start({.enabled = true, .port = 0, .listen = "127.0.0.1", .idle_s = 60});
  Client silent{port_};
  Client dripping{port_};
  Client busy{port_};
  for (auto* client : {&silent, &dripping, &busy}) ASSERT_FALSE(client->ask(adu(1, 1, kReadSoc)).empty());
  clock_.pass(seconds{50});
  dripping.send({0});
  ASSERT_FALSE(busy.ask(adu(2, 1, kReadSoc)).empty());
  clock_.pass(seconds{11});
  EXPECT_EQ(silent.receive(), Bytes{});
  EXPECT_EQ(dripping.receive(), Bytes{});
  EXPECT_FALSE(busy.ask(adu(3, 1, kReadSoc)).empty());
  EXPECT_EQ(counters().evicted, 2U);
}

TEST_F(ModbusServerTest, OneWhoReadsNothingStallsNobody) {
  Client greedy{port_};
  std::thread flood{[&] {
    Bytes many;
    for (int i = 0; i < 1000; ++i) {
      const auto request = adu(1, 1, {0x03, 0x07, 0xD0, 0, 125});
      many.insert(many.end(), request.begin(), request.end());
    }
    for (int i = 0; i < 100; ++i) greedy.send(many);  // 25 MB of answers: more than the buffers take
  }};
  Client client{port_};
  for (int i = 0; i < 200; ++i) ASSERT_FALSE(client.ask(adu(4, 1, kReadSoc)).empty());
  loop_.run([&] { server_.reset(); });
  flood.join();
}

TEST_F(ModbusServerTest, APortInUseIsOneClearLine) {
  Loop other;
  KeptLog log;
  const auto error = other.run([&] {
    ModbusServer second{{.io = other.io, .hub = *hub_, .clock = clock_, .log = log, .version = ""},
                        {.enabled = true, .port = port_, .listen = "127.0.0.1"}};
    EXPECT_FALSE(second.listening());
    return second.error();
  });
  EXPECT_EQ(error, "cannot listen on 127.0.0.1 port " + std::to_string(port_) +
                       ": Address already in use; another program has it: choose another in modbus.port");
  EXPECT_EQ(log.text(), "") << "whoever made the server tells it, once";
}

TEST_F(ModbusServerTest, ItListensOnlyWhenItIsSwitchedOn) {
  start({.enabled = false, .port = 0, .listen = {}});
  EXPECT_FALSE(loop_.run([&] { return server_->listening(); }));
}

std::string output_of(const std::string& command) {
  std::string out;
  auto* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return "popen failed";
  std::array<char, 512> piece{};
  while (std::fgets(piece.data(), piece.size(), pipe) != nullptr) out += piece.data();
  const int status = ::pclose(pipe);
  return out + "status " + std::to_string(status);
}

TEST_F(ModbusServerTest, MbpollReadsTheSame) {
  if (std::system("command -v mbpoll >/dev/null 2>&1") != 0) GTEST_SKIP() << "mbpoll is not installed";
  const auto mbpoll = [&](const std::string& arguments) {
    return output_of("timeout 20 mbpoll -m tcp -1 -0 -q -p " + std::to_string(port_) + " " + arguments + " 127.0.0.1");
  };
  const auto floats = mbpoll("-a 1 -t 4:float -r 110 -c 2");
  EXPECT_THAT(floats, ::testing::AllOf(::testing::HasSubstr("53.27"), ::testing::HasSubstr("-18.7"), ::testing::HasSubstr("status 0")));
  EXPECT_THAT(mbpoll("-a 1 -t 4 -r 100 -c 58"), ::testing::AllOf(::testing::HasSubstr("88"), ::testing::HasSubstr("3310")));
  EXPECT_THAT(mbpoll("-a 7 -t 3 -r 100 -c 1"), ::testing::HasSubstr("42"));
  EXPECT_THAT(mbpoll("-a 1 -t 4:int -B -r 2002 -c 1"), ::testing::HasSubstr("-18700"));
  EXPECT_THAT(mbpoll("-a 1 -t 4 -r 99 -c 1"), ::testing::HasSubstr("Illegal data address"));
  EXPECT_THAT(mbpoll("-a 9 -t 4 -r 100 -c 1"), ::testing::HasSubstr("Target device failed to respond"));
}

}  // namespace
}  // namespace bmsgate::outputs
