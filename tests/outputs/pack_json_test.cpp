// SPDX-License-Identifier: Apache-2.0
#include "outputs/pack_json.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <memory>

namespace bmsgate::outputs {
namespace {

using core::Field;

template <class Append, class... Args>
std::string made(Append append, const Args&... args) {
  std::string out;
  append(out, args...);
  return out;
}

TEST(PackJson, NumbersCarryOnlyTheDecimalsTheyNeed) {
  struct Row {
    std::int32_t value;
    unsigned decimals;
    std::string_view text;
  };
  for (const auto& row :
       {Row{52800, 3, "52.8"}, Row{52000, 3, "52"}, Row{-18700, 3, "-18.7"}, Row{-5, 3, "-0.005"}, Row{7, 0, "7"}, Row{0, 3, "0"},
        Row{100, 1, "10"}, Row{10, 0, "10"}, Row{-2147483647 - 1, 1, "-214748364.8"}, Row{2147483647, 3, "2147483.647"}}) {
    EXPECT_EQ(made(append_scaled, row.value, row.decimals), row.text);
  }
}

TEST(PackJson, StringsSurviveAnyBytes) {
  struct Row {
    std::string_view in;
    std::string_view out;
  };
  using namespace std::string_view_literals;
  for (const auto& row : {Row{"plain", R"("plain")"}, Row{R"(a"b\c)", R"("a\"b\\c")"}, Row{"\n\r\t", R"("\n\r\t")"},
                          Row{"\x00\x1f\x7f"sv, R"("\u0000\u001f\u007f")"}, Row{"Küche mΩ 🔋", "\"Küche mΩ 🔋\""},
                          Row{"a\xFFz", "\"a\uFFFDz\""}, Row{"\xC3", "\"\uFFFD\""}, Row{"\xC0\xAF", "\"\uFFFD\uFFFD\""},
                          Row{"\xED\xA0\x80", "\"\uFFFD\uFFFD\uFFFD\""}, Row{"\xF5\x80", "\"\uFFFD\uFFFD\""}, Row{"", R"("")"}}) {
    EXPECT_EQ(made(append_string, row.in), row.out);
  }
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const std::string bytes{static_cast<char>(a), static_cast<char>(b), 'x'};
      boost::json::error_code error;
      const auto parsed = boost::json::parse(made(append_string, bytes), error);
      ASSERT_FALSE(error) << a << ' ' << b;
      ASSERT_TRUE(parsed.is_string());
    }
  }
}

TEST(PackJson, TimeIsIsoUtcOrNull) {
  EXPECT_EQ(made(append_time, core::UtcMs{0}), "null");
  EXPECT_EQ(made(append_time, core::UtcMs{1}), R"("1970-01-01T00:00:00.001Z")");
  EXPECT_EQ(made(append_time, core::UtcMs{1'709'164'799'999}), R"("2024-02-28T23:59:59.999Z")");
}

TEST(PackJson, OnlyValidFieldsAppearAndHolesAreNull) {
  core::Sample sample;
  EXPECT_EQ(made(append_fields, sample), "{}");
  sample.set(Field::kPackVoltage, 52800);
  sample.set(Field::kCellVoltage, 3282, 0);
  sample.set(Field::kCellVoltage, 3175, 2);
  sample.set(Field::kState, static_cast<std::int32_t>(core::State::kDischarging));
  sample.set(Field::kBalancing, 0);
  sample.set(Field::kSocMaxTodayAt, 9 * 60 + 5);
  EXPECT_EQ(
      made(append_fields, sample),
      R"({"pack_voltage":52.8,"state":"discharging","cell_voltage":[3.282,null,3.175],"balancing":false,"soc_max_today_at":"09:05"})");
}

TEST(PackJson, EveryFieldOfTheTableIsWrittenUnderItsKey) {
  core::Sample sample;
  for (const auto& field : core::kFields) {
    for (std::size_t i = 0; i < field.count; ++i) sample.set(field.field, field.kind == core::Kind::kNumber ? field.max : 1, i);
  }
  const auto parsed = boost::json::parse(made(append_fields, sample)).as_object();
  EXPECT_EQ(parsed.size(), core::kFieldCount);
  for (const auto& field : core::kFields) {
    ASSERT_TRUE(parsed.contains(field.key)) << field.key;
    if (field.count > 1) {
      EXPECT_EQ(parsed.at(field.key).as_array().size(), field.count);
    }
  }
}

TEST(PackJson, AlarmsOfOneReadingHaveNoPast) {
  core::AlarmList alarms;
  alarms.add({core::AlarmId::kCellUv, core::Severity::kWarning, 5, {}});
  alarms.add({core::AlarmId::kOther, core::Severity::kHint, 0, "DRY contact 1"});
  const auto text = [&] {
    std::string out;
    append_alarms(out, alarms);
    return out;
  }();
  EXPECT_EQ(text, R"([{"key":"cell_uv","severity":"warning","cell":5},{"key":"other","severity":"hint","text":"DRY contact 1"}])");
}

TEST(PackJson, SettingsAndInfo) {
  core::BmsSettings settings;
  EXPECT_EQ(made(append_settings, settings), "{}");
  settings.set(core::BmsSetting::kCellOv, 3650);
  settings.set(core::BmsSetting::kActiveBalancer, 1);
  EXPECT_EQ(made(append_settings, settings), R"({"cell_ov":3.65,"active_balancer":true})");
  core::Identity identity;
  EXPECT_EQ(made(append_info, identity), "{}");
  identity.software.assign("11.26");
  identity.device_name.assign("a\"\xFF");
  EXPECT_EQ(made(append_info, identity), "{\"software\":\"11.26\",\"device_name\":\"a\\\"\uFFFD\"}");
}

class PackObject : public ::testing::Test {
 protected:
  PackObject() {
    core::PackConfig config;
    config.id.assign("boat");
    config.name.assign("Boat");
    config.bus.assign("usb");
    config.protocol.assign("jk-pb");
    config.address = 2;
    pack_ = hub_->add_pack(config).value();
  }
  std::unique_ptr<core::Hub> hub_ = std::make_unique<core::Hub>();
  core::PackIndex pack_{};
};

TEST_F(PackObject, BeforeTheFirstReading) {
  EXPECT_EQ(
      made([&](std::string& out) { append_pack(out, *hub_, pack_, core::Instant{}); }),
      R"({"id":"boat","name":"Boat","protocol":"jk-pb","bus":"usb","address":2,"quality":"stale","age_s":null,"time":null,"fields":{},"alarms":[],"info":{}})");
}

TEST_F(PackObject, WithAReadingAndAnAlarm) {
  core::Reading reading;
  reading.pack = pack_;
  reading.at = core::Instant{std::chrono::seconds{10}};
  reading.utc_ms = 1'000;
  reading.sample.set(Field::kCellVoltage, 2495, 1);
  reading.sample.alarms.add({core::AlarmId::kCellUv, core::Severity::kAlarm, 2, {}});
  hub_->publish(reading);
  const auto text = made([&](std::string& out) { append_pack(out, *hub_, pack_, reading.at + std::chrono::milliseconds{1250}); });
  EXPECT_EQ(
      text,
      R"({"id":"boat","name":"Boat","protocol":"jk-pb","bus":"usb","address":2,"quality":"good","age_s":1.2,"time":"1970-01-01T00:00:01.000Z",)"
      R"("fields":{"cell_voltage":[null,2.495]},"alarms":[{"key":"cell_uv","severity":"alarm","text":"Cell under-voltage","cell":2,"value":2.495,)"
      R"("since":"1970-01-01T00:00:01.000Z"}],"info":{}})");
}

TEST_F(PackObject, EventsNameWhatHappened) {
  core::Event event;
  event.kind = core::EventKind::kAlarmEnd;
  event.pack = pack_;
  event.utc_ms = 1'000;
  event.alarm = {core::AlarmId::kMosOt, core::Severity::kWarning, 0, {}};
  event.value = 955;
  event.has_value = true;
  EXPECT_EQ(
      made([&](std::string& out) { append_event(out, *hub_, event); }),
      R"({"kind":"alarm_end","time":"1970-01-01T00:00:01.000Z","pack":"boat","key":"mos_ot","severity":"warning","text":"MOS over-temperature","cell":null,"value":95.5})");
  event = {};
  event.kind = core::EventKind::kProgram;
  event.text = "started";
  EXPECT_EQ(made([&](std::string& out) { append_event(out, *hub_, event); }),
            R"({"kind":"program","time":null,"pack":null,"text":"started"})");
}

}  // namespace
}  // namespace bmsgate::outputs
