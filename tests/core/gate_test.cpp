// SPDX-License-Identifier: Apache-2.0
// What the plausibility gate believes, sample by sample.
#include "core/gate.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

namespace bmsgate::core {
namespace {

using std::chrono::seconds;

/// An eight-cell pack at rest.
Sample pack() {
  Sample sample;
  sample.set(Field::kPackVoltage, 26'400);
  sample.set(Field::kCurrent, -1'000);
  sample.set(Field::kSoc, 550);
  sample.set(Field::kCycles, 12);
  sample.set(Field::kRemainingCapacity, 55'000);
  sample.set(Field::kState, 2);
  sample.set(Field::kChargeMos, 1);
  sample.set(Field::kCellCount, 8);
  sample.set(Field::kTemperature, 215, 0);
  for (std::size_t i = 0; i < 8; ++i) sample.set(Field::kCellVoltage, 3'300, i);
  return sample;
}

struct Judge {
  explicit Judge(const GateRules& rules = {.pack_resolution_mv = 1, .confirm_first = false}) : gate{rules} {}
  /// A gate that has published pack().
  static Judge at_rest() {
    Judge judge;
    EXPECT_EQ(judge(pack()), Belief::kPublish);
    return judge;
  }
  Belief operator()(Sample sample, bool confirmed = true, FieldMask carried = 0) {
    at += seconds{1};
    const auto belief = gate.judge(sample, confirmed, carried, at);
    judged = sample;
    return belief;
  }
  Gate gate;
  Sample judged;
  Instant at{seconds{100}};
};

using Change = std::function<void(Sample&)>;
struct Row {
  const char* what;
  Change change;
  Belief first;   // of the changed sample after one at rest
  Belief second;  // of the same again
};

class GateRow : public ::testing::TestWithParam<Row> {};

TEST_P(GateRow, IsJudged) {
  auto judge = Judge::at_rest();
  auto sample = pack();
  GetParam().change(sample);
  EXPECT_EQ(judge(sample), GetParam().first);
  EXPECT_EQ(judge(sample), GetParam().second);
  EXPECT_EQ(judge(pack()),
            Belief::kPublish == GetParam().second && Belief::kUnconfirmed == GetParam().first ? Belief::kUnconfirmed : Belief::kPublish);
}

constexpr auto kPublish = Belief::kPublish;
constexpr auto kUnconfirmed = Belief::kUnconfirmed;
constexpr auto kRejected = Belief::kRejected;

INSTANTIATE_TEST_SUITE_P(
    Rows, GateRow,
    ::testing::Values(Row{"nothing", [](Sample&) {}, kPublish, kPublish},
                      Row{"small_current_step", [](Sample& s) { s.set(Field::kCurrent, -15'000); }, kPublish, kPublish},
                      Row{"load_switched_on", [](Sample& s) { s.set(Field::kCurrent, -95'000); }, kUnconfirmed, kPublish},
                      Row{"state", [](Sample& s) { s.set(Field::kState, 1); }, kUnconfirmed, kPublish},
                      Row{"mos", [](Sample& s) { s.set(Field::kChargeMos, 0); }, kUnconfirmed, kPublish},
                      Row{"cycles_up_one", [](Sample& s) { s.set(Field::kCycles, 13); }, kPublish, kPublish},
                      Row{"cycles_up_many", [](Sample& s) { s.set(Field::kCycles, 268); }, kUnconfirmed, kPublish},
                      Row{"alarm", [](Sample& s) { s.alarms.add({.id = AlarmId::kCellUv, .severity = Severity::kWarning}); }, kUnconfirmed,
                          kPublish},
                      Row{"impossible_soc", [](Sample& s) { s.set(Field::kSoc, 1'010); }, kRejected, kRejected},
                      Row{"wake_up_current", [](Sample& s) { s.set(Field::kCurrent, -3'000'000); }, kRejected, kRejected},
                      Row{"wake_up_cell", [](Sample& s) { s.set(Field::kCellVoltage, 65'280, 3); }, kRejected, kRejected},
                      Row{"no_voltage", [](Sample& s) { s.set(Field::kPackVoltage, 100); }, kRejected, kRejected},
                      Row{"cell_off_by_half_a_volt", [](Sample& s) { s.set(Field::kCellVoltage, 3'812, 3); }, kRejected, kRejected},
                      Row{"pack_off_by_one_volt", [](Sample& s) { s.set(Field::kPackVoltage, 27'400); }, kRejected, kRejected},
                      Row{"cell_jump_within_the_sum", [](Sample& s) { s.set(Field::kCellVoltage, 3'428, 3); }, kUnconfirmed, kPublish},
                      Row{"cell_vanished", [](Sample& s) { s.clear(Field::kCellVoltage, 7); }, kRejected, kRejected},
                      Row{"impossible_derived_time", [](Sample& s) { s.set(Field::kTimeToFull, -5); }, kPublish, kPublish}),
    [](const auto& row) { return row.param.what; });

TEST(Gate, AJumpIsConfirmedOnlyByAnAgreeingSample) {
  auto judge = Judge::at_rest();
  auto first = pack();
  first.set(Field::kCurrent, -95'000);
  auto other = pack();
  other.set(Field::kCurrent, 200'000);
  EXPECT_EQ(judge(first), kUnconfirmed);
  EXPECT_EQ(judge.gate.doubt(), Doubt::kJump);
  EXPECT_EQ(judge.gate.doubtful_field(), Field::kCurrent);
  EXPECT_EQ(judge(other), kUnconfirmed);
  EXPECT_EQ(judge(pack()), kPublish) << "back where it was: both were wrong";
  EXPECT_EQ(judge(first), kUnconfirmed) << "what was doubted before confirms nothing now";
}

TEST(Gate, ARestlessValueIsBelievedInTheEnd) {
  auto judge = Judge::at_rest();
  std::vector<Belief> beliefs;
  for (const int current_ma : {-60'000, -120'000, -200'000, -90'000}) {
    auto sample = pack();
    sample.set(Field::kCurrent, current_ma);
    beliefs.push_back(judge(sample));
  }
  EXPECT_EQ(beliefs, (std::vector{kUnconfirmed, kUnconfirmed, kUnconfirmed, kPublish}));
}

TEST(Gate, TheFirstReadingWaitsForASecondWhereTheDialectWantsIt) {
  Judge judge{{.pack_resolution_mv = 1, .confirm_first = true}};
  auto wrong = pack();
  wrong.set(Field::kSoc, 100);
  EXPECT_EQ(judge(wrong), kUnconfirmed);
  EXPECT_EQ(judge.gate.doubt(), Doubt::kFirst);
  EXPECT_EQ(judge(pack()), kUnconfirmed);
  EXPECT_EQ(judge(pack()), kPublish);
}

TEST(Gate, AValueThatAppearsLaterWaitsAlone) {
  Judge judge{{.pack_resolution_mv = 1, .confirm_first = true}};
  EXPECT_EQ(judge(pack()), kUnconfirmed);
  EXPECT_EQ(judge(pack()), kPublish);
  auto with_switch = pack();
  with_switch.set(Field::kChargeSwitch, 1);
  EXPECT_EQ(judge(with_switch), kPublish);
  EXPECT_FALSE(judge.judged.has(Field::kChargeSwitch));
  EXPECT_EQ(judge(with_switch), kPublish);
  EXPECT_TRUE(judge.judged.has(Field::kChargeSwitch));
}

TEST(Gate, AFrameWithAWeakCheckNeedsItsSuccessor) {
  auto judge = Judge::at_rest();
  EXPECT_EQ(judge(pack(), false), kUnconfirmed);
  EXPECT_EQ(judge.gate.doubt(), Doubt::kWeakCheck);
  EXPECT_EQ(judge(pack(), false), kPublish);
  EXPECT_EQ(judge(pack(), false), kPublish) << "a board that never acknowledges stays readable";
  EXPECT_EQ(judge(pack(), true), kPublish);
  EXPECT_EQ(judge(pack(), false), kUnconfirmed);
}

TEST(Gate, ACarriedValueConfirmsNothing) {
  auto judge = Judge::at_rest();
  const auto cycles = FieldMask{1} << index(Field::kCycles);
  auto jumped = pack();
  jumped.set(Field::kCycles, 500);
  EXPECT_EQ(judge(jumped), kUnconfirmed) << "asked anew";
  EXPECT_EQ(judge(jumped, true, cycles), kPublish) << "carried over: the rest is good";
  EXPECT_EQ(judge.judged.get(Field::kCycles), 12);
  EXPECT_EQ(judge(jumped), kPublish) << "asked anew and the same";
  EXPECT_EQ(judge.judged.get(Field::kCycles), 500);
}

TEST(Gate, ZeroesOfTheFirstSecondsAreLeftOut) {
  Judge judge;
  auto starting = pack();
  starting.set(Field::kSoc, 0);
  starting.set(Field::kCycles, 0);
  starting.set(Field::kRemainingCapacity, 0);
  for (int i = 0; i < 16; ++i) {
    EXPECT_EQ(judge(starting), kPublish);
    EXPECT_FALSE(judge.judged.has(Field::kSoc));
    EXPECT_FALSE(judge.judged.has(Field::kCycles));
    EXPECT_TRUE(judge.judged.has(Field::kPackVoltage));
  }
  EXPECT_EQ(judge(pack()), kPublish);
  EXPECT_EQ(judge.judged.get(Field::kSoc), 550);
}

TEST(Gate, AnEmptyNewPackIsShownAfterAWhile) {
  Judge judge;
  auto empty = pack();
  empty.set(Field::kSoc, 0);
  empty.set(Field::kCycles, 0);
  for (int i = 0; i < 22; ++i) static_cast<void>(judge(empty));
  EXPECT_EQ(judge.judged.value(Field::kSoc), 0);
  EXPECT_EQ(judge(empty), kPublish);
}

TEST(Gate, CoarseVoltageGetsMoreRoom) {
  auto sample = pack();
  sample.set(Field::kPackVoltage, 26'900);
  EXPECT_EQ(Judge{}(sample), kRejected);
  EXPECT_EQ((Judge{{.pack_resolution_mv = 100, .confirm_first = false}}(sample)), kPublish);
}

}  // namespace
}  // namespace bmsgate::core
