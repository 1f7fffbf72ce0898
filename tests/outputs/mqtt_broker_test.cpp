// SPDX-License-Identifier: Apache-2.0
// The MQTT output against a real mosquitto on a free loopback port: plain, TLS, refused, gone and back. Subscribed to by mosquitto_sub.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>
#include <vector>

#include "outputs/mqtt.hpp"
#include "tests/outputs/support.hpp"
#include "tests/support/broker.hpp"

namespace bmsgate::outputs {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;
using boost::asio::ip::tcp;
using test::eventually;
using test::free_port;
using test::mosquitto;
using test::Process;

class MqttBrokerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::system("command -v mosquitto_sub >/dev/null 2>&1") != 0 ||
        std::system(("command -v " + mosquitto() + " >/dev/null 2>&1").c_str()) != 0) {
      GTEST_SKIP() << "mosquitto and mosquitto-clients are not installed";
    }
    options_.enabled = true;
    options_.host = "127.0.0.1";
    options_.port = free_port();
    options_.dead_band = 0;
    const auto pack = add_pack(*hub_, "boat", 1);
    auto reading = example_reading(pack, clock_);
    hub_->publish(reading);
  }
  void TearDown() override {
    stop_output();
    subscriber_.reset();
    broker_.reset();
    fs::remove_all(folder_);
  }

  void start_broker(const std::string& more = "allow_anonymous true\n") {
    std::ofstream{folder_ / "broker.conf"} << "user root\nlistener " << options_.port << " 127.0.0.1\npersistence false\n" << more;
    broker_ = std::make_unique<Process>(std::vector<std::string>{mosquitto(), "-c", folder_ / "broker.conf"}, folder_ / "broker.log");
    ASSERT_TRUE(eventually([&] {
      boost::asio::io_context io;
      tcp::socket socket{io};
      boost::system::error_code code;
      socket.connect({boost::asio::ip::address_v4::loopback(), options_.port}, code);
      return !code;
    }));
  }
  /// Hears everything that the broker has, marking what was retained.
  void subscribe(const std::vector<std::string>& more = {}) {
    fs::remove(folder_ / "heard");
    std::vector<std::string> arguments{"mosquitto_sub", "-h", "127.0.0.1", "-p", std::to_string(options_.port), "-t", "#", "-F",
                                       "%r %t %p"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    subscriber_ = std::make_unique<Process>(arguments, folder_ / "heard");
  }
  std::string heard() const {
    std::stringstream text;
    text << std::ifstream{folder_ / "heard"}.rdbuf();
    return text.str();
  }
  bool hears(const std::string& text) {
    return eventually([&] { return heard().find(text) != std::string::npos; });
  }
  void start_output() {
    loop_.run([&] { output_.emplace(MqttContext{.io = loop_.io, .hub = *hub_, .clock = clock_, .log = log_}, options_); });
  }
  void stop_output() {
    loop_.run([&] { output_.reset(); });
  }
  void publish(std::int32_t soc) {
    loop_.run([&] {
      auto reading = example_reading(0, clock_);
      reading.sample.set(core::Field::kSoc, soc);
      hub_->publish(reading);
    });
  }
  bool connects() {
    return eventually([&] { return loop_.run([&] { return output_->status().connected; }); });
  }
  std::string problem() {
    return loop_.run([&] { return output_->status().problem; });
  }
  bool tells(const std::string& text) {
    return eventually([&] { return problem().find(text) != std::string::npos; });
  }

  fs::path folder_{[] {
    std::string name = fs::temp_directory_path() / "bmsgate-mqtt-XXXXXX";
    return std::string{::mkdtemp(name.data())};
  }()};
  MqttOptions options_;
  SetClock clock_;
  KeptLog log_;
  std::unique_ptr<core::Hub> hub_ = std::make_unique<core::Hub>();
  Loop loop_;
  std::optional<MqttOutput> output_;
  std::unique_ptr<Process> broker_;
  std::unique_ptr<Process> subscriber_;
};

TEST_F(MqttBrokerTest, StatesComeAndTheWillIsKept) {
  for (const auto version : {MqttVersion::k311, MqttVersion::k5}) {
    options_.version = version;
    start_broker();
    start_output();
    ASSERT_TRUE(connects()) << problem();
    subscribe();
    EXPECT_TRUE(hears("1 bmsgate/status online"));
    EXPECT_TRUE(hears("1 bmsgate/boat/availability online"));
    EXPECT_TRUE(hears(R"(1 bmsgate/boat/meta {"id":"boat")"));
    publish(421);
    EXPECT_TRUE(hears(R"("soc":42.1)"));
    EXPECT_TRUE(hears("0 bmsgate/boat/state {"));
    EXPECT_TRUE(hears("0 bmsgate/bank/state {"));
    stop_output();
    EXPECT_TRUE(hears("0 bmsgate/status offline")) << "said before leaving";
    subscribe();
    EXPECT_TRUE(hears("1 bmsgate/status offline"));
    EXPECT_THAT(heard(), Not(HasSubstr("bmsgate/boat/state"))) << "states are not kept by the broker";
    broker_.reset();
  }
}

TEST_F(MqttBrokerTest, ABrokerThatIsKilledAndComesBackIsToldEverythingAnew) {
  start_broker();
  start_output();
  ASSERT_TRUE(connects());
  broker_->end(SIGKILL);
  EXPECT_TRUE(tells("connection lost")) << problem();
  publish(300);
  loop_.run([&] {
    hub_->announce({.kind = core::EventKind::kAlarmStart,
                    .pack = 0,
                    .utc_ms = 0,
                    .alarm = {},
                    .value = 0,
                    .has_value = false,
                    .quality = {},
                    .text = {}});
  });
  start_broker();
  subscribe();
  EXPECT_TRUE(hears("bmsgate/status online"));
  EXPECT_TRUE(hears(R"("soc":30)")) << "the newest state";
  EXPECT_TRUE(hears("bmsgate/boat/event")) << "events wait for the connection";
  EXPECT_EQ(loop_.run([&] { return output_->status().connects; }), 2U);
}

TEST_F(MqttBrokerTest, ABrokerThatStandsStillHoldsUpNothing) {
  start_broker();
  start_output();
  ASSERT_TRUE(connects());
  broker_->signal(SIGSTOP);
  loop_.run([&] {
    for (int i = 0; i < 20'000; ++i) {
      auto reading = example_reading(0, clock_);
      hub_->publish(reading);
    }
  });
  EXPECT_LE(loop_.run([&] { return output_->status().queued; }), 2U) << "the newest state of the pack, and the bank";
  broker_->signal(SIGCONT);
  subscribe();
  publish(999);
  EXPECT_TRUE(hears(R"("soc":99.9)"));
}

TEST_F(MqttBrokerTest, TheBrokerSpeaksOurWillWhenTheConnectionBreaks) {
  if (std::system("command -v socat >/dev/null 2>&1") != 0) GTEST_SKIP() << "socat is not installed";
  start_broker();
  const auto relay_port = std::to_string(free_port());
  auto relay = std::make_unique<Process>(std::vector<std::string>{"socat", "TCP-LISTEN:" + relay_port + ",bind=127.0.0.1,reuseaddr",
                                                                  "TCP:127.0.0.1:" + std::to_string(options_.port)},
                                         folder_ / "relay.log");
  subscribe();
  options_.port = static_cast<std::uint16_t>(std::stoi(relay_port));
  start_output();
  ASSERT_TRUE(connects()) << problem();
  EXPECT_TRUE(hears("bmsgate/status online"));
  relay.reset();
  EXPECT_TRUE(hears("bmsgate/status offline"));
}

TEST_F(MqttBrokerTest, NobodyThereIsToldAndTriedAgain) {
  start_output();
  EXPECT_TRUE(tells("127.0.0.1 port " + std::to_string(options_.port) + ": Connection refused")) << problem();
  start_broker();
  EXPECT_TRUE(connects());
  EXPECT_EQ(problem(), "");
}

TEST_F(MqttBrokerTest, AnUnknownNameIsTold) {
  options_.host = "no-such-host.invalid";
  start_output();
  EXPECT_TRUE(tells("the name is not known")) << problem();
}

TEST_F(MqttBrokerTest, AWrongPasswordIsTold) {
  const auto file = (folder_ / "passwords").string();
  ASSERT_EQ(std::system(("mosquitto_passwd -b -c " + file + " boat right && chmod 644 " + file).c_str()), 0);
  start_broker("allow_anonymous false\npassword_file " + file + "\n");
  options_.username = "boat";
  options_.password = "wrong";
  start_output();
  EXPECT_TRUE(tells("refused")) << problem();
  EXPECT_THAT(log_.text(), Not(HasSubstr("wrong"))) << "secrets stay out of the log";
  stop_output();
  options_.password = "right";
  start_output();
  EXPECT_TRUE(connects()) << problem();
}

class MqttTlsTest : public MqttBrokerTest {
 protected:
  void SetUp() override {
    MqttBrokerTest::SetUp();
    if (IsSkipped()) return;
    test::make_certificates(folder_);
    options_.tls = true;
    options_.ca_file = folder_ / "ca.crt";
  }
  std::string tls(const std::string& more = "") const {
    const auto file = [&](const char* name) { return (folder_ / name).string() + "\n"; };
    return "allow_anonymous true\ncafile " + file("ca.crt") + "certfile " + file("broker.crt") + "keyfile " + file("broker.key") + more;
  }
};

TEST_F(MqttTlsTest, StatesComeEncrypted) {
  start_broker(tls());
  start_output();
  ASSERT_TRUE(connects()) << problem();
  subscribe({"--cafile", options_.ca_file});
  publish(421);
  EXPECT_TRUE(hears(R"("soc":42.1)"));
  for (int i = 0; i < 300; ++i) publish(500 + i);
  EXPECT_TRUE(hears(R"("soc":79.9)"));
}

TEST_F(MqttTlsTest, AStrangersCertificateIsRefusedUnlessItIsNotChecked) {
  start_broker(tls());
  options_.ca_file = folder_ / "other.crt";
  start_output();
  EXPECT_TRUE(tells("certificate verify failed")) << problem();
  stop_output();
  options_.verify = false;
  start_output();
  EXPECT_TRUE(connects()) << problem();
}

TEST_F(MqttTlsTest, ABrokerCanAskForOurCertificate) {
  start_broker(tls("require_certificate true\n"));
  start_output();
  ASSERT_TRUE(eventually([&] { return !problem().empty(); }));
  stop_output();
  options_.cert_file = folder_ / "client.crt";
  options_.key_file = folder_ / "client.key";
  start_output();
  EXPECT_TRUE(connects()) << problem();
}

TEST_F(MqttTlsTest, AMissingFileIsTold) {
  start_broker(tls());
  options_.ca_file = folder_ / "missing.crt";
  start_output();
  EXPECT_TRUE(tells("cannot be read")) << problem();
}

}  // namespace
}  // namespace bmsgate::outputs
