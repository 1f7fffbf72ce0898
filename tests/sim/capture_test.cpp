// SPDX-License-Identifier: Apache-2.0
// Capture files are read and written, and replayed as recorded.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "sim/capture_file.hpp"
#include "sim/replay.hpp"
#include "tests/support/hex.hpp"

namespace bmsgate::sim {
namespace {

using std::chrono::milliseconds;
using test::from_hex;

constexpr std::string_view kText =
    "# link: serial:/dev/ttyUSB0\n"
    "# baud: 9600\n"
    "# a remark without a key\n"
    "1000 > A5 40 90 ; tunnel\n"
    "66000 < A50190\r\n"
    "\n"
    "70000 < 08 02\n"
    "200000 > A5 40 91\n"
    "270000 < AA\n"
    "400000 > A5 40 90\n"
    "460000 < BB\n";

TEST(CaptureFile, IsReadPieceByPiece) {
  Capture capture;
  ASSERT_EQ(parse_capture(kText, capture), "");
  EXPECT_EQ(capture.head("baud"), "9600");
  EXPECT_EQ(capture.head("link"), "serial:/dev/ttyUSB0");
  EXPECT_EQ(capture.head("none"), "");
  ASSERT_EQ(capture.pieces.size(), 7U);
  EXPECT_TRUE(capture.pieces[0].to_bms);
  EXPECT_EQ(capture.pieces[0].asker, "tunnel");
  EXPECT_EQ(capture.pieces[0].at_us, 1000U);
  EXPECT_EQ(capture.pieces[1].bytes, from_hex("A5 01 90"));
  EXPECT_FALSE(capture.pieces[1].to_bms);
}

TEST(CaptureFile, ComesBackAsItWasWritten) {
  Capture capture;
  ASSERT_EQ(parse_capture(kText, capture), "");
  Capture again;
  ASSERT_EQ(parse_capture(write_capture(capture), again), "");
  EXPECT_EQ(again.header, capture.header);
  ASSERT_EQ(again.pieces.size(), capture.pieces.size());
  for (std::size_t i = 0; i < again.pieces.size(); ++i) {
    EXPECT_EQ(again.pieces[i].at_us, capture.pieces[i].at_us);
    EXPECT_EQ(again.pieces[i].to_bms, capture.pieces[i].to_bms);
    EXPECT_EQ(again.pieces[i].bytes, capture.pieces[i].bytes);
    EXPECT_EQ(again.pieces[i].asker, capture.pieces[i].asker);
  }
}

TEST(CaptureFile, MistakesAreNamedWithTheirLine) {
  for (const auto* text : {"hello", "12 A5", "x > A5", "12 > A", "12 > A5 4", "12 > G5", "-1 > A5"}) {
    Capture capture;
    const auto problem = parse_capture(std::string{"# baud: 1\n"} + text, capture);
    EXPECT_NE(problem.find("line 2"), std::string::npos) << text << ": " << problem;
  }
}

class ReplayTest : public testing::Test {
 protected:
  explicit ReplayTest(std::string_view text = kText) {
    Capture capture;
    EXPECT_EQ(parse_capture(text, capture), "");
    replay = std::make_unique<Replay>(std::move(capture));
  }
  std::vector<std::uint8_t> ask(std::string_view hex) {
    replay->on_bytes(from_hex(hex), now);
    std::vector<std::uint8_t> out;
    waits.clear();
    for (auto at = replay->next_deadline(); at != core::kFarFuture; at = replay->next_deadline()) {
      waits.push_back(at - now);
      replay->poll(at, out);
    }
    now += milliseconds{500};
    return out;
  }
  std::unique_ptr<Replay> replay;
  core::Instant now{std::chrono::seconds{10}};
  std::vector<core::Duration> waits;
};

TEST_F(ReplayTest, AnswersFollowTheirRequestsWithTheirDelays) {
  EXPECT_EQ(ask("A5 40 90"), from_hex("A5 01 90 08 02"));
  EXPECT_EQ(waits, (std::vector<core::Duration>{milliseconds{65}, milliseconds{69}}));
  EXPECT_EQ(ask("A5 40 91"), from_hex("AA"));
  EXPECT_EQ(ask("A5 40 90"), from_hex("BB")) << "the next recording of it";
  EXPECT_EQ(ask("A5 40 90"), from_hex("A5 01 90 08 02")) << "and round the end";
  EXPECT_EQ(replay->answered(), 4U);
}

TEST_F(ReplayTest, RequestsMayComeInPiecesAndBesideUnknownBytes) {
  EXPECT_TRUE(ask("A5 40").empty());
  now -= milliseconds{450};
  EXPECT_EQ(ask("91"), from_hex("AA"));
  EXPECT_EQ(ask("01 02 A5 40 91"), from_hex("AA"));
  EXPECT_TRUE(ask("11 22 33").empty());
  EXPECT_EQ(replay->unknown(), 2U);
}

TEST(Replay, ARecordingWithoutRequestsIsPlayedOverAndOver) {
  Capture capture;
  ASSERT_EQ(parse_capture("0 < 01\n100000 < 02\n", capture), "");
  Replay replay{std::move(capture)};
  std::vector<std::uint8_t> out;
  core::Instant now{std::chrono::seconds{10}};
  replay.poll(now, out);
  for (int i = 0; i < 5; ++i) replay.poll(now = std::max(now, replay.next_deadline()), out);
  ASSERT_GE(out.size(), 4U);
  EXPECT_EQ(std::vector<std::uint8_t>(out.begin(), out.begin() + 4), from_hex("01 02 01 02"));
}

}  // namespace
}  // namespace bmsgate::sim
