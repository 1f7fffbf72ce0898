// SPDX-License-Identifier: Apache-2.0
// The poller in conversation with scripted peers, in virtual time.
#include "core/poller.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/core/conversation.hpp"

namespace bmsgate::core::test {
namespace {

using ::testing::ElementsAre;

TEST(Poller, AsksAtOnceAndThenKeepsThePeriod) {
  Conversation c;
  c.peer = Conversation::packs({1});
  c.add(1, seconds{5});
  const auto start = c.now;
  c.up();
  c.run(seconds{21});
  ASSERT_EQ(c.sent.size(), 5U);
  for (std::size_t i = 0; i < c.sent.size(); ++i) EXPECT_EQ(c.sent[i].at - start, seconds{5} * i);
  EXPECT_EQ(c.heard.size(), 5U);
}

TEST(Poller, SendsTheNextRequestAsSoonAsTheGapAllows) {
  Conversation c;
  c.peer = Conversation::packs({1, 2});
  c.add(1, milliseconds{1});
  c.add(2, milliseconds{1});
  c.up();
  c.run(seconds{10});
  for (std::size_t i = 1; i < c.sent.size(); ++i) EXPECT_EQ(c.sent[i].at - c.sent[i - 1].at, milliseconds{40 + 100});
}

TEST(Poller, SharesAFullBusEvenly) {
  Conversation c;
  c.peer = Conversation::packs({1, 2, 3, 4, 5, 6, 7});
  for (std::uint8_t address = 1; address <= 7; ++address) c.add(address, milliseconds{address < 3 ? 100 : 500});
  c.up();
  c.run(seconds{60});
  std::size_t least = c.count_sent(1);
  std::size_t most = least;
  for (int address = 2; address <= 7; ++address) {
    least = std::min(least, c.count_sent(address));
    most = std::max(most, c.count_sent(address));
  }
  EXPECT_LE(most, least + 1);
}

TEST(Poller, TwoAbsentPacksCostLittle) {
  Conversation c;
  c.peer = Conversation::packs({1, 2, 3});
  for (std::uint8_t address = 1; address <= 5; ++address) c.add(address, milliseconds{100});
  c.up();
  c.run(seconds{60});
  const auto wasted = (c.count_sent(4) + c.count_sent(5)) * milliseconds{350};
  EXPECT_LE(wasted, seconds{3});
  EXPECT_GE(c.count_sent(4), 2U) << "an absent pack is still looked for";
  EXPECT_GE(c.count_sent(5), 2U);
  EXPECT_GE(c.heard.size(), 57 * 1000 / 140U);
}

TEST(Poller, ALostPackIsTriedBetweenTheOthersAndComesBack) {
  Conversation c;
  c.peer = Conversation::packs({1, 2});
  c.add(1);
  c.add(2);
  c.up();
  c.run(seconds{10});
  EXPECT_TRUE(c.poller.present(1));
  c.peer = Conversation::packs({1});
  c.run(seconds{10});
  EXPECT_FALSE(c.poller.present(1));
  const auto before = c.count_heard(0);
  c.run(seconds{60});
  EXPECT_GE(c.count_heard(0) - before, 58U) << "the other one keeps its pace";
  c.peer = Conversation::packs({1, 2});
  c.run(seconds{30});
  EXPECT_TRUE(c.poller.present(1));
}

TEST(Poller, ALonelyAbsentPackIsAskedAtItsPeriod) {
  Conversation c;
  c.toy.description.timing.wake_requests = 3;
  c.add(1, seconds{5});
  c.up();
  c.run(seconds{60});
  EXPECT_GE(c.sent.size(), 4 * 8U) << "four quick requests each time: the first ones may only wake it";
  c.peer = Conversation::packs({1});
  c.run(seconds{6});
  EXPECT_TRUE(c.poller.present(0));
}

TEST(Poller, LearnsThatALineEchoesAndTakesTheEchoAway) {
  Conversation c;
  c.peer = [](const Bytes& request) -> std::vector<Conversation::Reply> {
    return {{milliseconds{1}, request}, {milliseconds{40}, ToyDialect::reply(request[1], request[2], 50)}};
  };
  c.add(1);
  c.up();
  c.run(milliseconds{9500});
  EXPECT_TRUE(c.poller.line_echoes());
  EXPECT_EQ(c.heard.size(), 10U);
  EXPECT_EQ(c.poller.stats().echoes, 10U);
  EXPECT_TRUE(c.sleepers.empty());
  EXPECT_EQ(c.poller.stats().latency[3], 10U) << "the answer's delay counts, not the echo's";
  c.peer = Conversation::packs({1});
  c.run(seconds{10});
  EXPECT_FALSE(c.poller.line_echoes());
  EXPECT_EQ(c.heard.size(), 20U) << "no answer is lost while it unlearns";
}

TEST(Poller, ARequestThatOnlyComesBackMeansAsleep) {
  Conversation c;
  c.peer = [](const Bytes& request) -> std::vector<Conversation::Reply> { return {{milliseconds{1}, request}}; };
  c.add(1);
  c.up();
  c.run(seconds{5});
  EXPECT_THAT(c.sleepers, ElementsAre(0));
  EXPECT_TRUE(c.poller.asleep(0));
  EXPECT_TRUE(c.heard.empty());
  c.peer = Conversation::packs({1});
  c.run(seconds{2});
  EXPECT_FALSE(c.poller.asleep(0));
  EXPECT_FALSE(c.poller.line_echoes());
}

TEST(Poller, SilenceIsNotSleep) {
  Conversation c;
  c.add(1);
  c.up();
  c.run(seconds{30});
  EXPECT_TRUE(c.sleepers.empty());
}

TEST(Poller, ARequestInTheMiddleOfAPollIsRepeated) {
  Conversation c;
  c.toy.steps = 3;
  int lost = 2;
  c.peer = [&](const Bytes& request) -> std::vector<Conversation::Reply> {
    if (request[2] == 1 && lost-- > 0) return {};
    return {{milliseconds{40}, ToyDialect::reply(request[1], request[2], 50)}};
  };
  c.add(1, seconds{5});
  c.up();
  c.run(seconds{4});
  EXPECT_EQ(c.sent.size(), 5U);
  EXPECT_EQ(c.heard.size(), 1U);
  EXPECT_EQ(c.stats[1].timeouts, 2U);
}

TEST(Poller, AnUnconfirmedReadingIsAskedAgainAfterTheGap) {
  Conversation c;
  c.peer = Conversation::packs({1});
  c.beliefs = {Belief::kUnconfirmed, Belief::kPublish};
  c.add(1, seconds{5});
  c.up();
  c.run(seconds{4});
  ASSERT_EQ(c.sent.size(), 2U);
  EXPECT_EQ(c.sent[1].at - c.sent[0].at, milliseconds{140});
}

TEST(Poller, TheConfirmingReadingComesBeforeSettings) {
  Conversation c;
  c.toy.extras = true;
  c.peer = Conversation::packs({1});
  c.beliefs = {Belief::kUnconfirmed};
  c.add(1, seconds{5});
  c.up();
  c.run(seconds{2});
  ASSERT_EQ(c.sent.size(), 4U);
  EXPECT_EQ(c.sent[1].bytes[2], 0x00);
  EXPECT_EQ(c.sent[2].bytes[2], 0x90);
}

TEST(Poller, APackThatIsNeverBelievedTakesFewExtraTurns) {
  Conversation c;
  c.peer = Conversation::packs({1});
  c.beliefs.assign(1000, Belief::kRejected);
  c.add(1, seconds{5});
  c.up();
  c.run(seconds{50});
  EXPECT_LE(c.sent.size(), 4 * 11U);
}

TEST(Poller, AnAnswerFromTheWrongAddressIsNotTheNeighbours) {
  Conversation c;
  c.toy.extras = false;
  c.peer = [](const Bytes& request) -> std::vector<Conversation::Reply> {
    if (request[1] != 1) return {};
    return {{milliseconds{40}, ToyDialect::reply(2, 99, 50)}};
  };
  c.add(1);
  c.add(2);
  c.up();
  c.run(seconds{3});
  EXPECT_EQ(c.count_heard(1), 0U);
}

TEST(Poller, AsksSettingsAndIdentityAfterTheFirstAnswerAndThenRarely) {
  Conversation c;
  c.toy.extras = true;
  c.peer = Conversation::packs({1});
  c.add(1, seconds{5});
  c.up();
  c.run(seconds{4});
  ASSERT_EQ(c.sent.size(), 3U);
  EXPECT_EQ(c.sent[0].bytes[2], 0x00);
  EXPECT_EQ(c.sent[1].bytes[2], 0x90);
  EXPECT_EQ(c.sent[2].bytes[2], 0x80);
  c.run(std::chrono::minutes{10});
  const auto settings = std::count_if(c.sent.begin(), c.sent.end(), [](const auto& s) { return s.bytes[2] == 0x80; });
  EXPECT_EQ(settings, 3) << "each five minutes";
}

TEST(Poller, APackAloneOnItsBusTellsItsSettingsAtOnceHoweverOftenItIsAsked) {
  Conversation c;
  c.toy.extras = true;
  c.peer = Conversation::packs({1});
  c.add(1, milliseconds{1});
  c.up();
  c.run(seconds{1});
  EXPECT_EQ(std::count_if(c.sent.begin(), c.sent.end(), [](const auto& s) { return s.bytes[2] >= 0x80; }), 2);
}

TEST(Poller, OnAFullBusSettingsTakeLittleOfTheTime) {
  Conversation c;
  c.toy.extras = true;
  c.peer = Conversation::packs({1, 2, 3, 4});
  for (std::uint8_t address = 1; address <= 4; ++address) c.add(address, milliseconds{100});
  c.up();
  c.run(seconds{120});
  const auto extras = std::count_if(c.sent.begin(), c.sent.end(), [](const auto& s) { return s.bytes[2] >= 0x80; });
  EXPECT_EQ(extras, 8) << "each pack's settings and identity once";
  EXPECT_GE(c.heard.size(), static_cast<std::size_t>(120'000 / 140 * 0.98));
}

TEST(Poller, WaitsWhileAForeignMasterAsks) {
  Conversation c;
  c.peer = Conversation::packs({1});
  c.add(1, seconds{1});
  c.up();
  c.run(milliseconds{500});
  const auto before = c.sent.size();
  for (int i = 0; i < 10; ++i) {
    c.come(milliseconds{1}, ToyDialect::request(1, 0));
    c.come(milliseconds{41}, ToyDialect::reply(1, 0, 60 + i));
    c.run(milliseconds{700});
  }
  EXPECT_EQ(c.sent.size(), before) << "never in between";
  EXPECT_TRUE(c.poller.foreign_master(c.now));
  EXPECT_EQ(c.heard.back().soc, 69) << "what the other one learns is ours too";
  c.run(seconds{2});
  EXPECT_GT(c.sent.size(), before);
}

TEST(Poller, AListenerNeverSendsAndLearns) {
  Conversation c{{.role = BusRole::kListener}};
  c.add(1);
  c.up();
  for (int i = 0; i < 20; ++i) {
    c.come(milliseconds{1}, ToyDialect::request(1 + i % 2, 0));
    c.come(milliseconds{40}, ToyDialect::reply(1 + i % 2, 0, 60));
    c.run(seconds{1});
  }
  Owner owner;
  EXPECT_EQ(c.poller.submit(foreign(owner, {1}), c.now), Error::kUnsupported);
  EXPECT_FALSE(c.poller.lease(&owner));
  EXPECT_TRUE(c.sent.empty());
  EXPECT_EQ(c.count_heard(0), 10U);
  EXPECT_EQ(c.strangers.size(), 10U);
  EXPECT_TRUE(c.poller.present(0));
}

TEST(Poller, NoiseDoesNotSilenceIt) {
  Conversation c;
  c.peer = Conversation::packs({1});
  c.add(1);
  c.up();
  for (int i = 0; i < 6000; ++i) {
    c.come(milliseconds{5}, {static_cast<std::uint8_t>(i % 50)});
    c.run(milliseconds{5});
  }
  EXPECT_GE(c.sent.size(), 5U);
  c.run(seconds{3});
  EXPECT_TRUE(c.poller.present(0));
}

TEST(Poller, ASlowPackIsGivenMoreTime) {
  Conversation c;
  c.peer = Conversation::packs({1});
  c.add(1);
  c.up();
  c.run(seconds{5});
  c.peer = Conversation::packs({1}, milliseconds{600});
  c.run(seconds{20});
  EXPECT_TRUE(c.poller.present(0));
  EXPECT_GE(c.heard.size(), 20U);
}

TEST(Poller, WhenTheLineReturnsEverybodyIsAskedAtOnce) {
  Conversation c;
  c.peer = Conversation::packs({1, 2});
  c.add(1, seconds{60});
  c.add(2, seconds{60});
  c.up();
  c.run(seconds{2});
  c.poller.on_line_down(c.now);
  c.run(seconds{100});
  EXPECT_EQ(c.sent.size(), 2U);
  c.up();
  c.run(milliseconds{300});
  EXPECT_EQ(c.heard.size(), 4U);
}

TEST(Poller, ALineThatBreaksWhileSendingIsNoHarm) {
  Conversation c;
  c.add(1);
  c.broken = true;
  c.up();
  c.run(seconds{5});
  c.broken = false;
  c.peer = Conversation::packs({1});
  c.run(seconds{5});
  EXPECT_TRUE(c.poller.present(0));
}

}  // namespace
}  // namespace bmsgate::core::test
