// SPDX-License-Identifier: Apache-2.0
// Daly A5 in conversation: plans, hosts, answers in several frames, other masters, sleep, signs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/protocols/daly_a5_peer.hpp"

namespace bmsgate::protocols::test {
namespace {

using core::BmsSetting;
using Kind = core::FrameNote::Kind;
using testing::ElementsAre;
using DalyA5 = DalyA5Test;

// ---- plans

TEST_F(DalyA5, FirstPollAsksAllAndIsAReading) {
  auto peer = eight_cells();
  poll(*box, peer, ear);
  EXPECT_THAT(peer.asked, ElementsAre(0x90, 0x93, 0x94, 0x95, 0x98, 0x96, 0x97, 0x92, 0x91));
  ASSERT_EQ(ear.reports.size(), 1U);
  const auto& live = *ear.reports[0].live;
  EXPECT_EQ(cells_mv(live), (std::vector<int>{3301, 3302, 3303, 3304, 3305, 3306, 3307, 3308}));
  EXPECT_EQ(value(live, Field::kPackVoltage), 26.4);
  EXPECT_EQ(value(live, Field::kSoc), 50);
  EXPECT_EQ(value(live, Field::kRemainingCapacity), 40);
  EXPECT_EQ(value(live, Field::kTemperature, 1), 20);
  EXPECT_EQ(live.extent(Field::kTemperature), 2U) << "trimmed to the sensors that 0x94 counts";
  EXPECT_EQ(value(live, Field::kCycles), 12);
  EXPECT_EQ(value(live, Field::kLoadConnected), 1);
  EXPECT_EQ(value(live, Field::kBalancingCell, 7), 1);
  EXPECT_EQ(live.extent(Field::kBalancingCell), 8U);
  EXPECT_EQ(value(live, Field::kHeartbeat), 7);
}

TEST_F(DalyA5, LaterPollsAskSlowerIdsInTurn) {
  auto peer = eight_cells();
  poll(*box, peer, ear);
  std::map<std::uint8_t, int> slow;
  for (int i = 0; i < 12; ++i) {
    peer.asked.clear();
    poll(*box, peer, ear);
    ASSERT_EQ(peer.asked.size(), 5U);
    peer.asked.resize(5);
    EXPECT_THAT(std::vector(peer.asked.begin(), peer.asked.begin() + 4), ElementsAre(0x90, 0x93, 0x95, 0x98));
    ++slow[peer.asked[4]];
  }
  EXPECT_EQ(slow.size(), 5U) << "94, 96, 97, 92 and 91 all get their turn";
  ASSERT_EQ(ear.reports.size(), 13U);
  EXPECT_EQ(value(*ear.reports.back().live, Field::kTemperature, 0), 21) << "carried over";
}

TEST_F(DalyA5, TellsWhatIsCarriedOver) {
  auto peer = eight_cells();
  for (int i = 0; i < 6; ++i) poll(*box, peer, ear);
  for (const auto& report : ear.reports) ASSERT_TRUE(report.live);
  EXPECT_EQ(ear.reports[0].carried & (std::uint64_t{1} << core::index(Field::kTemperature)), 0U);
  std::size_t carried = 0;
  for (const auto& report : ear.reports) carried += (report.carried >> core::index(Field::kTemperature)) & 1U;
  EXPECT_GT(carried, 0U);
  for (const auto& report : ear.reports) EXPECT_EQ((report.carried >> core::index(Field::kCellVoltage)) & 1U, 0U) << "asked each time";
}

TEST_F(DalyA5, AChangedSlowerValueIsAskedAgainAtOnce) {
  auto peer = eight_cells();
  for (int i = 0; i < 12; ++i) poll(*box, peer, ear);
  peer.answers[0x96] = a5(1, 0x96, {1, 75, 60});
  for (int i = 0; i < 6; ++i) {
    peer.asked.clear();
    poll(*box, peer, ear);
    if (peer.asked.back() == 0x96) break;
  }
  ASSERT_EQ(peer.asked.back(), 0x96);
  poll(*box, peer, ear);
  EXPECT_EQ(peer.asked.back(), 0x96);
  poll(*box, peer, ear);
  EXPECT_NE(peer.asked.back(), 0x96);
}

TEST_F(DalyA5, EveryDetailAsksAllEachTime) {
  box->configure(1, {.every_detail = true});
  auto peer = eight_cells();
  poll(*box, peer, ear);
  peer.asked.clear();
  poll(*box, peer, ear);
  EXPECT_THAT(peer.asked, ElementsAre(0x90, 0x93, 0x95, 0x98, 0x96, 0x97, 0x94, 0x92, 0x91));
}

TEST_F(DalyA5, FillsRequestsWithAAOnRequest) {
  core::Request request;
  ASSERT_TRUE(box->next_request(Part::kLive, 1, 0, request));
  EXPECT_EQ(to_hex(request.bytes.view()), "a5 40 90 08 00 00 00 00 00 00 00 00 7d");
  box->configure(1, {.fill_aa = true});
  ASSERT_TRUE(box->next_request(Part::kLive, 1, 0, request));
  EXPECT_EQ(to_hex(request.bytes.view()), "a5 40 90 08 aa aa aa aa aa aa aa aa cd");
}

TEST_F(DalyA5, ASlowerIdThatIsMissingIsGivenUp) {
  auto peer = eight_cells();
  peer.answers.erase(0x97);
  poll(*box, peer, ear);
  ASSERT_EQ(ear.reports.size(), 1U) << "a reading does without it";
  peer.asked.clear();
  for (int i = 0; i < 8; ++i) poll(*box, peer, ear);
  EXPECT_EQ(std::count(peer.asked.begin(), peer.asked.end(), 0x97), 0);
}

TEST_F(DalyA5, ASlowerValueThatIsNoLongerAnsweredGoesAway) {
  auto peer = eight_cells();
  poll(*box, peer, ear);
  peer.answers.erase(0x96);
  for (int i = 0; i < 8; ++i) poll(*box, peer, ear);
  EXPECT_FALSE(ear.reports.back().live->has(Field::kTemperature));
}

TEST_F(DalyA5, UnknownSettingsAreAskedOnceThenLeftOut) {
  auto peer = eight_cells();
  peer.answers[0x50] = a5(1, 0x50, {0, 0x03, 0x34, 0x50, 0, 0, 0x0C, 0x80});
  peer.answers[0x59] = a5(1, 0x59, {0x0E, 0x10, 0x0E, 0x42, 0x0A, 0xF0, 0x09, 0xC4});
  poll(*box, peer, ear);
  for (int i = 0; i < 3; ++i) {
    peer.asked.clear();
    poll(*box, peer, ear, Part::kSettings);
    poll(*box, peer, ear);
  }
  peer.asked.clear();
  poll(*box, peer, ear, Part::kSettings);
  EXPECT_THAT(peer.asked, ElementsAre(0x50, 0x59));
  ASSERT_TRUE(ear.reports.back().settings);
  const auto& settings = *ear.reports.back().settings;
  EXPECT_EQ(value(settings, BmsSetting::kCapacity), 210);
  EXPECT_EQ(value(settings, BmsSetting::kNominalCellVoltage), 3.2);
  EXPECT_EQ(value(settings, BmsSetting::kCellOvWarning), 3.6);
  EXPECT_EQ(value(settings, BmsSetting::kCellUv), 2.5);
}

TEST_F(DalyA5, SilenceOfASleepingBoardMarksNothingAbsent) {
  auto peer = eight_cells();
  peer.answers.clear();
  for (int i = 0; i < 20; ++i) poll(*box, peer, ear, Part::kSettings);
  peer = eight_cells();
  poll(*box, peer, ear);
  EXPECT_EQ(ear.reports.size(), 1U);
  peer.asked.clear();
  poll(*box, peer, ear, Part::kSettings);
  EXPECT_EQ(peer.asked.front(), 0x50);
}

// ---- hosts and boards

TEST_F(DalyA5, FallsBackToHost80AndStaysThere) {
  auto peer = eight_cells();
  peer.host = 0x80;
  poll(*box, peer, ear);
  poll(*box, peer, ear);
  ASSERT_FALSE(ear.reports.empty());
  core::Request request;
  ASSERT_TRUE(box->next_request(Part::kLive, 1, 0, request));
  EXPECT_EQ(request.bytes[1], 0x80);
}

TEST_F(DalyA5, AMissedAnswerDoesNotChangeTheHost) {
  auto peer = eight_cells();
  poll(*box, peer, ear);
  peer.answers.erase(0x98);
  poll(*box, peer, ear);
  core::Request request;
  ASSERT_TRUE(box->next_request(Part::kLive, 1, 0, request));
  EXPECT_EQ(request.bytes[1], 0x40);
}

TEST_F(DalyA5, SeveralBoardsAreAskedByTheirNumber) {
  core::Request request;
  ASSERT_TRUE(box->next_request(Part::kLive, 2, 0, request));
  EXPECT_EQ(to_hex(request.bytes.view()), "a5 41 90 08 00 00 00 00 00 00 00 00 7e");
  box->begin(request);
  hear(eight_cells(1).answers[0x90]);
  EXPECT_EQ(box->progress(), Progress::kWaiting) << "board 1 answers what was asked of board 2";
  hear(eight_cells(2).answers[0x90]);
  EXPECT_EQ(box->progress(), Progress::kComplete);
}

TEST_F(DalyA5, BoardsAreKeptApart) {
  auto one = eight_cells(1);
  auto two = eight_cells(2);
  two.answers[0x90] = a5(2, 0x90, {0x01, 0x0A, 0, 0, 0x75, 0x30, 0x01, 0x00});
  poll(*box, one, ear);
  poll(*box, two, ear);
  ASSERT_EQ(ear.reports.size(), 2U);
  EXPECT_EQ(ear.reports[0].address, 1);
  EXPECT_EQ(ear.reports[1].address, 2);
  EXPECT_EQ(value(*ear.reports[1].live, Field::kPackVoltage), 26.6);
}

// ---- answers in several frames

TEST_F(DalyA5, KnowsTheEndOfCellsAfterTheFirstTime) {
  auto peer = eight_cells();
  poll(*box, peer, ear);
  ask(0x95);
  const auto answer = cells(1, kCells);
  box->feed(std::span{answer}.first(26), ear);
  EXPECT_EQ(box->progress(), Progress::kPartial);
  box->feed(std::span{answer}.subspan(26), ear);
  EXPECT_EQ(box->progress(), Progress::kComplete) << "no waiting for silence";
}

TEST_F(DalyA5, SixteenFramesAreWaitedFor) {
  auto peer = eight_cells();
  peer.answers[0x95] = cells(1, kCells, 16);
  poll(*box, peer, ear);
  poll(*box, peer, ear);
  ASSERT_EQ(ear.reports.size(), 2U);
  EXPECT_EQ(ear.reports[1].live->extent(Field::kCellVoltage), 8U);
  ask(0x95);
  box->feed(std::span{peer.answers[0x95]}.first(13 * 15), ear);
  EXPECT_EQ(box->progress(), Progress::kPartial) << "the tail would become the head of the next answer";
  box->feed(std::span{peer.answers[0x95]}.subspan(13 * 15), ear);
  EXPECT_EQ(box->progress(), Progress::kComplete);
}

TEST_F(DalyA5, LateFramesBelongToNobodyAndAreWaitedForNextTime) {
  auto peer = eight_cells();
  poll(*box, peer, ear);
  // Now the board sends five frames: the last two come while the next question is out.
  const auto answer = cells(1, kCells, 5);
  ask(0x95);
  box->feed(std::span{answer}.first(39), ear);
  ASSERT_EQ(box->progress(), Progress::kComplete);
  box->end(true, ear);
  ask(0x98);
  box->feed(std::span{answer}.subspan(39), ear);
  EXPECT_EQ(box->progress(), Progress::kWaiting);
  hear(peer.answers[0x98]);
  EXPECT_EQ(box->progress(), Progress::kComplete);
  box->end(true, ear);
  ask(0x95);
  box->feed(std::span{answer}.first(39), ear);
  EXPECT_EQ(box->progress(), Progress::kPartial);
}

TEST_F(DalyA5, TwelveCellsNeedFourFrames) {
  auto peer = eight_cells();
  peer.answers[0x94] = a5(1, 0x94, {12, 1});
  peer.answers[0x95] = cells(1, std::vector<std::uint16_t>(12, 3300));
  poll(*box, peer, ear);
  ASSERT_EQ(ear.reports.size(), 1U);
  EXPECT_EQ(ear.reports[0].live->extent(Field::kCellVoltage), 12U);
}

TEST_F(DalyA5, FortyEightCells) {
  auto peer = eight_cells();
  peer.answers[0x90] = a5(1, 0x90, {0x06, 0x30, 0, 0, 0x75, 0x30, 0x01, 0xF4});
  peer.answers[0x94] = a5(1, 0x94, {48, 1});
  peer.answers[0x95] = cells(1, std::vector<std::uint16_t>(48, 3300));
  poll(*box, peer, ear);
  ASSERT_EQ(ear.reports.size(), 1U);
  EXPECT_EQ(ear.reports[0].live->extent(Field::kCellVoltage), 48U);
}

TEST_F(DalyA5, FramesMayCountFromZero) {
  auto peer = eight_cells();
  peer.answers[0x95] = cells(1, kCells, 3, 0);
  poll(*box, peer, ear);
  ASSERT_EQ(ear.reports.size(), 1U);
  EXPECT_EQ(cells_mv(*ear.reports[0].live), (std::vector<int>{3301, 3302, 3303, 3304, 3305, 3306, 3307, 3308}));
  EXPECT_EQ(value(*ear.reports[0].live, Field::kTemperature, 1), 20) << "the other answer counts from 1";
}

TEST_F(DalyA5, WithoutItsFrameZeroAnAnswerIsNotTakenForOneThatCountsFromOne) {
  hear(cells(1, kCells, 3, 0));
  hear(a5(1, 0x94, {6, 1}));
  auto answer = cells(1, {3401, 3402, 3403, 3404, 3405, 3406, 3407, 3408, 3409}, 3, 0);
  answer.erase(answer.begin(), answer.begin() + 13);
  hear(answer);
  EXPECT_EQ(cells_mv(only_reading()), (std::vector<int>{3301, 3302, 3303, 3304, 3305, 3306}));
}

TEST_F(DalyA5, AMissingFrameDropsTheWholeAnswer) {
  auto peer = eight_cells();
  poll(*box, peer, ear);
  const auto whole = peer.answers[0x95];
  auto& broken = peer.answers[0x95];
  broken = cells(1, {3401, 3402, 3403, 3404, 3405, 3406, 3407, 3408});
  broken.erase(broken.begin() + 13, broken.begin() + 26);
  poll(*box, peer, ear);
  EXPECT_EQ(ear.reports.size(), 1U) << "no reading with a hole, none with old cells";
  EXPECT_EQ(std::count(peer.asked.begin(), peer.asked.end(), 0x95), 4) << "asked again twice";
  peer.answers[0x95] = whole;
  poll(*box, peer, ear);
  ASSERT_EQ(ear.reports.size(), 2U);
  EXPECT_EQ(value(*ear.reports[1].live, Field::kCellVoltage, 0), 3.301);
}

TEST_F(DalyA5, ADamagedFrameIsAskedForAgain) {
  auto peer = eight_cells();
  poll(*box, peer, ear);
  auto answer = cells(1, kCells);
  answer[20] ^= 1U;
  const auto request = ask(0x95);
  hear(answer);
  EXPECT_EQ(box->progress(), Progress::kPartial);
  box->quiet(ear);
  EXPECT_EQ(box->progress(), Progress::kWaiting) << "that was no answer";
  box->end(false, ear);
  box->begin(request);
  hear(cells(1, kCells));
  EXPECT_EQ(box->progress(), Progress::kComplete);
}

TEST_F(DalyA5, StaleSlotsOfAKnownCountAreTrimmed) {
  auto stale = cells(1, {3301, 3302, 3303, 3304, 3305, 3303});
  hear(a5(1, 0x94, {5, 1}) + stale);
  EXPECT_EQ(cells_mv(only_reading()).size(), 5U);
}

TEST_F(DalyA5, OnlyZerosInCellsAreNoAnswer) {
  auto peer = eight_cells();
  peer.answers[0x95] = cells(1, {}, 3);
  poll(*box, peer, ear);
  EXPECT_TRUE(ear.reports.empty());
}

TEST_F(DalyA5, ATemperatureAnswerMayHaveTwoFrames) {
  auto peer = eight_cells();
  peer.answers[0x94] = a5(1, 0x94, {8, 8});
  peer.answers[0x96] = a5(1, 0x96, {1, 60, 61, 62, 0xFF, 64, 0, 40}) + a5(1, 0x96, {2, 30, 0, 0, 0, 0, 0, 0});
  poll(*box, peer, ear);
  ASSERT_EQ(ear.reports.size(), 1U);
  const auto& live = *ear.reports[0].live;
  EXPECT_FALSE(live.has(Field::kTemperature, 3));
  EXPECT_FALSE(live.has(Field::kTemperature, 5));
  EXPECT_EQ(value(live, Field::kTemperature, 6), 0) << "28 hex of a counted sensor is 0 degrees";
  EXPECT_EQ(value(live, Field::kTemperature, 7), -10);
}

TEST_F(DalyA5, WithoutACountTemperaturesEndAtTheFirstEmptySlot) {
  hear(a5(1, 0x96, {1, 61, 60, 0, 0, 0, 0, 0x82}));
  EXPECT_EQ(only_reading().extent(Field::kTemperature), 2U);
}

// ---- hearing others

Octets cycle(FramePeer& peer) {
  Octets out;
  for (const auto& [id, answer] : peer.answers) out = out + a5(0x40, id) + answer;
  return out;
}

TEST_F(DalyA5, AReadingHeardEndsWhereTheNextBegins) {
  auto peer = eight_cells();
  hear(cycle(peer));
  EXPECT_TRUE(ear.reports.empty());
  hear(cycle(peer));
  EXPECT_EQ(ear.reports.size(), 1U);
  box->flush(ear);
  EXPECT_EQ(ear.reports.size(), 2U);
  EXPECT_EQ(ear.count(Kind::kRequest), 18U);
}

TEST_F(DalyA5, FramesAreCountedWithTheirReading) {
  struct Counting final : core::ReportSink {
    explicit Counting(core::Protocol& of) : dialect{of} {}
    void on_report(const core::Report& /*report*/) noexcept override { counted.push_back(dialect.counters().frames_ok); }
    core::Protocol& dialect;
    std::vector<std::uint32_t> counted;
  } counting{*box};
  auto peer = eight_cells();
  for (int i = 0; i < 3; ++i) box->feed(cycle(peer), counting);
  box->flush(counting);
  EXPECT_THAT(counting.counted, ElementsAre(11U, 22U, 33U));
}

TEST_F(DalyA5, ATemperatureOfZeroRawIsNone) {
  hear(a5(1, 0x92, {0, 1, 0, 1}));
  const auto live = only_reading();
  EXPECT_FALSE(live.has(Field::kTemperatureMin));
  EXPECT_FALSE(live.has(Field::kTemperatureMax));
}

TEST_F(DalyA5, AHeardCycleWithADamagedAnswerIsNoReading) {
  auto peer = eight_cells();
  hear(cycle(peer) + cycle(peer));
  auto hurt = peer;
  hurt.answers[0x98][7] ^= 1U;  // its alarms would seem to have ended
  hear(cycle(hurt) + cycle(peer));
  EXPECT_EQ(ear.reports.size(), 2U);
  box->flush(ear);
  EXPECT_EQ(ear.reports.size(), 3U);
  EXPECT_EQ(box->counters().bad_checks, 1U);
}

TEST_F(DalyA5, AMasterWhoNeverAsksForAlarmsIsUnderstoodToo) {
  auto peer = eight_cells();
  peer.answers.erase(0x98);
  for (int i = 0; i < 4; ++i) hear(cycle(peer));
  EXPECT_EQ(ear.reports.size(), 3U);
}

TEST_F(DalyA5, OldCellsNeverStandInANewReading) {
  auto peer = eight_cells();
  hear(cycle(peer));
  peer.answers.erase(0x95);
  hear(cycle(peer));
  box->flush(ear);
  ASSERT_EQ(ear.reports.size(), 2U);
  EXPECT_FALSE(ear.reports[1].live->has(Field::kCellVoltage));
}

TEST_F(DalyA5, ASleepingBoardSendsTheRequestBack) {
  core::Request request;
  ASSERT_TRUE(box->next_request(Part::kLive, 1, 0, request));
  box->begin(request);
  box->feed(request.bytes.view(), ear);
  EXPECT_EQ(box->progress(), Progress::kWaiting);
  EXPECT_EQ(ear.count(Kind::kMirror), 1U);
  box->end(false, ear);
  box->finish(1, ear);
  box->flush(ear);
  EXPECT_TRUE(ear.reports.empty());
  EXPECT_EQ(box->counters().frames_ok, 0U);
}

// ---- start-up values

struct Asleep {
  const char* why;
  Octets answer;
};
class DalyA5WakeUp : public testing::TestWithParam<Asleep> {};
TEST_P(DalyA5WakeUp, IsNotReported) {
  Box box{make_daly_a5};
  Ear ear;
  auto peer = eight_cells();
  poll(*box, peer, ear);
  peer.answers[0x90] = GetParam().answer;
  poll(*box, peer, ear);
  EXPECT_EQ(ear.reports.size(), 1U) << GetParam().why;
  box->feed(cycle(peer), ear);
  box->flush(ear);
  EXPECT_EQ(ear.reports.size(), 1U) << GetParam().why << ", heard";
}
INSTANTIATE_TEST_SUITE_P(All, DalyA5WakeUp,
                         testing::Values(Asleep{"current raw 0", a5(1, 0x90, {1, 8, 0, 0, 0, 0, 1, 0xF4})},
                                         Asleep{"pack 0 V", a5(1, 0x90, {0, 0, 0, 0, 0x75, 0x30, 1, 0xF4})},
                                         Asleep{"SOC 6553 %", a5(1, 0x90, {1, 8, 0, 0, 0x75, 0x30, 0xFF, 0xFF})},
                                         Asleep{"8 cells of 10 V", a5(1, 0x90, {3, 0x20, 0, 0, 0x75, 0x30, 1, 0xF4})}));

TEST_F(DalyA5, ImpossibleContentIsNoAnswer) {
  for (const auto& frame :
       {a5(1, 0x91, {0, 0, 1, 0xFF, 0, 2}), a5(1, 0x93, {3, 1, 1}), a5(1, 0x93, {0, 9, 1}), a5(1, 0x94, {0, 1}), a5(1, 0x94, {49, 1})}) {
    hear(frame);
  }
  box->flush(ear);
  EXPECT_TRUE(ear.reports.empty());
}

// ---- the sign

void poll_with(core::Protocol& dialect, Ear& ear, std::uint16_t raw, std::uint8_t state) {
  auto peer = eight_cells();
  peer.answers[0x90] = a5(1, 0x90, {1, 8, 0, 0, static_cast<std::uint8_t>(raw >> 8U), static_cast<std::uint8_t>(raw), 1, 0xF4});
  peer.answers[0x93] = a5(1, 0x93, {state, 1, 1, 7, 0, 0, 0x9C, 0x40});
  poll(dialect, peer, ear);
}
constexpr std::uint8_t kCharging = 1;
constexpr std::uint8_t kDischarging = 2;

TEST_F(DalyA5, FiveReadingsDecideTheSign) {
  poll_with(*box, ear, 30019, kDischarging);
  EXPECT_EQ(value(*ear.reports.back().live, Field::kCurrent), 1.9) << "too little to tell";
  for (int i = 0; i < 4; ++i) poll_with(*box, ear, 30187, kDischarging);
  EXPECT_EQ(value(*ear.reports.back().live, Field::kCurrent), -18.7) << "the state of the same cycle tells";
  EXPECT_EQ(box->learned_sign(1), 0);
  poll_with(*box, ear, 30187, kDischarging);
  EXPECT_EQ(box->learned_sign(1), -1);
  for (int i = 0; i < 9; ++i) poll_with(*box, ear, 30187, kCharging);
  EXPECT_EQ(box->learned_sign(1), -1) << "decided for good";
  EXPECT_EQ(value(*ear.reports.back().live, Field::kCurrent), -18.7);
}

TEST_F(DalyA5, SmallCurrentsRestAndDisagreementDecideNothing) {
  for (int i = 0; i < 9; ++i) poll_with(*box, ear, 30019, kDischarging);
  for (int i = 0; i < 9; ++i) poll_with(*box, ear, 30187, 0);
  for (int i = 0; i < 9; ++i) poll_with(*box, ear, 30187, i % 4 == 3 ? kCharging : kDischarging);
  EXPECT_EQ(box->learned_sign(1), 0);
}

TEST_F(DalyA5, TheSignOfAnEarlierRunHoldsUntilThisOneKnowsBetter) {
  box->configure(1, {.sign_before = -1});
  poll_with(*box, ear, 30019, kDischarging);
  EXPECT_EQ(value(*ear.reports.back().live, Field::kCurrent), -1.9) << "from the first reading on";
  EXPECT_EQ(box->learned_sign(1), 0) << "by this run";
  for (int i = 0; i < 4; ++i) poll_with(*box, ear, 30187, kCharging);
  EXPECT_EQ(value(*ear.reports.back().live, Field::kCurrent), -18.7) << "four do not overturn it";
  poll_with(*box, ear, 30187, kCharging);
  EXPECT_EQ(box->learned_sign(1), 1) << "another board has taken its place";
  EXPECT_EQ(value(*ear.reports.back().live, Field::kCurrent), 18.7);
}

TEST_F(DalyA5, TheSignMayBeSet) {
  box->configure(1, {.current_sign = core::CurrentSign::kInverted});
  poll_with(*box, ear, 29000, kCharging);
  EXPECT_EQ(value(*ear.reports.back().live, Field::kCurrent), 100);
  box->configure(1, {.current_sign = core::CurrentSign::kNormal});
  for (int i = 0; i < 9; ++i) poll_with(*box, ear, 29000, kCharging);
  EXPECT_EQ(value(*ear.reports.back().live, Field::kCurrent), -100);
}

TEST_F(DalyA5, AForeignRequestIsAnsweredAndHeard) {
  core::Request request;
  static_cast<void>(request.bytes.append(a5(0x40, 0x90)));
  box->begin(request);
  hear(eight_cells().answers[0x90]);
  EXPECT_EQ(box->progress(), Progress::kComplete);
  box->end(true, ear);
  EXPECT_EQ(value(only_reading(), Field::kPackVoltage), 26.4);
}

}  // namespace
}  // namespace bmsgate::protocols::test
