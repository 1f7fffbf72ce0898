// SPDX-License-Identifier: Apache-2.0
// JK's NW protocol beyond the captures: requests, commands, special encodings, single data, unknown ids, damage.
#include <gtest/gtest.h>

#include "core/crc.hpp"
#include "tests/protocols/jk_support.hpp"

namespace bmsgate::test {
namespace {

using core::Field;
using core::Part;
using core::Progress;

Bytes frame(std::uint8_t command, std::uint8_t transport, const std::string& information) {
  const auto data = from_hex(information);
  const auto length = data.size() + 18;
  Bytes out{0x4E, 0x57, static_cast<std::uint8_t>(length >> 8), static_cast<std::uint8_t>(length), 0, 0, 0, 0, command, 0, transport};
  out.insert(out.end(), data.begin(), data.end());
  out.insert(out.end(), {0, 0, 0, 0, 0x68});
  const auto sum = core::byte_sum(out);
  out.insert(out.end(), {0, 0, static_cast<std::uint8_t>(sum >> 8), static_cast<std::uint8_t>(sum)});
  return out;
}
Bytes answer(const std::string& information) { return frame(6, 1, information); }

struct JkNwTest : testing::Test {
  Device device{protocols::make_jk_nw};
  const std::string base_ = "83 14 B4 85 32 ";  // 53.00 V, 50 %: enough for a reading

  const core::Sample& live(const std::string& more) {
    device.feed(answer(base_ + more));
    return *device.heard.reports.back().live;
  }
};

TEST_F(JkNwTest, AsksAndCommandsAsTheVendorSays) {
  EXPECT_EQ(device.request(Part::kLive, 0), from_hex("4E 57 00 13 00 00 00 00 06 03 00 00 00 00 00 00 68 00 00 01 29"));
  EXPECT_TRUE(device.request(Part::kLive, 0, 1).empty());
  EXPECT_TRUE(device.request(Part::kSettings, 0).empty());
  using enum core::CommandId;
  struct Case {
    core::CommandId id;
    std::int32_t value;
    std::string_view bytes;
  };
  for (const auto& [id, value, bytes] : {Case{kChargeMos, 1, "4E 57 00 14 00 00 00 00 02 03 00 AB 01 00 00 00 00 68 00 00 01 D2"},
                                         Case{kChargeMos, 0, "4E 57 00 14 00 00 00 00 02 03 00 AB 00 00 00 00 00 68 00 00 01 D1"},
                                         Case{kDischargeMos, 1, "4E 57 00 14 00 00 00 00 02 03 00 AC 01 00 00 00 00 68 00 00 01 D3"},
                                         Case{kBalance, 0, "4E 57 00 14 00 00 00 00 02 03 00 9D 00 00 00 00 00 68 00 00 01 C3"},
                                         Case{kRestart, 0, "4E 57 00 14 00 00 00 00 02 03 00 BB 01 00 00 00 00 68 00 00 01 E2"}}) {
    core::Request out;
    const auto first = device->command({id, value}, 0, 0, out);
    ASSERT_TRUE(first.ok() && first.value());
    EXPECT_EQ((Bytes{out.bytes.begin(), out.bytes.end()}), from_hex("4E 57 00 13 00 00 00 00 05 03 00 00 00 00 00 00 68 00 00 01 28"));
    device->begin(out);
    device.feed(frame(5, 1, "00"));
    EXPECT_EQ(device->progress(), Progress::kComplete);
    const auto second = device->command({id, value}, 0, 1, out);
    ASSERT_TRUE(second.ok() && !second.value());
    EXPECT_EQ((Bytes{out.bytes.begin(), out.bytes.end()}), from_hex(bytes));
    EXPECT_TRUE(out.changes_state);
    device->begin(out);
    device.feed(frame(2, 1, "AF"));  // the answer to another write
    EXPECT_EQ(device->progress(), Progress::kWaiting);
    device.feed(frame(2, 1, std::string{bytes.substr(33, 2)}));
    EXPECT_EQ(device->progress(), Progress::kComplete);
    device->end(true, device.heard);
  }
  core::Request out;
  EXPECT_EQ(device->command({kSetSoc, 500}, 0, 0, out).error(), core::Error::kUnsupported);
}

TEST_F(JkNwTest, ASleepingBoardIsWokenFirst) {
  const auto ask = [&](unsigned step) { return device.begin(Part::kLive, 0, step).bytes[8]; };
  const std::uint8_t read = 6;
  const std::uint8_t wake = 1;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(ask(0), read);
    device->end(false, device.heard);
  }
  EXPECT_EQ(device.request(Part::kLive, 0), from_hex("4E 57 00 13 00 00 00 00 01 03 00 00 00 00 00 00 68 00 00 01 24"));
  EXPECT_EQ(ask(0), wake);  // woken without a word
  device->end(false, device.heard);
  EXPECT_EQ(ask(0), read);
  device->end(false, device.heard);
  EXPECT_EQ(ask(0), wake);  // woken with an answer
  device.feed(frame(1, 1, "00"));
  EXPECT_EQ(device->progress(), Progress::kComplete);
  device->end(true, device.heard);
  EXPECT_EQ(ask(1), read);
  device.feed(answer(base_));
  device->end(true, device.heard);
  EXPECT_TRUE(device.request(Part::kLive, 0, 1).empty());
  EXPECT_EQ(ask(0), read);
}

TEST_F(JkNwTest, AnyReadAnswersAReadAll) {
  device.begin(Part::kLive, 0);
  device.feed(frame(3, 1, base_));  // firmware 11.261
  EXPECT_EQ(device->progress(), Progress::kComplete);
  EXPECT_EQ(device.heard.reports.size(), 1U);
}

TEST_F(JkNwTest, TheSignOfTheCurrentHangsOnC0) {
  EXPECT_EQ(live("84 82 4A C0 01").get(Field::kCurrent), 5860);
  EXPECT_EQ(live("84 00 45 C0 01").get(Field::kCurrent), -690);
  EXPECT_EQ(live("84 27 10").get(Field::kCurrent), 0);
  EXPECT_EQ(live("84 26 AC").get(Field::kCurrent), 1000);
  EXPECT_EQ(live("84 27 74 C0 00").get(Field::kCurrent), -1000);
}

TEST_F(JkNwTest, TemperaturesAboveOneHundredCountDownwards) {
  const auto& sample = live("80 00 64 81 00 65 82 00 8C");
  EXPECT_EQ(sample.get(Field::kMosTemperature), 1000);
  EXPECT_EQ(sample.get(Field::kTemperature, 0), -10);
  EXPECT_EQ(sample.get(Field::kTemperature, 1), -400);
  EXPECT_FALSE(live("81 00 8D").has(Field::kTemperature, 0));
}

TEST_F(JkNwTest, CapacityIsAnEstimateAndZeroActualMeansNotKnown) {
  EXPECT_EQ(live("AA 00 00 00 64 B9 00 00 00 00").get(Field::kRemainingCapacity), 50'000);
  EXPECT_FALSE(device.heard.reports.back().live->has(Field::kFullCapacity));
  EXPECT_EQ(live("AA 00 00 00 64 B9 00 00 00 5A").get(Field::kFullCapacity), 90'000);
}

TEST_F(JkNwTest, AnUnknownIdEndsTheWalkAndKeepsWhatCameBefore) {
  const auto& sample = live("87 00 07 C1 FF 8A 00 10");
  EXPECT_EQ(sample.get(Field::kCycles), 7);
  EXPECT_FALSE(sample.has(Field::kCellCount));
  EXPECT_EQ(device.counters().frames_ok, 1U);
  EXPECT_EQ(device.counters().unknown, 1U) << "the rest was not understood";
}

TEST_F(JkNwTest, ThePasswordGoesNowhere) {
  device.feed(answer(base_ + "B2 73 65 63 72 65 74 31 32 33 34 B3 01"));
  const auto& report = device.heard.reports.back();
  EXPECT_EQ(report.settings->get(core::BmsSetting::kDedicatedCharger), 1);
  for_each_text(*report.identity, [](auto, auto text) { EXPECT_EQ(text.find("secret"), std::string_view::npos); });
  device.feed(frame(2, 0, "B2 73 65 63 72 65 74 31 32 33 34"));  // somebody changes it
  device.feed(frame(5, 0, "00 73 65 63 72 65 74 31 32 33 34"));
  ASSERT_EQ(device.heard.notes.size(), 3U);
  for (const auto& note : device.heard.notes) {
    EXPECT_EQ((std::string{note.bytes.begin(), note.bytes.end()}).find("secret"), std::string::npos);
  }
}

TEST_F(JkNwTest, SingleDataMakeAReadingOnlyWhenFlushed) {
  device.feed(frame(3, 1, "83 14 B4"));
  device.feed(frame(3, 1, "80 00 15"));
  EXPECT_TRUE(device.heard.reports.empty());
  device->flush(device.heard);
  ASSERT_EQ(device.heard.reports.size(), 1U);
  EXPECT_EQ(device.heard.reports[0].live->get(Field::kPackVoltage), 53'000);
  EXPECT_EQ(device.heard.reports[0].live->get(Field::kMosTemperature), 210);
}

TEST_F(JkNwTest, ASingleCurrentUsesTheVersionOfTheLastWholeAnswer) {
  EXPECT_EQ(live("84 82 4A C0 01").get(Field::kCurrent), 5860);
  device.feed(frame(3, 1, "84 80 64"));
  device->flush(device.heard);
  EXPECT_EQ(device.heard.reports.back().live->get(Field::kCurrent), 1000);
}

TEST_F(JkNwTest, AlarmsAndUnknownBits) {
  const auto& alarms = live("8B 90 25").alarms;
  std::string keys;
  for (const auto& alarm : alarms) keys += std::string{info(alarm.id).key} + ' ';
  EXPECT_EQ(keys, "soc_low pack_ov charge_oc other other ");
  EXPECT_EQ(alarms.begin()[3].text(), "Protection 309_A");
}

TEST_F(JkNwTest, OneSubstitutedByteNeverChangesAValue) {
  const auto whole = answer(base_ + "79 06 01 0C E4 02 0C E5 80 00 14 84 82 4A C0 01");
  for (std::size_t at = 0; at < whole.size(); ++at) {
    Device fresh{protocols::make_jk_nw};
    auto damaged = whole;
    damaged[at] = static_cast<std::uint8_t>(damaged[at] + 0x55);
    fresh.feed(damaged);
    fresh->quiet(fresh.heard);
    fresh.feed(whole);
    ASSERT_FALSE(fresh.heard.reports.empty()) << at;
    for (const auto& report : fresh.heard.reports) {
      EXPECT_EQ(report.live->get(Field::kCurrent), 5860) << at;
      EXPECT_EQ(report.live->get(Field::kCellVoltage, 1), 3301) << at;
    }
  }
}

TEST_F(JkNwTest, ACutAnswerIsTruncatedAndTheNextOneIsGood) {
  auto cut = answer(base_);
  cut.resize(15);
  device.feed(cut);
  device->quiet(device.heard);
  EXPECT_EQ(device.counters().truncated, 1U);
  device.feed(answer(base_));
  EXPECT_EQ(device.heard.reports.size(), 1U);
}

}  // namespace
}  // namespace bmsgate::test
