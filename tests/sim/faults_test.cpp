// SPDX-License-Identifier: Apache-2.0
// What a bus makes of faulty boards and lines, through the real chain of poller, dialect, gate and hub.
#include "sim/faults.hpp"

#include <gtest/gtest.h>

#include "tests/support/truth.hpp"
#include "tests/support/virtual_bus.hpp"

namespace bmsgate::sim {
namespace {

using protocols::Dialect;
using std::chrono::seconds;

struct Family {
  const char* protocol;
  Dialect dialect;
};
constexpr Family kFamilies[] = {{"jk-nw", Dialect::kJkNw},
                                {"jk-pb", Dialect::kJkPb},
                                {"daly-a5", Dialect::kDalyA5},
                                {"daly-d2", Dialect::kDalyD2},
                                {"daly-p81", Dialect::kDalyP81}};

LineSpec spec_of(const Family& family, std::string_view fault = {}) {
  LineSpec spec;
  spec.protocol = family.protocol;
  spec.simulator.baud = 0;
  spec.simulator.slice = seconds{10};
  spec.simulator.start_utc_ms = test::VirtualBus::kUtc;
  if (!fault.empty()) {
    EXPECT_EQ(parse_fault(fault, spec.simulator.faults), "");
  }
  return spec;
}

/// A bus of one pack that notes every published value that is not true.
struct Watched {
  Watched(const LineSpec& spec, Dialect dialect, const core::DialectOptions& options = {})
      : truth{spec.protocol, 280'000, 60}, bus{make(spec), dialect, seconds{1}, options} {
    bus.on_request = [this] { truth.note(bus.simulator().packs()[0].model->truth()); };
    bus.on_verdict = [this](const test::VirtualBus::Verdict& verdict) {
      if (verdict.report.live == nullptr || verdict.belief != core::Belief::kPublish) return;
      ++published;
      const auto lie = truth.first_lie(bus.hub().latest(0).sample);
      if (lie && ++lies < 3) ADD_FAILURE() << describe(*lie);
    };
  }
  static std::unique_ptr<Simulator> make(const LineSpec& spec) {
    std::string error;
    auto simulator = make_simulator(spec, error);
    EXPECT_EQ(error, "");
    return simulator;
  }
  [[nodiscard]] core::Quality quality() { return bus.hub().latest(0).quality; }
  [[nodiscard]] const core::LinkStats& stats() { return bus.hub().stats(0); }

  test::TruthCheck truth;
  test::VirtualBus bus;
  unsigned published{0};
  unsigned lies{0};
};

class OnEveryDialect : public testing::TestWithParam<Family> {};

TEST_P(OnEveryDialect, HarmlessFaultsCostNothingButTime) {
  for (const auto* fault : {"echo", "slow=200", "duplicate=0.3", "cut=0.1", "dead=0.2", "noise=0.0005", "lost=0.0005", "inserted=0.0005"}) {
    Watched line{spec_of(GetParam(), fault), GetParam().dialect};
    line.bus.run(seconds{300});
    EXPECT_GT(line.published, 30U) << fault;
    EXPECT_EQ(line.lies, 0U) << fault;
  }
}

TEST_P(OnEveryDialect, AnEchoingLineIsRecognised) {
  Watched line{spec_of(GetParam(), "echo"), GetParam().dialect};
  line.bus.run(seconds{60});
  EXPECT_TRUE(line.bus.poller().line_echoes());
  EXPECT_GT(line.bus.poller().stats().echoes, 10U);
  EXPECT_EQ(line.quality(), core::Quality::kGood);
}

TEST_P(OnEveryDialect, ADeadBoardBecomesStaleAndComesBack) {
  Watched line{spec_of(GetParam()), GetParam().dialect};
  line.bus.run(seconds{20});
  ASSERT_EQ(line.quality(), core::Quality::kGood);
  line.bus.simulator().faults().dead = 1;
  line.bus.run(seconds{13});
  EXPECT_EQ(line.quality(), core::Quality::kHeld);
  line.bus.run(seconds{70});
  EXPECT_EQ(line.quality(), core::Quality::kStale);
  line.bus.simulator().faults().dead = 0;
  line.bus.run(seconds{10});
  EXPECT_EQ(line.quality(), core::Quality::kGood);
}

TEST_P(OnEveryDialect, ASleepingBoardIsWoken) {
  Watched line{spec_of(GetParam(), "sleep=3"), GetParam().dialect};
  line.bus.run(seconds{60});
  EXPECT_EQ(line.quality(), core::Quality::kGood);
}

TEST_P(OnEveryDialect, AnAlarmIsSeenInItsTime) {
  auto spec = spec_of(GetParam(), "alarms=cell_ov:3600:30");
  spec.simulator.faults.alarm->first_s = 60;
  Watched line{spec, GetParam().dialect};
  line.bus.run(seconds{50});
  EXPECT_TRUE(line.bus.hub().alarms(0).empty());
  line.bus.run(seconds{30});
  ASSERT_EQ(line.bus.hub().alarms(0).size(), 1U);
  EXPECT_EQ(line.bus.hub().alarms(0)[0].alarm.id, core::AlarmId::kCellOv);
  line.bus.run(seconds{40});
  EXPECT_TRUE(line.bus.hub().alarms(0).empty());
}

INSTANTIATE_TEST_SUITE_P(Dialects, OnEveryDialect, testing::ValuesIn(kFamilies), [](const auto& row) {
  std::string name{row.param.protocol};
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(Faults, ASleepingDalyIsCalledAsleep) {
  for (const auto& family : kFamilies) {
    if (!std::string_view{family.protocol}.starts_with("daly")) continue;
    Watched line{spec_of(family, "sleep=1000000"), family.dialect};
    line.bus.run(seconds{60});
    EXPECT_TRUE(line.bus.was_asleep()) << family.protocol;
    EXPECT_EQ(line.quality(), core::Quality::kAsleep) << family.protocol;
    EXPECT_EQ(line.published, 0U);
  }
}

TEST(Faults, OneBoardIsNeverTakenForAnother) {
  for (const auto& family : {kFamilies[1], kFamilies[2], kFamilies[3], kFamilies[4]}) {
    Watched line{spec_of(family, "wrong-address"), family.dialect};
    line.bus.run(seconds{60});
    EXPECT_EQ(line.published, 0U) << family.protocol;
  }
}

TEST(Faults, ACellCountThatDoesNotFitThePackIsNotBelieved) {
  for (const auto& family : {kFamilies[1], kFamilies[2], kFamilies[3], kFamilies[4]}) {
    Watched line{spec_of(family, "wrong-cell-count=15"), family.dialect};
    line.bus.run(seconds{60});
    EXPECT_EQ(line.published, 0U) << family.protocol;
    EXPECT_GT(line.stats().rejected, 10U) << family.protocol;
  }
}

TEST(Styles, SixteenFramesArePaddedWithOldBytes) {
  auto spec = spec_of(kFamilies[2]);
  spec.device.sixteen_frames = true;
  Watched line{spec, Dialect::kDalyA5};
  line.bus.run(seconds{120});
  EXPECT_EQ(line.quality(), core::Quality::kGood);
  EXPECT_EQ(line.bus.hub().latest(0).sample.extent(core::Field::kCellVoltage), 16U);
  EXPECT_EQ(line.lies, 0U);
}

TEST(Styles, PaddingBeforeTheAckIsSkipped) {
  for (const auto padding : {std::uint8_t{1}, std::uint8_t{2}}) {
    auto spec = spec_of(kFamilies[1]);
    spec.device.padding = padding;
    Watched line{spec, Dialect::kJkPb};
    line.bus.run(seconds{60});
    EXPECT_GT(line.published, 50U);
    EXPECT_LT(line.stats().unconfirmed, 5U) << "a frame whose acknowledgement is not found waits each time";
  }
}

TEST(Styles, TheOtherSignOfTheCurrentIsLearned) {
  for (const auto& family : {kFamilies[2], kFamilies[3], kFamilies[4]}) {
    auto spec = spec_of(family);
    spec.device.inverted_current = true;
    spec.profiles.resize(1);
    spec.profiles[0].fixed_current_a = -12;
    test::VirtualBus bus{Watched::make(spec), family.dialect, seconds{1}};
    bus.run(seconds{60});
    EXPECT_EQ(bus.hub().latest(0).sample.value(core::Field::kCurrent), -12'000) << family.protocol;
    EXPECT_EQ(bus.dialect().learned_sign(1), -1) << family.protocol;
  }
}

TEST(Styles, AListenerBesideAMasterHearsEveryPackAndNeverSpeaks) {
  auto spec = spec_of(kFamilies[1]);
  spec.addresses = {std::uint8_t{0}, std::uint8_t{1}, std::uint8_t{7}};
  spec.device.master = true;
  test::VirtualBus bus{Watched::make(spec), Dialect::kJkPb, seconds{5}, {}, core::BusRole::kListener};
  bus.run(seconds{60});
  EXPECT_EQ(bus.requests(), 0U);
  for (core::PackIndex pack = 0; pack < 3; ++pack) {
    EXPECT_EQ(bus.hub().latest(pack).quality, core::Quality::kGood) << "pack " << int{pack};
    const auto truth = bus.simulator().packs()[pack].model->truth();
    const auto& seen = bus.hub().latest(pack).sample;
    EXPECT_NEAR(seen.get(core::Field::kRemainingCapacity), truth.get(core::Field::kRemainingCapacity), 500);
    EXPECT_NEAR(seen.get(core::Field::kCellVoltage, 3), truth.get(core::Field::kCellVoltage, 3), 10);
  }
}

}  // namespace
}  // namespace bmsgate::sim
