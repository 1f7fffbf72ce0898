// SPDX-License-Identifier: Apache-2.0
#include "outputs/bank.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <memory>

#include "tests/outputs/support.hpp"

namespace bmsgate::outputs {
namespace {

using core::Field;

class BankTest : public ::testing::Test {
 protected:
  struct Pack {
    std::string_view id;
    std::int32_t mv;
    std::int32_t ma;
    std::int32_t soc;  // 0.1 %; -1 = none
    std::int32_t full_mah;
    std::int32_t weak_mv;
  };
  core::PackIndex add(const Pack& pack) {
    const auto index = add_pack(*hub_, pack.id, static_cast<std::uint8_t>(hub_->pack_count() + 1));
    core::Reading reading;
    reading.pack = index;
    auto& sample = reading.sample;
    sample.set(Field::kPackVoltage, pack.mv);
    sample.set(Field::kCurrent, pack.ma);
    if (pack.soc >= 0) sample.set(Field::kSoc, pack.soc);
    sample.set(Field::kFullCapacity, pack.full_mah);
    sample.set(Field::kRemainingCapacity, pack.full_mah / 2);
    sample.set(Field::kCellVoltage, 3300, 0);
    sample.set(Field::kCellVoltage, pack.weak_mv, 2);
    core::derive(sample);
    hub_->publish(reading);
    return index;
  }
  std::unique_ptr<core::Hub> hub_ = std::make_unique<core::Hub>();
};

TEST_F(BankTest, NoPackAtAll) {
  std::string out;
  append_bank(out, *hub_);
  EXPECT_EQ(out, R"({"total":0,"online":0,"parallel":false,"fields":{},"weakest":null,"strongest":null,"shares":[],"left_out":[]})");
}

TEST_F(BankTest, TheStateOfChargeIsWeightedByCapacity) {
  add({"a", 52'000, 10'000, 1000, 100'000, 3290});
  add({"b", 52'000, 30'000, 500, 300'000, 3180});
  const auto bank = make_bank(*hub_);
  EXPECT_TRUE(bank.parallel);
  EXPECT_EQ(bank.sample.get(Field::kSoc), 625);
  EXPECT_EQ(bank.sample.get(Field::kCurrent), 40'000);
  EXPECT_EQ(bank.sample.get(Field::kPower), 20'800);
  EXPECT_EQ(bank.sample.get(Field::kRemainingCapacity), 200'000);
  EXPECT_EQ(bank.sample.get(Field::kState), static_cast<std::int32_t>(core::State::kCharging));
  EXPECT_EQ(bank.sample.get(Field::kTimeToFull), 150 * 3600 / 40);
  EXPECT_EQ(bank.weakest.pack, 1);
  EXPECT_EQ(bank.weakest.number, 3);
  EXPECT_EQ(bank.weakest.mv, 3180);
}

TEST_F(BankTest, PacksOfDifferentVoltageAreNotAddedUp) {
  add({"boat", 26'000, 10'000, 1000, 100'000, 3290});
  add({"shed", 52'000, -5'000, 500, 100'000, 3290});
  const auto bank = make_bank(*hub_);
  EXPECT_FALSE(bank.parallel);
  EXPECT_FALSE(bank.sample.has(Field::kCurrent));
  EXPECT_FALSE(bank.sample.has(Field::kPackVoltage));
  EXPECT_EQ(bank.sample.get(Field::kPower), 0);
  EXPECT_EQ(bank.sample.get(Field::kSoc), 667) << "by energy: (2.6 x 100 + 5.2 x 50) / 7.8";
}

TEST_F(BankTest, WhatIsLeftOutIsNamed) {
  add({"a", 52'000, 10'000, 800, 100'000, 3290});
  const auto stale = add({"b", 52'000, 30'000, 500, 300'000, 3000});
  add({"c", 52'000, 0, -1, 300'000, 3290});
  add_pack(*hub_, "d", 9);
  hub_->set_quality(stale, core::Quality::kStale, 0);
  std::string out;
  append_bank(out, *hub_);
  const auto json = boost::json::parse(out);
  EXPECT_EQ(json.at("total").as_int64(), 4);
  EXPECT_EQ(json.at("online").as_int64(), 2);
  EXPECT_EQ(boost::json::serialize(json.at("left_out")),
            R"([{"pack":"b","reason":"stale"},{"pack":"d","reason":"stale"},{"pack":"c","reason":"no_soc"}])");
  EXPECT_EQ(json.at("fields").at("soc").to_number<double>(), 80);
  EXPECT_EQ(boost::json::serialize(json.at("weakest")), R"({"pack":"a","cell":3,"voltage":3.29E0})");
  EXPECT_EQ(boost::json::serialize(json.at("shares").at(0)), R"({"pack":"a","power":520,"share":1})");
}

}  // namespace
}  // namespace bmsgate::outputs
