// SPDX-License-Identifier: Apache-2.0
// A bus against virtual BMSs on real descriptors: the line is unplugged and comes back, dialects are found out, packs are heard.
#include "host/bus.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <filesystem>
#include <thread>

#include "host/probe.hpp"
#include "host/sim_loop.hpp"
#include "host/system_clock.hpp"
#include "sim/simulator.hpp"
#include "tests/host/line_support.hpp"

namespace bmsgate::host {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Virtual BMSs in a thread of their own; unplugged when it goes.
class Plugged {
 public:
  Plugged(const std::string& link, sim::LineSpec spec) {
    spec.simulator.baud = 0;
    std::string error;
    simulator_ = sim::make_simulator(spec, error);
    EXPECT_EQ(error, "");
    EXPECT_EQ(loop_.add(link, as_peer(*simulator_)), "");
    thread_ = std::thread{[this] { static_cast<void>(loop_.run()); }};
  }
  ~Plugged() {
    loop_.stop();
    thread_.join();
  }
  Plugged(const Plugged&) = delete;
  Plugged& operator=(const Plugged&) = delete;

 private:
  std::unique_ptr<sim::Simulator> simulator_;
  SimLoop loop_;
  std::thread thread_;
};

sim::LineSpec line_of(std::string protocol, std::vector<std::uint8_t> addresses) {
  sim::LineSpec spec;
  spec.protocol = std::move(protocol);
  spec.addresses = std::move(addresses);
  return spec;
}

struct LogLines final : core::Logger {
  void write(core::Level, std::string_view who, std::string_view message) noexcept override {
    lines.push_back(std::string{who} + ": " + std::string{message});
  }
  [[nodiscard]] std::size_t count(std::string_view part) const {
    return static_cast<std::size_t>(
        std::count_if(lines.begin(), lines.end(), [&](const auto& line) { return line.find(part) != std::string::npos; }));
  }
  std::vector<std::string> lines;
};

struct BusTest : LineTest {
  core::PackIndex add_pack(const char* id) {
    core::PackConfig config;
    config.id.assign(id);
    return hub->add_pack(config).value();
  }
  BusConfig bus_config(const std::string& link, std::vector<BusPack> packs) {
    return {.id = "bus", .link = link, .packs = std::move(packs)};
  }
  BusPack pack(core::PackIndex index, const char* protocol, int address = -1) {
    return {.pack = index, .protocol = protocol, .address = address, .period = seconds{1}, .options = {}};
  }
  [[nodiscard]] bool good(core::PackIndex index) const { return hub->latest(index).quality == core::Quality::kGood; }

  std::unique_ptr<core::Hub> hub = std::make_unique<core::Hub>();
  SystemClock clock;
  LogLines log;
};

TEST_F(BusTest, UnpluggedLinesComeBackAndAreGoodWithinThreeSeconds) {
  struct End {
    std::string device, gateway;
    std::unique_ptr<Plugged> plug;
    std::unique_ptr<Bus> bus;
    core::PackIndex index;
  };
  std::vector<End> ends;
  const auto port = std::to_string(20'000 + ::getpid() % 10'000);  // none that the kernel gives to clients: another test may hold it
  ends.push_back({"pty:" + path("tty"), "serial:" + path("tty"), nullptr, nullptr, add_pack("serial")});
  ends.push_back({"tcp:127.0.0.1:" + port, "tcp:127.0.0.1:" + port, nullptr, nullptr, add_pack("tcp")});
  for (auto& end : ends) {
    end.plug = std::make_unique<Plugged>(end.device, line_of("jk-pb", {1}));
    end.bus = std::make_unique<Bus>(io, bus_config(end.gateway, {pack(end.index, "jk-pb")}), *hub, clock, log);
    end.bus->start();
  }
  const auto both = [&](core::Quality quality) { return hub->latest(0).quality == quality && hub->latest(1).quality == quality; };
  ASSERT_TRUE(until([&] { return both(core::Quality::kGood); }));
  for (auto& end : ends) end.plug.reset();
  ASSERT_TRUE(until([&] { return ends[0].bus->snapshot().state == LineState::kFailed; }));
  ASSERT_TRUE(until([&] { return both(core::Quality::kHeld); }, seconds{20}));
  for (auto& end : ends) end.plug = std::make_unique<Plugged>(end.device, line_of("jk-pb", {1}));
  EXPECT_TRUE(until([&] { return both(core::Quality::kGood); }, seconds{3}));
  EXPECT_LE(log.count("trying again"), 4U) << "each reason is said once, not at every attempt";
}

/// A serial server whose cable can be pulled: the connection stays open, but nothing comes through it any more. The next one works.
class Relay {
 public:
  Relay(boost::asio::io_context& io, const std::string& tty)
      : acceptor_{io, {boost::asio::ip::address_v4::loopback(), 0}},
        device_{io, ::open(tty.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)} {
    accept();
    hear();
  }
  void pull_cable() { plugged_ = nullptr; }
  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  [[nodiscard]] std::size_t connections() const { return clients_.size(); }

 private:
  using ErrorCode = boost::system::error_code;
  struct Client {
    boost::asio::ip::tcp::socket socket;
    std::array<char, 512> bytes{};
  };
  void accept() {
    acceptor_.async_accept([this](ErrorCode error, boost::asio::ip::tcp::socket socket) {
      if (error) return;
      clients_.push_back(std::make_unique<Client>(Client{std::move(socket)}));
      plugged_ = clients_.back().get();
      ask(*plugged_);
      accept();
    });
  }
  void ask(Client& client) {
    client.socket.async_read_some(boost::asio::buffer(client.bytes), [this, &client](ErrorCode error, std::size_t n) {
      if (error) return;
      if (&client == plugged_) boost::asio::write(device_, boost::asio::buffer(client.bytes, n), error);
      ask(client);
    });
  }
  void hear() {
    device_.async_read_some(boost::asio::buffer(heard_), [this](ErrorCode error, std::size_t n) {
      if (error) return;
      if (plugged_ != nullptr) boost::asio::write(plugged_->socket, boost::asio::buffer(heard_, n), error);
      hear();
    });
  }

  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::posix::stream_descriptor device_;
  std::vector<std::unique_ptr<Client>> clients_;
  Client* plugged_{nullptr};
  std::array<char, 512> heard_{};
};

TEST_F(BusTest, AConnectionThatNobodyEndsButThatBringsNothingIsMadeAnew) {
  const Plugged plug{"pty:" + path("tty"), line_of("jk-pb", {1})};
  Relay relay{io, path("tty")};
  const auto index = add_pack("boat");
  Bus bus{io, bus_config("tcp:127.0.0.1:" + std::to_string(relay.port()), {pack(index, "jk-pb")}), *hub, clock, log};
  bus.start();
  ASSERT_TRUE(until([&] { return good(index); }, seconds{20}));
  EXPECT_EQ(relay.connections(), 1U);
  relay.pull_cable();
  ASSERT_TRUE(until([&] { return relay.connections() == 2; }, seconds{60}));
  const auto before = hub->latest(index).at;
  EXPECT_TRUE(until([&] { return good(index) && hub->latest(index).at > before; }, seconds{20}));
  bus.stop();
}

TEST_F(BusTest, FindsOutWhatAPackSpeaks) {
  const Plugged plug{"pty:" + path("tty"), line_of("daly-d2", {1})};
  const auto index = add_pack("boat");
  Bus bus{io, bus_config("serial:" + path("tty"), {pack(index, "auto")}), *hub, clock, log};
  bus.start();
  ASSERT_TRUE(until([&] { return good(index); }, seconds{60}));
  EXPECT_EQ(hub->config(index).protocol.view(), "daly-d2");
  EXPECT_EQ(bus.snapshot().packs[0].protocol, "daly-d2");
}

TEST_F(BusTest, AListenerBesideAMasterShowsThePacksItHears) {
  auto spec = line_of("jk-pb", {0, 1, 2});
  spec.device.master = true;
  const Plugged plug{"pty:" + path("tty"), spec};
  auto config = bus_config("serial:" + path("tty"), {});
  config.role = core::BusRole::kListener;
  Bus bus{io, config, *hub, clock, log};
  std::size_t learned = 0;
  bus.on_learned([&](core::PackIndex) { ++learned; });
  bus.start();
  ASSERT_TRUE(until([&] { return learned == 3 && good(0) && good(1) && good(2); }, seconds{60}));
  EXPECT_NE(hub->find("bus-0"), core::kNoPack);
  EXPECT_NE(hub->find("bus-1"), core::kNoPack);
  EXPECT_FALSE(hub->config(0).accepted);
  EXPECT_EQ(bus.snapshot().stats.requests, 0U);
  EXPECT_TRUE(bus.snapshot().foreign_master);
}

TEST_F(BusTest, StoppingAtAnyMomentIsQuiet) {
  const Plugged plug{"pty:" + path("tty"), line_of("jk-pb", {1})};
  const auto index = add_pack("boat");
  for (int i = 0; i < 5; ++i) {
    auto bus = std::make_unique<Bus>(io, bus_config("serial:" + path("tty"), {pack(index, "jk-pb")}), *hub, clock, log);
    bus->start();
    io.restart();
    io.run_for(milliseconds{30 * i});
    bus.reset();
  }
  io.restart();
  io.run_for(milliseconds{20});
  SUCCEED();
}

TEST_F(BusTest, AProbeFindsTheDaly) {
  const Plugged plug{"pty:" + path("tty"), line_of("daly-p81", {2})};
  LinkSpec spec;
  ASSERT_EQ(parse_link("serial:" + path("tty") + "?baud=9600", spec), "");
  Probe probe{io, clock, spec, false, nullptr};
  probe.start();
  ASSERT_TRUE(until([&] { return probe.state().done; }, seconds{90}));
  ASSERT_EQ(probe.state().found.size(), 1U);
  EXPECT_EQ(probe.state().found[0].protocol, "daly-p81");
  EXPECT_EQ(probe.state().found[0].address, 2);
  EXPECT_EQ(probe.state().found[0].cells, 16U);
  EXPECT_EQ(probe.state().found[0].baud, 9600U);
  EXPECT_NE(probe_config("serial:x", probe.state()).find("protocol = \"daly-p81\"\naddress = 2"), std::string::npos);
}

TEST_F(BusTest, AProbeSendsNothingBesideAMaster) {
  auto spec = line_of("jk-pb", {0, 1});
  spec.device.master = true;
  const Plugged plug{"pty:" + path("tty"), spec};
  LinkSpec link;
  ASSERT_EQ(parse_link("serial:" + path("tty"), link), "");
  Probe probe{io, clock, link, false, nullptr};
  probe.start();
  ASSERT_TRUE(until([&] { return probe.state().done; }, seconds{60}));
  EXPECT_TRUE(probe.state().foreign_master);
  EXPECT_EQ(probe.state().found.size(), 2U);
  for (const auto& found : probe.state().found) EXPECT_TRUE(found.only_heard);
}

TEST_F(BusTest, AProbeOfAMissingPortEndsWithTheReason) {
  LinkSpec link;
  ASSERT_EQ(parse_link("serial:" + path("nothing"), link), "");
  Probe probe{io, clock, link, false, nullptr};
  probe.start();
  ASSERT_TRUE(until([&] { return probe.state().done; }));
  EXPECT_NE(probe.state().error.find("is not there"), std::string::npos);
}

}  // namespace
}  // namespace bmsgate::host
