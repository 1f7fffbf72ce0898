// SPDX-License-Identifier: Apache-2.0
// Daly P81 in conversation, fault words, settings; commands of both Modbus-like dialects. Frames of the ESS board:
// syssi/esphome-daly-bms docs/pdus/ess-dl-bms-41_260321_0323.txt; of the journal: ANTON.
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
using core::CommandId;

const Octets kEss1 =
    hex("5103800cf40cf00cf30cf20cf30cf10cf30cf30cf00cf30cf30cf40cf30cf30cf30cf500000000000000000000000000000000000000000000000000"
        "000000000000000000000000000000000000000000000000000000000000000000000000000000003e003e003e003e0000000000000000021274d703"
        "6000b6001000040cf5001099ef");
const Octets kEss2 =
    hex("51037c00090005003e0004003e000100000002000000000a98000700070000000000000000000100010000000000000cf201d7000000400046000000"
        "00ffff000075301a06021402210b4b0402000000000080000074be0011035f0000000000000080000000000000ffffffffffffffffffffffffffffff"
        "ff00ffffff0002b8ac");
const Octets kEssVersion =
    hex("51039434315f3236303332315f303332334553532d444c2d424d530000000045535334315f30333233000000003231304c4332313039303030303500"
        "000000000000000000202020203230323630333236000000000000000000000000000000000000000000000000000000000000000000000000000000"
        "0000000000000000000000000000000000ffffffffffffffffffffffffffffd815");
const Octets kEssSettings =
    hex("5103a20001001000010010000000000004000000000004ca900004ca900020d38c002202460028002d00000c80ffff034203e8000300010d48001400"
        "140032003200140055000100011a0602160f043132333435361a031a000001000a0002ffff00000d7a0dde0d4813880af00a8c0b5413880228023202"
        "1e03e801c801b801c203e86ef06d6003e8697803e87b707d0003e880e803e8005a005f005a03e8002d0028002de36d");
const Octets kEssThresholds =
    hex("51034e03e8005a005f005a03e800190028001903e801c201f401c203e8000a000f000c03e800000000001403e80087008c006903e80069006e006903"
        "e807d0012c000100010000ffffffffffff00010001f654");
const Octets kEssUptime = hex("510314ffff000205dc05dcc01000028e7f0001f2c7ffff1d8e");

struct P81 : testing::Test {
  void hear(const Octets& bytes) { box->feed(bytes, ear); }
  Box box{make_daly_p81};
  Ear ear;
};

TEST_F(P81, AnEssBoardAsItsAppReadsIt) {
  hear(read(0x81, 0, 0x40) + kEss1 + read(0x81, 0x41, 0x3E) + kEss2);
  ASSERT_EQ(ear.reports.size(), 1U);
  const auto& live = *ear.reports[0].live;
  EXPECT_EQ(value(live, Field::kPackVoltage), 53);
  EXPECT_EQ(value(live, Field::kCurrent), -8.9);
  EXPECT_EQ(value(live, Field::kSoc), 86.4);
  EXPECT_EQ(value(live, Field::kState), 2);
  EXPECT_EQ(value(live, Field::kRemainingCapacity), 271.2);
  EXPECT_EQ(value(live, Field::kCellMaxVoltage), 3.317);
  EXPECT_EQ(value(live, Field::kCellMaxNumber), 16);
  EXPECT_EQ(value(live, Field::kCellMinVoltage), 3.312) << "register 40 is not read";
  EXPECT_EQ(value(live, Field::kCellMinNumber), 9);
  EXPECT_EQ(value(live, Field::kPower), -471);
  EXPECT_EQ(value(live, Field::kMosTemperature), 24);
  EXPECT_EQ(value(live, Field::kBoardTemperature), 30);
  EXPECT_FALSE(live.has(Field::kHeaterTemperature));
  EXPECT_FALSE(live.has(Field::kBalanceCurrent)) << "raw 0";
  EXPECT_FALSE(live.has(Field::kBalancing)) << "this board keeps its cycles there";
  EXPECT_FALSE(live.has(Field::kSoh)) << "3B counts seconds";
  EXPECT_EQ(live.extent(Field::kTemperature), 4U);
  EXPECT_EQ(value(live, Field::kHeating), 0);
  ASSERT_EQ(live.alarms.size(), 1U);
  EXPECT_EQ(live.alarms.begin()->id, AlarmId::kCommFault);
  EXPECT_EQ(live.alarms.begin()->severity, Severity::kWarning) << "a lone pack always says that the parallel link is down";
}

TEST_F(P81, WithoutRequestsTheSizeTellsTheBlock) {
  hear(kEss1 + kEss2 + kEssVersion + kEssSettings + kEssThresholds);
  box->flush(ear);
  ASSERT_EQ(ear.reports.size(), 2U);
  EXPECT_TRUE(ear.reports[0].live);
  EXPECT_TRUE(ear.reports[1].settings);
  EXPECT_TRUE(ear.reports[1].identity);
  EXPECT_EQ(box->counters().unknown, 0U);
}

TEST_F(P81, SettingsOfAnEssBoard) {
  hear(read(0x81, 0x100, 0x51) + kEssSettings + read(0x81, 0x151, 0x27) + kEssThresholds);
  box->flush(ear);
  ASSERT_EQ(ear.reports.size(), 1U);
  const auto& settings = *ear.reports[0].settings;
  using enum BmsSetting;
  const std::vector<std::pair<BmsSetting, double>> rows{
      {kAddress, 1},
      {kCellCount, 16},
      {kTemperatureSensors, 4},
      {kCapacity, 314},
      {kNominalCellVoltage, 3.2},
      {kSleepTime, 65535},
      {kBalanceStart, 3.4},
      {kBalanceDelta, 0.02},
      {kCellOvWarning, 3.45},
      {kCellOv, 3.55},
      {kCellOvRelease, 3.4},
      {kCellOvDelay, 5},
      {kCellUv, 2.7},
      {kPackOv, 56.2},
      {kPackUv, 44},
      {kChargeOcWarning, 160},
      {kChargeOc, 200},
      {kDischargeOcWarning, 160},
      {kDischargeOc, 200},
      {kChargeOcDelay, 1},
      {kChargeOt, 55},
      {kChargeUt, 0},
      {kDischargeOt, 55},
      {kCellDelta, 0.5},
      {kTempDelta, 15},
      {kMosOt, 100},
      {kShortCircuit, 2000},
      {kSwitchCharge, 1},
      {kBalanceCurrentMax, 1},
  };
  for (const auto& [id, wanted] : rows) EXPECT_EQ(value(settings, id), wanted) << core::kBmsSettings[static_cast<std::size_t>(id)].key;
  const Octets digits{'1', '2', '3'};
  for (const auto& note : ear.notes) {
    EXPECT_EQ(std::search(note.bytes.begin(), note.bytes.end(), digits.begin(), digits.end()), note.bytes.end()) << "the password";
  }
}

TEST_F(P81, SettingsThatDoNotFitTheBoardAreNotBelieved) {
  hear(read(0x81, 0, 0x40) + kEss1);
  Words other(0x51);
  other[1] = 3200;  // D2's layout moved by 80 hex, as one description has it
  hear(read(0x81, 0x100, 0x51) + registers(0x51, other) + read(0x81, 0x151, 0x27) + kEssThresholds);
  box->flush(ear);
  ASSERT_EQ(ear.reports.size(), 1U);
  EXPECT_FALSE(ear.reports[0].settings);
}

TEST_F(P81, IdentityOfAnEssBoard) {
  hear(kEssVersion);
  box->flush(ear);
  const auto& identity = *ear.reports.at(0).identity;
  EXPECT_EQ(identity.software.view(), "41_260321_0323ESS-DL-BMS");
  EXPECT_EQ(identity.hardware.view(), "ESS41_0323");
  EXPECT_EQ(identity.serial.view(), "210LC210900005");
  EXPECT_EQ(identity.production_date.view(), "20260326");
}

TEST_F(P81, UptimeComesAside) {
  hear(read(0x81, 0xA4, 0x0A) + kEssUptime);
  box->flush(ear);
  EXPECT_EQ(value(*ear.reports.at(0).live, Field::kRuntime), 167551);
}

/// 65 and 62 registers of a 4S board.
RegisterPeer p81_peer(std::uint8_t board) {
  RegisterPeer peer{static_cast<std::uint8_t>(0x80 + board), static_cast<std::uint8_t>(0x50 + board), {}};
  Words first(0x41);
  for (std::size_t i = 0; i < 4; ++i) first[i] = static_cast<std::uint16_t>(3300 + i);
  first[0x38] = 132;
  first[0x39] = 30000;
  first[0x3A] = 500;
  first[0x3C] = 4;
  first[0x3E] = 3303;
  first[0x3F] = 4;
  first[0x40] = 3300;
  Words second(0x3E);
  second[0x4B - 0x41] = 500;
  second[0x52 - 0x41] = 1;
  second[0x53 - 0x41] = 1;
  peer.blocks = {{0x00, first}, {0x41, second}};
  return peer;
}

TEST_F(P81, BoardsAreAskedAtTheirOwnAddress) {
  auto peer = p81_peer(3);
  poll(*box, peer, ear, Part::kLive, 3);
  ASSERT_EQ(ear.reports.size(), 1U);
  EXPECT_EQ(ear.reports[0].address, 3);
  EXPECT_EQ(value(*ear.reports[0].live, Field::kCellMinVoltage), 3.3);
  poll(*box, peer, ear, Part::kLive, 4);
  EXPECT_EQ(ear.reports.size(), 1U);
}

TEST_F(P81, BothBlocksOrNothing) {
  auto peer = p81_peer(1);
  peer.blocks.erase(0x41);
  poll(*box, peer, ear);
  EXPECT_TRUE(ear.reports.empty());
}

struct Fault {
  unsigned word;
  std::uint16_t bits;
  AlarmId id;
  Severity severity;
};
class P81Faults : public testing::TestWithParam<Fault> {};
TEST_P(P81Faults, HaveAKey) {
  const auto& row = GetParam();
  Box box{make_daly_p81};
  Ear ear;
  auto peer = p81_peer(1);
  peer.blocks[0x41][row.word - 0x41] = row.bits;
  poll(*box, peer, ear);
  ASSERT_EQ(ear.reports.size(), 1U);
  const auto& alarms = ear.reports[0].live->alarms;
  ASSERT_EQ(alarms.size(), 1U);
  EXPECT_EQ(alarms.begin()->id, row.id);
  EXPECT_EQ(alarms.begin()->severity, row.severity);
}
using enum AlarmId;
using enum Severity;
INSTANTIATE_TEST_SUITE_P(All, P81Faults,
                         testing::Values(Fault{0x6D, 1, kCellOv, kWarning}, Fault{0x6D, 2, kCellOv, kAlarm},
                                         Fault{0x6D, 7 << 3, kCellUv, kAlarm}, Fault{0x6D, 1 << 8, kCellDelta, kWarning},
                                         Fault{0x6D, 2 << 11, kChargeOt, kAlarm}, Fault{0x6D, 1 << 7, kOther, kWarning},
                                         Fault{0x6E, 1, kChargeUt, kWarning}, Fault{0x6E, 2 << 3, kDischargeOt, kAlarm},
                                         Fault{0x6E, 1 << 6, kMosOt, kAlarm}, Fault{0x6E, 2 << 8, kDischargeUt, kAlarm},
                                         Fault{0x6E, 1 << 11, kTempDelta, kWarning}, Fault{0x6F, 2, kPackOv, kAlarm},
                                         Fault{0x6F, 1 << 3, kPackUv, kWarning}, Fault{0x6F, 1 << 6, kShortCircuit, kAlarm},
                                         Fault{0x6F, 2 << 8, kChargeOc, kAlarm}, Fault{0x6F, 1 << 11, kDischargeOc, kWarning},
                                         Fault{0x70, 2, kSocLow, kWarning}, Fault{0x70, 3 << 3, kOther, kWarning},
                                         Fault{0x70, 0xC0, kCommFault, kAlarm}, Fault{0x70, 2 << 8, kMosOt, kAlarm},
                                         Fault{0x72, 1 << 8, kAfeFault, kAlarm}, Fault{0x72, 1 << 14, kCurrentSensorFault, kAlarm},
                                         Fault{0x72, 1 << 15, kSensorFault, kAlarm}, Fault{0x73, 1, kSensorFault, kAlarm},
                                         Fault{0x73, 2, kMemoryFault, kAlarm}, Fault{0x73, 1 << 4, kChargeMosFault, kAlarm},
                                         Fault{0x73, 1 << 7, kPrechargeFault, kAlarm}, Fault{0x73, 1 << 15, kOther, kAlarm}));

TEST_F(P81, StatesAreNoAlarms) {
  auto peer = p81_peer(1);
  peer.blocks[0x41][0x6D - 0x41] = 0x4040;
  peer.blocks[0x41][0x6F - 0x41] = 0x0080;
  peer.blocks[0x41][0x70 - 0x41] = 0x0040;
  peer.blocks[0x41][0x73 - 0x41] = 0x7F00;
  peer.blocks[0x41][0x68 - 0x41] = 0xFFFF;  // the older words
  poll(*box, peer, ear);
  EXPECT_TRUE(ear.reports.at(0).live->alarms.empty());
}

TEST_F(P81, OthersTrafficIsFramed) {
  Octets journal{0x51, 3, 0x85};
  journal.resize(136, 0x20);
  hear(crc({0x81, 3, 0x30, 1, 0, 1}) + crc(journal));
  hear(hex("81 10 01 40 00 02 74 30 73 F0 2C A9") + crc({0x51, 0x10, 1, 0x40, 0, 2}));
  hear(crc({0x81, 0x10, 1, 0x40, 0, 2, 4, 0x74, 0x30, 0x73, 0xF0}));
  EXPECT_EQ(box->counters().bytes_skipped, 0U);
  EXPECT_EQ(box->counters().frames_ok, 2U);
  EXPECT_EQ(ear.count(Kind::kRequest), 3U);
  EXPECT_TRUE(ear.reports.empty());
}

// ---- commands

struct Order {
  Make make;
  CommandId id;
  std::int32_t value;
  const char* bytes;
};
class DalyModbusCommands : public testing::TestWithParam<Order> {};
TEST_P(DalyModbusCommands, AreBuiltAndTheirEchoIsUnderstood) {
  const auto& row = GetParam();
  Box box{row.make};
  Ear ear;
  core::Request request;
  const auto more = box->command({row.id, row.value}, 1, 0, request);
  ASSERT_TRUE(more.ok());
  EXPECT_FALSE(more.value());
  EXPECT_TRUE(request.changes_state);
  EXPECT_EQ(to_hex(request.bytes.view()), to_hex(crc(hex(row.bytes))));
  box->begin(request);
  auto echo = hex(row.bytes);
  if (echo[0] == 0x81) echo[0] = 0x51;
  box->feed(crc(echo), ear);
  EXPECT_EQ(box->progress(), Progress::kComplete);
  box->end(true, ear);
  EXPECT_TRUE(ear.reports.empty());
}
INSTANTIATE_TEST_SUITE_P(All, DalyModbusCommands,
                         testing::Values(Order{make_daly_d2, CommandId::kChargeMos, 1, "d2 06 00 a5 00 01"},
                                         Order{make_daly_d2, CommandId::kDischargeMos, 0, "d2 06 00 a6 00 00"},
                                         Order{make_daly_d2, CommandId::kSetSoc, 805, "d2 06 00 a7 03 25"},
                                         Order{make_daly_d2, CommandId::kBalance, 1, "d2 06 00 cf 00 01"},
                                         Order{make_daly_d2, CommandId::kRestart, 0, "d2 06 00 f0 00 01"},
                                         Order{make_daly_p81, CommandId::kChargeMos, 0, "81 06 01 21 00 00"},
                                         Order{make_daly_p81, CommandId::kDischargeMos, 1, "81 06 01 22 00 01"},
                                         Order{make_daly_p81, CommandId::kSetSoc, 300, "81 06 01 16 01 2c"},
                                         Order{make_daly_p81, CommandId::kBalance, 1, "81 06 00 f6 00 01"},
                                         Order{make_daly_p81, CommandId::kRestart, 0, "81 06 00 f0 00 01"}));

TEST_F(P81, CommandsThatCannotBe) {
  core::Request request;
  EXPECT_EQ(box->command({CommandId::kChargeMos, -1}, 1, 0, request).error(), core::Error::kOutOfRange);
  EXPECT_EQ(box->command({CommandId::kSetSoc, 1001}, 1, 0, request).error(), core::Error::kOutOfRange);
  EXPECT_EQ(box->command({CommandId::kChargeMos, 1}, 0, 0, request).error(), core::Error::kUnsupported);
  EXPECT_EQ(box->command({CommandId::kChargeMos, 1}, 1, 1, request).error(), core::Error::kUnsupported);
}

TEST_F(P81, AnotherValueInTheEchoIsARefusal) {
  core::Request request;
  ASSERT_TRUE(box->command({CommandId::kChargeMos, 1}, 1, 0, request).ok());
  box->begin(request);
  hear(crc({0x51, 6, 1, 0x21, 0, 0}));
  EXPECT_EQ(box->progress(), Progress::kRefused);
}

}  // namespace
}  // namespace bmsgate::protocols::test
