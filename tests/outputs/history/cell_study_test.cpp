// SPDX-License-Identifier: Apache-2.0
#include "outputs/history/cell_study.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "sim/history_maker.hpp"

namespace bmsgate::outputs {
namespace {

constexpr core::UtcMs kStart = 1'780'000'000'000;
constexpr core::UtcMs kDay = 86'400'000;

#ifdef __SANITIZE_ADDRESS__
constexpr std::array kSeeds{1U};  // a sanitizer makes physics slow; one pack is enough for it
constexpr std::array kDays{20};
#else
constexpr std::array kSeeds{1U, 22U, 33U};
constexpr std::array kDays{20, 60};
#endif

struct Fault {
  std::string name;
  void (*apply)(sim::PackProfile& profile);
  std::vector<std::pair<FindingKind, int>> expected;  // kind and cell
};

std::vector<Finding> study(sim::PackProfile profile, int days) {
  sim::HistorySpec spec;
  spec.profile = profile;
  spec.from_utc_ms = kStart;
  spec.to_utc_ms = kStart + days * kDay;
  CellStudy study;
  sim::make_history(spec, [&](core::UtcMs utc_ms, const core::Sample& sample) {
    study.add(utc_ms, sample);
    return true;
  });
  return study.findings();
}

class CellStudyTest : public testing::TestWithParam<Fault> {};

TEST_P(CellStudyTest, FindsWhatIsWrongAndNothingElse) {
  for (const std::uint64_t seed : kSeeds) {
    for (const int days : kDays) {
      sim::PackProfile profile;
      profile.seed = seed;
      GetParam().apply(profile);
      std::vector<std::pair<FindingKind, int>> found;
      for (const auto& finding : study(profile, days)) found.emplace_back(finding.kind, finding.cell);
      std::sort(found.begin(), found.end());
      EXPECT_EQ(found, GetParam().expected) << "seed " << seed << ", " << days << " days";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Packs, CellStudyTest,
    testing::Values(
        Fault{"healthy", [](sim::PackProfile&) {}, {}},
        Fault{"healthy_nmc", [](sim::PackProfile& pack) { pack.chemistry = sim::Chemistry::kNmc; }, {}},
        Fault{"weak", [](sim::PackProfile& pack) { pack.weak_cell = 7; }, {{FindingKind::kLowCapacity, 7}}},
        Fault{"weak_of_8", [](sim::PackProfile& pack) { pack.cells = 8, pack.weak_cell = 2; }, {{FindingKind::kLowCapacity, 2}}},
        Fault{"leaky", [](sim::PackProfile& pack) { pack.leaky_cell = 5; }, {{FindingKind::kLeaky, 5}}},
        Fault{"bad_connection", [](sim::PackProfile& pack) { pack.high_resistance_cell = 3; }, {{FindingKind::kHighResistance, 3}}},
        Fault{"dead_balancer", [](sim::PackProfile& pack) { pack.balancer = sim::Balancer::kDead; }, {{FindingKind::kDeadBalancer, 0}}},
        Fault{"leaky_and_dead",
              [](sim::PackProfile& pack) { pack.balancer = sim::Balancer::kDead, pack.leaky_cell = 5; },
              {{FindingKind::kLeaky, 5}, {FindingKind::kDeadBalancer, 0}}}),
    [](const auto& row) { return row.param.name; });

TEST(CellStudy, TellsHowMuchIsMissing) {
  sim::PackProfile profile;
  profile.weak_cell = 7;
  profile.weak_capacity = 0.90;
  const auto found = study(profile, 40);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NEAR(found[0].amount, 10, 3);
}

TEST(CellStudy, SaysNothingBeforeItHasSeenEnough) {
  sim::PackProfile profile;
  profile.weak_cell = 7;
  EXPECT_TRUE(study(profile, 3).empty());
  EXPECT_TRUE(CellStudy{}.findings().empty());
}

}  // namespace
}  // namespace bmsgate::outputs
