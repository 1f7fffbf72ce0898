// SPDX-License-Identifier: Apache-2.0
// The demo's packs, and the past that is made up for them.
#include "sim/demo.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "sim/history_maker.hpp"
#include "tests/support/virtual_bus.hpp"

namespace bmsgate::sim {
namespace {

using std::chrono::seconds;

constexpr core::UtcMs kUtc = test::VirtualBus::kUtc;
constexpr core::UtcMs kDayMs = 86'400'000;

class DemoPacks : public testing::TestWithParam<unsigned> {};

TEST_P(DemoPacks, AreAsManyAsWantedAndHaveNamesOfTheirOwn) {
  std::set<std::string> ids, names, buses;
  for (const auto& line : demo_lines(GetParam())) {
    EXPECT_TRUE(buses.insert(line.bus).second) << line.bus;
    EXPECT_LE(line.bus.size(), 19U);
    std::set<unsigned> addresses;
    for (const auto& pack : line.packs) {
      EXPECT_TRUE(ids.insert(pack.id).second) << pack.id;
      EXPECT_TRUE(names.insert(pack.name).second) << pack.name;
      EXPECT_TRUE(addresses.insert(pack.address).second);
      EXPECT_LE(pack.id.size(), 19U);
      EXPECT_EQ(pack.id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-"), std::string::npos);
    }
  }
  EXPECT_EQ(ids.size(), GetParam());
}

INSTANTIATE_TEST_SUITE_P(Counts, DemoPacks, testing::Values(1U, 4U, 6U, 16U, 64U));

TEST(Demo, EveryLineComesAliveWithinSeconds) {
  for (const auto& line : demo_lines()) {
    const auto dialect = protocols::find_dialect(line.protocol);
    ASSERT_TRUE(dialect.has_value());
    test::VirtualBus bus{make_demo_simulator(line, kUtc), *dialect, seconds{1}};
    bus.run(seconds{10});
    for (std::size_t i = 0; i < line.packs.size(); ++i) {
      const auto& reading = bus.hub().latest(static_cast<core::PackIndex>(i));
      EXPECT_EQ(reading.quality, core::Quality::kGood) << line.packs[i].id;
      EXPECT_EQ(reading.sample.extent(core::Field::kCellVoltage), line.packs[i].profile.cells);
    }
  }
}

TEST(Demo, OnePackRaisesAnAlarmNowAndThen) {
  unsigned started = 0;
  for (const auto& line : demo_lines()) {
    const auto simulator = make_demo_simulator(line, kUtc);
    bool was = false;
    std::vector<std::uint8_t> out;
    for (int s = 0; s < 3600; s += 5) {
      simulator->poll(core::Instant{seconds{100 + s}}, out);
      bool is = false;
      for (const auto& alarm : simulator->packs().back().model->state().alarms) is = is || alarm.id == core::AlarmId::kMosOt;
      started += is && !was;
      was = is;
    }
  }
  EXPECT_GE(started, 3U);
  EXPECT_LE(started, 5U);
}

TEST(Demo, CountersGoOnWhereThePastEnds) {
  const auto line = demo_lines()[0];
  const auto simulator = make_demo_simulator(line, kUtc);
  std::vector<std::uint8_t> out;
  simulator->poll(core::Instant{seconds{100}}, out);
  simulator->poll(core::Instant{seconds{101}}, out);
  for (std::size_t i = 0; i < line.packs.size(); ++i) {
    HistorySpec spec;
    spec.profile = line.packs[i].profile;
    spec.from_utc_ms = kUtc - 200 * kDayMs;
    spec.to_utc_ms = kUtc;
    core::Sample last;
    make_history(spec, [&](core::UtcMs, const core::Sample& sample) {
      last = sample;
      return true;
    });
    const auto now = simulator->packs()[i].model->truth();
    const auto cycles = [](const core::Sample& sample) { return sample.get(core::Field::kCycles); };
    EXPECT_GE(cycles(now), cycles(last)) << line.packs[i].id;
    EXPECT_LT(cycles(now), cycles(last) + 60) << line.packs[i].id;
    EXPECT_NEAR(now.get(core::Field::kSoc), last.get(core::Field::kSoc), 30) << line.packs[i].id;
    EXPECT_NEAR(now.get(core::Field::kPackVoltage), last.get(core::Field::kPackVoltage), 300) << line.packs[i].id;
  }
}

TEST(HistoryMaker, MakesEveryStepAndTheSameEachTime) {
  HistorySpec spec;
  spec.from_utc_ms = kUtc;
  spec.to_utc_ms = kUtc + kDayMs;
  std::vector<core::Sample> first;
  make_history(spec, [&](core::UtcMs at_ms, const core::Sample& sample) {
    EXPECT_EQ(at_ms, kUtc + static_cast<core::UtcMs>(first.size()) * 60'000);
    first.push_back(sample);
    return true;
  });
  EXPECT_EQ(first.size(), 1440U);
  std::size_t n = 0;
  make_history(spec, [&](core::UtcMs, const core::Sample& sample) {
    EXPECT_TRUE(sample == first[n++]);
    return n < 100;
  });
  EXPECT_EQ(n, 100U) << "stopped where asked to";
}

TEST(HistoryMaker, TellsHalfAYearWithDaysAndNights) {
  HistorySpec spec;
  spec.profile = demo_lines()[1].packs[1].profile;
  spec.from_utc_ms = kUtc;
  spec.to_utc_ms = kUtc + 200 * kDayMs;
  std::size_t steps = 0, charging = 0, discharging = 0, alarms = 0;
  make_history(spec, [&](core::UtcMs, const core::Sample& sample) {
    ++steps;
    charging += sample.get(core::Field::kCurrent) > 1000;
    discharging += sample.get(core::Field::kCurrent) < -1000;
    alarms += sample.alarms.serious();
    return true;
  });
  EXPECT_EQ(steps, 200U * 1440);
  EXPECT_GT(charging, steps / 8);
  EXPECT_GT(discharging, steps / 4);
  EXPECT_LT(alarms, steps / 50);
}

}  // namespace
}  // namespace bmsgate::sim
