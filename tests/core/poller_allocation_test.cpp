// SPDX-License-Identifier: Apache-2.0
// From the line to the hub nothing touches the heap once the program runs: operator new is replaced and counted.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <new>

#include "core/intake.hpp"
#include "tests/core/conversation.hpp"

namespace {
std::size_t g_allocations = 0;
}

// g++ takes free() in a replaced operator delete for a mismatch when it inlines both.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
void* operator new(std::size_t size) {
  ++g_allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc{};
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace bmsgate::core::test {
namespace {

struct StillClock final : Clock {
  Instant now() const noexcept override { return time; }
  UtcMs utc_ms() const noexcept override { return 1'700'000'000'000; }
  Instant time{Instant{} + seconds{1}};
};

/// Two packs on a line that answers from fixed memory; pack 3 is absent.
struct Line final : Transport, PollerEvents {
  Line() {
    for (std::uint8_t address = 1; address <= 3; ++address) {
      const auto pack = hub.add_pack(PackConfig{}).value();
      intakes[address - 1U].emplace(hub, clock, pack, GateRules{}, seconds{1});
      EXPECT_TRUE(
          poller.add_pack({.protocol = &toy, .address = address, .period = seconds{1}, .stats = &hub.stats(pack)}, clock.time).ok());
    }
    poller.on_line_up(clock.time);
  }
  bool send(std::span<const std::uint8_t> bytes) noexcept override {
    ++sent;
    answer = {0xAA, bytes[1], bytes[2], 50, static_cast<std::uint8_t>(0xAA + bytes[1] + bytes[2] + 50)};
    answer_at = bytes[1] == 3 ? kFarFuture : clock.time + milliseconds{40};
    return true;
  }
  void discard_input() noexcept override {}
  Belief on_report(std::uint8_t slot, const Report& report, Instant at) noexcept override { return intakes[slot]->take(report, at); }

  void run(Duration time) {
    for (const auto end = clock.time + time; clock.time < end;) {
      clock.time = std::min({std::max(poller.next_deadline(), clock.time), answer_at, end});
      if (clock.time == answer_at) {
        answer_at = kFarFuture;
        poller.on_bytes(answer, clock.time);
      } else {
        poller.on_time(clock.time);
      }
      for (auto& intake : intakes) intake->on_time(clock.time);
    }
  }

  StillClock clock;
  Hub hub;
  ToyDialect toy;
  std::array<std::optional<Intake>, 3> intakes;
  std::array<std::uint8_t, 5> answer{};
  Instant answer_at{kFarFuture};
  int sent{0};
  Poller poller{*this, *this, {}};
};

TEST(PollerAllocation, APollFromLineToHubAllocatesNothing) {
  const auto line = std::make_unique<Line>();
  const auto before = g_allocations;
  line->run(seconds{300});
  EXPECT_EQ(g_allocations, before);
  EXPECT_GT(line->sent, 500);
  EXPECT_GT(line->hub.latest(0).sequence, 250U);
  EXPECT_EQ(line->hub.latest(2).sequence, 0U);
}

TEST(PollerAllocation, TheCounterCounts) {
  const auto before = g_allocations;
  const auto something = std::make_unique<int>(1);
  EXPECT_GT(g_allocations, before);
}

}  // namespace
}  // namespace bmsgate::core::test
