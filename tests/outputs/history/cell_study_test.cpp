// SPDX-License-Identifier: Apache-2.0
#include "outputs/history/cell_study.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "sim/pack_model.hpp"

namespace bmsgate::outputs {
namespace {

constexpr core::UtcMs kStart = 1'780'000'000'000;
constexpr core::UtcMs kMinute = 60'000;
constexpr std::int64_t kDayMinutes = 1'440;

#ifdef __SANITIZE_ADDRESS__
constexpr std::array kSeeds{1U};  // a sanitizer makes physics slow; one pack is enough for it
#else
constexpr std::array kSeeds{1U, 22U};
#endif

using Profile = sim::PackProfile;
using Found = std::vector<std::pair<FindingKind, int>>;

/// How a pack is used and looked at.
struct Use {
  int days{32};
  double noise_mv{1};                                                      // standard deviation, on each cell and reading
  std::function<void(sim::PackModel& pack, std::int64_t minute)> drive{};  // in place of the day of sun and load
  std::function<bool(std::int64_t minute)> missing{};
};

CellStudy study(const Profile& profile, const Use& use) {
  sim::PackModel pack{profile};
  std::mt19937_64 random{profile.seed};
  std::normal_distribution<double> noise{0, use.noise_mv};
  CellStudy study;
  for (std::int64_t minute = 0; minute < use.days * kDayMinutes; ++minute) {
    if (use.drive) use.drive(pack, minute);
    pack.advance(kStart + minute * kMinute);
    if (use.missing && use.missing(minute)) continue;
    auto sample = pack.truth();
    for (std::size_t i = 0; i < profile.cells; ++i) {
      const auto measured = sample.get(core::Field::kCellVoltage, i) + noise(random);
      sample.set(core::Field::kCellVoltage, static_cast<std::int32_t>(std::lround(measured)), i);
    }
    study.add(kStart + minute * kMinute, sample);
  }
  return study;
}

Found kinds_of(const std::vector<Finding>& findings) {
  Found found;
  for (const auto& finding : findings) found.emplace_back(finding.kind, finding.cell);
  std::sort(found.begin(), found.end());
  return found;
}

/// A pack of another size, its currents and resistance in proportion.
Profile pack_of(std::uint8_t cells, double ah, sim::Chemistry chemistry = sim::Chemistry::kLfp) {
  Profile profile;
  const double factor = ah / profile.capacity_ah;
  profile.cells = cells;
  profile.chemistry = chemistry;
  profile.capacity_ah = ah;
  profile.solar_peak_a *= factor;
  profile.evening_load_a *= factor;
  profile.idle_load_a *= factor;
  profile.resistance_ohm /= factor;
  return profile;
}

struct Case {
  std::string name;
  Profile profile;
  Found expected;
  double amount{0};  // of the first expected one; 0: not checked
  double within{0};
  Use use{};
};

Profile weak(Profile profile, std::uint8_t cell, double capacity) {
  profile.weak_cell = cell;
  profile.weak_capacity = capacity;
  return profile;
}
Profile leaky(Profile profile, std::uint8_t cell, double percent_a_month) {
  profile.leaky_cell = cell;
  profile.leak_a = profile.capacity_ah * percent_a_month / 100 / 30 / 24;
  return profile;
}
Profile resisting(Profile profile, std::uint8_t cell, double times) {
  profile.high_resistance_cell = cell;
  profile.high_resistance = times;
  return profile;
}
Profile with(Profile profile, sim::Balancer balancer) {
  profile.balancer = balancer;
  return profile;
}

/// Six days of slow discharge, ten hours of charge, then rest.
void drive_slowly(sim::PackModel& pack, std::int64_t minute) {
  const auto part = minute % (8 * kDayMinutes);
  const double ah = pack.profile().capacity_ah;
  const bool empty = pack.state().soc_permille <= 150;
  if (part < 6 * kDayMinutes) return pack.set_fixed_current(empty ? 0 : -0.006 * ah * static_cast<double>(1 + part / 30 % 3));
  pack.set_fixed_current(part < 6 * kDayMinutes + 600 ? 0.2 * ah : 0);
}

std::vector<Case> cases() {
  using enum FindingKind;
  const auto lfp = pack_of(16, 280);
  const auto nmc = pack_of(14, 100, sim::Chemistry::kNmc);
  const auto nmc_bled = with(nmc, sim::Balancer::kPassive);
  const Use noisy{.noise_mv = 3};
  const Use gaps{.days = 60, .missing = [](std::int64_t minute) {
                   return minute / kDayMinutes % 3 == 1 || (minute % kDayMinutes > 600 && minute % kDayMinutes < 660);
                 }};
  const Use sparse{.days = 60, .drive = drive_slowly};
  return {
      {"healthy", lfp, {}},
      {"healthy_noisy", lfp, {}, 0, 0, noisy},
      {"healthy_short", lfp, {}, 0, 0, {.days = 8}},
      {"healthy_gaps", lfp, {}, 0, 0, gaps},
      {"healthy_sparse", lfp, {}, 0, 0, sparse},
      {"healthy_4", pack_of(4, 100), {}},
      {"healthy_24", pack_of(24, 200), {}},
      {"healthy_nmc", nmc, {}},
      {"healthy_nmc_bled", nmc_bled, {}, 0, 0, noisy},
      {"weak_4", weak(lfp, 7, 0.96), {{kLowCapacity, 7}}, 4, 1.5},
      {"weak_6_noisy", weak(lfp, 7, 0.94), {{kLowCapacity, 7}}, 6, 2, noisy},
      {"weak_10", weak(lfp, 16, 0.90), {{kLowCapacity, 16}}, 10, 3.5},
      {"weak_15_of_8", weak(pack_of(8, 100), 2, 0.85), {{kLowCapacity, 2}}, 15, 5},
      {"weak_10_of_24", weak(pack_of(24, 200), 20, 0.90), {{kLowCapacity, 20}}, 10, 3.5},
      {"weak_10_sparse", weak(lfp, 3, 0.90), {{kLowCapacity, 3}}, 10, 3, sparse},
      {"weak_10_gaps", weak(lfp, 3, 0.90), {{kLowCapacity, 3}}, 10, 3, gaps},
      {"weak_10_nmc", weak(nmc, 5, 0.90), {{kLowCapacity, 5}}, 8.5, 3},
      {"leak_5", leaky(lfp, 5, 5), {{kLeaky, 5}}, 5, 2},
      {"leak_14", leaky(lfp, 1, 14), {{kLeaky, 1}}, 13, 4},
      {"leak_14_of_4", leaky(pack_of(4, 100), 4, 14), {{kLeaky, 4}}, 11, 5},
      {"leak_14_nmc_bled", leaky(nmc_bled, 5, 14), {{kLeaky, 5}}, 12, 5},
      {"resistance_2", resisting(lfp, 3, 2), {{kHighResistance, 3}}},
      {"resistance_3_noisy", resisting(lfp, 3, 3), {{kHighResistance, 3}}, 2.1, 0.5, noisy},
      {"resistance_3_of_4", resisting(pack_of(4, 100), 1, 3), {{kHighResistance, 1}}, 6, 1.3},
      {"dead_balancer", with(lfp, sim::Balancer::kDead), {{kDeadBalancer, 0}}},
      {"weak_and_resistance", resisting(weak(lfp, 1, 0.90), 3, 3), {{kLowCapacity, 1}, {kHighResistance, 3}}},
      {"weak_and_leak", leaky(weak(lfp, 1, 0.90), 4, 14), {{kLowCapacity, 1}, {kLeaky, 4}}},
      {"leak_and_dead", with(leaky(lfp, 5, 5), sim::Balancer::kDead), {{kLeaky, 5}, {kDeadBalancer, 0}}},
  };
}

class CellStudyTest : public testing::TestWithParam<Case> {};

TEST_P(CellStudyTest, FindsWhatIsWrongAndNothingElse) {
  const auto& row = GetParam();
  for (const std::uint64_t seed : kSeeds) {
    auto profile = row.profile;
    profile.seed = seed;
    const auto findings = study(profile, row.use).findings();
    EXPECT_EQ(kinds_of(findings), row.expected) << "seed " << seed;
    for (const auto& finding : findings) {
      EXPECT_LT(finding.from_ms, finding.to_ms) << finding.text;
      if (row.within > 0 && finding.kind == row.expected.front().first) {
        EXPECT_NEAR(finding.amount, row.amount, row.within) << "seed " << seed << ": " << finding.text;
      }
    }
  }
}

void PrintTo(const Case& row, std::ostream* out) { *out << row.name; }

INSTANTIATE_TEST_SUITE_P(Packs, CellStudyTest, testing::ValuesIn(cases()), [](const auto& row) { return row.param.name; });

TEST(CellStudy, TellsWhatEachCellDoes) {
  const auto facts = study(resisting(weak(pack_of(8, 100), 2, 0.90), 5, 3), {.days = 30}).facts();
  ASSERT_EQ(facts.cells.size(), 8U);
  EXPECT_GE(facts.charges, 20);
  ASSERT_TRUE(facts.cells[1].empty_mv && facts.cells[1].empty_mv->per_month);
  EXPECT_LT(facts.cells[1].empty_mv->mean, -10);
  ASSERT_TRUE(facts.cells[4].resistance_mohm && facts.cells[4].resistance_mohm->per_month);
  EXPECT_NEAR(*facts.cells[4].resistance_mohm->per_month, 0, 0.3);
  EXPECT_TRUE(facts.balancer.told);
  EXPECT_GT(facts.balancer.hours, 0);
  EXPECT_GT(facts.balancer.runs, 0);
  EXPECT_GT(facts.balancer.shrank, 0);
  ASSERT_TRUE(facts.balancer.current_a.has_value());
  EXPECT_NEAR(*facts.balancer.current_a, 1, 0.01);
}

TEST(CellStudy, SeesWhichCellFallsFastestAtRest) {
  auto profile = leaky(pack_of(7, 50, sim::Chemistry::kNmc), 3, 14);
  profile.start_soc = 0.7;  // below where it is balanced
  const auto rest = [](sim::PackModel& pack, std::int64_t) { pack.set_fixed_current(0); };
  const auto facts = study(profile, {.days = 12, .drive = rest}).facts();
  EXPECT_EQ(kinds_of(findings_of(facts)), (Found{{FindingKind::kRestFall, 3}}));
  for (std::size_t i = 0; i < facts.cells.size(); ++i) {
    ASSERT_TRUE(facts.cells[i].rest_fall_mv.has_value());
    if (i == 2) continue;
    EXPECT_GT(facts.cells[2].rest_fall_mv->value, facts.cells[i].rest_fall_mv->value + 2);
  }
}

TEST(CellStudy, SaysNothingBeforeItHasSeenEnough) {
  EXPECT_TRUE(study(weak(pack_of(16, 280), 7, 0.90), {.days = 3}).findings().empty());
  EXPECT_TRUE(CellStudy{}.findings().empty());
}

TEST(CellStudy, BeginsAnewWithAnotherPack) {
  auto both = study(weak(pack_of(16, 280), 7, 0.90), {.days = 20});
  sim::PackModel other{pack_of(8, 280)};
  for (std::int64_t minute = 20 * kDayMinutes; minute < 21 * kDayMinutes; ++minute) {
    other.advance(kStart + minute * kMinute);
    both.add(kStart + minute * kMinute, other.truth());
  }
  EXPECT_TRUE(both.findings().empty());
  EXPECT_LT(both.days(), 1.1);
}

}  // namespace
}  // namespace bmsgate::outputs
