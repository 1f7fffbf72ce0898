// SPDX-License-Identifier: Apache-2.0
// Every captured JK frame (tests/data/captures/jk.json) against what it is known to mean: answers, streams, requests, register data,
// damaged frames. Each expectation is either compared or listed as nothing of ours; a new name in the file fails the test.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cmath>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "core/crc.hpp"
#include "core/reading.hpp"
#include "tests/protocols/jk_support.hpp"

namespace bmsgate::test {
namespace {

namespace json = boost::json;
using core::Field;

const json::array& captures() {
  static const json::array all = [] {
    std::ifstream file{std::string{BMSGATE_TEST_DATA} + "/captures/jk.json"};
    std::stringstream text;
    text << file.rdbuf();
    return json::parse(text.str()).as_array();
  }();
  return all;
}

std::string text_of(const json::object& object, std::string_view key) { return std::string{object.at(key).as_string()}; }
std::uint32_t hex_number(const json::value& value) {
  return static_cast<std::uint32_t>(std::stoul(std::string{value.as_string()}, nullptr, 16));
}

// ---- names of the captures and ours

struct Name {
  std::string_view ours;
  double factor{1};  // ours = theirs x factor
};

const std::map<std::string_view, Name> kFieldNames{
    {"pack_v", {"pack_voltage"}},
    {"current_a", {"current"}},
    {"soc_pct", {"soc"}},
    {"soh_pct", {"soh"}},
    {"cycles", {"cycles"}},
    {"cycle_capacity_ah", {"cycled_capacity"}},
    {"charge_mos", {"charge_mos"}},
    {"discharge_mos", {"discharge_mos"}},
    {"balancing", {"balancing"}},
    {"balance_current_a", {"balance_current"}},
    {"remaining_ah", {"remaining_capacity"}},
    {"remaining_ah_estimate", {"remaining_capacity"}},
    {"full_charge_capacity_ah", {"full_capacity"}},
    {"actual_capacity_ah", {"full_capacity"}},
    {"runtime_s", {"runtime"}},
    {"runtime_min", {"runtime", 60}},
    {"precharge", {"precharge_mos"}},
    {"heating", {"heating"}},
    {"temps_c.mos", {"mos_temperature"}},
};

const std::map<std::string_view, Name> kSettingNames{
    {"capacity_ah", {"capacity"}},
    {"temp_sensor_count", {"temperature_sensors"}},
    {"settings.pack_ov_v", {"pack_ov"}},
    {"settings.pack_uv_v", {"pack_uv"}},
    {"settings.cell_ov_mv", {"cell_ov", 0.001}},
    {"settings.cell_ov_recover_mv", {"cell_ov_release", 0.001}},
    {"settings.cell_ov_delay_s", {"cell_ov_delay"}},
    {"settings.cell_uv_mv", {"cell_uv", 0.001}},
    {"settings.cell_uv_recover_mv", {"cell_uv_release", 0.001}},
    {"settings.cell_uv_delay_s", {"cell_uv_delay"}},
    {"settings.cell_diff_mv", {"cell_delta", 0.001}},
    {"settings.dis_oc_a", {"discharge_oc"}},
    {"settings.dis_oc_delay_s", {"discharge_oc_delay"}},
    {"settings.chg_oc_a", {"charge_oc"}},
    {"settings.chg_oc_delay_s", {"charge_oc_delay"}},
    {"settings.bal_start_mv", {"balance_start", 0.001}},
    {"settings.bal_delta_mv", {"balance_delta", 0.001}},
    {"settings.mos_ot_c", {"mos_ot"}},
    {"settings.mos_ot_recover_c", {"mos_ot_release"}},
    {"settings.box_ot_c", {"box_ot"}},
    {"settings.box_ot_recover_c", {"box_ot_release"}},
    {"settings.temp_diff_c", {"temp_delta"}},
    {"settings.chg_ot_c", {"charge_ot"}},
    {"settings.dis_ot_c", {"discharge_ot"}},
    {"settings.chg_ut_c", {"charge_ut"}},
    {"settings.chg_ut_recover_c", {"charge_ut_release"}},
    {"settings.dis_ut_c", {"discharge_ut"}},
    {"settings.dis_ut_recover_c", {"discharge_ut_release"}},
    {"settings.cells_setting", {"cell_count"}},
    {"settings.charge_switch", {"charge_switch"}},
    {"settings.discharge_switch", {"discharge_switch"}},
    {"settings.balance_switch", {"balance_switch"}},
    {"settings.current_cal_ma", {"current_calibration", 0.001}},
    {"settings.address", {"address"}},
    {"settings.battery_type", {"chemistry"}},
    {"settings.sleep_wait_s", {"sleep_time"}},
    {"settings.low_soc_alarm_pct", {"soc_low_warning"}},
    {"settings.dedicated_charger", {"dedicated_charger"}},
    {"smart_sleep_mv", {"smart_sleep_voltage", 0.001}},
    {"cell_uvp_mv", {"cell_uv", 0.001}},
    {"cell_uvpr_mv", {"cell_uv_release", 0.001}},
    {"cell_ovp_mv", {"cell_ov", 0.001}},
    {"cell_ovpr_mv", {"cell_ov_release", 0.001}},
    {"balance_trigger_mv", {"balance_delta", 0.001}},
    {"soc100_mv", {"soc_100_voltage", 0.001}},
    {"soc0_mv", {"soc_0_voltage", 0.001}},
    {"cell_rcv_mv", {"request_charge_voltage", 0.001}},
    {"cell_rfv_mv", {"request_float_voltage", 0.001}},
    {"power_off_mv", {"power_off_voltage", 0.001}},
    {"max_charge_ma", {"charge_oc", 0.001}},
    {"chg_ocp_delay_s", {"charge_oc_delay"}},
    {"chg_ocp_release_s", {"charge_oc_release"}},
    {"max_discharge_ma", {"discharge_oc", 0.001}},
    {"dis_ocp_delay_s", {"discharge_oc_delay"}},
    {"dis_ocp_release_s", {"discharge_oc_release"}},
    {"scp_release_s", {"short_circuit_release"}},
    {"scp_delay_us", {"short_circuit_delay"}},
    {"max_balance_ma", {"balance_current_max", 0.001}},
    {"chg_otp_c", {"charge_ot"}},
    {"chg_otpr_c", {"charge_ot_release"}},
    {"dis_otp_c", {"discharge_ot"}},
    {"dis_otpr_c", {"discharge_ot_release"}},
    {"chg_utp_c", {"charge_ut"}},
    {"chg_utpr_c", {"charge_ut_release"}},
    {"mos_otp_c", {"mos_ot"}},
    {"mos_otpr_c", {"mos_ot_release"}},
    {"charge_switch", {"charge_switch"}},
    {"discharge_switch", {"discharge_switch"}},
    {"balance_switch", {"balance_switch"}},
    {"balance_start_mv", {"balance_start", 0.001}},
    {"device_address", {"address"}},
    {"precharge_s", {"precharge_time"}},
    {"temp_284_c", {"raw_284"}},
    {"temp_285_c", {"raw_285"}},
    {"smart_sleep_h", {"smart_sleep_time"}},
};

const std::map<std::string_view, std::string_view> kInfoNames{
    {"software", "software"},
    {"model", "model"},
    {"hardware", "hardware"},
    {"serial", "serial"},
    {"device_name", "device_name"},
    {"manufacturing_date", "production_date"},
    {"device_id", "device_name"},
    {"manufactured_yymm", "production_date"},
    {"manufacturer_id", "manufacturer"},
};

const std::map<std::string_view, std::string_view> kAlarmNames{{"cell_overvoltage", "cell_ov"}};

/// Framing, raw words beside their meaning, values that the BMS reports late (we compute them), data without a field.
const std::set<std::string_view> kNotOurs{
    "frame_len",
    "len_field",
    "len_field_ok",
    "checksum_ok",
    "cmd",
    "source",
    "transport",
    "current_raw",
    "alarm_raw",
    "status_raw",
    "protocol_version",
    "frame_type",
    "counter",
    "layout",
    "cell_mask",
    "avg_cell_mv",
    "delta_cell_mv",
    "max_cell_idx0",
    "min_cell_idx0",
    "power_w_unsigned",
    "temp_present_mask",
    "pack_v_0v01",
    "heat_current_a",
    "system_ticks",
    "charge_status_id",
    "charge_status_time_s",
    "balance_state",
    "ack.address",
    "ack.function",
    "ack.register",
    "ack.count",
    "uptime_s",
    "power_on_count",
    "base",
    "byte_order",
    "rtc_s_since_2020",
    "enter_sleep_s",
    "cell_count",
    "control_bits",
    "temps_c.t1",
    "temps_c.t2",
    "temps_c.t3",
    "temps_c.t4",
    "temps_c.t5",
};

// ---- comparing

/// Everything that the reports of one vector said.
struct All {
  core::Sample live;
  core::BmsSettings settings;
  std::map<std::string, std::string> info;
};
All gather(const Recorder& heard) {
  All all;
  for (const auto& report : heard.reports) {
    if (report.live) all.live = *report.live;
    if (report.settings) all.settings = *report.settings;
    if (report.identity) {
      for_each_text(*report.identity, [&](auto key, auto value) { all.info[std::string{key}] = std::string{value}; });
    }
  }
  return all;
}

double number_of(const json::value& value) {
  if (value.is_bool()) return value.as_bool() ? 1 : 0;
  return value.to_number<double>();
}

void expect_field(const core::Sample& sample, std::string_view key, std::size_t element, double value) {
  const auto* field = core::find_field(key);
  ASSERT_NE(field, nullptr) << key;
  ASSERT_TRUE(sample.has(field->field, element)) << key << '[' << element << ']';
  EXPECT_EQ(sample.get(field->field, element), std::lround(value * core::pow10(field->decimals))) << key << '[' << element << ']';
}

void expect_setting(const core::BmsSettings& settings, std::string_view key, double value) {
  for (const auto& setting : core::kBmsSettings) {
    if (setting.key != key) continue;
    ASSERT_TRUE(settings.has(setting.id)) << key;
    EXPECT_EQ(settings.get(setting.id), std::lround(value * core::pow10(setting.decimals))) << key;
    return;
  }
  FAIL() << "no setting is called " << key;
}

void expect_probes(const core::Sample& sample, const json::object& temps) {
  const auto value = [&](std::string_view key) -> std::optional<double> {
    const auto* found = temps.if_contains(key);
    if (found == nullptr || found->is_null()) return std::nullopt;
    return number_of(*found);
  };
  const bool none_fitted = value("t4") == 0.0 && value("t5") == 0.0;
  const std::array<std::string_view, 5> names{"t1", "t2", "t3", "t4", "t5"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto expected = value(names[i]);
    const bool copy = i == 2 && (!value("mos") || expected == value("mos"));
    if (!expected || copy || (i >= 2 && none_fitted)) {
      EXPECT_FALSE(sample.has(Field::kTemperature, i)) << names[i];
    } else {
      expect_field(sample, "temperature", i, *expected);
    }
  }
}

void expect_list(const core::Sample& sample, std::string_view key, const json::array& list, double factor) {
  const auto field = core::find_field(key)->field;
  EXPECT_EQ(sample.extent(field), list.size()) << key;
  for (std::size_t i = 0; i < list.size(); ++i) expect_field(sample, key, i, number_of(list[i]) * factor);
}

void expect_alarms(const core::Sample& sample, const json::array& names) {
  ASSERT_EQ(sample.alarms.size(), names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(info(sample.alarms.begin()[i].id).key, kAlarmNames.at(std::string_view{names[i].as_string()}));
  }
}

void expect_all(const All& all, const json::object& expect, bool is_nw, const std::string& prefix = "") {
  for (const auto& [key, value] : expect) {
    const auto name = prefix + std::string{key};
    if (name == "cells_mv") {
      expect_list(all.live, "cell_voltage", value.as_array(), 0.001);
    } else if (name == "wire_res_mohm") {
      expect_list(all.live, "wire_resistance", value.as_array(), 1);
    } else if (name == "alarms") {
      expect_alarms(all.live, value.as_array());
    } else if (name == "control_bits") {
      expect_setting(all.settings, "control_bits", hex_number(value));
    } else if (name == "cell_count" && is_nw) {
      expect_field(all.live, "cell_count", 0, number_of(value));
    } else if (name == "cell_count") {
      expect_setting(all.settings, "cell_count", number_of(value));
    } else if (name == "actual_capacity_ah" && number_of(value) == 0) {
      EXPECT_FALSE(all.live.has(Field::kFullCapacity));
    } else if (value.is_object()) {
      if (name == "temps_c") expect_probes(all.live, value.as_object());
      expect_all(all, value.as_object(), is_nw, name + ".");
    } else if (const auto field = kFieldNames.find(name); field != kFieldNames.end()) {
      expect_field(all.live, field->second.ours, 0, number_of(value) * field->second.factor);
    } else if (const auto setting = kSettingNames.find(name); setting != kSettingNames.end()) {
      expect_setting(all.settings, setting->second.ours, number_of(value) * setting->second.factor);
    } else if (const auto text = kInfoNames.find(name); text != kInfoNames.end()) {
      ASSERT_TRUE(all.info.contains(std::string{text->second})) << name;
      EXPECT_EQ(all.info.at(std::string{text->second}), std::string{value.as_string()}) << name;
    } else {
      EXPECT_TRUE(kNotOurs.contains(name)) << "nobody compares " << name;
    }
  }
}

// ---- kinds of vectors

class JkCapture : public testing::TestWithParam<std::size_t> {
 protected:
  const json::object& vector_ = captures()[GetParam()].as_object();
  const json::object& expect_ = vector_.at("expect").as_object();
  const std::string kind_ = text_of(vector_, "kind");
  const std::string protocol_ = text_of(vector_, "protocol");
  const std::string direction_ = text_of(vector_, "direction");
  const Bytes bytes_ = from_hex(text_of(vector_, "hex"));

  [[nodiscard]] bool is_nw() const { return protocol_ == "jk-nw"; }
  [[nodiscard]] auto make() const {
    return is_nw() ? protocols::make_jk_nw : protocol_ == "jk-ble" ? protocols::make_jk_ble : protocols::make_jk_pb;
  }
  void answer();
  void request();
  void ack();
  void registers();
  void stream();
  void negative();
  void repaired();
};

void JkCapture::answer() {
  const Bytes junk{0x4E, 0x55, 0x01, 0x03, 0x00, 0xAA, 0x55, 0xAA, 0x00};
  for (const bool singly : {false, true}) {
    for (const bool noisy : {false, true}) {
      Device device{make()};
      if (noisy) device.feed(junk);
      singly ? device.feed_singly(bytes_) : device.feed(bytes_);
      device->flush(device.heard);
      EXPECT_EQ(device.counters().frames_ok, 1U);
      EXPECT_EQ(device.counters().bad_checks, 0U);
      EXPECT_EQ(device.counters().unknown, 0U);
      EXPECT_EQ(device.counters().bytes_skipped, noisy ? junk.size() : 0U);
      ASSERT_EQ(device.heard.reports.size(), 1U);
      const auto* of_ack = expect_.if_contains("ack");
      if (of_ack != nullptr) {
        EXPECT_EQ(device.heard.reports[0].address, number_of(of_ack->at("address")));
        EXPECT_TRUE(device.heard.reports[0].confirmed);
      }
      expect_all(gather(device.heard), expect_, is_nw());
    }
  }
}

void JkCapture::request() {
  Device device{make()};
  device.feed_singly(bytes_);
  EXPECT_TRUE(device.heard.reports.empty());
  EXPECT_EQ(device.counters().frames_ok, 0U);
  EXPECT_EQ(device.counters().bytes_skipped, 0U);
  ASSERT_EQ(device.heard.notes.size(), 1U);
  const auto& note = device.heard.notes[0];
  EXPECT_EQ(note.kind, core::FrameNote::Kind::kRequest);
  EXPECT_EQ(note.bytes, bytes_);
  if (is_nw()) {
    EXPECT_EQ(note.tag >> 8, number_of(expect_.at("cmd")));
    if (expect_.contains("id")) {
      EXPECT_EQ(note.tag & 0xFF, number_of(expect_.at("id")));
    }
    return;
  }
  EXPECT_EQ(note.address, number_of(expect_.at("address")));
  EXPECT_EQ(note.tag, hex_number(expect_.at("register")));
  EXPECT_EQ(note.write, expect_.contains("value"));
}

void JkCapture::ack() {
  Device device{make()};
  device.feed_singly(bytes_);
  EXPECT_TRUE(device.heard.reports.empty());
  ASSERT_EQ(device.heard.notes.size(), 1U);
  EXPECT_EQ(device.heard.notes[0].kind, core::FrameNote::Kind::kAck);
  EXPECT_EQ(device.heard.notes[0].address, number_of(expect_.at("address")));
  EXPECT_EQ(device.heard.notes[0].tag, hex_number(expect_.at("register")));
}

void append_crc(Bytes& bytes) {
  const auto crc = core::crc16_modbus(bytes);
  bytes.push_back(static_cast<std::uint8_t>(crc & 0xFF));
  bytes.push_back(static_cast<std::uint8_t>(crc >> 8));
}

void JkCapture::registers() {
  const auto& asked = vector_.at("request").as_object();
  const auto start = hex_number(asked.at("start"));
  const auto count = asked.at("count").to_number<unsigned>();
  Bytes question{3, 3, static_cast<std::uint8_t>(start >> 8), static_cast<std::uint8_t>(start & 0xFF), 0, static_cast<std::uint8_t>(count)};
  append_crc(question);
  Bytes reply{3, 3, static_cast<std::uint8_t>(bytes_.size())};
  reply.insert(reply.end(), bytes_.begin(), bytes_.end());
  append_crc(reply);
  for (const bool known : {true, false}) {  // the sizes of the captured blocks are in the list of known replies
    Device device{make()};
    if (known) device.feed(question);
    device.feed_singly(reply);
    device->flush(device.heard);
    EXPECT_EQ(device.counters().frames_ok, 1U);
    EXPECT_EQ(device.counters().unknown, 0U);
    ASSERT_EQ(device.heard.reports.size(), 1U);
    EXPECT_EQ(device.heard.reports[0].address, 3);
    expect_all(gather(device.heard), expect_, false);
  }
}

void JkCapture::stream() {
  Device device{make()};
  device.feed(bytes_);
  device->flush(device.heard);
  const auto& events = expect_.at("events").as_array();
  ASSERT_EQ(device.heard.notes.size(), events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto& event = events[i].as_object();
    const auto& note = device.heard.notes[i];
    const auto* asked = event.if_contains("request");
    const auto* acked = event.if_contains("ack");
    const auto* named = asked != nullptr ? asked : acked;
    using Kind = core::FrameNote::Kind;
    EXPECT_EQ(note.kind, asked != nullptr ? Kind::kRequest : acked != nullptr ? Kind::kAck : Kind::kReply) << i;
    if (named != nullptr) {
      EXPECT_EQ(note.address, number_of(named->at("address"))) << i;
      EXPECT_EQ(note.tag, hex_number(named->at("register"))) << i;
    } else {
      EXPECT_EQ(note.bytes[4], number_of(event.at("frame_type"))) << i;
    }
  }
  std::set<int> packs;
  for (const auto& report : device.heard.reports) {
    EXPECT_TRUE(report.confirmed);
    packs.insert(report.address);
  }
  std::set<int> expected;
  for (const auto& pack : expect_.at("packs_present").as_array()) expected.insert(pack.to_number<int>());
  EXPECT_EQ(packs, expected);
  EXPECT_EQ(device.counters().bytes_skipped, 0U);
}

void JkCapture::negative() {
  Device device{make()};
  device.feed(bytes_);
  device->flush(device.heard);
  const bool truncated = text_of(expect_, "error") == "truncated";
  EXPECT_TRUE(device.heard.reports.empty());
  EXPECT_EQ(device.counters().frames_ok, 0U);
  EXPECT_EQ(device.counters().truncated, truncated ? 1U : 0U);
  EXPECT_EQ(device.counters().bad_checks, truncated ? 0U : 1U);
  EXPECT_EQ(device.counters().bytes_skipped, bytes_.size());
}

/// The vendor's example has a wrong sum: refused as it is, right once the sum is.
void JkCapture::repaired() {
  Device strict{make()};
  strict.feed(bytes_);
  strict->flush(strict.heard);
  EXPECT_TRUE(strict.heard.reports.empty());
  EXPECT_EQ(strict.counters().bad_checks, 1U);
  auto fixed = bytes_;
  const auto sum = core::byte_sum(std::span{fixed}.first(fixed.size() - 4));
  fixed[fixed.size() - 2] = static_cast<std::uint8_t>(sum >> 8 & 0xFF);
  fixed[fixed.size() - 1] = static_cast<std::uint8_t>(sum & 0xFF);
  Device device{make()};
  device.feed(fixed);
  ASSERT_EQ(device.heard.reports.size(), 1U);
  expect_all(gather(device.heard), expect_, true);
}

TEST_P(JkCapture, MeansWhatIsKnownOfIt) {
  if (kind_ == "negative") return negative();
  if (kind_ == "negative-checksum") return repaired();
  if (kind_ == "stream") return stream();
  if (kind_ == "fc03-data") return registers();
  ASSERT_EQ(kind_, "positive");
  if (direction_ == "request") return request();
  if (bytes_.size() == 8) return ack();
  answer();
}

INSTANTIATE_TEST_SUITE_P(All, JkCapture, testing::Range<std::size_t>(0, captures().size()), [](const auto& param) {
  auto name = text_of(captures()[param.param].as_object(), "id");
  for (auto& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
});

}  // namespace
}  // namespace bmsgate::test
