// SPDX-License-Identifier: Apache-2.0
// Daly decoders under rubbish: random bytes, damaged captures, calls in any order. They neither break nor report what cannot be.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <random>
#include <sstream>

#include "tests/protocols/daly_support.hpp"

namespace bmsgate::protocols::test {
namespace {

constexpr std::array<Make, 3> kMakes{make_daly_a5, make_daly_d2, make_daly_p81};

std::vector<Octets> captures() {
  std::ifstream file{BMSGATE_TEST_DATA "/captures/daly.json"};
  std::stringstream text;
  text << file.rdbuf();
  std::vector<Octets> all;
  const auto vectors = boost::json::parse(text.str());
  for (const auto& entry : vectors.as_array()) {
    all.push_back(hex(entry.as_object().at("hex").as_string().c_str()));
    if (const auto* request = entry.as_object().if_contains("request_hex")) all.push_back(hex(request->as_string().c_str()));
  }
  return all;
}

class Judge final : public core::ReportSink {
 public:
  void on_report(const core::Report& report) noexcept override {
    EXPECT_GE(report.address, 1);
    EXPECT_LE(report.address, 16);
    if (report.live == nullptr) return;
    const auto& live = *report.live;
    for (std::size_t s = 0; s < live.extent(core::Field::kCellVoltage); ++s) {
      if (live.has(core::Field::kCellVoltage, s)) {
        EXPECT_GE(live.get(core::Field::kCellVoltage, s), 0);
      }
    }
    if (live.has(core::Field::kSoc)) {
      EXPECT_LE(live.get(core::Field::kSoc), 1000);
    }
    if (live.has(core::Field::kState)) {
      EXPECT_LE(live.get(core::Field::kState), 2);
    }
    ++reports;
  }
  void on_frame(const core::FrameNote& note) noexcept override { EXPECT_FALSE(note.bytes.empty()); }
  std::size_t reports{0};
};

/// Any call at any time.
void disturb(core::Protocol& dialect, std::mt19937& random, core::ReportSink& sink) {
  core::Request request;
  const auto address = static_cast<std::uint8_t>(random() % 18);
  switch (random() % 8) {
    case 0: dialect.quiet(sink); break;
    case 1: dialect.flush(sink); break;
    case 2: dialect.finish(address, sink); break;
    case 3: dialect.end(random() % 2 == 0, sink); break;
    case 4: dialect.configure(address, {.current_sign = static_cast<core::CurrentSign>(random() % 3)}); break;
    case 5:
      if (dialect.command({static_cast<core::CommandId>(random() % 5), static_cast<std::int32_t>(random() % 3)}, address, 0, request)
              .ok()) {
        dialect.begin(request);
      }
      break;
    default:
      if (dialect.next_request(static_cast<core::Part>(random() % 3), address, static_cast<unsigned>(random() % 12), request))
        dialect.begin(request);
      break;
  }
  EXPECT_LE(static_cast<int>(dialect.progress()), 3);
}

class DalyNoise : public testing::TestWithParam<std::size_t> {};

TEST_P(DalyNoise, RandomBytes) {
  std::mt19937 random{20};
  Box box{kMakes[GetParam()]};
  Judge judge;
  constexpr std::array<std::uint8_t, 10> kLikely{0xA5, 0xD2, 0x51, 0x81, 0x01, 0x03, 0x06, 0x10, 0x08, 0x95};
  std::uint32_t bytes = 0;
  for (int i = 0; i < 20000; ++i) {
    Octets piece(random() % 40);
    for (auto& byte : piece) byte = random() % 3 == 0 ? kLikely[random() % kLikely.size()] : static_cast<std::uint8_t>(random());
    bytes += static_cast<std::uint32_t>(piece.size());
    box->feed(piece, judge);
    if (random() % 16 == 0) disturb(*box, random, judge);
  }
  box->flush(judge);
  EXPECT_LE(box->counters().bytes_skipped, bytes);
}

TEST_P(DalyNoise, DamagedCaptures) {
  std::mt19937 random{2024};
  const auto all = captures();
  Box box{kMakes[GetParam()]};
  Judge judge;
  for (int i = 0; i < 6000; ++i) {
    auto bytes = all[random() % all.size()];
    for (auto damage = random() % 4; damage > 0 && !bytes.empty(); --damage) {
      const auto at = bytes.begin() + static_cast<std::ptrdiff_t>(random() % bytes.size());
      switch (random() % 3) {
        case 0: *at = static_cast<std::uint8_t>(random()); break;
        case 1: bytes.erase(at); break;
        default: bytes.insert(at, static_cast<std::uint8_t>(random())); break;
      }
    }
    box->feed(bytes, judge);
    if (random() % 4 == 0) disturb(*box, random, judge);
  }
  box->flush(judge);
  EXPECT_GT(judge.reports, 0U);
  EXPECT_GT(box->counters().bad_checks, 0U);
}

INSTANTIATE_TEST_SUITE_P(All, DalyNoise, testing::Range<std::size_t>(0, 3));

TEST(DalyA5Noise, AFrameBehindAnyFalseStartIsFound) {
  std::mt19937 random{7};
  const auto frame = a5(1, 0x90, {1, 8, 0, 0, 0x75, 0x30, 1, 0xF4});
  for (int i = 0; i < 2000; ++i) {
    Box box{make_daly_a5};
    Ear ear;
    Octets junk(random() % 30);
    for (auto& byte : junk) byte = random() % 4 == 0 ? std::uint8_t{0xA5} : static_cast<std::uint8_t>(random() % 16);
    box->feed(junk + frame, ear);
    box->flush(ear);
    ASSERT_EQ(ear.reports.size(), 1U) << to_hex(junk);
  }
}

}  // namespace
}  // namespace bmsgate::protocols::test
