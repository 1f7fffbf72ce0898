// SPDX-License-Identifier: Apache-2.0
// Daly D2 in conversation: plans, requests that name registers, damage, placeholders, secrets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "tests/protocols/daly_modbus_peer.hpp"

namespace bmsgate::protocols::test {
namespace {

using core::AlarmId;
using core::BmsSetting;
using core::Severity;
using Kind = core::FrameNote::Kind;
using testing::ElementsAre;

/// The first 62 registers of a 4S board on D2.
Words d2_live() {
  Words words(0x3E);
  for (std::size_t i = 0; i < 4; ++i) words[i] = static_cast<std::uint16_t>(3300 + i);
  words[0x20] = 60;
  words[0x21] = 0x28;
  words[0x28] = 132;
  words[0x29] = 30150;
  words[0x2A] = 655;
  words[0x2B] = 3303;
  words[0x2C] = 3300;
  words[0x2D] = 60;
  words[0x2E] = 40;
  words[0x2F] = 1;
  words[0x30] = 655;
  words[0x31] = 4;
  words[0x32] = 2;
  words[0x33] = 7;
  words[0x35] = 1;
  words[0x36] = 1;
  words[0x37] = 3301;
  words[0x38] = 3;
  words[0x39] = 198;
  return words;
}
Words d2_extra() { return {0, 0, 29950, 0, 78, 0xFFFF, 0, 0, 0}; }

struct D2 : testing::Test {
  void hear(const Octets& bytes) { box->feed(bytes, ear); }
  Box box{make_daly_d2};
  Ear ear;
  RegisterPeer peer{0xD2, 0xD2, {{0x00, d2_live()}, {0x3E, d2_extra()}}};
};

TEST_F(D2, APollIsOneReading) {
  poll(*box, peer, ear);
  EXPECT_THAT(peer.asked, ElementsAre(0x00, 0x3E));
  ASSERT_EQ(ear.reports.size(), 1U);
  const auto& live = *ear.reports[0].live;
  EXPECT_EQ(cells_mv(live), (std::vector<int>{3300, 3301, 3302, 3303}));
  EXPECT_EQ(value(live, Field::kCurrent), 15);
  EXPECT_EQ(value(live, Field::kPower), 198);
  EXPECT_EQ(value(live, Field::kTemperature, 1), 0);
  EXPECT_EQ(live.extent(Field::kTemperature), 2U);
  EXPECT_EQ(value(live, Field::kBalanceCurrent), -0.05);
  EXPECT_EQ(value(live, Field::kMosTemperature), 38);
  EXPECT_FALSE(live.has(Field::kBoardTemperature));
  EXPECT_EQ(value(live, Field::kBalancing), 0);
  EXPECT_EQ(live.extent(Field::kBalancingCell), 4U);
}

TEST_F(D2, ABoardWithoutTheSecondBlockIsNotAskedForever) {
  peer.blocks.erase(0x3E);
  for (int i = 0; i < 5; ++i) poll(*box, peer, ear);
  EXPECT_EQ(ear.reports.size(), 5U);
  EXPECT_EQ(std::count(peer.asked.begin(), peer.asked.end(), 0x3E), 2);
}

TEST_F(D2, ValuesOfASecondBlockThatStaysAwayAreForgotten) {
  poll(*box, peer, ear);
  peer.blocks.erase(0x3E);
  poll(*box, peer, ear);
  EXPECT_TRUE(ear.reports.back().live->has(Field::kMosTemperature));
  EXPECT_NE(ear.reports.back().carried & (std::uint64_t{1} << core::index(Field::kMosTemperature)), 0U);
  for (int i = 0; i < 3; ++i) poll(*box, peer, ear);
  EXPECT_FALSE(ear.reports.back().live->has(Field::kMosTemperature));
}

TEST_F(D2, PowerHasTheSignOfTheCurrent) {
  peer.blocks[0][0x29] = 29850;
  peer.blocks[0][0x2F] = 2;
  poll(*box, peer, ear);
  EXPECT_EQ(value(*ear.reports[0].live, Field::kPower), -198);
  peer.blocks[0][0x29] = 30150;
  peer.blocks[0][0x2F] = 1;
  poll(*box, peer, ear);
  EXPECT_EQ(value(*ear.reports[1].live, Field::kPower), 198);
}

TEST_F(D2, TheSignIsLearned) {
  peer.blocks[0][0x2F] = 2;
  for (int i = 0; i < 5; ++i) poll(*box, peer, ear);
  EXPECT_EQ(box->learned_sign(1), -1);
  EXPECT_EQ(value(*ear.reports.back().live, Field::kCurrent), -15);
}

TEST_F(D2, TheSignOfAnEarlierRunHolds) {
  box->configure(1, {.sign_before = -1});
  poll(*box, peer, ear);
  EXPECT_EQ(value(*ear.reports.back().live, Field::kCurrent), -15);
  EXPECT_EQ(box->learned_sign(1), 0);
}

TEST_F(D2, TheLowByteOfAnAlarmWordComesFirst) {
  peer.blocks[0][0x3A] = 0x0208;  // byte 0 bit 3, byte 1 bit 1
  peer.blocks[0][0x3B] = 0x0080;
  peer.blocks[0][0x3D] = 0xFF10;  // a state, and what is reserved
  poll(*box, peer, ear);
  const auto& alarms = ear.reports[0].live->alarms;
  ASSERT_EQ(alarms.size(), 3U);
  EXPECT_EQ(alarms.begin()[0].id, AlarmId::kCellUv);
  EXPECT_EQ(alarms.begin()[1].id, AlarmId::kChargeOt);
  EXPECT_EQ(alarms.begin()[2].id, AlarmId::kSocLow);
  EXPECT_EQ(alarms.begin()[2].severity, Severity::kWarning);
}

TEST_F(D2, BalancingCellsOnlyWhileItBalances) {
  peer.blocks[0x3E][0] = 0b0101;
  poll(*box, peer, ear);
  EXPECT_EQ(value(*ear.reports[0].live, Field::kBalancingCell, 0), 0) << "old descriptions put a mileage here";
  peer.blocks[0][0x34] = 1;
  poll(*box, peer, ear);
  EXPECT_EQ(value(*ear.reports[1].live, Field::kBalancingCell, 0), 1);
  EXPECT_EQ(value(*ear.reports[1].live, Field::kBalancingCell, 1), 0);
  peer.blocks[0x3E][0] = 0x1234;  // bits for cells that are not there
  poll(*box, peer, ear);
  EXPECT_FALSE(ear.reports[2].live->has(Field::kBalancingCell));
}

TEST_F(D2, AnEmptyBmsIsNoBalancer) {
  for (const auto reg : {0x2A, 0x2F, 0x30, 0x33, 0x35, 0x36}) peer.blocks[0][static_cast<std::size_t>(reg)] = 0;
  peer.blocks[0][0x29] = 30000;
  poll(*box, peer, ear);
  EXPECT_FALSE(ear.reports[0].live->has(Field::kSoc)) << "placeholders of a balancer";
  EXPECT_FALSE(ear.reports[0].live->has(Field::kCurrent));
  EXPECT_TRUE(ear.reports[0].live->has(Field::kPackVoltage));
  peer.blocks[0][0x3A] = 0x0008;  // its alarms tell
  poll(*box, peer, ear);
  EXPECT_EQ(value(*ear.reports[1].live, Field::kSoc), 0);
  EXPECT_EQ(value(*ear.reports[1].live, Field::kChargeMos), 0);
}

TEST_F(D2, StartUpValuesAndForeignMapsAreNotReported) {
  const std::vector<std::function<void(Words&)>> wrongs{[](Words& w) { w[0x28] = 0; },
                                                        [](Words& w) { w[0x29] = 0; },
                                                        [](Words& w) { w[0x2A] = 1001; },
                                                        [](Words& w) { w[0x31] = 0xFFFF; },
                                                        [](Words& w) { w.assign(0x3E, 0xFFFF); },
                                                        [](Words& w) { w.assign(0x3E, 0); }};
  for (const auto& wrong : wrongs) {
    peer.blocks[0] = d2_live();
    wrong(peer.blocks[0]);
    poll(*box, peer, ear);
    box->flush(ear);
    EXPECT_TRUE(ear.reports.empty());
  }
  peer.blocks[0] = d2_live();
  poll(*box, peer, ear);
  EXPECT_EQ(ear.reports.size(), 1U);
}

TEST_F(D2, Settings) {
  peer.blocks[0x80] = {2800,  3200,  2,  8,   4,  9,  1,   2,   7,  0,  3600, 3600, 3650, 2800, 2500, 288, 292, 224, 208, 29000, 28000,
                       31000, 32000, 95, 100, 45, 40, 100, 105, 25, 20, 500,  800,  10,   15,   3400, 30,  1,   0,   500, 130};
  peer.blocks[0xCF] = {1};
  poll(*box, peer, ear, Part::kSettings);
  ASSERT_EQ(ear.reports.size(), 1U);
  const auto& settings = *ear.reports[0].settings;
  using enum BmsSetting;
  const std::vector<std::pair<BmsSetting, double>> rows{
      {kCapacity, 280},       {kNominalCellVoltage, 3.2},
      {kCellCount, 12},       {kTemperatureSensors, 3},
      {kSleepTime, 3600},     {kCellOvWarning, 3.6},
      {kCellUv, 2.5},         {kPackOv, 29.2},
      {kPackUvWarning, 22.4}, {kChargeOcWarning, 100},
      {kChargeOc, 200},       {kDischargeOcWarning, 100},
      {kDischargeOc, 200},    {kChargeOt, 60},
      {kChargeUt, 0},         {kDischargeUt, -20},
      {kCellDelta, 0.8},      {kTempDeltaWarning, 10},
      {kBalanceStart, 3.4},   {kBalanceDelta, 0.03},
      {kSwitchCharge, 1},     {kSwitchDischarge, 0},
      {kSwitchBalance, 1},    {kActiveBalancer, 1},
      {kMosOt, 90},
  };
  for (const auto& [id, wanted] : rows) EXPECT_EQ(value(settings, id), wanted) << core::kBmsSettings[static_cast<std::size_t>(id)].key;
  poll(*box, peer, ear);
  EXPECT_EQ(value(*ear.reports[1].live, Field::kDischargeSwitch), 0);
  EXPECT_EQ(value(*ear.reports[1].live, Field::kNominalCapacity), 280);
}

TEST_F(D2, HardwareMayStandLater) {
  const auto version = [](std::string_view software, std::string_view at_b1, std::string_view at_b9) {
    Octets frame{0xD2, 3, 64};
    frame.resize(67);
    std::copy(software.begin(), software.end(), frame.begin() + 3);
    std::copy(at_b1.begin(), at_b1.end(), frame.begin() + 19);
    std::copy(at_b9.begin(), at_b9.end(), frame.begin() + 35);
    return crc(frame);
  };
  hear(version("B002_111132_03", "", "E303-032DG-SMB"));
  box->flush(ear);
  EXPECT_EQ(ear.reports.at(0).identity->hardware.view(), "E303-032DG-SMB");
  EXPECT_TRUE(ear.reports.at(0).identity->production_date.empty());
  hear(version("B002_111132_03", "HW", "DL1234X"));
  box->flush(ear);
  EXPECT_EQ(ear.reports.at(1).identity->serial.view(), "DL1234X");
}

TEST_F(D2, RequestsNameTheRegisters) {
  hear(read(0xD2, 0xCF, 1) + registers(0xD2, {1}));
  box->flush(ear);
  ASSERT_EQ(ear.reports.size(), 1U);
  EXPECT_EQ(value(*ear.reports[0].settings, BmsSetting::kSwitchBalance), 1);
  hear(read(0xD2, 0xD7, 1) + registers(0xD2, {1}));
  hear(registers(0xD2, {1}));
  box->flush(ear);
  EXPECT_EQ(ear.reports.size(), 1U) << "another register, and one that nobody named";
  EXPECT_EQ(box->counters().unknown, 1U);
  EXPECT_EQ(box->counters().frames_ok, 3U);
}

TEST_F(D2, ARequestWithoutAnswerDoesNotNameTheNext) {
  hear(read(0xD2, 0xCF, 1) + read(0xD2, 0xD7, 1) + registers(0xD2, {1}) + registers(0xD2, {0}));
  box->flush(ear);
  ASSERT_EQ(ear.reports.size(), 1U);
  EXPECT_EQ(value(*ear.reports[0].settings, BmsSetting::kSwitchBalance), 1) << "the first request of that size";
}

TEST_F(D2, AnotherMastersBlocksAreOneReading) {
  const auto cycle = read(0xD2, 0, 0x3E) + registers(0xD2, d2_live()) + read(0xD2, 0x3E, 9) + registers(0xD2, d2_extra());
  hear(cycle);
  EXPECT_EQ(ear.reports.size(), 1U);
  hear(cycle);
  EXPECT_EQ(ear.reports.size(), 2U);
  box->flush(ear);
  EXPECT_EQ(ear.reports.size(), 2U);
  EXPECT_EQ(ear.count(Kind::kRequest), 4U);
  EXPECT_EQ(ear.count(Kind::kReply), 4U);
}

TEST_F(D2, AMasterWhoReadsOneBlockIsUnderstoodAfterItsFirstCycle) {
  const auto cycle = read(0xD2, 0, 0x3E) + registers(0xD2, d2_live());
  hear(cycle + cycle);
  EXPECT_EQ(ear.reports.size(), 1U + 1U);
  hear(cycle);
  EXPECT_EQ(ear.reports.size(), 3U);
}

TEST_F(D2, APasswordNeverLeaves) {
  const Octets password{0xD2, 3, 6, '1', '2', '3', '4', '5', '6'};
  hear(read(0xD2, 0xC9, 3) + crc(password));
  hear(crc(password));
  hear(read(0xD2, 0xC5, 8) + registers(0xD2, {0, 0, 0, 0, 0x3132, 0x3334, 0x3536, 0}));
  hear(crc({0xD2, 6, 0, 0xCA, '3', '4'}));
  hear(crc({0xD2, 0x10, 0, 0xC9, 0, 3, '1', '2', '3', '4', '5', '6'}));
  ASSERT_EQ(ear.notes.size(), 7U);
  const Octets digits{'3', '4'};
  for (const auto& note : ear.notes) {
    EXPECT_EQ(std::search(note.bytes.begin(), note.bytes.end(), digits.begin(), digits.end()), note.bytes.end()) << to_hex(note.bytes);
  }
  box->flush(ear);
  EXPECT_TRUE(ear.reports.empty());
}

TEST_F(D2, AWriteAndItsEchoAreOneAnswer) {
  const auto write = crc({0xD2, 6, 0, 0xA5, 0, 1});
  hear(write);
  EXPECT_EQ(box->counters().frames_ok, 1U);
  hear(write);
  EXPECT_EQ(box->counters().frames_ok, 1U);
  ASSERT_EQ(ear.notes.size(), 2U);
  EXPECT_EQ(ear.notes[0].kind, Kind::kRequest);
  EXPECT_EQ(ear.notes[1].kind, Kind::kReply);
  EXPECT_TRUE(ear.notes[0].write);
}

TEST_F(D2, NoiseDoesNotMakeUsWaitForALongFrame) {
  core::Request request;
  ASSERT_TRUE(box->next_request(Part::kLive, 1, 0, request));
  box->begin(request);
  hear(hex("d2 03 f0 11") + registers(0xD2, d2_live()));
  EXPECT_EQ(box->progress(), Progress::kComplete);
  EXPECT_EQ(box->counters().bytes_skipped, 4U);
}

TEST_F(D2, GluedAndCutRepliesAreFramedByTheirLength) {
  const auto both = read(0xD2, 0, 0x3E) + registers(0xD2, d2_live()) + read(0xD2, 0x3E, 9) + registers(0xD2, d2_extra());
  for (const auto byte : both) hear({byte});
  EXPECT_EQ(ear.reports.size(), 1U);
}

TEST_F(D2, ASleepingBoardSendsTheRequestBack) {
  core::Request request;
  ASSERT_TRUE(box->next_request(Part::kLive, 1, 0, request));
  EXPECT_EQ(to_hex(request.bytes.view()), "d2 03 00 00 00 3e d7 b9");
  box->begin(request);
  box->feed(request.bytes.view(), ear);
  EXPECT_EQ(box->progress(), Progress::kWaiting);
  EXPECT_EQ(ear.count(Kind::kMirror), 1U);
}

TEST_F(D2, ARefusalIsTold) {
  core::Request request;
  ASSERT_TRUE(box->next_request(Part::kLive, 1, 1, request));
  box->begin(request);
  hear(crc({0xD2, 0x83, 2}));
  EXPECT_EQ(box->progress(), Progress::kRefused);
  box->end(false, ear);
  EXPECT_FALSE(box->next_request(Part::kLive, 1, 1, request)) << "not served, not asked again";
}

}  // namespace
}  // namespace bmsgate::protocols::test
