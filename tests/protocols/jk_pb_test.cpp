// SPDX-License-Identifier: Apache-2.0
// JK-PB beyond single frames: polling, padding, lost acknowledgements, listening beside a master, registers, commands, damage.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/crc.hpp"
#include "core/map.hpp"
#include "tests/protocols/jk_support.hpp"

namespace bmsgate::test {
namespace {

using core::BmsSetting;
using core::Field;
using core::Part;
using core::Progress;

void put32(Bytes& frame, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) frame[at + i] = static_cast<std::uint8_t>(value >> 8 * i);
}
void put16(Bytes& frame, std::size_t at, std::uint16_t value) {
  for (std::size_t i = 0; i < 2; ++i) frame[at + i] = static_cast<std::uint8_t>(value >> 8 * i);
}
Bytes with_sum(Bytes frame) {
  frame[299] = static_cast<std::uint8_t>(core::byte_sum(std::span{frame}.first(299)) & 0xFF);
  return frame;
}
Bytes with_crc(Bytes bytes) {
  const auto crc = core::crc16_modbus(bytes);
  bytes.push_back(static_cast<std::uint8_t>(crc & 0xFF));
  bytes.push_back(static_cast<std::uint8_t>(crc >> 8));
  return bytes;
}
Bytes empty_frame(std::uint8_t type) {
  Bytes frame(300, 0);
  std::copy_n(std::array<std::uint8_t, 4>{0x55, 0xAA, 0xEB, 0x90}.begin(), 4, frame.begin());
  frame[4] = type;
  return frame;
}

/// 16 cells at 3.3 V, 52.8 V, -10 A, 50 %, MOS 30, T1 20, T2 21, T3 as given, T4 22, T5 23.
Bytes status(std::int16_t t3 = 300) {
  auto frame = empty_frame(2);
  for (std::size_t i = 0; i < 16; ++i) put16(frame, 6 + 2 * i, 3300);
  put32(frame, 70, 0xFFFF);
  put16(frame, 144, 300);
  put32(frame, 150, 52800);
  put32(frame, 158, static_cast<std::uint32_t>(-10000));
  put16(frame, 162, 200);
  put16(frame, 164, 210);
  frame[173] = 50;
  put16(frame, 254, static_cast<std::uint16_t>(t3));
  put16(frame, 256, 220);
  put16(frame, 258, 230);
  return with_sum(frame);
}
Bytes settings(bool charge_on) {
  auto frame = empty_frame(1);
  put32(frame, 118, charge_on ? 1 : 0);
  put32(frame, 122, 1);
  put32(frame, 130, 100'000);
  return with_sum(frame);
}
Bytes ack(std::uint8_t address, std::uint16_t reg) {
  return with_crc({address, 0x10, static_cast<std::uint8_t>(reg >> 8), static_cast<std::uint8_t>(reg & 0xFF), 0, 1});
}
Bytes trigger(std::uint8_t address, std::uint16_t reg) {
  return with_crc({address, 0x10, static_cast<std::uint8_t>(reg >> 8), static_cast<std::uint8_t>(reg & 0xFF), 0, 1, 2, 0, 0});
}
Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

struct JkPbTest : testing::Test {
  Device device{protocols::make_jk_pb};

  void fail_polls(unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      device.begin(Part::kLive, 1);
      device->end(false, device.heard);
    }
  }
};

TEST_F(JkPbTest, AsksWithTheTriggersOfTheVendor) {
  EXPECT_EQ(device.request(Part::kIdentity, 1), from_hex("01 10 16 1C 00 01 02 00 00 D3 CD"));
  EXPECT_EQ(device.request(Part::kSettings, 1), from_hex("01 10 16 1E 00 01 02 00 00 D2 2F"));
  EXPECT_EQ(device.request(Part::kLive, 1), from_hex("01 10 16 20 00 01 02 00 00 D6 F1"));
  EXPECT_TRUE(device.request(Part::kLive, 1, 1).empty());
  EXPECT_TRUE(device.request(Part::kLive, 16).empty());
}

TEST_F(JkPbTest, AnAnswerIsCompleteWithItsAcknowledgement) {
  device.begin(Part::kLive, 1);
  EXPECT_EQ(device->progress(), Progress::kWaiting);
  device.feed(status());
  EXPECT_EQ(device->progress(), Progress::kPartial);
  EXPECT_TRUE(device.heard.reports.empty());
  device.feed(ack(1, 0x1620));
  EXPECT_EQ(device->progress(), Progress::kComplete);
  device->end(true, device.heard);
  ASSERT_EQ(device.heard.reports.size(), 1U);
  EXPECT_TRUE(device.heard.reports[0].confirmed);
  EXPECT_EQ(device.heard.reports[0].live->get(Field::kCurrent), -10000);
}

TEST_F(JkPbTest, TheAcknowledgementDecidesWhoseFrameItIs) {
  device.begin(Part::kLive, 1);
  device.feed(status() + ack(2, 0x1620));
  EXPECT_EQ(device->progress(), Progress::kPartial);
  ASSERT_EQ(device.heard.reports.size(), 1U);
  EXPECT_EQ(device.heard.reports[0].address, 2);
}

TEST_F(JkPbTest, WithoutAcknowledgementTheAskedPackIsMeantUnconfirmed) {
  device.begin(Part::kLive, 5);
  device.feed(status());
  device->end(true, device.heard);
  ASSERT_EQ(device.heard.reports.size(), 1U);
  EXPECT_EQ(device.heard.reports[0].address, 5);
  EXPECT_FALSE(device.heard.reports[0].confirmed);
}

TEST_F(JkPbTest, PaddingRoundTheAcknowledgementBelongsToTheAnswer) {
  const Bytes zero{0};
  for (const std::uint8_t address : Bytes{0, 1, 3, 15}) {  // 3 is a function as well
    for (const bool singly : {false, true}) {
      for (const auto& answer : {status() + ack(address, 0x1620), status() + zero + ack(address, 0x1620),
                                 status() + ack(address, 0x1620) + zero, status() + zero + ack(address, 0x1620) + zero}) {
        Device fresh{protocols::make_jk_pb};
        const auto twice = answer + answer;
        singly ? fresh.feed_singly(twice) : fresh.feed(twice);
        fresh->quiet(fresh.heard);
        ASSERT_EQ(fresh.heard.reports.size(), 2U) << answer.size();
        for (const auto& report : fresh.heard.reports) {
          EXPECT_TRUE(report.confirmed);
          EXPECT_EQ(report.address, address);
        }
        EXPECT_EQ(fresh.counters().frames_ok, 2U);
        EXPECT_EQ(fresh.counters().bytes_skipped, 0U);
        EXPECT_EQ(fresh.counters().truncated, 0U);
      }
    }
  }
}

TEST_F(JkPbTest, AnAcknowledgementFarBehindBelongsToNobody) {
  device.feed(status() + Bytes(20, 0x77) + ack(3, 0x1620));
  ASSERT_EQ(device.heard.reports.size(), 1U);
  EXPECT_FALSE(device.heard.reports[0].confirmed);
}

TEST_F(JkPbTest, AListenerGoesByAcknowledgementThenByRequest) {
  device.feed(trigger(7, 0x1620) + status() + ack(7, 0x1620));      // asked and acknowledged
  device.feed(trigger(8, 0x1620) + status() + trigger(9, 0x1620));  // acknowledgement lost; 9 is absent
  device.feed(status() + ack(0, 0x1620));                           // the master's own, which nobody asked for
  ASSERT_EQ(device.heard.reports.size(), 3U);
  EXPECT_EQ(device.heard.reports[0].address, 7);
  EXPECT_TRUE(device.heard.reports[0].confirmed);
  EXPECT_EQ(device.heard.reports[1].address, 8);
  EXPECT_FALSE(device.heard.reports[1].confirmed);
  EXPECT_EQ(device.heard.reports[2].address, 0);
  EXPECT_TRUE(device.heard.reports[2].confirmed);
}

TEST_F(JkPbTest, SwitchesAndCapacityOfTheSettingsGoAlongWithLiveValues) {
  device.feed(status() + ack(1, 0x1620));
  EXPECT_FALSE(device.heard.reports.back().live->has(Field::kChargeSwitch));
  device.feed(settings(true) + ack(1, 0x161E));
  EXPECT_EQ(device.heard.reports.back().settings->get(BmsSetting::kSwitchCharge), 1);
  device.feed(status() + ack(2, 0x1620));
  EXPECT_FALSE(device.heard.reports.back().live->has(Field::kChargeSwitch));  // another pack
  device.feed(status() + ack(1, 0x1620));
  const auto& live = *device.heard.reports.back().live;
  EXPECT_EQ(live.value(Field::kChargeSwitch), 1);
  EXPECT_EQ(live.value(Field::kBalanceSwitch), 0);
  EXPECT_EQ(live.value(Field::kNominalCapacity), 100'000);
  device->configure(1, {});
  device.feed(status() + ack(1, 0x1620));
  EXPECT_FALSE(device.heard.reports.back().live->has(Field::kChargeSwitch));
}

TEST_F(JkPbTest, UnconfirmedSettingsCountWhenHeardTwice) {
  const auto heard = [&] {
    device.feed(trigger(1, 0x1620) + status() + ack(1, 0x1620));
    return device.heard.reports.back().live->value(Field::kChargeSwitch);
  };
  const auto unconfirmed = trigger(1, 0x161E) + settings(false);
  device.feed(unconfirmed);
  EXPECT_EQ(heard(), std::nullopt);
  device.feed(trigger(1, 0x161E) + settings(true));
  EXPECT_EQ(heard(), std::nullopt);
  device.feed(unconfirmed);
  device.feed(unconfirmed);
  EXPECT_EQ(heard(), 0);
}

TEST_F(JkPbTest, TheThirdProbeIsRealOnlyWhereItDiffersFromTheMos) {
  const auto third = [&](std::int16_t raw) {
    device.feed(status(raw) + ack(1, 0x1620));
    return device.heard.reports.back().live->value(Field::kTemperature, 2);
  };
  EXPECT_EQ(third(300), std::nullopt);
  EXPECT_EQ(third(-2000), std::nullopt);
  EXPECT_EQ(third(205), 205);
  EXPECT_EQ(third(300), std::nullopt) << "one frame may have been damaged";
  for (int i = 0; i < 5; ++i) EXPECT_EQ(third(205), 205);
  EXPECT_EQ(third(300), 300);  // known to be a probe by now
  EXPECT_EQ(third(-2000), std::nullopt);
}

TEST_F(JkPbTest, AlarmsHaveKeySeverityAndCell) {
  auto frame = status();
  put32(frame, 146, 0b101);
  put32(frame, 166, 1U << 0 | 1U << 4 | 1U << 7 | 1U << 14 | 1U << 19 | 1U << 21 | 1U << 23 | 1U << 31);
  device.feed(with_sum(frame) + ack(1, 0x1620));
  std::string text;
  for (const auto& alarm : device.heard.reports[0].live->alarms) {
    text += std::string{info(alarm.id).key} + '/' + std::string{core::kSeverityNames[static_cast<std::size_t>(alarm.severity)]};
    text += '/' + std::to_string(alarm.cell) + (alarm.detail.empty() ? "" : "/" + std::string{alarm.detail}) + ' ';
  }
  EXPECT_EQ(text,
            "cell_ov/alarm/0 short_circuit/alarm/0 default_password/hint/0 battery_ot/warning/0 other/alarm/0/Parallel module fault "
            "other/warning/0/Vendor alarm bit 31 wire_resistance/warning/1 wire_resistance/warning/3 ");
}

TEST_F(JkPbTest, PinAndPasswordsGoNowhere) {
  const std::string pin = "hushhush";
  auto frame = empty_frame(3);
  for (const std::size_t at : {62, 118}) std::copy(pin.begin(), pin.end(), frame.begin() + static_cast<std::ptrdiff_t>(at));
  device.feed(with_sum(frame) + ack(1, 0x161C));
  Bytes reply{1, 3, 160};
  reply.insert(reply.end(), frame.begin() + 6, frame.begin() + 166);
  device.feed(with_crc(reply));
  Bytes write{1, 0x10, 0x14, 0x70, 0, 4, 8};
  write.insert(write.end(), pin.begin(), pin.end());
  device.feed(with_crc(write));
  ASSERT_EQ(device.heard.notes.size(), 4U);
  for (const auto& note : device.heard.notes) {
    EXPECT_EQ((std::string{note.bytes.begin(), note.bytes.end()}).find("hush"), std::string::npos);
  }
  for (const auto& report : device.heard.reports) {
    for_each_text(*report.identity, [](auto, auto text) { EXPECT_EQ(text.find("hush"), std::string_view::npos); });
  }
}

// ---- another way to ask

TEST_F(JkPbTest, APackThatDoesNotAnswerIsAskedInOtherWays) {
  fail_polls(2);
  EXPECT_EQ(device.request(Part::kLive, 1, 0), trigger(1, 0x161C));
  EXPECT_EQ(device.request(Part::kLive, 1, 1), trigger(1, 0x161E));
  EXPECT_EQ(device.request(Part::kLive, 1, 2), trigger(1, 0x1620));
  EXPECT_TRUE(device.request(Part::kLive, 1, 3).empty());
  fail_polls(2);
  EXPECT_EQ(device.request(Part::kLive, 1, 0), from_hex("01 03 12 00 00 78 40 90"));
  EXPECT_EQ(device.request(Part::kLive, 1, 1), from_hex("01 03 12 F0 00 10 41 4D"));
  EXPECT_EQ(device.request(Part::kSettings, 1, 0), from_hex("01 03 10 00 00 78 41 28"));
  EXPECT_EQ(device.request(Part::kSettings, 1, 1), from_hex("01 03 11 14 00 01 C1 32"));
  EXPECT_EQ(device.request(Part::kIdentity, 1, 0), from_hex("01 03 14 00 00 50 40 06"));
  fail_polls(2);
  EXPECT_EQ(device.request(Part::kLive, 1), trigger(1, 0x1620));
}

TEST_F(JkPbTest, APackThatHasAnsweredIsNotGivenUpSoSoon) {
  device.begin(Part::kLive, 1);
  device.feed(status() + ack(1, 0x1620));
  device->end(true, device.heard);
  fail_polls(5);
  EXPECT_EQ(device.request(Part::kLive, 1), trigger(1, 0x1620));
}

/// The registers of a block as the frame has them, but big-endian: 240 bytes of live values, of which some matter here.
Bytes live_registers(std::uint8_t address) {
  Bytes reply{address, 3, 240};
  reply.resize(243, 0);
  const auto put = [&](std::size_t at, std::uint32_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) reply[3 + at + i] = static_cast<std::uint8_t>(value >> 8 * (size - 1 - i));
  };
  for (std::size_t i = 0; i < 16; ++i) put(2 * i, 3300, 2);
  put(0x40, 0xFFFF, 4);
  put(0x90, 52800, 4);
  put(0x98, static_cast<std::uint32_t>(-10000), 4);
  put(0xA7, 50, 1);
  return with_crc(reply);
}

TEST_F(JkPbTest, RegisterReadsMakeOneReading) {
  fail_polls(4);
  device.begin(Part::kLive, 1, 0);
  device.feed_singly(live_registers(1));
  EXPECT_EQ(device->progress(), Progress::kComplete);
  device->end(true, device.heard);
  device.begin(Part::kLive, 1, 1);
  EXPECT_EQ(device->progress(), Progress::kWaiting);
  Bytes second{1, 3, 32};
  second.resize(35, 0);
  second[3 + 11] = 215;  // T4
  second[3 + 13] = 216;  // T5
  device.feed(with_crc(second));
  device->end(true, device.heard);
  EXPECT_TRUE(device.heard.reports.empty());
  device->finish(1, device.heard);
  ASSERT_EQ(device.heard.reports.size(), 1U);
  const auto& live = *device.heard.reports[0].live;
  EXPECT_EQ(live.get(Field::kCurrent), -10000);
  EXPECT_EQ(live.get(Field::kSoc), 500);
  EXPECT_EQ(live.get(Field::kCellVoltage, 15), 3300);
  EXPECT_EQ(live.get(Field::kTemperature, 3), 215);
}

TEST_F(JkPbTest, RegistersAreNamedByTheRequestOrToldBySize) {
  Bytes four{1, 3, 4, 0, 0, 0xCE, 0x40};
  device.feed(with_crc(four));  // nobody knows which registers these are
  EXPECT_EQ(device.counters().unknown, 1U);
  EXPECT_EQ(device.counters().frames_ok, 1U);
  device.feed(with_crc({1, 3, 0x12, 0x90, 0, 2}) + with_crc(four));
  device->flush(device.heard);
  EXPECT_EQ(device.counters().unknown, 1U);
  ASSERT_EQ(device.heard.reports.size(), 1U);
  EXPECT_EQ(device.heard.reports[0].live->get(Field::kPackVoltage), 52800);

  device.feed(live_registers(4));
  device->flush(device.heard);
  EXPECT_EQ(device.heard.reports.back().address, 4);
  auto other = live_registers(4);
  other.resize(243);
  other[3 + 0x92] = 0x01;  // total and cells disagree: not the live block
  device.feed(with_crc(other));
  device->flush(device.heard);
  EXPECT_EQ(device.heard.reports.size(), 2U);
  EXPECT_EQ(device.counters().unknown, 2U);
}

TEST_F(JkPbTest, ARequestNamesOneReplyOnly) {
  const Bytes four{1, 3, 4, 0, 0, 0xCE, 0x40};
  device.feed(with_crc({1, 3, 0x12, 0x90, 0, 2}) + with_crc(four) + with_crc(four));
  EXPECT_EQ(device.counters().frames_ok, 2U);
  EXPECT_EQ(device.counters().unknown, 1U);
}

TEST_F(JkPbTest, DamagedRegisterRepliesAreCounted) {
  auto reply = live_registers(1);
  reply[20] ^= 1;
  device.feed(reply);
  device->quiet(device.heard);
  EXPECT_EQ(device.counters().bad_checks, 1U);
  reply.resize(200);
  device.feed(reply);
  device->flush(device.heard);
  EXPECT_EQ(device.counters().truncated, 1U);
  EXPECT_TRUE(device.heard.reports.empty());
}

TEST_F(JkPbTest, AnExceptionIsARefusal) {
  device.begin(Part::kLive, 1);
  device.feed(with_crc({1, 0x90, 2}));
  EXPECT_EQ(device->progress(), Progress::kRefused);
}

// ---- commands

struct CommandCase {
  core::CommandId id;
  std::int32_t value;
  std::string_view bytes;
};

TEST_F(JkPbTest, CommandsAreWritesOfASwitch) {
  using enum core::CommandId;
  for (const auto& [id, value, bytes] : {CommandCase{kChargeMos, 1, "01 10 10 70 00 02 04 00 00 00 01 F8 8B"},
                                         CommandCase{kChargeMos, 0, "01 10 10 70 00 02 04 00 00 00 00 39 4B"},
                                         CommandCase{kDischargeMos, 1, "01 10 10 74 00 02 04 00 00 00 01 F9 78"},
                                         CommandCase{kDischargeMos, 0, "01 10 10 74 00 02 04 00 00 00 00 38 B8"},
                                         CommandCase{kBalance, 1, "01 10 10 78 00 02 04 00 00 00 01 F9 2D"},
                                         CommandCase{kBalance, 0, "01 10 10 78 00 02 04 00 00 00 00 38 ED"}}) {
    core::Request out;
    const auto more = device->command({id, value}, 1, 0, out);
    ASSERT_TRUE(more.ok());
    EXPECT_FALSE(more.value());
    EXPECT_TRUE(out.changes_state);
    EXPECT_EQ((Bytes{out.bytes.begin(), out.bytes.end()}), from_hex(bytes));
    device->begin(out);
    device.feed(with_crc({1, 0x10, 0x10, 0x7A, 0, 2}));
    EXPECT_EQ(device->progress(), Progress::kWaiting);  // another register was written
    const auto written = from_hex(bytes);
    device.feed(with_crc({written.begin(), written.begin() + 6}));
    EXPECT_EQ(device->progress(), Progress::kComplete);
  }
  core::Request out;
  EXPECT_EQ(device->command({kSetSoc, 500}, 1, 0, out).error(), core::Error::kOutOfRange);
  EXPECT_EQ(device->command({kSetSoc, 1}, 1, 0, out).error(), core::Error::kUnsupported);
  EXPECT_EQ(device->command({kRestart, 0}, 1, 0, out).error(), core::Error::kUnsupported);
  EXPECT_EQ(device->command({kChargeMos, 2}, 1, 0, out).error(), core::Error::kOutOfRange);
}

TEST_F(JkPbTest, OurOwnRequestComingBackIsAMirror) {
  const auto request = device.begin(Part::kLive, 1);
  device->feed(request.bytes.view(), device.heard);
  device.feed(status() + ack(1, 0x1620));
  EXPECT_EQ(device.heard.notes[0].kind, core::FrameNote::Kind::kMirror);
  EXPECT_EQ(device->progress(), Progress::kComplete);
}

// ---- damage

TEST_F(JkPbTest, OneSubstitutedByteNeverChangesAValue) {
  const auto whole = status() + ack(1, 0x1620);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    Device fresh{protocols::make_jk_pb};
    auto damaged = whole;
    damaged[at] = static_cast<std::uint8_t>(damaged[at] + 0x55);
    fresh.feed(damaged);
    fresh->quiet(fresh.heard);
    fresh.feed(whole);  // and the next answer is good again
    fresh->quiet(fresh.heard);
    ASSERT_FALSE(fresh.heard.reports.empty()) << at;
    EXPECT_TRUE(fresh.heard.reports.back().confirmed);
    for (const auto& report : fresh.heard.reports) {
      ASSERT_TRUE(report.live) << at;
      EXPECT_EQ(report.live->get(Field::kPackVoltage), 52800) << at;
      EXPECT_EQ(report.live->get(Field::kCellVoltage, 7), 3300) << at;
      EXPECT_TRUE(report.confirmed || at >= 300) << at;
    }
  }
}

TEST_F(JkPbTest, ACutFrameDoesNotSwallowTheNextOne) {
  auto cut = status();
  cut.resize(200);
  device.feed(cut + status() + ack(1, 0x1620));
  ASSERT_EQ(device.heard.reports.size(), 1U);
  EXPECT_EQ(device.counters().bad_checks, 1U);
  EXPECT_EQ(device.counters().bytes_skipped, 200U);
}

}  // namespace
}  // namespace bmsgate::test
