// SPDX-License-Identifier: Apache-2.0
// Every captured Daly frame (tests/data/captures/daly.json, which names its sources) through the decoders: all that our fields, settings,
// identity and alarms can express is compared, and the counters of the line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <map>
#include <sstream>

#include "tests/protocols/daly_support.hpp"

namespace bmsgate::protocols::test {
namespace {

namespace json = boost::json;
using core::AlarmId;
using core::BmsSetting;
using core::Field;
using core::Severity;

const json::array& vectors() {
  static const json::array kVectors = [] {
    std::ifstream file{BMSGATE_TEST_DATA "/captures/daly.json"};
    std::stringstream text;
    text << file.rdbuf();
    return json::parse(text.str()).as_array();
  }();
  return kVectors;
}

Make dialect_of(const json::object& entry) {
  if (entry.at("protocol").as_string() == "daly-a5") return make_daly_a5;
  return hex(entry.at("hex").as_string().c_str())[0] == 0xD2 ? make_daly_d2 : make_daly_p81;
}

/// What a decoder made of one vector, reports laid over each other.
struct Outcome {
  core::Sample live;
  core::BmsSettings settings;
  core::Identity identity;
  std::uint8_t address{0};
  std::size_t reports{0};
  core::LineCounters counters;
  std::vector<Note> notes;
};

Outcome decode(const json::object& entry, std::size_t piece) {
  Box box{dialect_of(entry)};
  Ear ear;
  if (const auto* request = entry.if_contains("request_hex")) box->feed(hex(request->as_string().c_str()), ear);
  const auto bytes = hex(entry.at("hex").as_string().c_str());
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    box->feed(std::span{bytes}.subspan(at, std::min(piece, bytes.size() - at)), ear);
  }
  box->flush(ear);
  Outcome outcome;
  outcome.reports = ear.reports.size();
  outcome.counters = box->counters();
  outcome.notes = ear.notes;
  for (const auto& report : ear.reports) {
    outcome.address = report.address;
    if (report.live) outcome.live = *report.live;
    if (report.settings) outcome.settings = *report.settings;
    if (report.identity) outcome.identity = *report.identity;
  }
  return outcome;
}

struct FieldName {
  Field field;
  double scale{1};
};
const std::map<std::string_view, FieldName> kFieldNames{
    {"pack_v", {Field::kPackVoltage}},
    {"current_a", {Field::kCurrent}},
    {"soc_pct", {Field::kSoc}},
    {"cell_max_mv", {Field::kCellMaxVoltage, 1e-3}},
    {"cell_max_no", {Field::kCellMaxNumber}},
    {"cell_min_mv", {Field::kCellMinVoltage, 1e-3}},
    {"cell_min_no", {Field::kCellMinNumber}},
    {"cell_avg_mv", {Field::kCellAverageVoltage, 1e-3}},
    {"cell_delta_mv", {Field::kCellDeltaVoltage, 1e-3}},
    {"temp_max_c", {Field::kTemperatureMax}},
    {"temp_min_c", {Field::kTemperatureMin}},
    {"remaining_ah", {Field::kRemainingCapacity}},
    {"cycles", {Field::kCycles}},
    {"mos_temp_c", {Field::kMosTemperature}},
    {"balance_current_a", {Field::kBalanceCurrent}},
    {"balancing", {Field::kBalancing}},
    {"charge_mos", {Field::kChargeMos}},
    {"discharge_mos", {Field::kDischargeMos}},
    {"charger_connected", {Field::kChargerConnected}},
    {"load_connected", {Field::kLoadConnected}},
};
const std::map<std::string_view, std::pair<BmsSetting, double>> kSettingNames{
    {"capacity_ah", {BmsSetting::kCapacity, 1}},
    {"cell_nominal_mv", {BmsSetting::kNominalCellVoltage, 1e-3}},
    {"sleep_s", {BmsSetting::kSleepTime, 1}},
    {"balance_start_mv", {BmsSetting::kBalanceStart, 1e-3}},
    {"balance_delta_mv", {BmsSetting::kBalanceDelta, 1e-3}},
    {"balancer_switch", {BmsSetting::kSwitchBalance, 1}},
};
struct AlarmName {
  AlarmId id;
  Severity severity;
};
// A status bit is no alarm.
const std::map<std::string_view, std::optional<AlarmName>> kAlarmNames{
    {"soft_switch_open", std::nullopt},
    {"cell_ov_l2", AlarmName{AlarmId::kCellOv, Severity::kAlarm}},
    {"soc_low_l2", AlarmName{AlarmId::kSocLow, Severity::kWarning}},
    {"temp_sensor_fault", AlarmName{AlarmId::kSensorFault, Severity::kAlarm}},
};

double number(const json::value& value) { return value.is_bool() ? (value.as_bool() ? 1 : 0) : value.to_number<double>(); }

std::vector<int> integers(const json::value& value) { return json::value_to<std::vector<int>>(value); }

void check_alarms(const Outcome& outcome, const json::array& names) {
  std::size_t expected = 0;
  for (const auto& name : names) {
    const auto known = kAlarmNames.find(name.as_string().c_str());
    ASSERT_NE(known, kAlarmNames.end()) << name;
    if (!known->second) continue;
    ++expected;
    const core::Alarm* found = nullptr;
    for (const auto& alarm : outcome.live.alarms) {
      if (alarm.id == known->second->id) found = &alarm;
    }
    ASSERT_NE(found, nullptr) << name;
    EXPECT_EQ(found->severity, known->second->severity) << name;
  }
  EXPECT_EQ(outcome.live.alarms.size(), expected);
}

void check_cells(const Outcome& outcome, const json::object& expect) {
  if (const auto* cells = expect.if_contains("cells_mv")) {
    EXPECT_EQ(cells_mv(outcome.live), integers(*cells));
  }
  if (const auto* slots = expect.if_contains("cell_slots_mv")) {
    std::size_t held = 0;
    for (std::size_t i = 0; i < core::kMaxCells; ++i) held += outcome.live.has(Field::kCellVoltage, i) ? 1U : 0U;
    if (const auto* missing = expect.if_contains("cells_missing")) {
      for (const auto slot : integers(*missing)) {
        EXPECT_FALSE(outcome.live.has(Field::kCellVoltage, static_cast<std::size_t>(slot) - 1));
      }
    } else {
      EXPECT_EQ(held, slots->as_object().size());
    }
    for (const auto& [slot, mv] : slots->as_object()) {
      EXPECT_EQ(outcome.live.value(Field::kCellVoltage, std::stoul(slot) - 1), mv.to_number<int>()) << "slot " << slot;
    }
  }
  if (const auto* count = expect.if_contains("cell_count"); count != nullptr && !expect.contains("capacity_ah")) {
    EXPECT_EQ(outcome.live.value(Field::kCellCount), count->to_number<int>());
  }
  if (const auto* cells = expect.if_contains("balance_cells")) {
    std::vector<int> on;
    for (std::size_t i = 0; i < core::kMaxCells; ++i) {
      if (outcome.live.value(Field::kBalancingCell, i) == 1) on.push_back(static_cast<int>(i) + 1);
    }
    EXPECT_EQ(on, integers(*cells));
  }
  if (const auto* temps = expect.if_contains("temps_c")) {
    std::vector<int> fitted;
    for (std::size_t i = 0; i < core::kMaxTemperatures; ++i) {
      if (outcome.live.has(Field::kTemperature, i)) fitted.push_back(outcome.live.get(Field::kTemperature, i) / 10);
    }
    EXPECT_EQ(fitted, integers(*temps));
  }
}

void check_settings(const Outcome& outcome, const json::object& expect) {
  for (const auto& [key, wanted] : expect) {
    if (const auto known = kSettingNames.find(key); known != kSettingNames.end()) {
      EXPECT_NEAR(value(outcome.settings, known->second.first).value_or(-1e9), number(wanted) * known->second.second, 1e-9) << key;
    }
  }
  const auto pair = [&](std::string_view key, BmsSetting warning, BmsSetting protection) {
    if (const auto* wanted = expect.if_contains(key)) {
      EXPECT_EQ(outcome.settings.get(warning), integers(*wanted)[0]) << key;
      EXPECT_EQ(outcome.settings.get(protection), integers(*wanted)[1]) << key;
    }
  };
  pair("cell_ov_mv", BmsSetting::kCellOvWarning, BmsSetting::kCellOv);
  pair("cell_uv_mv", BmsSetting::kCellUvWarning, BmsSetting::kCellUv);
  if (!outcome.settings.has(BmsSetting::kCapacity)) return;
  EXPECT_EQ(outcome.settings.get(BmsSetting::kCellCount), expect.at("cell_count").to_number<int>());
  EXPECT_EQ(outcome.settings.get(BmsSetting::kTemperatureSensors), expect.at("temp_count").to_number<int>());
}

void check_identity(const Outcome& outcome, const json::object& expect) {
  const auto text = [&](std::string_view key, std::string_view have) {
    if (const auto* wanted = expect.if_contains(key)) {
      EXPECT_EQ(have, std::string_view{wanted->as_string()}) << key;
    }
  };
  if (expect.contains("write_id")) return;  // a command's own date and SOC are no values of the BMS
  text("sw_version", outcome.identity.software.view());
  text("hw_version", outcome.identity.hardware.view());
  text("serial", outcome.identity.serial.view());
  text("machine_code", outcome.identity.production_date.view());
  text("date", outcome.identity.production_date.view());
}

void check_notes(const Outcome& outcome, const json::object& entry) {
  const auto& expect = entry.at("expect").as_object();
  if (outcome.notes.empty()) return;
  const auto& note = outcome.notes.back();
  for (const auto* key : {"write_id", "write_reg", "reg"}) {
    if (const auto* wanted = expect.if_contains(key)) {
      EXPECT_EQ(note.tag, wanted->to_number<int>()) << key;
    }
  }
  const bool write = expect.contains("write_id") || expect.contains("write_reg") || expect.contains("value");
  if (write || expect.contains("fc")) {
    EXPECT_EQ(note.write, write);
  }
  const auto kind = entry.at("direction").as_string() == "request" ? core::FrameNote::Kind::kRequest : core::FrameNote::Kind::kReply;
  EXPECT_EQ(note.kind, kind);
}

void check_fields(const Outcome& outcome, const json::object& expect) {
  for (const auto& [key, wanted] : expect) {
    const auto known = kFieldNames.find(key);
    if (known == kFieldNames.end()) continue;
    const auto have = value(outcome.live, known->second.field);
    if (wanted.is_null()) {
      EXPECT_EQ(have, std::nullopt) << key;
    } else {
      ASSERT_TRUE(have.has_value()) << key;
      EXPECT_NEAR(*have, number(wanted) * known->second.scale, 1e-9) << key;
    }
  }
  if (const auto* power = expect.if_contains("power_w")) {
    EXPECT_NEAR(std::abs(*value(outcome.live, Field::kPower)), number(*power), 1e-9);
  }
  if (const auto* raw = expect.if_contains("current_raw_minus_30000_a"); raw != nullptr && !expect.contains("sign")) {
    EXPECT_NEAR(*value(outcome.live, Field::kCurrent), number(*raw), 1e-9);
  }
  if (const auto* state = expect.if_contains("state")) {
    EXPECT_EQ(core::kStateNames[static_cast<std::size_t>(outcome.live.get(Field::kState))], std::string_view{state->as_string()});
  }
  if (const auto* board = expect.if_contains("board")) {
    EXPECT_EQ(outcome.address, board->to_number<int>());
  }
}

class DalyCaptures : public testing::TestWithParam<std::size_t> {};

TEST_P(DalyCaptures, AreDecoded) {
  const auto& entry = vectors()[GetParam()].as_object();
  const auto& expect = entry.at("expect").as_object();
  const bool response = entry.at("direction").as_string() == "response";
  for (const std::size_t piece : {1000U, 7U, 1U}) {  // however the bytes come
    SCOPED_TRACE(testing::Message() << entry.at("id") << " in pieces of " << piece);
    const auto outcome = decode(entry, piece);
    if (const auto* frames = expect.if_contains("frames_ok")) {
      EXPECT_EQ(outcome.counters.frames_ok, frames->to_number<unsigned>());
    }
    const auto* skipped = expect.if_contains("bytes_skipped");
    EXPECT_EQ(outcome.counters.bytes_skipped, skipped == nullptr ? 0U : skipped->to_number<unsigned>());
    check_notes(outcome, entry);
    if (!response || expect.contains("valid")) {
      EXPECT_EQ(outcome.reports, 0U) << "nothing here is a value";
      continue;
    }
    check_cells(outcome, expect);
    check_settings(outcome, expect);
    check_identity(outcome, expect);
    if (const auto* alarms = expect.if_contains("alarms")) check_alarms(outcome, alarms->as_array());
    if (!expect.contains("write_id") && !expect.contains("capacity_ah")) check_fields(outcome, expect);
  }
}

INSTANTIATE_TEST_SUITE_P(All, DalyCaptures, testing::Range<std::size_t>(0, 52), [](const auto& at) {
  std::string name{vectors()[at.param].as_object().at("id").as_string()};
  for (auto& c : name) c = c == '-' ? '_' : c;
  return name;
});

TEST(DalyCaptures, AreAllThere) { EXPECT_EQ(vectors().size(), 52U); }

}  // namespace
}  // namespace bmsgate::protocols::test
