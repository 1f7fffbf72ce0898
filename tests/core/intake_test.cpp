// SPDX-License-Identifier: Apache-2.0
// From reports to readings in the hub, and how their quality fades.
#include "core/intake.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace bmsgate::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct VirtualClock final : Clock {
  Instant now() const noexcept override { return time; }
  UtcMs utc_ms() const noexcept override { return utc; }
  Instant time{seconds{1000}};
  UtcMs utc{1'700'000'000'000};
};

struct IntakeTest : ::testing::Test {
  IntakeTest() { sample.set(Field::kSoc, 500); }
  Belief take(const Sample& live) {
    const Report report{.address = 1, .live = &live};
    return intake.take(report, clock.time);
  }
  void pass(Duration time) {
    clock.time += time;
    intake.on_time(clock.time);
  }
  Quality quality() const { return hub->latest(0).quality; }

  VirtualClock clock;
  std::unique_ptr<Hub> hub = std::make_unique<Hub>();
  Sample sample;
  PackIndex pack{hub->add_pack(PackConfig{}).value()};
  Intake intake{*hub, clock, pack, {.pack_resolution_mv = 1, .confirm_first = false}, seconds{5}};
};

TEST_F(IntakeTest, AReadingCarriesItsTime) {
  clock.time += milliseconds{250};
  const Report report{.address = 1, .live = &sample};
  EXPECT_EQ(intake.take(report, clock.time - milliseconds{250}), Belief::kPublish);
  EXPECT_EQ(hub->latest(0).at, clock.time - milliseconds{250});
  EXPECT_EQ(hub->latest(0).utc_ms, clock.utc - 250);
  EXPECT_EQ(hub->latest(0).sequence, 1U);
  clock.utc = 0;
  EXPECT_EQ(take(sample), Belief::kPublish);
  EXPECT_EQ(hub->latest(0).utc_ms, 0) << "a clock that was never set tells no time";
}

TEST_F(IntakeTest, FadesFromGoodOverHeldToStaleAndComesBack) {
  EXPECT_EQ(take(sample), Belief::kPublish);
  pass(milliseconds{14'999});
  EXPECT_EQ(quality(), Quality::kGood) << "three polls of five seconds";
  EXPECT_EQ(intake.next_deadline(), clock.time + milliseconds{1});
  pass(milliseconds{1});
  EXPECT_EQ(quality(), Quality::kHeld);
  pass(milliseconds{59'999});
  EXPECT_EQ(quality(), Quality::kHeld);
  pass(milliseconds{1});
  EXPECT_EQ(quality(), Quality::kStale);
  EXPECT_EQ(intake.next_deadline(), kFarFuture);
  EXPECT_EQ(take(sample), Belief::kPublish);
  EXPECT_EQ(quality(), Quality::kGood);
}

TEST_F(IntakeTest, HoldsForTenSecondsAtLeast) {
  intake.set_period(seconds{1});
  EXPECT_EQ(take(sample), Belief::kPublish);
  pass(milliseconds{9'999});
  EXPECT_EQ(quality(), Quality::kGood);
  pass(milliseconds{1});
  EXPECT_EQ(quality(), Quality::kHeld);
}

TEST_F(IntakeTest, AsleepStaysAsleep) {
  EXPECT_EQ(take(sample), Belief::kPublish);
  intake.asleep();
  pass(seconds{1000});
  EXPECT_EQ(quality(), Quality::kAsleep);
  EXPECT_EQ(hub->latest(0).sample.get(Field::kSoc), 500);
}

TEST_F(IntakeTest, RejectedSamplesAreKeptButNotPublished) {
  sample.set(Field::kSoc, 2'000);
  EXPECT_EQ(take(sample), Belief::kRejected);
  EXPECT_EQ(hub->stats(0).rejected, 1U);
  EXPECT_EQ(hub->rejected(0).quality, Quality::kImplausible);
  EXPECT_EQ(hub->rejected(0).sample.get(Field::kSoc), 2'000);
  EXPECT_EQ(hub->latest(0).sequence, 0U);
}

TEST_F(IntakeTest, SettingsAndIdentityMustBeHeardTwice) {
  BmsSettings settings;
  settings.set(BmsSetting::kCellOv, 3'650);
  Identity identity;
  identity.serial.assign("123");
  const Report report{.address = 1, .settings = &settings, .identity = &identity};
  EXPECT_EQ(intake.take(report, clock.time), Belief::kUnconfirmed);
  EXPECT_FALSE(hub->settings(0).has(BmsSetting::kCellOv));
  EXPECT_TRUE(hub->identity(0).serial.empty());
  EXPECT_EQ(intake.take(report, clock.time), Belief::kPublish);
  EXPECT_EQ(hub->settings(0), settings);
  EXPECT_EQ(hub->identity(0).serial.view(), "123");
}

TEST_F(IntakeTest, ASwitchThatIsASettingChangesWithIt) {
  const auto carried = FieldMask{1} << index(Field::kChargeSwitch);
  BmsSettings settings;
  for (const int value : {1, 0}) {
    settings.set(BmsSetting::kSwitchCharge, value);
    sample.set(Field::kChargeSwitch, value);
    const Report report{.address = 1, .carried = carried, .live = &sample, .settings = &settings};
    for (int i = 0; i < 4; ++i) static_cast<void>(intake.take(report, clock.time));
    EXPECT_EQ(hub->latest(0).sample.value(Field::kChargeSwitch), value);
  }
}

}  // namespace
}  // namespace bmsgate::core
