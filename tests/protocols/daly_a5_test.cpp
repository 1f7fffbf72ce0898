// SPDX-License-Identifier: Apache-2.0
// Daly A5 in conversation: plans, hosts, answers in several frames, damage, sleep, signs, commands; and what each id means.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "tests/protocols/daly_support.hpp"

namespace bmsgate::protocols::test {
namespace {

using core::AlarmId;
using core::BmsSetting;
using core::CommandId;
using core::Field;
using core::Part;
using core::Progress;
using core::Severity;
using Kind = core::FrameNote::Kind;
using testing::ElementsAre;

/// A board on the other end: answers by id; what is not listed is met with silence.
struct Peer {
  std::uint8_t address{1};
  std::uint8_t host{0x40};
  std::map<std::uint8_t, Octets> answers;
  std::vector<std::uint8_t> asked;

  Octets hear(std::span<const std::uint8_t> request) {
    asked.push_back(request[2]);
    if (request[1] != host) return {};
    const auto found = answers.find(request[2]);
    return found == answers.end() ? Octets{} : found->second;
  }
};

Octets cells(std::uint8_t address, const std::vector<std::uint16_t>& mv, std::size_t frames = 0, std::uint8_t first = 1) {
  Octets out;
  frames = std::max(frames, (mv.size() + 2) / 3);
  for (std::size_t frame = 0; frame < frames; ++frame) {
    Octets data{static_cast<std::uint8_t>(frame + first)};
    for (std::size_t slot = 3 * frame; slot < 3 * frame + 3; ++slot) {
      const unsigned value = slot < mv.size() ? mv[slot] : 0U;
      data.push_back(static_cast<std::uint8_t>(value >> 8U));
      data.push_back(static_cast<std::uint8_t>(value));
    }
    data.push_back(0x77);
    out = out + a5(address, 0x95, data);
  }
  return out;
}

const std::vector<std::uint16_t> kCells{3301, 3302, 3303, 3304, 3305, 3306, 3307, 3308};

/// An 8S board with everything in order.
Peer eight_cells(std::uint8_t address = 1) {
  Peer peer;
  peer.address = address;
  peer.host = static_cast<std::uint8_t>(0x3F + address);
  peer.answers = {
      {0x90, a5(address, 0x90, {0x01, 0x08, 0, 0, 0x75, 0x30, 0x01, 0xF4})},
      {0x91, a5(address, 0x91, {0x0C, 0xEC, 8, 0x0C, 0xE5, 1})},
      {0x92, a5(address, 0x92, {61, 1, 60, 2})},
      {0x93, a5(address, 0x93, {0, 1, 1, 7, 0, 0, 0x9C, 0x40})},
      {0x94, a5(address, 0x94, {8, 2, 0, 1, 0, 0, 12, 0x43})},
      {0x95, cells(address, kCells)},
      {0x96, a5(address, 0x96, {1, 61, 60, 0, 0, 0, 0, 0x32})},
      {0x97, a5(address, 0x97, {0x81})},
      {0x98, a5(address, 0x98)},
  };
  return peer;
}

/// One poll as the poller does it: live requests up to three times.
void poll(core::Protocol& dialect, Peer& peer, Ear& ear, Part part = Part::kLive) {
  core::Request request;
  for (unsigned step = 0; dialect.next_request(part, peer.address, step, request); ++step) {
    for (int tries = part == Part::kLive ? 0 : 2; tries < 3; ++tries) {
      dialect.begin(request);
      dialect.feed(peer.hear(request.bytes.view()), ear);
      if (dialect.progress() == Progress::kPartial) dialect.quiet(ear);
      const bool answered = dialect.progress() == Progress::kComplete;
      dialect.end(answered, ear);
      if (answered) break;
    }
  }
  dialect.finish(peer.address, ear);
}

class DalyA5 : public testing::Test {
 protected:
  void hear(const Octets& bytes) { box->feed(bytes, ear); }
  /// The request for an id as the next poll makes it.
  core::Request ask(std::uint8_t id) {
    core::Request request;
    for (unsigned step = 0; box->next_request(Part::kLive, 1, step, request); ++step) {
      if (request.bytes[2] == id) break;
    }
    EXPECT_EQ(request.bytes[2], id);
    box->begin(request);
    return request;
  }
  core::Sample only_reading() {
    box->flush(ear);
    EXPECT_EQ(ear.reports.size(), 1U);
    return ear.reports.empty() || !ear.reports[0].live ? core::Sample{} : *ear.reports[0].live;
  }
  Box box{make_daly_a5};
  Ear ear;
};

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

Octets cycle(Peer& peer) {
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
  for (int i = 0; i < 4; ++i) poll_with(*box, ear, 30187, kDischarging);
  EXPECT_EQ(box->learned_sign(1), 0);
  EXPECT_EQ(value(*ear.reports.back().live, Field::kCurrent), 18.7);
  poll_with(*box, ear, 30187, kDischarging);
  EXPECT_EQ(box->learned_sign(1), -1);
  EXPECT_EQ(value(*ear.reports.back().live, Field::kCurrent), -18.7);
  for (int i = 0; i < 9; ++i) poll_with(*box, ear, 30187, kCharging);
  EXPECT_EQ(box->learned_sign(1), -1) << "decided for good";
}

TEST_F(DalyA5, SmallCurrentsRestAndDisagreementDecideNothing) {
  for (int i = 0; i < 9; ++i) poll_with(*box, ear, 30019, kDischarging);
  for (int i = 0; i < 9; ++i) poll_with(*box, ear, 30187, 0);
  for (int i = 0; i < 9; ++i) poll_with(*box, ear, 30187, i % 4 == 3 ? kCharging : kDischarging);
  EXPECT_EQ(box->learned_sign(1), 0);
}

TEST_F(DalyA5, TheSignMayBeSet) {
  box->configure(1, {.current_sign = core::CurrentSign::kInverted});
  poll_with(*box, ear, 29000, kCharging);
  EXPECT_EQ(value(*ear.reports.back().live, Field::kCurrent), 100);
  box->configure(1, {.current_sign = core::CurrentSign::kNormal});
  for (int i = 0; i < 9; ++i) poll_with(*box, ear, 29000, kCharging);
  EXPECT_EQ(value(*ear.reports.back().live, Field::kCurrent), -100);
}

// ---- settings, identity, alarms

TEST_F(DalyA5, SettingsByTheirIds) {
  hear(a5(1, 0x51, {2, 8, 4, 9, 1, 2, 7}) + a5(1, 0x53, {1, 0, 21, 3, 17, 0x0E, 0x10}) + a5(1, 0x5A, {1, 0x2C, 1, 0x36, 0, 0xFA, 0, 0xF0}));
  hear(a5(1, 0x5B, {0x74, 0x04, 0x73, 0xA0, 0x77, 0x24, 0x79, 0x18}) + a5(1, 0x5C, {95, 100, 45, 40, 100, 105, 25, 20}));
  hear(a5(1, 0x5D, {3, 0xE8, 3, 0xE8, 0, 200, 0, 100}) + a5(1, 0x5E, {1, 0xF4, 3, 0x20, 10, 15}) + a5(1, 0x5F, {0x0D, 0x48, 0, 30}));
  hear(a5(1, 0x60, {2, 0x58, 0, 100}) + a5(1, 0x50, {0, 4, 0xCA, 0x90, 0, 0, 0x0C, 0x80}));
  box->flush(ear);
  ASSERT_EQ(ear.reports.size(), 1U);
  const auto& settings = *ear.reports[0].settings;
  const auto expect = [&](BmsSetting id, double wanted) { EXPECT_EQ(value(settings, id), wanted) << static_cast<int>(id); };
  using enum BmsSetting;
  expect(kCellCount, 12);
  expect(kTemperatureSensors, 3);
  expect(kChemistry, 1);
  expect(kSleepTime, 3600);
  expect(kPackOvWarning, 30);
  expect(kPackUv, 24);
  expect(kChargeOcWarning, 30);
  expect(kChargeOc, 40);
  expect(kDischargeOcWarning, 50);
  expect(kDischargeOc, 100);
  expect(kChargeOt, 60);
  expect(kChargeUt, 0);
  expect(kDischargeUtWarning, -15);
  expect(kSocLow, 10);
  expect(kCellDelta, 0.8);
  expect(kTempDeltaWarning, 10);
  expect(kBalanceStart, 3.4);
  expect(kBalanceDelta, 0.03);
  expect(kShortCircuit, 600);
  expect(kCapacity, 314);
  EXPECT_EQ(ear.reports[0].identity->production_date.view(), "210317");
  EXPECT_FALSE(ear.reports[0].live) << "settings are no reading";
}

Octets text(std::uint8_t id, std::string_view chars, std::size_t frames) {
  Octets out;
  for (std::size_t frame = 0; frame < frames; ++frame) {
    Octets data{static_cast<std::uint8_t>(frame + 1)};
    for (std::size_t i = 7 * frame; i < 7 * frame + 7; ++i) data.push_back(i < chars.size() ? static_cast<std::uint8_t>(chars[i]) : ' ');
    out = out + a5(1, id, data);
  }
  return out;
}

TEST_F(DalyA5, IdentityInFrames) {
  auto peer = eight_cells();
  peer.answers[0x62] = text(0x62, "20210222-1.01", 2);
  peer.answers[0x63] = text(0x63, "DL-BMS-R32-01E", 2);
  peer.answers[0x57] = text(0x57, "B16S2021031799999999", 5);
  peer.answers[0x55] = text(0x55, "DALY", 1);  // fewer frames than the sheet says
  poll(*box, peer, ear);
  poll(*box, peer, ear, Part::kIdentity);
  ASSERT_TRUE(ear.reports.back().identity);
  const auto& identity = *ear.reports.back().identity;
  EXPECT_EQ(identity.software.view(), "20210222-1.01");
  EXPECT_EQ(identity.hardware.view(), "DL-BMS-R32-01E");
  EXPECT_EQ(identity.serial.view(), "B16S2021031799999999");
  EXPECT_EQ(identity.manufacturer.view(), "DALY");
}

TEST_F(DalyA5, AmpereHoursComeWithTheSettings) {
  auto peer = eight_cells();
  peer.answers[0x52] = a5(1, 0x52, {0, 0, 4, 0, 0, 0, 3, 0xE8});
  poll(*box, peer, ear);
  poll(*box, peer, ear, Part::kSettings);
  poll(*box, peer, ear);
  EXPECT_EQ(value(*ear.reports.back().live, Field::kChargeCharged), 1024);
  EXPECT_EQ(value(*ear.reports.back().live, Field::kChargeDischarged), 1000);
}

struct Bit {
  int byte;
  int bit;
  AlarmId id;
  Severity severity;
};
class DalyFailureBits : public testing::TestWithParam<Bit> {};
TEST_P(DalyFailureBits, HaveAKey) {
  const auto& row = GetParam();
  Octets data(8);
  data[static_cast<std::size_t>(row.byte)] = static_cast<std::uint8_t>(1U << static_cast<unsigned>(row.bit));
  Box box{make_daly_a5};
  Ear ear;
  box->feed(a5(1, 0x98, data), ear);
  box->flush(ear);
  ASSERT_EQ(ear.reports.size(), 1U);
  const auto& alarms = ear.reports[0].live->alarms;
  ASSERT_EQ(alarms.size(), 1U);
  EXPECT_EQ(alarms.begin()->id, row.id);
  EXPECT_EQ(alarms.begin()->severity, row.severity);
}
using enum AlarmId;
INSTANTIATE_TEST_SUITE_P(All, DalyFailureBits,
                         testing::Values(Bit{0, 0, kCellOv, Severity::kWarning}, Bit{0, 1, kCellOv, Severity::kAlarm},
                                         Bit{0, 3, kCellUv, Severity::kAlarm}, Bit{0, 5, kPackOv, Severity::kAlarm},
                                         Bit{0, 6, kPackUv, Severity::kWarning}, Bit{1, 1, kChargeOt, Severity::kAlarm},
                                         Bit{1, 3, kChargeUt, Severity::kAlarm}, Bit{1, 4, kDischargeOt, Severity::kWarning},
                                         Bit{1, 7, kDischargeUt, Severity::kAlarm}, Bit{2, 1, kChargeOc, Severity::kAlarm},
                                         Bit{2, 2, kDischargeOc, Severity::kWarning}, Bit{2, 5, kSocHigh, Severity::kWarning},
                                         Bit{2, 7, kSocLow, Severity::kWarning}, Bit{3, 1, kCellDelta, Severity::kAlarm},
                                         Bit{3, 2, kTempDelta, Severity::kWarning}, Bit{4, 0, kMosOt, Severity::kAlarm},
                                         Bit{4, 3, kSensorFault, Severity::kAlarm}, Bit{4, 4, kChargeMosFault, Severity::kAlarm},
                                         Bit{4, 7, kDischargeMosFault, Severity::kAlarm}, Bit{5, 0, kAfeFault, Severity::kAlarm},
                                         Bit{5, 3, kMemoryFault, Severity::kAlarm}, Bit{5, 5, kPrechargeFault, Severity::kAlarm},
                                         Bit{5, 7, kCommFault, Severity::kAlarm}, Bit{6, 0, kCurrentSensorFault, Severity::kAlarm},
                                         Bit{6, 2, kShortCircuit, Severity::kAlarm}, Bit{6, 3, kOther, Severity::kWarning},
                                         Bit{7, 4, kOther, Severity::kWarning}));

TEST_F(DalyA5, StatesAreNoAlarmsAndTheFaultCodeIsANumber) {
  hear(a5(1, 0x98, {0, 0, 0, 0, 0, 0, 0x30, 217}));
  const auto live = only_reading();
  ASSERT_EQ(live.alarms.size(), 1U);
  EXPECT_EQ(live.alarms.begin()->text(), "Fault code 217");
}

// ---- commands

struct Order {
  CommandId id;
  std::int32_t value;
  std::uint8_t address;
  const char* bytes;
};
class DalyA5Commands : public testing::TestWithParam<Order> {};
TEST_P(DalyA5Commands, AreBuilt) {
  const auto& row = GetParam();
  Box box{make_daly_a5};
  core::Request request;
  const auto more = box->command({row.id, row.value}, row.address, 0, request);
  ASSERT_TRUE(more.ok());
  EXPECT_FALSE(more.value());
  EXPECT_TRUE(request.changes_state);
  EXPECT_EQ(to_hex(request.bytes.view()), row.bytes);
}
INSTANTIATE_TEST_SUITE_P(All, DalyA5Commands,
                         testing::Values(Order{CommandId::kDischargeMos, 1, 1, "a5 40 d9 08 01 00 00 00 00 00 00 00 c7"},
                                         Order{CommandId::kDischargeMos, 0, 1, "a5 40 d9 08 00 00 00 00 00 00 00 00 c6"},
                                         Order{CommandId::kChargeMos, 1, 2, "a5 41 da 08 01 00 00 00 00 00 00 00 c9"},
                                         Order{CommandId::kSetSoc, 300, 1, "a5 40 21 08 00 00 00 00 00 00 01 2c 3b"},
                                         Order{CommandId::kRestart, 0, 1, "a5 40 00 08 00 00 00 00 00 00 00 00 ed"}));

TEST_F(DalyA5, CommandsThatCannotBe) {
  core::Request request;
  EXPECT_EQ(box->command({CommandId::kBalance, 1}, 1, 0, request).error(), core::Error::kUnsupported);
  EXPECT_EQ(box->command({CommandId::kChargeMos, 2}, 1, 0, request).error(), core::Error::kOutOfRange);
  EXPECT_EQ(box->command({CommandId::kSetSoc, 1001}, 1, 0, request).error(), core::Error::kOutOfRange);
  EXPECT_EQ(box->command({CommandId::kChargeMos, 1}, 17, 0, request).error(), core::Error::kUnsupported);
}

TEST_F(DalyA5, TheEchoOfASwitchTellsWhetherItWasTaken) {
  core::Request request;
  ASSERT_TRUE(box->command({CommandId::kDischargeMos, 0}, 1, 0, request).ok());
  box->begin(request);
  hear(hex("a5 01 d9 08 01 0d 13 0d 21 0d 17 c0 ba"));
  EXPECT_EQ(box->progress(), Progress::kRefused);
  box->end(false, ear);
  box->begin(request);
  hear(hex("a5 01 d9 08 00 0d 13 0d 21 0d 17 c0 b9"));
  EXPECT_EQ(box->progress(), Progress::kComplete);
  box->end(true, ear);
  box->flush(ear);
  EXPECT_TRUE(ear.reports.empty());
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
