// SPDX-License-Identifier: Apache-2.0
#include "core/frame_buffer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bmsgate::core {
namespace {

// A toy format: 'F', length of the whole, payload, sum of all before.
Scan scan(std::span<const std::uint8_t> at) {
  if (at[0] != 'F') return {Verdict::kNone};
  if (at.size() < 2) return {Verdict::kMore};
  if (at[1] < 3 || at[1] > 12) return {Verdict::kNone};
  if (at.size() < at[1]) return {Verdict::kMore};
  std::uint8_t sum = 0;
  for (std::size_t i = 0; i + 1 < at[1]; ++i) sum = static_cast<std::uint8_t>(sum + at[i]);
  return {sum == at[at[1] - 1U] ? Verdict::kFrame : Verdict::kBadCheck, at[1]};
}

std::vector<std::uint8_t> frame(std::string_view payload) {
  std::vector<std::uint8_t> bytes{'F', static_cast<std::uint8_t>(payload.size() + 3)};
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  std::uint8_t sum = 0;
  for (const auto byte : bytes) sum = static_cast<std::uint8_t>(sum + byte);
  bytes.push_back(sum);
  return bytes;
}

std::vector<std::uint8_t> operator+(std::vector<std::uint8_t> a, const std::vector<std::uint8_t>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

struct Row {
  std::string name;
  std::vector<std::uint8_t> bytes;
  std::vector<std::string> payloads;
  LineCounters counters;
};

class FrameBufferTest : public testing::TestWithParam<Row> {};

TEST_P(FrameBufferTest, CutsTheSameFramesWhateverThePieces) {
  const auto& row = GetParam();
  for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{5}, std::size_t{1000}}) {
    FrameBuffer<16> buffer;
    LineCounters counters;
    std::vector<std::string> payloads;
    const auto take = [&](std::span<const std::uint8_t> bytes) {
      ++counters.frames_ok;
      payloads.emplace_back(bytes.begin() + 2, bytes.end() - 1);
    };
    for (std::size_t at = 0; at < row.bytes.size(); at += piece) {
      const auto size = std::min(piece, row.bytes.size() - at);
      buffer.feed(std::span{row.bytes}.subspan(at, size), counters, scan, take);
    }
    buffer.quiet(counters, scan, take);
    EXPECT_EQ(payloads, row.payloads) << "pieces of " << piece;
    EXPECT_EQ(counters.frames_ok, row.counters.frames_ok);
    EXPECT_EQ(counters.bad_checks, row.counters.bad_checks);
    EXPECT_EQ(counters.truncated, row.counters.truncated);
    EXPECT_EQ(counters.bytes_skipped, row.counters.bytes_skipped);
    EXPECT_EQ(buffer.size(), 0U);
  }
}

INSTANTIATE_TEST_SUITE_P(Streams, FrameBufferTest,
                         testing::Values(Row{"two_in_a_row", frame("ab") + frame("c"), {"ab", "c"}, {.frames_ok = 2}},
                                         Row{"noise_around",
                                             std::vector<std::uint8_t>{1, 2} + frame("ab") + std::vector<std::uint8_t>{3},
                                             {"ab"},
                                             {.frames_ok = 1, .bytes_skipped = 3}},
                                         Row{"bad_sum",
                                             std::vector<std::uint8_t>{'F', 4, 'x', 0} + frame("ab"),
                                             {"ab"},
                                             {.frames_ok = 1, .bad_checks = 1, .bytes_skipped = 4}},
                                         Row{"a_false_start_hides_no_frame",
                                             std::vector<std::uint8_t>{'F', 12} + frame("ab"),
                                             {"ab"},
                                             {.frames_ok = 1, .truncated = 1, .bytes_skipped = 2}},
                                         Row{"never_ends", {'F', 9, 'a', 'b'}, {}, {.truncated = 1, .bytes_skipped = 4}}),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace bmsgate::core
