// SPDX-License-Identifier: Apache-2.0
// What others want of a bus: commands, foreign requests, a lease, a view of the bytes. In virtual time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/poller.hpp"
#include "tests/core/conversation.hpp"

namespace bmsgate::core::test {
namespace {

using ::testing::ElementsAre;

TEST(PollerTransactions, CommandsGoFirstAndAreFollowedByAPoll) {
  Conversation c;
  c.peer = Conversation::packs({1, 2});
  c.add(1, milliseconds{1});
  c.add(2, milliseconds{1});
  c.up();
  c.run(seconds{1});
  Owner owner;
  const auto asked_before = c.sent.size();
  EXPECT_EQ(c.poller.submit(foreign(owner, ToyDialect::request(1, 0x11), 0), c.now), Error::kNone);
  EXPECT_EQ(c.poller.submit({.id = 3, .owner = &owner, .priority = Priority::kCommand, .slot = 1, .is_command = true}, c.now),
            Error::kNone);
  c.run(seconds{3});
  ASSERT_GT(c.sent.size(), asked_before + 3);
  EXPECT_EQ(c.sent[asked_before].bytes, ToyDialect::request(2, 0xC0));
  EXPECT_EQ(c.sent[asked_before + 1].bytes, ToyDialect::request(2, 0xC1));
  EXPECT_EQ(c.sent[asked_before + 2].bytes, ToyDialect::request(1, 0x11));
  EXPECT_THAT(owner.done, ElementsAre(std::pair{3U, Outcome::kDone}, std::pair{7U, Outcome::kDone}));
  EXPECT_EQ(owner.bytes, ToyDialect::reply(1, 0x11, 1));
  EXPECT_GE(c.sent[asked_before + 3].at - c.sent[asked_before + 2].at, seconds{1}) << "own polls wait after foreign traffic";
}

TEST(PollerTransactions, ACommandTheDialectLacksIsRefused) {
  Conversation c;
  c.add(1);
  c.up();
  Owner owner;
  EXPECT_EQ(c.poller.submit({.id = 4, .owner = &owner, .slot = 0, .is_command = true, .command = {CommandId::kSetSoc, 500}}, c.now),
            Error::kNone);
  c.run(seconds{1});
  EXPECT_THAT(owner.done, ElementsAre(std::pair{4U, Outcome::kRefused}));
}

TEST(PollerTransactions, TheQueueIsBoundedAndEmptiesWhenTheLineGoes) {
  Conversation c;
  c.add(1);
  Owner owner;
  EXPECT_EQ(c.poller.submit(foreign(owner, {1, 2, 3}), c.now), Error::kClosed);
  c.up();
  Error last = Error::kNone;
  std::size_t taken = 0;
  while ((last = c.poller.submit(foreign(owner, {1, 2, 3}), c.now)) == Error::kNone) ++taken;
  EXPECT_EQ(last, Error::kNoSpace);
  c.poller.on_line_down(c.now);
  EXPECT_EQ(owner.done.size(), taken);
  EXPECT_EQ(owner.done.back().second, Outcome::kLineDown);
}

TEST(PollerTransactions, ALeaseStopsPollingAndStillHears) {
  Conversation c;
  c.peer = Conversation::packs({1});
  c.add(1);
  c.up();
  c.run(seconds{2});
  int me = 0;
  int other = 0;
  ASSERT_TRUE(c.poller.lease(&me));
  EXPECT_FALSE(c.poller.lease(&other));
  EXPECT_FALSE(c.poller.lease_send(&other, ToyDialect::request(1, 0), c.now));
  const auto sent = c.sent.size();
  const auto heard = c.heard.size();
  EXPECT_TRUE(c.poller.lease_send(&me, ToyDialect::request(1, 0), c.now));
  c.run(seconds{5});
  EXPECT_EQ(c.sent.size(), sent + 1);
  EXPECT_EQ(c.heard.size(), heard + 1);
  c.poller.release(&me, c.now);
  c.run(seconds{3});
  EXPECT_GT(c.sent.size(), sent + 1);
}

TEST(PollerTransactions, TapsSeeEverything) {
  struct Tap final : LineTap {
    void on_line(Direction direction, std::span<const std::uint8_t> bytes, Instant) noexcept override {
      (direction == Direction::kToBms ? sent : received) += bytes.size();
    }
    std::size_t sent{0};
    std::size_t received{0};
  } tap;
  Conversation c;
  c.peer = Conversation::packs({1});
  c.add(1);
  ASSERT_TRUE(c.poller.add_tap(tap));
  c.up();
  c.run(milliseconds{2500});
  EXPECT_EQ(tap.sent, 3 * 4U);
  EXPECT_EQ(tap.received, 3 * 5U);
  c.poller.remove_tap(tap);
  c.run(seconds{2});
  EXPECT_EQ(tap.sent, 3 * 4U);
}

}  // namespace
}  // namespace bmsgate::core::test
