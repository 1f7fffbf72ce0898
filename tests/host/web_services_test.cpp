// SPDX-License-Identifier: Apache-2.0
// Trying services over HTTP, a new start, the clock: who may, what is answered, and that nobody waits.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>
#include <future>

#include "host/system_clock.hpp"
#include "host/web/api_test.hpp"
#include "web_fixture.hpp"

namespace bmsgate::host::web {
namespace {

using ::testing::HasSubstr;

class Services : public WebTest {
 protected:
  void SetUp() override {
    WebTest::SetUp();
    char pattern[] = "/tmp/bmsgate_services_XXXXXX";
    folder_ = ::mkdtemp(pattern);
    SettingsSources sources;
    sources.config_file = (folder_ / "bmsgate.toml").string();
    sources.data_dir = folder_.string();
    std::ofstream{sources.config_file} << "[web]\nport = 8080\n[mqtt]\nhost = \"saved-host\"\npassword = \"secret!\"\n";
    ASSERT_TRUE(store_.load(sources).empty());
    const auto prepare = [this](const Settings& wanted) -> std::function<outputs::Trial()> {
      seen_ = wanted.mqtt;
      return [this] {
        if (wait_) release_.get_future().wait();
        return outputs::Trial{.ok = true, .key = "connected", .message = "Connected.", .params = {{"ms", "12"}}};
      };
    };
    SystemSource system;
    system.version = "1";
    system.data_dir = folder_.string();
    system.first_run = [] { return false; };
    system.commands_enabled = [] { return false; };
    system.restart_needed = [this] { return store_.restart_needed(); };
    system.services = [] { return std::vector<ServiceState>{}; };
    system.demo_password = [this] { return hint_; };
    system.restart = [this]() -> Failure {
      ++restarts_;
      return restart_failure_;
    };
    system.set_clock = [this](core::UtcMs utc_ms) -> Failure {
      clock_set_ = utc_ms;
      return std::nullopt;
    };
    on_loop([&] { site().add(system_routes(clock_, store_, auth(), system)); });
    add_routes(test_routes(loop(), store_, {{"mqtt", prepare}}));
    own_password();
    admin_ = log_in("admin", kPassword);
  }
  void TearDown() override {
    WebTest::TearDown();
    std::filesystem::remove_all(folder_);
  }
  Answer attempt(std::string_view service, std::string_view body) const {
    return ask("POST", fmt::format("/api/v1/test/{}", service), admin_, body);
  }

  std::filesystem::path folder_;
  SystemClock clock_;
  SettingsStore store_{program_hooks()};
  outputs::MqttOptions seen_;
  bool wait_{false};
  std::promise<void> release_;
  std::string admin_, hint_;
  int restarts_{0};
  Failure restart_failure_;
  core::UtcMs clock_set_{0};
};

TEST_F(Services, TryWhatIsInTheFormOverWhatIsSaved) {
  const auto saved = attempt("mqtt", "{}");
  EXPECT_EQ(saved.status, 200) << saved.body;
  EXPECT_EQ(seen_.host, "saved-host");
  const auto answer = attempt("mqtt", R"({"mqtt":{"host":"other-host","port":1999}})");
  EXPECT_EQ(answer.json(), (boost::json::value{{"ok", true}, {"key", "connected"}, {"message", "Connected."}, {"params", {{"ms", "12"}}}}));
  EXPECT_EQ(seen_.host, "other-host");
  EXPECT_EQ(seen_.port, 1999);
  EXPECT_EQ(seen_.password, "secret!") << "a secret that the form does not hold is the saved one";
  EXPECT_EQ(store_.current().mqtt.host, "saved-host") << "nothing is saved";
}

TEST_F(Services, RefuseNonsenseAndStrangers) {
  EXPECT_EQ(attempt("coffee", "{}").status, 404);
  const auto wrong = attempt("mqtt", R"({"mqtt":{"port":0}})");
  EXPECT_EQ(wrong.status, 422);
  EXPECT_THAT(wrong.body, HasSubstr(R"("key":"mqtt.port")"));
  EXPECT_EQ(ask("POST", "/api/v1/test/mqtt", {}, "{}").status, 401);
  EXPECT_EQ(ask("POST", "/api/v1/system/restart", {}, "{}").status, 401);
  EXPECT_EQ(ask("POST", "/api/v1/system/time", {}, R"({"time":0})").status, 401);
  EXPECT_EQ(restarts_, 0);
}

TEST_F(Services, ASlowOneHoldsUpNobody) {
  wait_ = true;
  Client client{port()};
  client.send(request("POST", "/api/v1/test/mqtt", admin_, "{}"));
  EXPECT_EQ(ask("GET", "/api/v1/system").status, 200);
  EXPECT_EQ(attempt("mqtt", "{}").status, 409) << "one at a time";
  release_.set_value();
  EXPECT_EQ(client.answer().status, 200);
}

TEST_F(Services, ANewStartIsNamedAndMade) {
  const auto needed = [&] { return ask("GET", "/api/v1/system").json().at("restart_needed").as_array(); };
  EXPECT_TRUE(needed().empty());
  EXPECT_TRUE(ask("POST", "/api/v1/system/restart", admin_, "{}").json().at("port").is_null());
  on_loop([&] { EXPECT_TRUE(store_.patch(R"({"web":{"port":8081},"mqtt":{"port":1884}})").problems.empty()); });
  EXPECT_EQ(needed(), boost::json::array{"web.port"});
  EXPECT_EQ(ask("POST", "/api/v1/system/restart", admin_, "{}").json().at("port"), 8081);
  on_loop([&] { EXPECT_TRUE(store_.patch(R"({"web":{"port":8080}})").problems.empty()); });
  EXPECT_TRUE(needed().empty()) << "changed back";
  EXPECT_EQ(restarts_, 2);
  restart_failure_ = "bmsgate.toml:3: what is this?";
  const auto refused = ask("POST", "/api/v1/system/restart", admin_, "{}");
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(refused.body, HasSubstr("bmsgate.toml:3"));
}

TEST_F(Services, TheClockIsSet) {
  EXPECT_EQ(ask("POST", "/api/v1/system/time", admin_, R"({"time":"2026-11-22T20:15:00Z"})").status, 200);
  EXPECT_EQ(clock_set_, 1'795'378'500'000);
  EXPECT_EQ(ask("POST", "/api/v1/system/time", admin_, R"({"time":"tea time"})").status, 400);
}

TEST_F(Services, TheDemosPasswordIsToldToThisMachineAlone) {
  const auto told = [&](std::string_view extra = {}) { return ask("GET", "/api/v1/system", extra).json().as_object(); };
  EXPECT_FALSE(told().contains("demo_password"));
  hint_ = "open sesame";
  EXPECT_EQ(told().at("demo_password"), "open sesame");
  EXPECT_FALSE(told("X-Forwarded-For: 203.0.113.9\r\n").contains("demo_password"));
}

}  // namespace
}  // namespace bmsgate::host::web
