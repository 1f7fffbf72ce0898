// SPDX-License-Identifier: Apache-2.0
// The whole way for every dialect: model, virtual BMS, wire, poller, decoder, gate, hub; what comes out is what the model has.
#include <gtest/gtest.h>

#include "tests/support/truth.hpp"
#include "tests/support/virtual_bus.hpp"

namespace bmsgate::sim {
namespace {

using protocols::Dialect;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

struct Row {
  const char* name;
  const char* protocol;
  Dialect dialect;
  std::uint8_t cells;
  std::vector<std::uint8_t> addresses;
  std::size_t answers_a_reading;
};

class RoundTrip : public testing::TestWithParam<Row> {};

LineSpec spec_of(const Row& row) {
  LineSpec spec;
  spec.protocol = row.protocol;
  spec.cells = row.cells;
  spec.addresses = row.addresses;
  spec.simulator.baud = 0;
  spec.simulator.slice = seconds{10};
  spec.simulator.start_utc_ms = test::VirtualBus::kUtc;
  return spec;
}

TEST_P(RoundTrip, WhatIsPublishedIsWhatThePackHas) {
  const auto& row = GetParam();
  std::string error;
  test::VirtualBus bus{make_simulator(spec_of(row), error), row.dialect, seconds{10}};
  ASSERT_EQ(error, "");
  std::vector<test::TruthCheck> truths;
  for (const auto& pack : bus.simulator().packs()) {
    truths.emplace_back(row.protocol, static_cast<std::int32_t>(pack.model->state().nominal_mah),
                        row.answers_a_reading * row.addresses.size());
  }
  bus.on_request = [&] {
    for (std::size_t i = 0; i < truths.size(); ++i) truths[i].note(bus.simulator().packs()[i].model->truth());
  };
  unsigned published = 0, lies = 0;
  bus.on_verdict = [&](const test::VirtualBus::Verdict& verdict) {
    if (verdict.report.live == nullptr || verdict.belief != core::Belief::kPublish) return;
    ++published;
    const auto lie = truths[verdict.pack].first_lie(bus.hub().latest(verdict.pack).sample);
    if (lie && ++lies < 5) ADD_FAILURE() << describe(*lie);
  };
  bus.run(hours{3});
  EXPECT_EQ(lies, 0U);
  EXPECT_GT(published, 1000U * row.addresses.size());
  for (std::size_t i = 0; i < row.addresses.size(); ++i) {
    const auto pack = static_cast<core::PackIndex>(i);
    const auto& sample = bus.hub().latest(pack).sample;
    EXPECT_EQ(bus.hub().latest(pack).quality, core::Quality::kGood);
    EXPECT_EQ(sample.extent(core::Field::kCellVoltage), row.cells);
    for (const auto field :
         {core::Field::kPackVoltage, core::Field::kCurrent, core::Field::kSoc, core::Field::kTemperature, core::Field::kChargeMos}) {
      EXPECT_TRUE(sample.has(field)) << core::info(field).key;
    }
    EXPECT_TRUE(bus.hub().settings(pack).has(core::BmsSetting::kCellOv));
    EXPECT_FALSE(bus.hub().identity(pack).software.empty());
  }
}

TEST_P(RoundTrip, CommandsArriveAndAreSeen) {
  const auto& row = GetParam();
  struct Owner final : core::TransactionOwner {
    void on_done(std::uint32_t, core::Outcome result) noexcept override { outcome = result; }
    core::Outcome outcome{core::Outcome::kTimeout};
  };
  std::string error;
  test::VirtualBus bus{make_simulator(spec_of(row), error), row.dialect, seconds{1}};
  bus.run(seconds{10});
  auto& model = *bus.simulator().packs()[0].model;
  for (const auto id : {core::CommandId::kChargeMos, core::CommandId::kDischargeMos}) {
    Owner owner;
    core::Transaction transaction{.id = 1, .owner = &owner, .slot = 0};
    transaction.is_command = true;
    transaction.command = {id, 0};
    ASSERT_EQ(bus.poller().submit(transaction, bus.now()), core::Error::kNone);
    bus.run(seconds{10});
    EXPECT_EQ(owner.outcome, core::Outcome::kDone) << core::info(id).key;
    const bool charge = id == core::CommandId::kChargeMos;
    EXPECT_FALSE(charge ? model.state().charge_switch : model.state().discharge_switch);
    const auto& seen = bus.hub().latest(0).sample;
    EXPECT_EQ(seen.value(charge ? core::Field::kChargeMos : core::Field::kDischargeMos), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Dialects, RoundTrip,
                         testing::Values(Row{"jk_nw_8s", "jk-nw", Dialect::kJkNw, 8, {1}, 4},
                                         Row{"jk_nw_16s", "jk-nw", Dialect::kJkNw, 16, {1}, 4},
                                         Row{"jk_pb_pair", "jk-pb", Dialect::kJkPb, 16, {1, 2}, 4},
                                         Row{"jk_pb_4s", "jk-pb", Dialect::kJkPb, 4, {15}, 4},
                                         Row{"daly_a5_16s", "daly-a5", Dialect::kDalyA5, 16, {1}, 60},
                                         Row{"daly_a5_7s", "daly-a5", Dialect::kDalyA5, 7, {1}, 60},
                                         Row{"daly_a5_boards", "daly-a5", Dialect::kDalyA5, 16, {1, 2}, 60},
                                         Row{"daly_d2_16s", "daly-d2", Dialect::kDalyD2, 16, {1}, 8},
                                         Row{"daly_p81_16s", "daly-p81", Dialect::kDalyP81, 16, {1}, 8},
                                         Row{"daly_p81_48s", "daly-p81", Dialect::kDalyP81, 48, {1, 2}, 8}),
                         [](const auto& row) { return std::string{row.param.name}; });

}  // namespace
}  // namespace bmsgate::sim
