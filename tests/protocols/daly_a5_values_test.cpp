// SPDX-License-Identifier: Apache-2.0
// Daly A5: settings, identity, failure bits, commands.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/protocols/daly_a5_peer.hpp"

namespace bmsgate::protocols::test {
namespace {

using core::AlarmId;
using core::BmsSetting;
using core::CommandId;
using core::Severity;
class DalyA5Values : public DalyA5Test {};

// ---- settings, identity, alarms

TEST_F(DalyA5Values, SettingsByTheirIds) {
  hear(a5(1, 0x51, {2, 8, 4, 9, 1, 2, 7}) + a5(1, 0x53, {1, 0, 21, 3, 17, 0x0E, 0x10}) + a5(1, 0x5A, {1, 0x2C, 1, 0x36, 0, 0xFA, 0, 0xF0}));
  hear(a5(1, 0x5B, {0x74, 0x04, 0x73, 0xA0, 0x77, 0x24, 0x79, 0x18}) + a5(1, 0x5C, {95, 100, 45, 40, 100, 105, 25, 20}));
  hear(a5(1, 0x5D, {3, 0xE8, 3, 0xE8, 0, 200, 0, 100}) + a5(1, 0x5E, {1, 0xF4, 3, 0x20, 10, 15}) + a5(1, 0x5F, {0x0D, 0x48, 0, 30}));
  hear(a5(1, 0x60, {2, 0x58, 0, 100}) + a5(1, 0x50, {0, 4, 0xCA, 0x90, 0, 0, 0x0C, 0x80}));
  box->flush(ear);
  ASSERT_EQ(ear.reports.size(), 1U);
  const auto& settings = *ear.reports[0].settings;
  const auto expect = [&](BmsSetting id, double wanted) { EXPECT_EQ(value(settings, id), wanted) << static_cast<int>(id); };
  using enum BmsSetting;
  expect(kCellCount, 12);
  expect(kTemperatureSensors, 3);
  expect(kChemistry, 1);
  expect(kSleepTime, 3600);
  expect(kPackOvWarning, 30);
  expect(kPackUv, 24);
  expect(kChargeOcWarning, 30);
  expect(kChargeOc, 40);
  expect(kDischargeOcWarning, 50);
  expect(kDischargeOc, 100);
  expect(kChargeOt, 60);
  expect(kChargeUt, 0);
  expect(kDischargeUtWarning, -15);
  expect(kSocLow, 10);
  expect(kCellDelta, 0.8);
  expect(kTempDeltaWarning, 10);
  expect(kBalanceStart, 3.4);
  expect(kBalanceDelta, 0.03);
  expect(kShortCircuit, 600);
  expect(kCapacity, 314);
  EXPECT_EQ(ear.reports[0].identity->production_date.view(), "210317");
  EXPECT_FALSE(ear.reports[0].live) << "settings are no reading";
}

Octets text(std::uint8_t id, std::string_view chars, std::size_t frames) {
  Octets out;
  for (std::size_t frame = 0; frame < frames; ++frame) {
    Octets data{static_cast<std::uint8_t>(frame + 1)};
    for (std::size_t i = 7 * frame; i < 7 * frame + 7; ++i) data.push_back(i < chars.size() ? static_cast<std::uint8_t>(chars[i]) : ' ');
    out = out + a5(1, id, data);
  }
  return out;
}

TEST_F(DalyA5Values, IdentityInFrames) {
  auto peer = eight_cells();
  peer.answers[0x62] = text(0x62, "20210222-1.01", 2);
  peer.answers[0x63] = text(0x63, "DL-BMS-R32-01E", 2);
  peer.answers[0x57] = text(0x57, "B16S2021031799999999", 5);
  peer.answers[0x55] = text(0x55, "DALY", 1);  // fewer frames than the sheet says
  poll(*box, peer, ear);
  poll(*box, peer, ear, Part::kIdentity);
  ASSERT_TRUE(ear.reports.back().identity);
  const auto& identity = *ear.reports.back().identity;
  EXPECT_EQ(identity.software.view(), "20210222-1.01");
  EXPECT_EQ(identity.hardware.view(), "DL-BMS-R32-01E");
  EXPECT_EQ(identity.serial.view(), "B16S2021031799999999");
  EXPECT_EQ(identity.manufacturer.view(), "DALY");
}

TEST_F(DalyA5Values, AmpereHoursComeWithTheSettings) {
  auto peer = eight_cells();
  peer.answers[0x52] = a5(1, 0x52, {0, 0, 4, 0, 0, 0, 3, 0xE8});
  poll(*box, peer, ear);
  poll(*box, peer, ear, Part::kSettings);
  poll(*box, peer, ear);
  EXPECT_EQ(value(*ear.reports.back().live, Field::kChargeCharged), 1024);
  EXPECT_EQ(value(*ear.reports.back().live, Field::kChargeDischarged), 1000);
}

struct Bit {
  int byte;
  int bit;
  AlarmId id;
  Severity severity;
};
class DalyFailureBits : public testing::TestWithParam<Bit> {};
TEST_P(DalyFailureBits, HaveAKey) {
  const auto& row = GetParam();
  Octets data(8);
  data[static_cast<std::size_t>(row.byte)] = static_cast<std::uint8_t>(1U << static_cast<unsigned>(row.bit));
  Box box{make_daly_a5};
  Ear ear;
  box->feed(a5(1, 0x98, data), ear);
  box->flush(ear);
  ASSERT_EQ(ear.reports.size(), 1U);
  const auto& alarms = ear.reports[0].live->alarms;
  ASSERT_EQ(alarms.size(), 1U);
  EXPECT_EQ(alarms.begin()->id, row.id);
  EXPECT_EQ(alarms.begin()->severity, row.severity);
}
using enum AlarmId;
INSTANTIATE_TEST_SUITE_P(All, DalyFailureBits,
                         testing::Values(Bit{0, 0, kCellOv, Severity::kWarning}, Bit{0, 1, kCellOv, Severity::kAlarm},
                                         Bit{0, 3, kCellUv, Severity::kAlarm}, Bit{0, 5, kPackOv, Severity::kAlarm},
                                         Bit{0, 6, kPackUv, Severity::kWarning}, Bit{1, 1, kChargeOt, Severity::kAlarm},
                                         Bit{1, 3, kChargeUt, Severity::kAlarm}, Bit{1, 4, kDischargeOt, Severity::kWarning},
                                         Bit{1, 7, kDischargeUt, Severity::kAlarm}, Bit{2, 1, kChargeOc, Severity::kAlarm},
                                         Bit{2, 2, kDischargeOc, Severity::kWarning}, Bit{2, 5, kSocHigh, Severity::kWarning},
                                         Bit{2, 7, kSocLow, Severity::kWarning}, Bit{3, 1, kCellDelta, Severity::kAlarm},
                                         Bit{3, 2, kTempDelta, Severity::kWarning}, Bit{4, 0, kMosOt, Severity::kAlarm},
                                         Bit{4, 3, kSensorFault, Severity::kAlarm}, Bit{4, 4, kChargeMosFault, Severity::kAlarm},
                                         Bit{4, 7, kDischargeMosFault, Severity::kAlarm}, Bit{5, 0, kAfeFault, Severity::kAlarm},
                                         Bit{5, 3, kMemoryFault, Severity::kAlarm}, Bit{5, 5, kPrechargeFault, Severity::kAlarm},
                                         Bit{5, 7, kCommFault, Severity::kAlarm}, Bit{6, 0, kCurrentSensorFault, Severity::kAlarm},
                                         Bit{6, 2, kShortCircuit, Severity::kAlarm}, Bit{6, 3, kOther, Severity::kWarning},
                                         Bit{7, 4, kOther, Severity::kWarning}));

TEST_F(DalyA5Values, StatesAreNoAlarmsAndTheFaultCodeIsANumber) {
  hear(a5(1, 0x98, {0, 0, 0, 0, 0, 0, 0x30, 217}));
  const auto live = only_reading();
  ASSERT_EQ(live.alarms.size(), 1U);
  EXPECT_EQ(live.alarms.begin()->text(), "Fault code 217");
}

// ---- commands

struct Order {
  CommandId id;
  std::int32_t value;
  std::uint8_t address;
  const char* bytes;
};
class DalyA5Commands : public testing::TestWithParam<Order> {};
TEST_P(DalyA5Commands, AreBuilt) {
  const auto& row = GetParam();
  Box box{make_daly_a5};
  core::Request request;
  const auto more = box->command({row.id, row.value}, row.address, 0, request);
  ASSERT_TRUE(more.ok());
  EXPECT_FALSE(more.value());
  EXPECT_TRUE(request.changes_state);
  EXPECT_EQ(to_hex(request.bytes.view()), row.bytes);
}
INSTANTIATE_TEST_SUITE_P(All, DalyA5Commands,
                         testing::Values(Order{CommandId::kDischargeMos, 1, 1, "a5 40 d9 08 01 00 00 00 00 00 00 00 c7"},
                                         Order{CommandId::kDischargeMos, 0, 1, "a5 40 d9 08 00 00 00 00 00 00 00 00 c6"},
                                         Order{CommandId::kChargeMos, 1, 2, "a5 41 da 08 01 00 00 00 00 00 00 00 c9"},
                                         Order{CommandId::kSetSoc, 300, 1, "a5 40 21 08 00 00 00 00 00 00 01 2c 3b"},
                                         Order{CommandId::kRestart, 0, 1, "a5 40 00 08 00 00 00 00 00 00 00 00 ed"}));

TEST_F(DalyA5Values, CommandsThatCannotBe) {
  core::Request request;
  EXPECT_EQ(box->command({CommandId::kBalance, 1}, 1, 0, request).error(), core::Error::kUnsupported);
  EXPECT_EQ(box->command({CommandId::kChargeMos, 2}, 1, 0, request).error(), core::Error::kOutOfRange);
  EXPECT_EQ(box->command({CommandId::kSetSoc, 1001}, 1, 0, request).error(), core::Error::kOutOfRange);
  EXPECT_EQ(box->command({CommandId::kChargeMos, 1}, 17, 0, request).error(), core::Error::kUnsupported);
}

TEST_F(DalyA5Values, TheEchoOfASwitchTellsWhetherItWasTaken) {
  core::Request request;
  ASSERT_TRUE(box->command({CommandId::kDischargeMos, 0}, 1, 0, request).ok());
  box->begin(request);
  hear(hex("a5 01 d9 08 01 0d 13 0d 21 0d 17 c0 ba"));
  EXPECT_EQ(box->progress(), Progress::kRefused);
  box->end(false, ear);
  box->begin(request);
  hear(hex("a5 01 d9 08 00 0d 13 0d 21 0d 17 c0 b9"));
  EXPECT_EQ(box->progress(), Progress::kComplete);
  box->end(true, ear);
  box->flush(ear);
  EXPECT_TRUE(ear.reports.empty());
}

}  // namespace
}  // namespace bmsgate::protocols::test
