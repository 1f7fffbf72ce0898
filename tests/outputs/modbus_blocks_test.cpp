// SPDX-License-Identifier: Apache-2.0
#include "outputs/modbus_blocks.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cstdlib>
#include <memory>
#include <vector>

#include "tests/outputs/support.hpp"

namespace bmsgate::outputs {
namespace {

using core::Field;
using core::modbus::Exception;

class ModbusBlocksTest : public ::testing::Test {
 protected:
  std::vector<std::uint16_t> read(std::uint16_t start, std::size_t count) {
    std::vector<std::uint16_t> out(count, 0xDEAD);
    EXPECT_EQ(blocks_.read(pack_, start, out), Exception::kNone) << start;
    return out;
  }
  std::uint16_t reg(std::uint16_t address) { return read(address, 1)[0]; }
  std::uint32_t wide(std::uint16_t address) {
    const auto words = read(address, 2);
    return std::uint32_t{words[0]} << 16U | words[1];
  }
  float real(std::uint16_t address) {  // CDAB
    const auto words = read(address, 2);
    return std::bit_cast<float>(std::uint32_t{words[1]} << 16U | words[0]);
  }
  void publish(core::Reading reading) { hub_->publish(reading); }

  SetClock clock_;
  std::unique_ptr<core::Hub> hub_ = std::make_unique<core::Hub>();
  core::PackIndex pack_ = add_pack(*hub_, "boat", 1);
  ModbusBlocks blocks_{*hub_, clock_, {}};
};

TEST_F(ModbusBlocksTest, TheOriginalBlockHasItsRegistersWhereTheyWere) {
  auto reading = example_reading(pack_, clock_);
  reading.sample.set(Field::kSocMaxToday, 995);
  reading.sample.set(Field::kSocMaxTodayAt, 13 * 60 + 7);
  publish(reading);
  struct Row {
    std::uint16_t reg;
    std::uint16_t value;
  };
  for (const auto& row : {Row{100, 88},
                          Row{101, 53},
                          Row{102, static_cast<std::uint16_t>(-19)},
                          Row{103, static_cast<std::uint16_t>(-996)},
                          Row{104, 20},
                          Row{105, 3329},
                          Row{106, 3330},
                          Row{107, 3310},
                          Row{116, 0},
                          Row{117, 1},
                          Row{118, 1},
                          Row{119, 0},
                          Row{120, 3330},
                          Row{124, 3310},
                          Row{135, 3330},
                          Row{136, 0},
                          Row{139, 0},
                          Row{140, 16},
                          Row{141, 100},
                          Row{142, 13},
                          Row{143, 7},
                          Row{144, 246},
                          Row{145, 0},
                          Row{146, 0},
                          Row{149, 0},
                          Row{150, 65535},
                          Row{151, 1000},
                          Row{153, 0},
                          Row{154, 0},
                          Row{157, 0}}) {
    EXPECT_EQ(reg(row.reg), row.value) << row.reg;
  }
  EXPECT_FLOAT_EQ(real(108), 22.15F);
  EXPECT_FLOAT_EQ(real(110), 53.27F);
  EXPECT_FLOAT_EQ(real(112), -18.7F);
  EXPECT_FLOAT_EQ(real(114), -996.1F);
  EXPECT_EQ(read(100, 58).size(), 58U);
}

TEST_F(ModbusBlocksTest, FloatsComeLowWordFirstUnlessSwapped) {
  publish(example_reading(pack_, clock_));
  EXPECT_EQ(read(110, 2), (std::vector<std::uint16_t>{0x147B, 0x4255}));
  ModbusBlocks swapped{*hub_, clock_, {.swap_floats = true, .fahrenheit = true}};
  std::vector<std::uint16_t> words(4);
  ASSERT_EQ(swapped.read(pack_, 108, words), Exception::kNone);
  EXPECT_EQ(words[2], 0x4255);
  EXPECT_EQ(words[3], 0x147B);
  EXPECT_FLOAT_EQ(std::bit_cast<float>(std::uint32_t{words[0]} << 16U | words[1]), 71.87F) << "in F";
}

TEST_F(ModbusBlocksTest, ValuesSaturate) {
  auto reading = example_reading(pack_, clock_);
  reading.sample.set(Field::kPower, -400'000);
  reading.sample.set(Field::kRemainingCapacity, 70'000'000);
  publish(reading);
  EXPECT_EQ(static_cast<std::int16_t>(reg(103)), -32767);
  EXPECT_EQ(reg(144), 65535);
  reading.sample.set(Field::kPower, 400'000);
  publish(reading);
  EXPECT_EQ(static_cast<std::int16_t>(reg(103)), 32767);
  EXPECT_FLOAT_EQ(real(114), 40'000.F);
}

TEST_F(ModbusBlocksTest, WithoutLiveDataTheOriginalBlockIsZeroAndTheCounterCounts) {
  EXPECT_EQ(reg(100), 0);
  EXPECT_EQ(reg(151), 1000);
  publish(example_reading(pack_, clock_));
  EXPECT_EQ(reg(100), 88);
  hub_->set_quality(pack_, core::Quality::kHeld, 0);
  EXPECT_EQ(reg(100), 88);
  hub_->set_quality(pack_, core::Quality::kStale, 0);
  EXPECT_EQ(read(100, 50), std::vector<std::uint16_t>(50));
  clock_.pass(std::chrono::seconds{64'600});
  EXPECT_EQ(reg(151), (1000 + 64'600) % 65536) << "wraps";
}

TEST_F(ModbusBlocksTest, AlarmsRaiseTheFailureFlag) {
  auto reading = example_reading(pack_, clock_);
  reading.sample.alarms.add({core::AlarmId::kCellUv, core::Severity::kWarning, 5, {}});
  core::derive(reading.sample);
  publish(reading);
  EXPECT_EQ(reg(145), 1);
  EXPECT_EQ(reg(267), 1);
  EXPECT_EQ(reg(268), 1);
  EXPECT_EQ(reg(269), 0);
}

TEST_F(ModbusBlocksTest, TheTimeZoneIsInHours) {
  const char* before = std::getenv("TZ");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("TZ", "XXX+3:30", 1);
  ::tzset();
  EXPECT_EQ(static_cast<std::int16_t>(reg(152)), -3);
  before == nullptr ? ::unsetenv("TZ") : ::setenv("TZ", kept.c_str(), 1);
  ::tzset();
}

TEST_F(ModbusBlocksTest, TheNativeBlockIsTheFieldTable) {
  publish(example_reading(pack_, clock_));
  EXPECT_EQ(wide(2000), 53'270U);
  EXPECT_EQ(static_cast<std::int32_t>(wide(2002)), -18'700);
  EXPECT_EQ(reg(2006), 876);
  EXPECT_EQ(reg(2200 + 4), 3310);
  EXPECT_EQ(reg(2300 + 1), 228);
  clock_.pass(std::chrono::seconds{70});
  hub_->set_quality(pack_, core::Quality::kStale, 0);
  EXPECT_EQ(reg(2006), 876) << "the last value, beside its quality and age";
  EXPECT_EQ(reg(2990), 2);
  EXPECT_EQ(wide(2992), 70U);
  EXPECT_EQ(wide(2998), 0x01020304U);
}

TEST_F(ModbusBlocksTest, WhatIsMissingHasTheNotAvailableValueOfItsType) {
  for (const auto& field : core::kFields) {
    const auto reg_of_last = static_cast<std::uint16_t>(field.reg + (field.count - 1) * static_cast<int>(core::register_width(field.wire)));
    switch (field.wire) {
      case core::Wire::kU16: EXPECT_EQ(reg(reg_of_last), 0xFFFF) << field.key; break;
      case core::Wire::kS16: EXPECT_EQ(reg(reg_of_last), 0x8000) << field.key; break;
      case core::Wire::kU32: EXPECT_EQ(wide(reg_of_last), 0xFFFFFFFFU) << field.key; break;
      case core::Wire::kS32: EXPECT_EQ(wide(reg_of_last), 0x80000000U) << field.key; break;
    }
  }
  EXPECT_EQ(wide(2992), 0xFFFFFFFFU);
}

TEST_F(ModbusBlocksTest, NoValueCanLookLikeAMissingOne) {
  core::Reading reading = example_reading(pack_, clock_);
  for (const auto extreme : {std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()}) {
    for (const auto& field : core::kFields) reading.sample.set(field.field, extreme);
    publish(reading);
    for (const auto& field : core::kFields) {
      switch (field.wire) {
        case core::Wire::kU16: EXPECT_NE(reg(field.reg), 0xFFFF) << field.key; break;
        case core::Wire::kS16: EXPECT_NE(reg(field.reg), 0x8000) << field.key; break;
        case core::Wire::kU32: EXPECT_NE(wide(field.reg), 0xFFFFFFFFU) << field.key; break;
        case core::Wire::kS32: EXPECT_NE(wide(field.reg), 0x80000000U) << field.key; break;
      }
    }
  }
}

TEST_F(ModbusBlocksTest, VictronRegisters) {
  EXPECT_EQ(wide(256), 0x7FFFFFFFU);
  EXPECT_EQ(reg(259), 0xFFFF);
  EXPECT_EQ(reg(1302), 1) << "offline";
  publish(example_reading(pack_, clock_));
  EXPECT_EQ(static_cast<std::int32_t>(wide(256)), -996);
  EXPECT_EQ(static_cast<std::int16_t>(reg(258)), -996);
  EXPECT_EQ(reg(259), 5327);
  EXPECT_EQ(reg(260), 0xFFFF);
  EXPECT_EQ(static_cast<std::int16_t>(reg(261)), -187);
  EXPECT_EQ(reg(262), 228);
  EXPECT_EQ(reg(265), 345);
  EXPECT_EQ(reg(266), 876);
  EXPECT_EQ(reg(267), 0);
  EXPECT_EQ(reg(284), 123);
  EXPECT_EQ(reg(1300), 331);
  EXPECT_EQ(reg(1301), 333);
  EXPECT_EQ(read(1302, 4), (std::vector<std::uint16_t>{0, 1, 0, 0}));
  EXPECT_EQ(read(1306, 4), (std::vector<std::uint16_t>{'5' << 8, 0, 0, 0}));
}

TEST_F(ModbusBlocksTest, RequestsLieWhollyInsideABlock) {
  struct Row {
    std::uint16_t start;
    std::size_t count;
    Exception expected;
  };
  using enum Exception;
  for (const auto& row : {Row{99, 1, kAddress}, Row{99, 2, kAddress}, Row{100, 58, kNone}, Row{100, 59, kAddress}, Row{157, 1, kNone},
                          Row{158, 1, kAddress}, Row{0, 125, kAddress}, Row{256, 75, kNone}, Row{255, 2, kAddress}, Row{330, 2, kAddress},
                          Row{1282, 25, kNone}, Row{2000, 125, kNone}, Row{2875, 125, kNone}, Row{2999, 1, kNone}, Row{2999, 2, kAddress},
                          Row{1999, 1, kAddress}, Row{65535, 1, kAddress}}) {
    std::vector<std::uint16_t> out(row.count);
    EXPECT_EQ(blocks_.read(pack_, row.start, out), row.expected) << row.start << " + " << row.count;
  }
}

}  // namespace
}  // namespace bmsgate::outputs
