// SPDX-License-Identifier: Apache-2.0
// Trying a broker and the Modbus port: what is told, against a real mosquitto and real sockets.
#include "outputs/trial.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <fstream>
#include <thread>

#include "outputs/modbus_server.hpp"
#include "tests/outputs/support.hpp"
#include "tests/support/broker.hpp"

namespace bmsgate::outputs {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;
using boost::asio::ip::tcp;
using test::Process;
constexpr std::chrono::seconds kPatience{20};

class MqttTrial : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::system(("command -v " + test::mosquitto() + " mosquitto_passwd >/dev/null 2>&1").c_str()) != 0) {
      GTEST_SKIP() << "mosquitto is not installed";
    }
    options_.host = "127.0.0.1";
    options_.port = test::free_port();
  }
  void TearDown() override {
    broker_.reset();
    fs::remove_all(folder_);
  }
  void start_broker(const std::string& more) {
    std::ofstream{folder_ / "broker.conf"} << "user root\nlistener " << options_.port << " 127.0.0.1\npersistence false\n" << more;
    broker_ = std::make_unique<Process>(std::vector<std::string>{test::mosquitto(), "-c", folder_ / "broker.conf"}, folder_ / "broker.log");
    ASSERT_TRUE(test::eventually([&] {
      boost::asio::io_context io;
      tcp::socket socket{io};
      boost::system::error_code code;
      socket.connect({boost::asio::ip::address_v4::loopback(), options_.port}, code);
      return !code;
    }));
  }
  void start_tls_broker(const std::string& more = "") {
    test::make_certificates(folder_);
    const auto file = [&](const char* name) { return (folder_ / name).string() + "\n"; };
    start_broker("allow_anonymous true\ncafile " + file("ca.crt") + "certfile " + file("broker.crt") + "keyfile " + file("broker.key") +
                 more);
  }
  [[nodiscard]] std::string broker_log() const {
    std::stringstream text;
    text << std::ifstream{folder_ / "broker.log"}.rdbuf();
    return text.str();
  }
  Trial attempt() { return try_mqtt(options_, kPatience); }
  void expect(std::string_view key, std::string_view words) {
    const auto trial = attempt();
    EXPECT_FALSE(trial.ok);
    EXPECT_EQ(trial.key, key) << trial.message;
    EXPECT_THAT(trial.message, HasSubstr(words));
  }

  fs::path folder_{[] {
    std::string name = fs::temp_directory_path() / "bmsgate-trial-XXXXXX";
    return std::string{::mkdtemp(name.data())};
  }()};
  MqttOptions options_;
  std::unique_ptr<Process> broker_;
};

TEST_F(MqttTrial, ConnectsAndLeavesTheStandingConnectionAlone) {
  for (const auto version : {MqttVersion::k311, MqttVersion::k5}) {
    options_.version = version;
    options_.client_id = "gateway";
    start_broker("allow_anonymous true\n");
    const auto trial = attempt();
    EXPECT_TRUE(trial.ok) << trial.message;
    EXPECT_EQ(trial.key, "connected");
    EXPECT_THAT(trial.message, HasSubstr("127.0.0.1 port " + std::to_string(options_.port)));
    EXPECT_THAT(broker_log(), HasSubstr("gateway-test"));
    broker_.reset();
  }
}

TEST_F(MqttTrial, TellsAWrongPassword) {
  const auto file = (folder_ / "passwords").string();
  ASSERT_EQ(std::system(("mosquitto_passwd -b -c " + file + " boat right && chmod 644 " + file).c_str()), 0);
  for (const auto version : {MqttVersion::k311, MqttVersion::k5}) {
    options_.version = version;
    options_.username = "boat";
    options_.password = "wrong-one";
    start_broker("allow_anonymous false\npassword_file " + file + "\n");
    expect("password", "user and password");
    EXPECT_THAT(attempt().message, Not(HasSubstr("wrong-one")));
    options_.password = "right";
    EXPECT_TRUE(attempt().ok);
    broker_.reset();
  }
}

TEST_F(MqttTrial, TellsADeadPort) { expect("nobody", "Nobody listens"); }

TEST_F(MqttTrial, TellsAnUnknownName) {
  options_.host = "no-such-host.invalid";
  expect("no_name", "is not known");
}

TEST_F(MqttTrial, TellsWhatIsWrongWithTls) {
  start_tls_broker();
  expect("closed", "TLS");  // the port wants it
  options_.tls = true;
  options_.ca_file = folder_ / "other.crt";
  expect("tls", "certificate");
  options_.ca_file = folder_ / "missing.crt";
  expect("tls", "cannot be read");
  options_.ca_file = folder_ / "ca.crt";
  const auto trial = attempt();
  EXPECT_TRUE(trial.ok) << trial.message;
}

TEST_F(MqttTrial, TellsAPortWithoutTls) {
  start_broker("allow_anonymous true\n");
  options_.tls = true;
  const auto trial = attempt();
  EXPECT_FALSE(trial.ok);
  EXPECT_THAT((std::vector<std::string_view>{"tls", "closed_tls"}), ::testing::Contains(trial.key)) << trial.message;
}

/// Takes connections and says something, or nothing.
class Stranger {
 public:
  explicit Stranger(std::string says) : says_{std::move(says)} {
    thread_ = std::thread{[this] {
      boost::system::error_code error;
      auto client = acceptor_.accept(error);
      if (error) return;
      if (!says_.empty()) boost::asio::write(client, boost::asio::buffer(says_), error);
      std::array<char, 64> rest{};
      while (!error) client.read_some(boost::asio::buffer(rest), error);  // until it hangs up
    }};
  }
  ~Stranger() {
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
    thread_.join();
  }
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;
  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  std::string says_;
  boost::asio::io_context io_;
  tcp::acceptor acceptor_{io_, {boost::asio::ip::address_v4::loopback(), 0}};
  std::thread thread_;
};

TEST_F(MqttTrial, TellsSomethingElseThanABroker) {
  const Stranger stranger{"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n" + std::string(200, 'x')};
  options_.port = stranger.port();
  const auto trial = attempt();
  EXPECT_FALSE(trial.ok);
  EXPECT_EQ(trial.key, "stranger") << trial.message;
}

TEST_F(MqttTrial, GivesUpOnOneThatSaysNothing) {
  const Stranger stranger{""};
  options_.port = stranger.port();
  const auto trial = try_mqtt(options_, std::chrono::milliseconds{300});
  EXPECT_EQ(trial.key, "silent_port") << trial.message;
}

TEST(ModbusTrial, TellsAFreeAndATakenPort) {
  ModbusOptions options;
  options.listen = "127.0.0.1";
  options.port = test::free_port();
  EXPECT_EQ(try_modbus(options, false, kPatience).key, "port_free");
  boost::asio::io_context io;
  const tcp::acceptor taken{io, {boost::asio::ip::address_v4::loopback(), options.port}};
  const auto trial = try_modbus(options, false, kPatience);
  EXPECT_FALSE(trial.ok);
  EXPECT_EQ(trial.key, "port_taken") << trial.message;
  options.listen = "192.0.2.1";
  EXPECT_EQ(try_modbus(options, false, kPatience).key, "no_address");
}

TEST(ModbusTrial, AsksTheServerThatRuns) {
  ModbusOptions options;
  options.enabled = true;
  options.listen = "127.0.0.1";
  options.port = test::free_port();
  EXPECT_EQ(try_modbus(options, true, kPatience).key, "silent");
  SetClock clock;
  KeptLog log;
  const auto hub = std::make_unique<core::Hub>();
  Loop loop;
  std::unique_ptr<ModbusServer> server;
  loop.run([&] {
    server = std::make_unique<ModbusServer>(
        ModbusContext{.io = loop.io, .hub = *hub, .clock = clock, .log = log, .version = "1", .fahrenheit = false}, options);
  });
  const auto trial = try_modbus(options, true, kPatience);
  EXPECT_TRUE(trial.ok) << trial.message;
  EXPECT_EQ(trial.key, "serving");
  loop.run([&] { server.reset(); });
}

}  // namespace
}  // namespace bmsgate::outputs
