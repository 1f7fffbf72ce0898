// SPDX-License-Identifier: Apache-2.0
#include "core/hub.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace bmsgate::core {
namespace {

struct Listener final : Subscriber {
  void on_reading(const Reading& reading) noexcept override { readings.push_back(reading.sequence); }
  void on_pack(PackIndex pack) noexcept override { packs.push_back(pack); }
  void on_event(const Event& event) noexcept override {
    events.push_back(std::string{kEventNames[static_cast<std::size_t>(event.kind)]} + ":" + std::string{event.text} +
                     (event.has_value ? "=" + std::to_string(event.value) : ""));
  }
  std::vector<std::uint32_t> readings;
  std::vector<PackIndex> packs;
  std::vector<std::string> events;
};

class HubTest : public testing::Test {
 protected:
  HubTest() {
    PackConfig config;
    config.id = std::string_view{"boat"};
    config.unit = 7;
    pack_ = hub_->add_pack(config).value();
    EXPECT_TRUE(hub_->subscribe(listener_));
  }
  void publish(UtcMs utc_ms, std::int32_t low_cell_mv, bool under_voltage) {
    Reading reading;
    reading.pack = pack_;
    reading.utc_ms = utc_ms;
    reading.sample.set(Field::kCellVoltage, low_cell_mv, 4);
    if (under_voltage) reading.sample.alarms.add({.id = AlarmId::kCellUv, .severity = Severity::kAlarm, .cell = 5});
    hub_->publish(reading);
  }
  std::unique_ptr<Hub> hub_ = std::make_unique<Hub>();
  Listener listener_;
  PackIndex pack_{};
};

TEST_F(HubTest, CountsReadingsAndKeepsTheLatest) {
  publish(1000, 3300, false);
  publish(2000, 3301, false);
  EXPECT_EQ(listener_.readings, (std::vector<std::uint32_t>{1, 2}));
  EXPECT_EQ(hub_->latest(pack_).sample.value(Field::kCellVoltage, 4), 3301);
  EXPECT_EQ(hub_->latest(pack_).quality, Quality::kGood);
}

TEST_F(HubTest, AnAlarmHasABeginningAnEndAndAWorstValue) {
  publish(1000, 3300, false);
  listener_.events.clear();
  publish(2000, 2790, true);
  publish(3000, 2750, true);
  ASSERT_EQ(hub_->alarms(pack_).size(), 1U);
  EXPECT_EQ(hub_->alarms(pack_)[0].since_utc_ms, 2000);
  publish(4000, 3000, false);
  EXPECT_EQ(listener_.events, (std::vector<std::string>{"alarm_start:Cell under-voltage=2790", "alarm_end:Cell under-voltage=2750"}));
  EXPECT_TRUE(hub_->alarms(pack_).empty());
}

TEST_F(HubTest, AnAlarmIsKnownWhenItsReadingIsTold) {
  struct Peek final : Subscriber {
    explicit Peek(const Hub& from) : hub{from} {}
    void on_reading(const Reading& reading) noexcept override { alarms = hub.alarms(reading.pack).size(); }
    const Hub& hub;
    std::size_t alarms{0};
  } peek{*hub_};
  ASSERT_TRUE(hub_->subscribe(peek));
  publish(1000, 2790, true);
  EXPECT_EQ(peek.alarms, 1U);
  hub_->unsubscribe(peek);
}

TEST_F(HubTest, QualityChangesAreToldOnce) {
  publish(1000, 3300, false);
  listener_.events.clear();
  listener_.packs.clear();
  hub_->set_quality(pack_, Quality::kHeld, 11'000);
  hub_->set_quality(pack_, Quality::kHeld, 12'000);
  EXPECT_EQ(listener_.packs.size(), 1U);
  EXPECT_EQ(listener_.events, (std::vector<std::string>{"quality:held"}));
  publish(13'000, 3300, false);
  EXPECT_EQ(listener_.events.back(), "quality:good");
}

TEST_F(HubTest, FindsPacksByIdAndUnit) {
  EXPECT_EQ(hub_->find("boat"), pack_);
  EXPECT_EQ(hub_->find("van"), kNoPack);
  EXPECT_EQ(hub_->find_unit(7), pack_);
  EXPECT_EQ(hub_->find_unit(0), pack_);
  EXPECT_EQ(hub_->find_unit(255), pack_);
  EXPECT_EQ(hub_->find_unit(8), kNoPack);
}

TEST_F(HubTest, SomebodyWhoLeftHearsNothing) {
  hub_->unsubscribe(listener_);
  publish(1000, 3300, true);
  EXPECT_TRUE(listener_.readings.empty());
  EXPECT_TRUE(listener_.events.empty());
}

TEST_F(HubTest, RefusesMorePacksThanItHolds) {
  while (hub_->pack_count() < kMaxPacks) ASSERT_TRUE(hub_->add_pack({}).ok());
  EXPECT_EQ(hub_->add_pack({}).error(), Error::kNoSpace);
}

}  // namespace
}  // namespace bmsgate::core
