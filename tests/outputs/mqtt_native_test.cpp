// SPDX-License-Identifier: Apache-2.0
#include "outputs/mqtt_native.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <memory>
#include <vector>

#include "outputs/mqtt_queue.hpp"
#include "tests/outputs/support.hpp"

namespace bmsgate::outputs {
namespace {

using core::Field;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class KeptMessages final : public MqttClient {
 public:
  void publish(MqttMessage message) override { messages.push_back(std::move(message)); }
  [[nodiscard]] MqttStatus status() const override { return {}; }

  std::vector<std::string> take_topics() {
    std::vector<std::string> topics;
    for (const auto& message : messages) topics.push_back(message.topic);
    messages.clear();
    return topics;
  }
  std::string payload(std::string_view topic) const {
    for (const auto& message : messages) {
      if (message.topic == topic) return message.payload;
    }
    return "not published";
  }
  std::vector<MqttMessage> messages;
};

class MqttNativeTest : public ::testing::Test {
 protected:
  MqttNativeTest() { native(1); }
  void native(double dead_band) {
    MqttOptions options;
    options.dead_band = dead_band;
    native_ = std::make_unique<MqttNative>(*hub_, client_, options);
  }
  void publish(const core::Reading& reading) {
    auto copy = reading;
    hub_->publish(copy);
    native_->on_reading(hub_->latest(reading.pack));
  }
  /// What a reading sends after `change`, against the example that was sent before.
  std::vector<std::string> topics_after(void (*change)(core::Sample&)) {
    auto reading = example_reading(pack_, clock_);
    publish(reading);
    client_.messages.clear();
    change(reading.sample);
    core::derive(reading.sample);
    publish(reading);
    return client_.take_topics();
  }

  SetClock clock_;
  std::unique_ptr<core::Hub> hub_ = std::make_unique<core::Hub>();
  core::PackIndex pack_ = add_pack(*hub_, "boat", 1);
  KeptMessages client_;
  std::unique_ptr<MqttNative> native_;
};

TEST_F(MqttNativeTest, AFirstReadingMakesThePackAvailable) {
  publish(example_reading(pack_, clock_));
  EXPECT_EQ(client_.payload("bmsgate/boat/availability"), "online");
  const auto state = boost::json::parse(client_.payload("bmsgate/boat/state"));
  EXPECT_EQ(state.at("soc").to_number<double>(), 87.6);
  EXPECT_EQ(state.at("cell_voltage").at(4).to_number<double>(), 3.31);
  EXPECT_EQ(client_.messages[0].kind, MqttKind::kRetained);
  EXPECT_EQ(client_.messages[1].kind, MqttKind::kState);
}

TEST_F(MqttNativeTest, OnlyWhatMovesByItsDeadBandIsSentAtOnce) {
  using Sample = core::Sample;
  EXPECT_THAT(topics_after([](Sample&) {}), IsEmpty());
  EXPECT_THAT(topics_after([](Sample& s) { s.set(Field::kPackVoltage, 53'270 + 9); }), IsEmpty()) << "people see 10 mV steps";
  EXPECT_THAT(topics_after([](Sample& s) { s.set(Field::kPackVoltage, 53'270 - 10); }), ElementsAre("bmsgate/boat/state"));
  EXPECT_THAT(topics_after([](Sample& s) { s.set(Field::kCellVoltage, 3331, 7); }), ElementsAre("bmsgate/boat/state"));
  EXPECT_THAT(topics_after([](Sample& s) { s.clear(Field::kSoc); }), ElementsAre("bmsgate/boat/state"));
  EXPECT_THAT(topics_after([](Sample& s) { s.set(Field::kChargeMos, 0); }), ElementsAre("bmsgate/boat/state"));
  EXPECT_THAT(topics_after([](Sample& s) { s.set(Field::kRuntime, 1234); }), IsEmpty()) << "moves by itself";
}

TEST_F(MqttNativeTest, SmallStepsAddUpUntilTheyAreSent) {
  auto reading = example_reading(pack_, clock_);
  publish(reading);
  client_.messages.clear();
  for (int i = 1; i <= 9; ++i) {
    reading.sample.set(Field::kPackVoltage, 53'270 + i);
    publish(reading);
  }
  EXPECT_THAT(client_.take_topics(), IsEmpty());
  reading.sample.set(Field::kPackVoltage, 53'280);
  publish(reading);
  EXPECT_THAT(client_.take_topics(), ElementsAre("bmsgate/boat/state"));
}

TEST_F(MqttNativeTest, WithoutADeadBandEveryReadingIsSent) {
  native(0);
  EXPECT_THAT(topics_after([](core::Sample&) {}), ElementsAre("bmsgate/boat/state"));
}

TEST_F(MqttNativeTest, TheFullSetGoesOutByTheClock) {
  publish(example_reading(pack_, clock_));
  native_->on_connected(clock_.now());
  client_.messages.clear();
  clock_.pass(std::chrono::seconds{299});
  native_->on_second(clock_.now());
  EXPECT_THAT(client_.take_topics(), IsEmpty());
  clock_.pass(std::chrono::seconds{1});
  native_->on_second(clock_.now());
  EXPECT_THAT(client_.take_topics(),
              UnorderedElementsAre("bmsgate/status", "bmsgate/boat/availability", "bmsgate/boat/state", "bmsgate/bank/state"));
}

TEST_F(MqttNativeTest, ANewConnectionIsToldEverything) {
  add_pack(*hub_, "shed", 2);
  publish(example_reading(pack_, clock_));
  client_.messages.clear();
  native_->on_connected(clock_.now());
  EXPECT_EQ(client_.payload("bmsgate/status"), "online");
  EXPECT_EQ(client_.payload("bmsgate/boat/availability"), "online");
  EXPECT_EQ(client_.payload("bmsgate/shed/availability"), "offline");
  EXPECT_EQ(client_.payload("bmsgate/shed/state"), "not published");
  EXPECT_EQ(client_.payload("bmsgate/boat/meta"),
            R"({"id":"boat","name":"boat","protocol":"jk-pb","bus":"usb","address":0,"unit":1,"info":{},"settings":{}})");
  EXPECT_EQ(boost::json::parse(client_.payload("bmsgate/bank/state")).at("online").as_int64(), 1);
}

TEST_F(MqttNativeTest, AvailabilityFollowsTheQuality) {
  publish(example_reading(pack_, clock_));
  client_.messages.clear();
  struct Row {
    core::Quality quality;
    const char* expected;
  };
  for (const auto& row :
       {Row{core::Quality::kHeld, "not published"}, Row{core::Quality::kStale, "offline"}, Row{core::Quality::kAsleep, "not published"}}) {
    hub_->set_quality(pack_, row.quality, 0);
    native_->on_pack(pack_);
    EXPECT_EQ(client_.payload("bmsgate/boat/availability"), row.expected) << static_cast<int>(row.quality);
    client_.messages.clear();
  }
  publish(example_reading(pack_, clock_));
  EXPECT_EQ(client_.payload("bmsgate/boat/availability"), "online");
}

TEST_F(MqttNativeTest, TheBankIsSentOnceASecondAtMost) {
  native_->on_connected(clock_.now());
  publish(example_reading(pack_, clock_));
  client_.messages.clear();
  native_->on_second(clock_.now());
  native_->on_second(clock_.now());
  EXPECT_THAT(client_.take_topics(), ElementsAre("bmsgate/bank/state"));
}

TEST_F(MqttNativeTest, EventsOfAPackAreSent) {
  core::Event event;
  event.kind = core::EventKind::kAlarmStart;
  event.pack = pack_;
  event.alarm = {core::AlarmId::kCellUv, core::Severity::kAlarm, 5, {}};
  native_->on_event(event);
  event.pack = core::kNoPack;
  native_->on_event(event);
  ASSERT_EQ(client_.messages.size(), 1U);
  EXPECT_EQ(client_.messages[0].kind, MqttKind::kEvent);
  EXPECT_EQ(boost::json::parse(client_.payload("bmsgate/boat/event")).at("key").as_string(), "cell_uv");
}

std::vector<std::string> drain(MqttQueue& queue) {
  std::vector<std::string> payloads;
  while (auto message = queue.pop()) payloads.push_back(message->payload);
  return payloads;
}

TEST(MqttQueueTest, ANewerStateTakesThePlaceOfTheOlder) {
  MqttQueue queue;
  queue.push({"a", "1", MqttKind::kState}, true);
  queue.push({"b", "2", MqttKind::kState}, true);
  queue.push({"a", "3", MqttKind::kState}, true);
  queue.push({"a", "4", MqttKind::kEvent}, true);
  queue.push({"a", "5", MqttKind::kEvent}, true);
  EXPECT_EQ(queue.dropped(), 1U);
  EXPECT_THAT(drain(queue), ElementsAre("3", "2", "4", "5"));
}

TEST(MqttQueueTest, OnlyEventsWaitForAConnection) {
  MqttQueue queue;
  queue.push({"a", "state", MqttKind::kState}, false);
  queue.push({"a", "kept", MqttKind::kRetained}, false);
  queue.push({"a", "event", MqttKind::kEvent}, false);
  queue.push({"b", "late state", MqttKind::kState}, true);
  queue.drop_states();
  queue.push_front({"a", "event before", MqttKind::kEvent});
  queue.push_front({"a", "state before", MqttKind::kState});
  EXPECT_EQ(queue.dropped(), 4U);
  EXPECT_THAT(drain(queue), ElementsAre("event before", "event"));
}

TEST(MqttQueueTest, ItNeverGrowsBeyondItsLimits) {
  MqttQueue queue;
  for (int i = 0; i < 10'000; ++i) queue.push({"a", std::to_string(i), MqttKind::kEvent}, false);
  EXPECT_EQ(queue.size(), MqttQueue::kMaxEvents);
  for (int i = 0; i < 10'000; ++i) queue.push({"t" + std::to_string(i), "x", MqttKind::kState}, true);
  EXPECT_EQ(queue.size(), MqttQueue::kMaxMessages);
  EXPECT_EQ(queue.pop()->payload, "9800") << "the oldest event that was kept; states made room for states";
}

}  // namespace
}  // namespace bmsgate::outputs
