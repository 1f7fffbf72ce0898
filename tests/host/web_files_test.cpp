// SPDX-License-Identifier: Apache-2.0
// Daily files, monthly archives and config.txt over HTTP, made from a history with three days of two packs.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <future>

#include "host/system_clock.hpp"
#include "host/web/api_files.hpp"
#include "outputs/local_time.hpp"
#include "web_fixture.hpp"

namespace bmsgate::host::web {
namespace {

namespace json = boost::json;
using outputs::LocalDay;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr core::UtcMs kMarkMs = 1'200'000;

class NullLog final : public core::Logger {
 public:
  void write(core::Level, std::string_view, std::string_view) noexcept override {}
};

class Files : public WebTest {
 protected:
  void SetUp() override {
    WebTest::SetUp();
    char pattern[] = "/tmp/bmsgate_files_XXXXXX";
    folder_ = ::mkdtemp(pattern);
    SettingsSources sources;
    sources.config_file = (folder_ / "bmsgate.toml").string();
    sources.data_dir = folder_.string();
    std::ofstream{sources.config_file} << "[mqtt]\nhost = \"broker\"\npassword = \"secret!\"\n";
    EXPECT_TRUE(store_.load(sources).empty());
    const auto file = folder_ / "history.db";
    recorder_ = std::make_unique<outputs::Recorder>(options_, file.string(), hub(), clock_, log_);
    recorder_->start();
    reader_ = std::make_unique<outputs::HistoryReader>(file.string(), log_);
    fill();
    const HistorySource history{
        .hub = hub(), .clock = clock_, .recorder = *recorder_, .reader = *reader_, .options = options_, .file = file};
    auto routes =
        files_routes({.clock = clock_,
                      .settings = store_,
                      .settings_changed = [this](const SettingsStore::Change& change, const Caller&) { return changed_ = change.changed; },
                      .data_dir = folder_.string(),
                      .history = history});
    routes_ = routes;
    add_routes(std::move(routes));
    add_routes(history_routes(history));
  }
  void TearDown() override {
    WebTest::TearDown();
    routes_.clear();
    reader_.reset();
    recorder_.reset();
    std::filesystem::remove_all(folder_);
  }

  /// The 10th, 11th and 12th of two months ago; the pack `van` has the 11th alone.
  void fill() {
    auto first = outputs::day_of(clock_.utc_ms());
    first = {first.month > 2 ? first.year : first.year - 1, (first.month + 9) % 12 + 1, 10};
    for (auto& day : days_) {
      day = first;
      first = outputs::next(first);
    }
    for (const auto& day : days_) feed(0, day);
    feed(1, days_[1]);
    EXPECT_TRUE(recorder_->flush());
  }
  void feed(core::PackIndex pack, LocalDay day) {
    for (auto at_ms = outputs::start_of(day); at_ms < outputs::start_of(outputs::next(day)); at_ms += kMarkMs) {
      core::Reading reading;
      reading.pack = pack;
      reading.utc_ms = at_ms;
      reading.sample.set(core::Field::kSoc, 875);
      reading.sample.set(core::Field::kCellVoltage, 3301, 0);
      reading.sample.set(core::Field::kCellVoltage, 3303, 1);
      recorder_->on_reading(reading);
    }
  }
  [[nodiscard]] std::string digits(std::size_t day) const {
    return fmt::format("{:04}{:02}{:02}", days_[day].year, days_[day].month, days_[day].day);
  }
  [[nodiscard]] std::string path(std::size_t day, std::string_view query = {}) const {
    return fmt::format("/api/v1/files/batt_{}.csv{}", digits(day), query);
  }
  [[nodiscard]] std::string month() const { return outputs::text(days_[0]).substr(0, 7); }
  [[nodiscard]] std::string list(std::string_view query) const { return ask("GET", fmt::format("/api/v1/files?{}", query)).body; }

  /// A streamed answer, without a socket: all its pieces.
  [[nodiscard]] std::string stream(std::string name, std::string_view query) {
    Request request;
    request.args = {std::move(name)};
    request.query = query;
    std::promise<Response> promise;
    routes_[1].handle(request, [&](Response response) { promise.set_value(std::move(response)); });
    const auto response = promise.get_future().get();
    EXPECT_EQ(response.status, 200U) << response.body;
    std::string all;
    while (response.source != nullptr) {
      std::promise<BodySource::Piece> piece;
      response.source->next([&](BodySource::Piece given) { piece.set_value(std::move(given)); });
      const auto got = piece.get_future().get();
      if (got == nullptr) break;
      all += *got;
    }
    return all;
  }
  [[nodiscard]] std::string tar_names(const std::string& archive) const {
    const auto file = folder_ / "a.tar.gz";
    std::ofstream{file, std::ios::binary} << archive;
    auto* pipe = ::popen(("tar -tzf " + file.string() + " 2>&1").c_str(), "r");
    std::array<char, 4096> buffer{};
    const auto n = std::fread(buffer.data(), 1, buffer.size(), pipe);
    EXPECT_EQ(::pclose(pipe), 0);
    return {buffer.data(), n};
  }

  std::filesystem::path folder_;
  SystemClock clock_;
  NullLog log_;
  outputs::HistoryOptions options_;
  SettingsStore store_{SettingsHooks{}};
  std::unique_ptr<outputs::Recorder> recorder_;
  std::unique_ptr<outputs::HistoryReader> reader_;
  std::vector<Route> routes_;
  std::vector<std::string> changed_;
  std::array<LocalDay, 3> days_{};
};

TEST_F(Files, AnEventIsInTheLogAtOnce) {
  outputs::EventRow event;
  event.at_ms = clock_.utc_ms();
  event.kind = "setting";
  event.text = "mqtt.host";
  recorder_->log_event(event);
  EXPECT_THAT(ask("GET", "/api/v1/events").body, HasSubstr("mqtt.host"));
}

TEST_F(Files, MonthsAndDaysAreListed) {
  EXPECT_EQ(list("months=1"), fmt::format("[\"{}\"]", month()));
  const auto all = json::parse(list("month=" + month())).as_array();
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(std::string{all[0].at("name").as_string()}, "batt_" + digits(2) + ".csv");
  EXPECT_EQ(std::string{all[3].at("name").as_string()}, "batt_" + digits(0) + ".csv");
  EXPECT_EQ(all[0].at("kind"), "log");
  EXPECT_EQ(all[0].at("pack"), "boat");
  const auto body = ask("GET", path(2, "?pack=boat")).body;
  EXPECT_EQ(all[0].at("size").as_int64(), static_cast<std::int64_t>(body.size()));
  EXPECT_EQ(json::parse(list("pack=van&month=" + month())).as_array().size(), 1U);
  EXPECT_EQ(list("month=2001-02"), "[]");
  EXPECT_EQ(ask("GET", "/api/v1/files?month=2026-13").status, 400);
  EXPECT_EQ(json::parse(list("")).at(0).at("name"), "config.txt");
}

TEST_F(Files, ADayIsTheOriginalsFile) {
  const auto day = ask("GET", path(0, "?pack=boat"));
  EXPECT_EQ(day.status, 200);
  EXPECT_EQ(day.headers.at("content-type"), "text/csv; charset=utf-8");
  EXPECT_THAT(day.body, StartsWith("time,soc,b1,b2\n" + outputs::local_iso(outputs::start_of(days_[0])) + ",87.5,3.301,3.303\n"));
  EXPECT_EQ(ask("GET", path(0)).status, 400) << "two packs: it has to be named";
  EXPECT_EQ(ask("GET", path(0, "?pack=van")).status, 404);
  EXPECT_EQ(ask("GET", "/api/v1/files/batt_20260230.csv?pack=boat").status, 404);
  EXPECT_EQ(ask("GET", "/api/v1/files/..%2fusers.json").status, 404);
}

TEST_F(Files, AMonthIsOneArchive) {
  const auto name = fmt::format("batt_{}.tar.gz", digits(0).substr(0, 6));
  EXPECT_EQ(tar_names(stream(name, "pack=boat")),
            fmt::format("boat/batt_{}.csv\nboat/batt_{}.csv\nboat/batt_{}.csv\n", digits(0), digits(1), digits(2)));
  EXPECT_THAT(tar_names(stream(name, "")), HasSubstr(fmt::format("van/batt_{}.csv\n", digits(1))));
  EXPECT_EQ(ask("GET", "/api/v1/files/batt_200102.tar.gz").status, 404);
}

TEST_F(Files, ADeletedDayIsGoneAndTheLogSaysSo) {
  EXPECT_EQ(ask("DELETE", path(1, "?pack=boat")).status, 401);
  own_password();
  const auto admin = log_in("admin", kPassword);
  EXPECT_EQ(ask("DELETE", path(1), admin).status, 400);
  EXPECT_EQ(ask("DELETE", path(1, "?pack=boat"), admin).status, 204);
  EXPECT_EQ(ask("DELETE", path(1, "?pack=boat"), admin).status, 404);
  EXPECT_EQ(ask("GET", path(1, "?pack=boat")).status, 404);
  EXPECT_EQ(ask("GET", path(1, "?pack=van")).status, 200);
  EXPECT_EQ(json::parse(list("month=" + month())).as_array().size(), 3U);
  EXPECT_TRUE(recorder_->flush());
  std::string why;
  const auto events = outputs::Store::open((folder_ / "history.db").string(), outputs::OpenMode::kRead, log_, why)->events({});
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].text, fmt::format("batt_{}.csv was deleted", digits(1)));
  EXPECT_EQ(events[0].origin, "admin");
}

TEST_F(Files, ConfigTxtCarriesSettingsButNoSecrets) {
  constexpr std::string_view kPath = "/api/v1/files/config.txt";
  EXPECT_EQ(ask("GET", kPath).status, 401);
  own_password();
  const auto admin = log_in("admin", kPassword);
  const auto config = ask("GET", kPath, admin);
  EXPECT_THAT(config.body, Not(HasSubstr("secret!")));
  EXPECT_EQ(config.json().at("mqtt_server"), "broker");
  EXPECT_EQ(config.json().at("settings").at("mqtt").at("host"), "broker");

  EXPECT_EQ(ask("PUT", kPath, {}, config.body).status, 401);
  EXPECT_EQ(ask("PUT", kPath, admin, config.body).status, 204);
  EXPECT_TRUE(changed_.empty());
  EXPECT_EQ(store_.current().mqtt.password, "secret!");
  EXPECT_EQ(ask("PUT", kPath, admin + "Content-Type: text/plain\r\n", R"({"mqtt_server":"other","mqtt_port":"1884","wssid":"x"})").status,
            204);
  EXPECT_EQ(changed_, std::vector<std::string>{"mqtt"});
  EXPECT_EQ(store_.current().mqtt.host, "other");
  EXPECT_EQ(store_.current().mqtt.port, 1884);
  EXPECT_EQ(ask("PUT", kPath, admin, R"({"mqtt_port":70000})").status, 422);
  EXPECT_EQ(ask("PUT", kPath, admin, "[1]").status, 422);
  EXPECT_EQ(ask("PUT", "/api/v1/files/users.json", admin, "{}").status, 422);
  EXPECT_EQ(ask("DELETE", kPath, admin).status, 422);
}

TEST_F(Files, OldFilesComeInOnce) {
  constexpr std::string_view kPath = "/api/v1/history/import?pack=boat&name=batt_20240310.csv";
  constexpr std::string_view kCsv = "time,soc,b1,b2\n12:00,50,3301,3302\n12:20,51,3303,3304\nwhat,1,2,3\n";
  EXPECT_EQ(ask("POST", kPath, {}, kCsv).status, 401);
  own_password();
  const auto admin = log_in("admin", kPassword) + "Content-Type: text/csv\r\n";
  const auto first = ask("POST", kPath, admin, kCsv);
  EXPECT_EQ(first.json().at("rows"), 2) << first.body;
  EXPECT_EQ(first.json().at("skipped"), 1);
  const auto again = ask("POST", kPath, admin, kCsv);
  EXPECT_EQ(again.json().at("rows"), 0);
  EXPECT_EQ(again.json().at("skipped"), 3);
  const auto noon = outputs::start_of({2024, 3, 10}) + 12 * 3'600'000;
  EXPECT_EQ(
      ask("GET", "/api/v1/files/batt_20240310.csv?pack=boat").body,
      fmt::format("time,soc,b1,b2\n{},50,3.301,3.302\n{},51,3.303,3.304\n", outputs::local_iso(noon), outputs::local_iso(noon + kMarkMs)));
  EXPECT_THAT(list("months=1"), StartsWith("[\"2024-03\","));
  EXPECT_EQ(ask("POST", kPath, admin, "<html>").status, 422);
  EXPECT_EQ(ask("POST", "/api/v1/history/import?pack=nobody", admin, kCsv).status, 404);
}

}  // namespace
}  // namespace bmsgate::host::web
