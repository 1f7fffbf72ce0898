// SPDX-License-Identifier: Apache-2.0
// Each virtual BMS answers captured requests with frames of the right shape and check, does what it is told, and keeps the pace of its
// line.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "core/crc.hpp"
#include "sim/simulator.hpp"
#include "tests/support/hex.hpp"

namespace bmsgate::sim {
namespace {

using std::chrono::milliseconds;
using test::from_hex;

constexpr core::UtcMs kUtc = 1'750'000'000'000;

/// A line in virtual time: ask, and let time run until nothing more comes.
class Line {
 public:
  explicit Line(LineSpec spec) {
    spec.simulator.start_utc_ms = kUtc;
    if (spec.simulator.baud == 115200) spec.simulator.baud = 0;
    std::string error;
    simulator_ = make_simulator(spec, error);
    EXPECT_EQ(error, "");
  }
  /// A Modbus request whose CRC is added here.
  std::vector<std::uint8_t> ask_modbus(std::string_view hex) {
    auto request = from_hex(hex);
    const auto crc = core::crc16_modbus(request);
    request.push_back(static_cast<std::uint8_t>(crc & 0xFFU));
    request.push_back(static_cast<std::uint8_t>(crc >> 8U));
    return ask(request);
  }
  std::vector<std::uint8_t> ask(std::string_view hex) { return ask(from_hex(hex)); }
  std::vector<std::uint8_t> ask(const std::vector<std::uint8_t>& request) {
    simulator_->on_bytes(request, now_);
    const auto asked = now_;
    std::vector<std::uint8_t> out;
    first_after_ = last_after_ = core::Duration{0};
    for (auto at = simulator_->next_deadline(); at != core::kFarFuture; at = simulator_->next_deadline()) {
      const auto before = out.size();
      now_ = at;
      simulator_->poll(now_, out);
      if (before == 0 && !out.empty()) first_after_ = now_ - asked;
      last_after_ = now_ - asked;
    }
    now_ += milliseconds{200};
    return out;
  }
  void wait(core::Duration time) { now_ += time; }
  Simulator& simulator() { return *simulator_; }
  core::Duration first_after() const { return first_after_; }
  core::Duration last_after() const { return last_after_; }

 private:
  std::unique_ptr<Simulator> simulator_;
  core::Instant now_{std::chrono::seconds{1000}};
  core::Duration first_after_{}, last_after_{};
};

LineSpec spec_of(std::string protocol, std::uint8_t cells = 16, std::vector<std::uint8_t> addresses = {1}) {
  LineSpec spec;
  spec.protocol = std::move(protocol);
  spec.cells = cells;
  spec.addresses = std::move(addresses);
  return spec;
}

enum class Check { kNwSum, kPbFrame, kCrc, kA5Sums };

bool check_ok(Check check, std::span<const std::uint8_t> f) {
  switch (check) {
    case Check::kNwSum:
      return f.size() > 20 && f.size() == (f[2] << 8U | f[3]) + 2U && f[f.size() - 5] == 0x68 && f[f.size() - 4] == 0 &&
             (core::byte_sum(f.first(f.size() - 4)) & 0xFFFFU) == static_cast<unsigned>(f[f.size() - 2] << 8U | f[f.size() - 1]);
    case Check::kPbFrame:
      return f.size() == 308 && (core::byte_sum(f.first(299)) & 0xFFU) == f[299] && core::crc16_modbus_ok(f.subspan(300));
    case Check::kCrc: return core::crc16_modbus_ok(f);
    case Check::kA5Sums:
      if (f.empty() || f.size() % 13 != 0) return false;
      for (std::size_t at = 0; at < f.size(); at += 13) {
        if (f[at] != 0xA5 || f[at + 3] != 8 || (core::byte_sum(f.subspan(at, 12)) & 0xFFU) != f[at + 12]) return false;
      }
      return true;
  }
  return false;
}

struct Row {
  const char* name;
  const char* protocol;
  std::uint8_t cells;
  const char* request;
  std::size_t size;
  const char* begins;
  Check check;
};

class Answers : public testing::TestWithParam<Row> {};

TEST_P(Answers, AreWhatTheRealOnesSend) {
  const auto& row = GetParam();
  Line line{spec_of(row.protocol, row.cells)};
  const auto answer = line.ask(row.request);
  ASSERT_EQ(answer.size(), row.size);
  const auto begins = from_hex(row.begins);
  EXPECT_TRUE(std::equal(begins.begin(), begins.end(), answer.begin()));
  EXPECT_TRUE(check_ok(row.check, answer));
}

INSTANTIATE_TEST_SUITE_P(
    Captured, Answers,
    testing::Values(
        Row{"nw_read_all_4s", "jk-nw", 4, "4E 57 00 13 00 00 00 00 06 03 00 00 00 00 00 00 68 00 00 01 29", 255,
            "4E 57 00 FD 00 00 00 00 06 00 01 79 0C", Check::kNwSum},
        Row{"nw_read_all_8s", "jk-nw", 8, "4E 57 00 13 00 00 00 00 06 03 00 00 00 00 00 00 68 00 00 01 29", 267,
            "4E 57 01 09 00 00 00 00 06 00 01 79 18 01", Check::kNwSum},
        Row{"nw_read_all_16s", "jk-nw", 16, "4E 57 00 13 00 00 00 00 06 03 00 00 00 00 00 00 68 00 00 01 29", 291,
            "4E 57 01 21 00 00 00 00 06 00 01 79 30 01", Check::kNwSum},
        Row{"nw_read_83", "jk-nw", 16, "4E 57 00 13 00 00 00 00 03 03 00 83 00 00 00 00 68 00 00 01 A9", 23,
            "4E 57 00 15 00 00 00 00 03 00 01 83", Check::kNwSum},
        Row{"nw_activate", "jk-nw", 16, "4E 57 00 13 00 00 00 00 01 03 00 00 00 00 00 00 68 00 00 01 24", 21,
            "4E 57 00 13 00 00 00 00 01 00 01 00", Check::kNwSum},
        Row{"nw_password", "jk-nw", 16, "4E 57 00 13 00 00 00 00 05 03 00 00 00 00 00 00 68 00 00 01 28", 21,
            "4E 57 00 13 00 00 00 00 05 00 01 00", Check::kNwSum},
        Row{"pb_live", "jk-pb", 16, "01 10 16 20 00 01 02 00 00 D6 F1", 308, "55 AA EB 90 02 00", Check::kPbFrame},
        Row{"pb_settings", "jk-pb", 16, "01 10 16 1E 00 01 02 00 00 D2 2F", 308, "55 AA EB 90 01 00 AC 0D 00 00", Check::kPbFrame},
        Row{"pb_about", "jk-pb", 16, "01 10 16 1C 00 01 02 00 00 D3 CD", 308, "55 AA EB 90 03 00 4A 4B 5F 50 42", Check::kPbFrame},
        Row{"pb_fc03_live", "jk-pb", 16, "01 03 12 00 00 78 40 90", 245, "01 03 F0", Check::kCrc},
        Row{"pb_fc03_live_rest", "jk-pb", 16, "01 03 12 F0 00 10 41 4D", 37, "01 03 20", Check::kCrc},
        Row{"pb_fc03_settings", "jk-pb", 16, "01 03 10 00 00 78 41 28", 245, "01 03 F0 00 00 0D AC", Check::kCrc},
        Row{"pb_fc03_about", "jk-pb", 16, "01 03 14 00 00 50 40 06", 165, "01 03 A0 4A 4B 5F 50 42", Check::kCrc},
        Row{"pb_balance_on", "jk-pb", 16, "01 10 10 78 00 02 04 00 00 00 01 F9 2D", 8, "01 10 10 78 00 02", Check::kCrc},
        Row{"a5_90", "daly-a5", 16, "A5 40 90 08 00 00 00 00 00 00 00 00 7D", 13, "A5 01 90 08 02", Check::kA5Sums},
        Row{"a5_94", "daly-a5", 14, "A5 40 94 08 00 00 00 00 00 00 00 00 81", 13, "A5 01 94 08 0E 02", Check::kA5Sums},
        Row{"a5_95_12s", "daly-a5", 12, "A5 40 95 08 00 00 00 00 00 00 00 00 82", 4 * 13, "A5 01 95 08 01 0C", Check::kA5Sums},
        Row{"a5_95_16s", "daly-a5", 16, "A5 40 95 08 00 00 00 00 00 00 00 00 82", 6 * 13, "A5 01 95 08 01 0C", Check::kA5Sums},
        Row{"a5_95_for_the_app", "daly-a5", 8, "A5 80 95 08 00 00 00 00 00 00 00 00 C2", 16 * 13, "A5 01 95 08 01 0C", Check::kA5Sums},
        Row{"a5_96", "daly-a5", 16, "A5 40 96 08 00 00 00 00 00 00 00 00 83", 13, "A5 01 96 08 01", Check::kA5Sums},
        Row{"a5_98", "daly-a5", 16, "A5 40 98 08 00 00 00 00 00 00 00 00 85", 13, "A5 01 98 08 00 00 00 00 00 00 00 00", Check::kA5Sums},
        Row{"a5_63", "daly-a5", 16, "A5 40 63 08 00 00 00 00 00 00 00 00 50", 26, "A5 01 63 08 01 44 4C 2D 42 4D 53 2D DE", Check::kA5Sums},
        Row{"a5_discharge_on", "daly-a5", 16, "A5 40 D9 08 01 00 00 00 00 00 00 00 C7", 13, "A5 01 D9 08 01", Check::kA5Sums},
        Row{"d2_live", "daly-d2", 16, "D2 03 00 00 00 3E D7 B9", 129, "D2 03 7C 0C", Check::kCrc},
        Row{"d2_live_80", "daly-d2", 16, "D2 03 00 00 00 50 56 55", 165, "D2 03 A0 0C", Check::kCrc},
        Row{"d2_rest", "daly-d2", 16, "D2 03 00 3E 00 09 F7 A3", 23, "D2 03 12", Check::kCrc},
        Row{"d2_settings", "daly-d2", 16, "D2 03 00 80 00 29 96 5F", 87, "D2 03 52 0A F0 0C 80 00 01 00 10", Check::kCrc},
        Row{"d2_version", "daly-d2", 16, "D2 03 00 A9 00 20 87 91", 69, "D2 03 40 41 32 30 30 31", Check::kCrc},
        Row{"d2_balancer", "daly-d2", 16, "D2 03 00 CF 00 01 A7 96", 7, "D2 03 02 00 01 FC 56", Check::kCrc},
        Row{"p81_rt1", "daly-p81", 16, "81 03 00 00 00 40 5B FA", 133, "51 03 80 0C", Check::kCrc},
        Row{"p81_rt2", "daly-p81", 16, "81 03 00 41 00 3E 8B CE", 129, "51 03 7C", Check::kCrc},
        Row{"p81_settings", "daly-p81", 16, "81 03 01 00 00 51 9A 0A", 167, "51 03 A2 00 01 00 10", Check::kCrc},
        Row{"p81_version", "daly-p81", 16, "81 03 01 78 00 4A 5A 18", 153, "51 03 94 31 32 5F", Check::kCrc},
        Row{"p81_heartbeat", "daly-p81", 16, "81 06 01 74 00 A2 56 55", 8, "51 06 01 74 00 A2 45 C5", Check::kCrc}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(Answers, NobodyAnswersForAnotherOrToADamagedRequest) {
  EXPECT_TRUE(Line{spec_of("jk-pb")}.ask("02 10 16 20 00 01 02 00 00 C2 01").empty());
  EXPECT_TRUE(Line{spec_of("daly-a5")}.ask("A5 41 90 08 00 00 00 00 00 00 00 00 7E").empty());
  EXPECT_TRUE(Line{spec_of("daly-p81")}.ask_modbus("82 03 00 00 00 40").empty());
  Line line{spec_of("jk-pb")};
  EXPECT_TRUE(line.ask("01 10 16 20 00 01 02 00 01 D6 F1").empty());
  EXPECT_EQ(line.ask("FF 01 10 16 20 00 01 02 00 00 D6 F1").size(), 308U);  // found behind a stray byte
}

TEST(Answers, JkPbRefusesWhatItCannotDo) {
  Line line{spec_of("jk-pb")};
  const auto code_of = [&line](std::string_view request) {
    const auto answer = line.ask_modbus(request);
    return answer.size() == 5 && answer[1] >= 0x80 ? answer[2] : -1;
  };
  EXPECT_EQ(code_of("01 06 10 70 00 01"), 2);
  EXPECT_EQ(code_of("01 03 12 00 00 80"), 3);
  EXPECT_EQ(code_of("01 03 15 26 00 02"), 2);
  EXPECT_EQ(code_of("01 04 12 00 00 01"), 1);
  EXPECT_EQ(code_of("01 10 10 70 00 02 04 00 00 00 02"), 3);
  EXPECT_EQ(code_of("01 10 16 16 00 01 02 00 00"), 2) << "the undocumented restart is not there";
}

TEST(Answers, SeveralPacksShareALine) {
  Line jk{spec_of("jk-pb", 16, {1, 2})};
  const auto one = jk.ask("01 10 16 20 00 01 02 00 00 D6 F1");
  const auto two = jk.ask("02 10 16 20 00 01 02 00 00 C2 01");
  ASSERT_EQ(two.size(), 308U);
  EXPECT_EQ(one[300], 1);
  EXPECT_EQ(two[300], 2);
  EXPECT_NE(one, two);
  Line daly{spec_of("daly-a5", 16, {1, 2})};
  EXPECT_EQ(daly.ask("A5 41 90 08 00 00 00 00 00 00 00 00 7E").at(1), 2);
}

TEST(Answers, CommandsAreDone) {
  const auto state = [](Line& line) -> const PackState& { return line.simulator().pack(1)->state(); };
  Line nw{spec_of("jk-nw")};
  EXPECT_TRUE(nw.ask("4E 57 00 14 00 00 00 00 02 03 00 AB 00 00 00 00 00 68 00 00 01 D1").empty()) << "without the password step";
  nw.ask("4E 57 00 13 00 00 00 00 05 03 00 00 00 00 00 00 68 00 00 01 28");
  EXPECT_EQ(nw.ask("4E 57 00 14 00 00 00 00 02 03 00 AB 00 00 00 00 00 68 00 00 01 D1").at(11), 0xAB);
  EXPECT_FALSE(state(nw).charge_mos);
  Line pb{spec_of("jk-pb")};
  pb.ask("01 10 10 74 00 02 04 00 00 00 00 38 B8");
  EXPECT_FALSE(state(pb).discharge_switch);
  pb.ask("01 10 10 78 00 02 04 00 00 00 00 38 ED");
  EXPECT_FALSE(state(pb).balance_switch);
  Line a5{spec_of("daly-a5")};
  a5.ask("A5 40 21 08 16 0C 0D 15 1D 27 01 2C C3");
  EXPECT_EQ(state(a5).soc_permille, 300);
  a5.ask("A5 40 D9 08 00 00 00 00 00 00 00 00 C6");
  EXPECT_FALSE(state(a5).discharge_mos);
  Line p81{spec_of("daly-p81")};
  p81.ask("81 06 01 21 00 00 C7 FC");
  EXPECT_FALSE(state(p81).charge_mos);
}

TEST(Pace, BytesTakeTheirTimeOnTheWire) {
  Line jk{spec_of("jk-pb")};
  jk.ask("01 10 16 20 00 01 02 00 00 D6 F1");
  // Request 11 bytes, 39 ms, answer 308 bytes, at 86.8 us a byte.
  EXPECT_NEAR(static_cast<double>(jk.last_after().count()), 0.95e3 + 39e3 + 26.74e3, 50);
  EXPECT_LT(jk.first_after(), milliseconds{43});
  Line daly{spec_of("daly-a5")};
  daly.ask("A5 40 95 08 00 00 00 00 00 00 00 00 82");
  EXPECT_NEAR(static_cast<double>(daly.last_after().count()), 13.54e3 + 65e3 + 81.25e3, 50);
}

TEST(Faults, TheirNamesAndValuesAreChecked) {
  Faults faults;
  EXPECT_EQ(parse_fault("noise=0.01", faults), "");
  EXPECT_EQ(faults.noise, 0.01);
  EXPECT_EQ(parse_fault("dead", faults), "");
  EXPECT_EQ(faults.dead, 1);
  EXPECT_EQ(parse_fault("alarms=cell_ov:600:30", faults), "");
  EXPECT_EQ(faults.alarm->every_s, 600U);
  EXPECT_NE(parse_fault("alarms=no_such", faults).find("no_such"), std::string::npos);
  EXPECT_NE(parse_fault("noise=2", faults), "");
  EXPECT_NE(parse_fault("nois", faults).find("noise"), std::string::npos);
  for (const auto& fault : fault_table()) EXPECT_NE(fault_help().find(fault.name), std::string::npos);
}

std::vector<std::uint8_t> with_fault(const char* fault, const char* protocol, const char* request) {
  auto spec = spec_of(protocol);
  EXPECT_EQ(parse_fault(fault, spec.simulator.faults), "");
  Line line{spec};
  return line.ask(request);
}

TEST(Faults, ChangeWhatIsSent) {
  const char* live = "01 10 16 20 00 01 02 00 00 D6 F1";
  EXPECT_TRUE(with_fault("dead", "jk-pb", live).empty());
  EXPECT_EQ(with_fault("echo", "jk-pb", live).size(), 11U + 308U);
  EXPECT_EQ(with_fault("duplicate=1", "jk-pb", live).size(), 2 * 308U);
  EXPECT_LT(with_fault("cut=1", "jk-pb", live).size(), 308U);
  EXPECT_LT(with_fault("lost=0.05", "jk-pb", live).size(), 308U);
  EXPECT_GT(with_fault("inserted=0.05", "jk-pb", live).size(), 308U);
  EXPECT_EQ(with_fault("wrong-address", "jk-pb", live).at(300), 2);
  EXPECT_FALSE(check_ok(Check::kPbFrame, with_fault("noise=0.05", "jk-pb", live)));
  EXPECT_EQ(with_fault("wrong-cell-count=15", "daly-a5", "A5 40 94 08 00 00 00 00 00 00 00 00 81").at(4), 15);
  EXPECT_NE(with_fault("alarms=cell_ov", "daly-a5", "A5 40 98 08 00 00 00 00 00 00 00 00 85").at(4), 0);
}

TEST(Faults, ASleepingDalyMirrorsUntilItWakes) {
  auto spec = spec_of("daly-a5");
  ASSERT_EQ(parse_fault("sleep=2", spec.simulator.faults), "");
  Line line{spec};
  const auto request = from_hex("A5 40 90 08 00 00 00 00 00 00 00 00 7D");
  EXPECT_EQ(line.ask("A5 40 90 08 00 00 00 00 00 00 00 00 7D"), request);
  EXPECT_EQ(line.ask("A5 40 90 08 00 00 00 00 00 00 00 00 7D"), request);
  EXPECT_EQ(line.ask("A5 40 90 08 00 00 00 00 00 00 00 00 7D").at(1), 1);
  line.wait(std::chrono::minutes{2});
  EXPECT_EQ(line.ask("A5 40 90 08 00 00 00 00 00 00 00 00 7D"), request) << "silence sends it back to sleep";
  auto jk = spec_of("jk-nw");
  ASSERT_EQ(parse_fault("sleep=1", jk.simulator.faults), "");
  Line silent{jk};
  EXPECT_TRUE(silent.ask("4E 57 00 13 00 00 00 00 01 03 00 00 00 00 00 00 68 00 00 01 24").empty());
  EXPECT_FALSE(silent.ask("4E 57 00 13 00 00 00 00 06 03 00 00 00 00 00 00 68 00 00 01 29").empty());
}

TEST(Master, AsksEverybodyAndSpeaksForItself) {
  auto spec = spec_of("jk-pb", 16, {0, 7});
  spec.device.master = true;
  std::string error;
  spec.simulator.baud = 0;
  spec.simulator.start_utc_ms = kUtc;
  const auto simulator = make_simulator(spec, error);
  ASSERT_EQ(error, "");
  std::vector<std::uint8_t> heard;
  core::Instant now{std::chrono::seconds{5}};
  simulator->poll(now, heard);
  for (const auto end = now + std::chrono::seconds{5}; now < end; now = simulator->next_deadline()) simulator->poll(now, heard);
  const auto count = [&heard](std::string_view hex) {
    const auto pattern = from_hex(hex);
    std::size_t found = 0;
    for (auto at = heard.begin(); (at = std::search(at, heard.end(), pattern.begin(), pattern.end())) != heard.end(); ++at) ++found;
    return found;
  };
  EXPECT_GE(count("01 10 16 20 00 01 02 00 00 D6 F1"), 1U);
  EXPECT_GE(count("0F 10 16 20 00 01 02 00 00 9A 91"), 1U);
  EXPECT_GE(count("07 10 16 20 00 01 04 2D"), 1U) << "the answer of pack 7";
  EXPECT_GE(count("00 10 16 20 00 01 05 9A"), 1U) << "its own status";
  EXPECT_GE(count("00 10 16 1E 00 01 64 56"), 1U) << "its own settings";
}

TEST(Spec, WhatCannotBeIsRefusedInOneLine) {
  std::string error;
  for (const auto& spec : {spec_of("no-such"), spec_of("jk-pb", 16, {16}), spec_of("jk-nw", 16, {1, 2}), spec_of("daly-a5", 16, {0}),
                           spec_of("jk-pb", 33), spec_of("jk-pb", 16, {1, 1}), spec_of("jk-pb", 16, {})}) {
    EXPECT_EQ(make_simulator(spec, error), nullptr);
    EXPECT_NE(error, "");
    EXPECT_EQ(error.find('\n'), std::string::npos);
  }
}

}  // namespace
}  // namespace bmsgate::sim
