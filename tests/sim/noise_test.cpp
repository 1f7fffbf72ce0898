// SPDX-License-Identifier: Apache-2.0
// Noise on the wire, in virtual time, through the real chain of poller, dialect, gate and hub: what is published stays true.
// BMSGATE_NOISE_TRANSACTIONS sets how many transactions each run has (100,000 unless set; sanitizer builds do 5,000).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "tests/support/truth.hpp"
#include "tests/support/virtual_bus.hpp"

namespace bmsgate::sim {
namespace {

using protocols::Dialect;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(NDEBUG)
constexpr std::uint64_t kUsualTransactions = 5'000;
#else
constexpr std::uint64_t kUsualTransactions = 100'000;
#endif

std::uint64_t transactions() {
  const char* wish = std::getenv("BMSGATE_NOISE_TRANSACTIONS");
  return wish == nullptr ? kUsualTransactions : std::strtoull(wish, nullptr, 10);
}

struct Row {
  const char* name;
  const char* protocol;
  Dialect dialect;
  std::size_t answers_a_reading;  // how many requests back a value of a reading may have been true
  unsigned may_slip_through;      // of 100,000 with occasional damage: its check is an 8- or 16-bit sum
};

using Bytes = std::vector<std::uint8_t>;

class Damager {
 public:
  explicit Damager(std::uint64_t seed) : random_{seed} {}

  void substitute_one(Bytes& bytes) { bytes[at(bytes)] ^= static_cast<std::uint8_t>(1 + random_() % 255); }
  /// 1 to 4 bytes substituted, lost or inserted.
  void damage(Bytes& bytes) {
    const auto count = 1 + random_() % 4;
    const auto kind = random_() % 3;
    for (std::uint64_t i = 0; i < count && !bytes.empty(); ++i) {
      const auto where = bytes.begin() + static_cast<std::ptrdiff_t>(at(bytes));
      if (kind == 0) *where ^= static_cast<std::uint8_t>(1 + random_() % 255);
      if (kind == 1) bytes.erase(where);
      if (kind == 2) bytes.insert(where, static_cast<std::uint8_t>(random_()));
    }
  }
  [[nodiscard]] bool one_in(std::uint64_t n) { return random_() % n == 0; }

 private:
  [[nodiscard]] std::size_t at(const Bytes& bytes) { return random_() % bytes.size(); }
  std::mt19937_64 random_;
};

struct Tally {
  std::uint64_t transactions{0};
  std::uint64_t damaged{0};
  std::uint64_t passed_check{0};  // reports with a wrong value in them
  std::uint64_t caught_by_gate{0};
  std::uint64_t published{0};
  std::uint64_t published_wrong{0};
  std::uint64_t beyond_bounds{0};  // published wrong, and further off than the gate promises
};

class Noise : public testing::TestWithParam<Row> {
 protected:
  Noise() : row_{GetParam()}, truth_{row_.protocol, 280'000, row_.answers_a_reading} {
    LineSpec spec;
    spec.protocol = row_.protocol;
    spec.simulator.baud = 0;
    spec.simulator.slice = seconds{10};
    spec.simulator.start_utc_ms = test::VirtualBus::kUtc;
    std::string error;
    core::DialectOptions options;
    options.every_detail = true;
    bus_ = std::make_unique<test::VirtualBus>(make_simulator(spec, error), row_.dialect, seconds{1}, options);
    bus_->on_request = [this] { truth_.note(bus_->simulator().packs()[0].model->truth()); };
    bus_->on_verdict = [this](const test::VirtualBus::Verdict& verdict) { judge(verdict); };
    bus_->run(seconds{30});
    EXPECT_GT(tally_.published, 5U);
    EXPECT_EQ(tally_.passed_check, 0U);
    tally_ = {};
  }

  void judge(const test::VirtualBus::Verdict& verdict) {
    if (verdict.report.live == nullptr) return;
    const bool is_published = verdict.belief == core::Belief::kPublish;
    tally_.published += is_published;
    const auto& published = bus_->hub().latest(0).sample;
    const auto lie = is_published ? truth_.first_lie(published) : truth_.first_lie(*verdict.report.live);
    if (lie) {
      ++tally_.passed_check;
      is_published ? ++tally_.published_wrong : ++tally_.caught_by_gate;
      if (is_published) {
        if (tally_.published_wrong <= 5) fmt::print("  {}: published wrong: {}\n", row_.name, describe(*lie));
        if (!within_bounds(published)) ++tally_.beyond_bounds;
      }
    }
    if (is_published) last_published_ = published;
  }

  /// The bounds that core/gate.hpp states.
  [[nodiscard]] bool within_bounds(const core::Sample& sample) const {
    for (const auto& field : core::kFields) {
      for (std::size_t i = 0; i < field.count; ++i) {
        if (!sample.has(field.field, i)) continue;
        const auto value = sample.get(field.field, i);
        if (value < field.min || value > field.max) return false;
        const bool watched = field.step >= 0 && last_published_.has(field.field, i);
        if (watched && std::abs(value - last_published_.get(field.field, i)) > field.step) return false;
      }
    }
    return true;
  }

  void run_transactions() {
    const auto first = bus_->answers();
    const auto wanted = transactions();
    bus_->run(hours{24 * 365}, [&] { return bus_->answers() - first >= wanted; });
    tally_.transactions = bus_->answers() - first;
  }

  void print(const char* what) const {
    fmt::print(
        "  {:<9} {:<10} {:>7} transactions, {:>6} damaged, {:>6} caught by the check, {:>4} caught by the gate, {:>2} published wrong, {} "
        "published\n",
        row_.name, what, tally_.transactions, tally_.damaged, tally_.damaged - std::min(tally_.damaged, tally_.passed_check),
        tally_.caught_by_gate, tally_.published_wrong, tally_.published);
  }

  /// With a silent line and a quiet second: two polls until a good reading is there again.
  void expect_good_within_two_polls() {
    bus_->damage = nullptr;
    const auto sequence = bus_->hub().latest(0).sequence;
    unsigned polls = 0;
    bus_->on_verdict = [&](const test::VirtualBus::Verdict& verdict) {
      judge(verdict);
      polls += verdict.report.live != nullptr;
    };
    EXPECT_TRUE(bus_->run(seconds{120}, [&] { return bus_->hub().latest(0).sequence != sequence; }));
    EXPECT_EQ(bus_->hub().latest(0).quality, core::Quality::kGood);
    EXPECT_LE(polls, 2U);
    EXPECT_FALSE(truth_.first_lie(bus_->hub().latest(0).sample).has_value());
  }

  Row row_;
  test::TruthCheck truth_;
  std::unique_ptr<test::VirtualBus> bus_;
  Damager damager_{20'260'101};
  Tally tally_;
  core::Sample last_published_;
};

TEST_P(Noise, OneSubstitutedByteInEveryAnswerPublishesNothingWrong) {
  bus_->damage = [this](Bytes& answer) {
    ++tally_.damaged;
    damager_.substitute_one(answer);
  };
  run_transactions();
  print("always");
  EXPECT_EQ(tally_.published_wrong, 0U);
  expect_good_within_two_polls();
}

TEST_P(Noise, OccasionalDamageStaysOut) {
  bus_->damage = [this](Bytes& answer) {
    if (!damager_.one_in(100)) return;
    ++tally_.damaged;
    damager_.damage(answer);
  };
  run_transactions();
  print("1 in 100");
  EXPECT_GT(tally_.damaged, tally_.transactions / 200);
  EXPECT_GT(tally_.published, tally_.transactions / 40);
  EXPECT_LE(tally_.published_wrong, row_.may_slip_through);
  EXPECT_EQ(tally_.beyond_bounds, 0U);
  expect_good_within_two_polls();
}

INSTANTIATE_TEST_SUITE_P(Dialects, Noise,
                         testing::Values(Row{"jk_nw", "jk-nw", Dialect::kJkNw, 2, 1}, Row{"jk_pb", "jk-pb", Dialect::kJkPb, 2, 1},
                                         Row{"daly_a5", "daly-a5", Dialect::kDalyA5, 60, 1},
                                         Row{"daly_d2", "daly-d2", Dialect::kDalyD2, 6, 0},
                                         Row{"daly_p81", "daly-p81", Dialect::kDalyP81, 6, 0}),
                         [](const auto& row) { return std::string{row.param.name}; });

}  // namespace
}  // namespace bmsgate::sim
