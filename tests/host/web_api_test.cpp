// SPDX-License-Identifier: Apache-2.0
// What the API says: packs, stream, metrics, and the description against the server itself.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <array>

#include "web_fixture.hpp"

namespace bmsgate::host::web {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::Not;

class Api : public WebTest {
 protected:
  [[nodiscard]] json::value next_reading(Client& stream) {
    std::string text;
    do {
      text = stream.read_until("\n\n");
    } while (!text.empty() && text.find("event: reading") == std::string::npos);
    const auto data = text.find("data: ");
    if (data == std::string::npos) {
      ADD_FAILURE() << "no data in: " << text;
      return json::object{};
    }
    return json::parse(text.substr(data + 6, text.size() - data - 8));
  }
};

TEST_F(Api, ShowsPacks) {
  publish(0, 52'800);
  const auto all = ask("GET", "/api/v1/packs").json();
  ASSERT_EQ(all.as_array().size(), 2U);
  const auto one = ask("GET", "/api/v1/packs/boat").json();
  EXPECT_EQ(one.at("name"), "Pack \"boat\"");
  EXPECT_EQ(one.at("quality"), "good");
  EXPECT_EQ(one.at("fields").at("pack_voltage"), 52.8);
  EXPECT_EQ(one.at("fields").at("cell_voltage"), json::parse("[3.301,null,3.303]"));
  EXPECT_FALSE(one.at("fields").as_object().contains("current"));
  EXPECT_EQ(ask("GET", "/api/v1/packs/van").json().at("fields").as_object().size(), 0U);
  EXPECT_EQ(ask("GET", "/api/v1/packs/nobody").status, 404);
}

TEST_F(Api, HealthFollowsTheReadings) {
  EXPECT_EQ(ask("GET", "/healthz").status, 503);
  publish(1, 26'400);
  EXPECT_EQ(ask("GET", "/healthz").status, 200);
  on_loop([this] { hub().set_quality(1, core::Quality::kStale, 0); });
  EXPECT_EQ(ask("GET", "/healthz").status, 503);
}

TEST_F(Api, TheBankSaysWhatItLeftOut) {
  publish(0, 52'800);
  const auto bank = ask("GET", "/api/v1/bank").json();
  EXPECT_EQ(bank.at("total"), 2);
  EXPECT_EQ(bank.at("online"), 1);
  EXPECT_THAT(json::serialize(bank.at("left_out")), HasSubstr(R"({"pack":"van","reason":"stale"})"));
}

TEST_F(Api, StreamsOneEventPerPackAtConnectAndOnePerReading) {
  publish(0, 52'800);
  Client stream{port()};
  stream.send(request("GET", "/api/v1/stream"));
  EXPECT_THAT(stream.read_until("\r\n\r\n"), HasSubstr("text/event-stream"));
  EXPECT_EQ(next_reading(stream).at("id"), "boat");
  EXPECT_EQ(next_reading(stream).at("id"), "van");
  publish(1, 26'400);
  const auto reading = next_reading(stream);
  EXPECT_EQ(reading.at("id"), "van");
  EXPECT_EQ(reading.at("fields").at("pack_voltage"), 26.4);
}

TEST_F(Api, AStreamEndsWithItsClient) {
  {
    Client stream{port()};
    stream.send(request("GET", "/api/v1/stream"));
    EXPECT_EQ(next_reading(stream).at("id"), "boat");
    EXPECT_EQ(connections(), 1U);
  }
  for (int i = 0; i < 200 && connections() > 0; ++i) publish(0, 50'000 + i);
  EXPECT_EQ(connections(), 0U);
}

TEST_F(Api, ASlowClientLosesOldReadingsNotTheLatest) {
  Client slow{port()};
  slow.send(request("GET", "/api/v1/stream"));
  EXPECT_EQ(next_reading(slow).at("id"), "boat");
  EXPECT_EQ(next_reading(slow).at("id"), "van");
  constexpr int kReadings = 1000;
  on_loop([this] {  // faster than any client: no write can end before the last of them
    for (int i = 1; i <= kReadings; ++i) publish_now(0, i * 10);
  });
  int seen = 0;
  for (double volts = 0; volts < kReadings / 100.0; ++seen) {
    ASSERT_LT(seen, 5);
    volts = next_reading(slow).at("fields").at("pack_voltage").to_number<double>();
  }
}

TEST_F(Api, AlarmsAreEvents) {
  Client stream{port()};
  stream.send(request("GET", "/api/v1/stream"));
  static_cast<void>(next_reading(stream));
  static_cast<void>(next_reading(stream));
  on_loop([this] {
    core::Reading reading;
    reading.pack = 0;
    reading.sample.alarms.add({core::AlarmId::kCellOv, core::Severity::kAlarm, 3});
    hub().publish(reading);
  });
  // The reading shows its alarm already; the event of the alarm comes with it, in either order.
  bool in_reading = false;
  bool as_event = false;
  for (int i = 0; i < 6 && !(in_reading && as_event); ++i) {
    const auto text = stream.read_until("\n\n");
    const bool about_it = text.find("cell_ov") != std::string::npos;
    in_reading = in_reading || (about_it && text.find("event: reading") != std::string::npos);
    as_event = as_event || (about_it && text.find("event: event") != std::string::npos);
  }
  EXPECT_TRUE(in_reading);
  EXPECT_TRUE(as_event);
}

TEST_F(Api, MetricsAreALoopOverTheFields) {
  publish(0, 52'800);
  const auto answer = ask("GET", "/metrics");
  EXPECT_THAT(answer.headers.at("content-type"), HasSubstr("application/openmetrics-text"));
  EXPECT_THAT(answer.body, HasSubstr("bmsgate_pack_voltage{pack=\"boat\"} 52.8\n"));
  EXPECT_THAT(answer.body, HasSubstr("bmsgate_cell_voltage{pack=\"boat\",index=\"3\"} 3.303\n"));
  EXPECT_THAT(answer.body, Not(HasSubstr("bmsgate_pack_voltage{pack=\"van\"}")));
  EXPECT_TRUE(answer.body.ends_with("# EOF\n"));
}

TEST_F(Api, CaptureChecksItsQuery) {
  own_password();
  const auto admin = log_in("admin", kPassword);
  EXPECT_EQ(ask("GET", "/api/v1/buses/bus1/capture?seconds=60", admin).status, 200);
  for (const auto* seconds : {"0", "601", "x", "-5", "1e3", ""}) {
    EXPECT_EQ(ask("GET", std::string{"/api/v1/buses/bus1/capture?seconds="} + seconds, admin).status, 400) << seconds;
  }
  EXPECT_EQ(ask("GET", "/api/v1/buses/bus2/capture", admin).status, 404);
}

TEST_F(Api, TrafficCanBeFollowed) {
  own_password();
  Client client{port()};
  client.send(request("GET", "/api/v1/buses/bus1/capture?follow=1", log_in("admin", kPassword)));
  EXPECT_THAT(client.read_until(":\n\n"), HasSubstr("text/event-stream"));
  on_loop([this] {
    const std::array<std::uint8_t, 3> bytes{0x4e, 0x57, 0x00};
    traffic().on_line(core::Direction::kToBms, bytes, core::Instant{core::Duration{5}});
  });
  EXPECT_THAT(client.read_until("\n\n"), HasSubstr(R"({"t_us":5,"dir":">","hex":"4e5700"})"));
}

TEST_F(Api, AServerMayStopWhileAPieceIsOnItsWay) {
  own_password();
  Client client{port()};
  client.send(request("GET", "/api/v1/buses/bus1/capture?follow=1", log_in("admin", kPassword)));
  EXPECT_THAT(client.read_until(":\n\n"), HasSubstr("text/event-stream"));
  on_loop([] {});  // until the source has been asked for its next piece
  on_loop([this] {
    const std::array<std::uint8_t, 3> bytes{0x4e, 0x57, 0x00};
    traffic().on_line(core::Direction::kToBms, bytes, core::Instant{core::Duration{5}});  // written, the call that says so still to come
    stop_server();
  });
  on_loop([] {});
  EXPECT_EQ(connections(), 0U);
}

TEST(TrafficLog, KeepsTheLastMinutesInBoundedMemory) {
  host::TrafficLog log;
  const std::array<std::uint8_t, 200> reply{0x55, 0xaa};
  core::Instant now{};
  for (int i = 0; i < 20'000; ++i) {  // 4 MB in 5000 s
    now += std::chrono::milliseconds{250};
    log.on_line(i % 2 == 0 ? core::Direction::kToBms : core::Direction::kFromBms, reply, now);
  }
  const auto ten_minutes = log.capture("pty:/x", now, 1'800'000'000'000, std::chrono::seconds{600});
  const auto lines = std::count(ten_minutes.begin(), ten_minutes.end(), '\n');
  EXPECT_GE(lines, 600 * 4);
  EXPECT_LE(lines, 600 * 4 + 4);
  EXPECT_THAT(ten_minutes, HasSubstr("# link: pty:/x\n"));
  EXPECT_THAT(log.capture("pty:/x", now, 0, std::chrono::seconds{1}), HasSubstr("\n0 < 55aa00"));
}

/// Fills in the {…} of a path.
std::string example_of(std::string path) {
  for (auto open = path.find('{'); open != std::string::npos; open = path.find('{')) {
    path.replace(open, path.find('}') - open + 1, path.find("buses") != std::string::npos ? "bus1" : "boat");
  }
  return path;
}

TEST_F(Api, TheDescriptionIsTrue) {
  own_password();
  publish(0, 52'800);
  const auto admin = log_in("admin", kPassword);
  const auto description = ask("GET", "/api/v1/openapi.json").json();
  EXPECT_EQ(description.at("openapi"), "3.1.0");
  std::size_t described = 0;
  for (const auto& [path, operations] : description.at("paths").as_object()) {
    for (const auto& [method, operation] : operations.as_object()) {
      ++described;
      if (method != "get" || path == "/api/v1/stream") continue;
      const auto answer = ask("GET", example_of(std::string{path}), admin);
      EXPECT_EQ(answer.status, 200) << path;
      const auto& content = operation.at("responses").at("200").at("content").as_object();
      EXPECT_EQ(answer.headers.at("content-type").substr(0, answer.headers.at("content-type").find(';')),
                std::string{content.begin()->key()})
          << path;
      EXPECT_EQ(ask("PATCH", example_of(std::string{path}), admin).status, operations.as_object().contains("patch") ? 422 : 405) << path;
    }
  }
  EXPECT_EQ(described, site().routes().size());
}

TEST_F(Api, APackKeepsToItsSchema) {
  publish(0, 52'800);
  const auto description = ask("GET", "/api/v1/openapi.json").json();
  const auto& schemas = description.at("components").at("schemas");
  const auto pack = ask("GET", "/api/v1/packs/boat").json();
  for (const auto& name : schemas.at("Pack").at("required").as_array()) EXPECT_TRUE(pack.as_object().contains(name.as_string())) << name;
  for (const auto& [name, value] : pack.as_object()) EXPECT_TRUE(schemas.at("Pack").at("properties").as_object().contains(name)) << name;
  for (const auto& [name, value] : pack.at("fields").as_object()) {
    EXPECT_TRUE(schemas.at("Fields").at("properties").as_object().contains(name)) << name;
  }
}

}  // namespace
}  // namespace bmsgate::host::web
