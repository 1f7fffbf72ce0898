// SPDX-License-Identifier: Apache-2.0
// The master, or the listener, of one line: whose turn it is, what is asked next, how long to wait, what is an echo, who else is talking.
// A plain state machine without clock, port or heap: the host (or a test) hands it bytes and time and drives it at next_deadline().
// Loop thread only. Times of the wire come from each dialect's Timing (docs/protocols/).
//
//   poller.on_line_up(now) · poller.on_bytes(bytes, now) · poller.on_time(now) at next_deadline() · poller.on_line_down(now)
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/clock.hpp"
#include "core/echo_filter.hpp"
#include "core/fixed.hpp"
#include "core/gate.hpp"
#include "core/link_stats.hpp"
#include "core/protocol.hpp"
#include "core/transaction.hpp"
#include "core/transport.hpp"
#include "core/turns.hpp"

namespace bmsgate::core {

enum class BusRole : std::uint8_t { kMaster, kListener };  // a listener never transmits
enum class Direction : std::uint8_t { kToBms, kFromBms };

/// Sees all bytes of a line as they pass, unchanged, echoes included.
class LineTap {
 public:
  virtual void on_line(Direction direction, std::span<const std::uint8_t> bytes, Instant at) noexcept = 0;

 protected:
  ~LineTap() = default;
};

/// Who gets what the poller finds out.
class PollerEvents {
 public:
  /// A report of a pack of this bus. The answer decides whether it is polled again at once.
  [[nodiscard]] virtual Belief on_report(std::uint8_t slot, const Report& report, Instant at) noexcept = 0;
  /// A report of an address nobody configured, heard in other people's traffic.
  virtual void on_stranger(Protocol& /*dialect*/, const Report& /*report*/, Instant /*at*/) noexcept {}
  /// The dialect's own sign: the BMS sleeps.
  virtual void on_asleep(std::uint8_t /*slot*/, Instant /*at*/) noexcept {}

 protected:
  ~PollerEvents() = default;
};

struct PollerOptions {
  BusRole role{BusRole::kMaster};
  std::uint32_t baud{0};       // 0: that of the dialect in use; to know how long our own request takes on the wire
  std::uint16_t jitter_ms{0};  // added to time-outs and quiet times where a network lies between us and the line
};

struct PackPlan {
  Protocol* protocol{nullptr};
  std::uint8_t address{0};
  DialectOptions options{};
  Duration period{std::chrono::seconds{5}};
  LinkStats* stats{nullptr};
};

class Poller final : private ReportSink {
 public:
  static constexpr std::size_t kMaxDialects = 6;
  static constexpr std::size_t kMaxTaps = 8;
  static constexpr Duration kForeignPause = std::chrono::seconds{1};  // own polls wait for this long after foreign traffic

  Poller(Transport& line, PollerEvents& events, const PollerOptions& options) noexcept;
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  /// kNoSpace: kMaxSlots packs or kMaxDialects dialects are there. Returns the slot.
  [[nodiscard]] Result<std::uint8_t> add_pack(const PackPlan& plan, Instant now) noexcept;
  /// A dialect to listen with although no pack is configured for it.
  [[nodiscard]] bool add_dialect(Protocol& protocol) noexcept;
  /// Another dialect for a pack (one that was configured as "auto").
  [[nodiscard]] bool change_dialect(std::uint8_t slot, Protocol& protocol, std::uint8_t address) noexcept;

  void on_line_up(Instant now) noexcept;
  void on_line_down(Instant now) noexcept;
  void on_bytes(std::span<const std::uint8_t> bytes, Instant now) noexcept;
  void on_time(Instant now) noexcept;
  [[nodiscard]] Instant next_deadline() const noexcept;

  /// Queues an exchange (16 at most). kNoSpace: full; kClosed: the line is down; kUnsupported: this bus only listens.
  [[nodiscard]] Error submit(const Transaction& transaction, Instant now) noexcept;
  void cancel(const TransactionOwner& owner) noexcept;

  /// The line for one user alone. false: somebody else has it, or this bus only listens.
  [[nodiscard]] bool lease(const void* owner) noexcept;
  [[nodiscard]] bool lease_send(const void* owner, std::span<const std::uint8_t> bytes, Instant now) noexcept;
  void release(const void* owner, Instant now) noexcept;

  [[nodiscard]] bool add_tap(LineTap& tap) noexcept { return taps_.push_back(&tap); }
  void remove_tap(const LineTap& tap) noexcept;

  [[nodiscard]] const LinkStats& stats() const noexcept { return stats_; }
  [[nodiscard]] bool line_echoes() const noexcept { return echo_.line_echoes(); }
  /// Somebody else has asked something on this line within the last minute.
  [[nodiscard]] bool foreign_master(Instant now) const noexcept;
  [[nodiscard]] bool present(std::uint8_t slot) const noexcept { return turns_.present(slot); }
  [[nodiscard]] bool asleep(std::uint8_t slot) const noexcept { return packs_[slot].asleep; }
  [[nodiscard]] Duration achieved_period(std::uint8_t slot) const noexcept { return turns_.achieved_period(slot); }
  [[nodiscard]] const PackPlan& plan(std::uint8_t slot) const noexcept { return packs_[slot].plan; }
  [[nodiscard]] std::size_t size() const noexcept { return packs_.size(); }

 private:
  enum class State : std::uint8_t { kDown, kIdle, kWaiting };
  enum class Job : std::uint8_t { kNone, kPoll, kCommand, kForeign };
  struct Pack {
    PackPlan plan;
    bool asleep{false};
    std::uint8_t patience{1};  // multiplies the time-out of a pack that has begun to answer late
  };
  /// The exchange that is going on: one poll, command or foreign request, of one or more steps.
  struct Exchange {
    Job job{Job::kNone};
    std::uint8_t slot{kNoSlot};
    Part part{Part::kLive};
    Transaction transaction{};
    Protocol* protocol{nullptr};  // nullptr: nobody knows when the answer is complete
    Request request{};
    unsigned step{0};
    bool more_steps{true};
    std::uint8_t tries_left{0};
    std::uint8_t unheard{0};  // steps in a row without an answer
    bool answered{false};     // one of its steps was
    bool reported{false};
    bool wants_again{false};
    bool answer_began{false};
    Instant started{};
    Instant sent_end{};  // when the last byte of our request has left the wire
  };

  // poller.cpp: the conversation
  void start_next() noexcept;
  void start_poll(const Turns::Turn& turn) noexcept;
  void start_transaction(const Transaction& transaction) noexcept;
  [[nodiscard]] bool build_step() noexcept;
  void next_step() noexcept;
  void send_request() noexcept;
  void step_answered(Progress progress) noexcept;
  void step_unheard() noexcept;
  void finish_exchange(Outcome outcome) noexcept;
  void abandon() noexcept;
  void drop_all() noexcept;
  [[nodiscard]] std::uint8_t retries() const noexcept;
  [[nodiscard]] bool seems_asleep() const noexcept;

  // poller_hearing.cpp: what comes in
  void on_report(const Report& report) noexcept override;
  void on_frame(const FrameNote& note) noexcept override;
  void hear_answer(std::span<const std::uint8_t> bytes) noexcept;
  void note_answer_began() noexcept;
  void feed_answer(std::span<const std::uint8_t> bytes) noexcept;
  void hear_others(std::span<const std::uint8_t> bytes) noexcept;
  void feed_all(std::span<const std::uint8_t> bytes) noexcept;
  void line_is_quiet() noexcept;
  void count(Protocol& protocol) noexcept;
  [[nodiscard]] std::uint8_t slot_of(const Protocol& protocol, std::uint8_t address) const noexcept;

  [[nodiscard]] const Timing& timing() const noexcept;
  [[nodiscard]] Duration wire_time(std::size_t bytes) const noexcept;
  [[nodiscard]] Duration reply_timeout() const noexcept;
  [[nodiscard]] Duration quiet_time() const noexcept;
  [[nodiscard]] Duration gap() const noexcept { return std::chrono::milliseconds{timing().gap_ms}; }
  [[nodiscard]] LinkStats& pack_stats() noexcept;
  [[nodiscard]] bool may_transmit() const noexcept { return options_.role == BusRole::kMaster && lease_ == nullptr; }

  Transport& line_;
  PollerEvents& events_;
  PollerOptions options_;
  Turns turns_;
  FixedVector<Pack, kMaxSlots> packs_;
  FixedVector<Protocol*, kMaxDialects> dialects_;
  std::array<LineCounters, kMaxDialects> counted_{};
  FixedVector<LineTap*, kMaxTaps> taps_;
  TransactionQueue<16> queue_;
  EchoFilter echo_;
  LinkStats stats_;
  LinkStats unassigned_;  // counts of exchanges that belong to no pack
  Exchange exchange_;
  State state_{State::kDown};
  const void* lease_{nullptr};
  Protocol* speaking_{nullptr};  // the dialect that is being fed or asked
  Instant now_{};                // of the call that is going on, for what happens inside it
  Instant last_byte_{};
  Instant may_send_{};                   // the gap that the last dialect needs ends
  Instant gap_limit_{};                  // noise may push may_send_ no further than this
  Instant answer_deadline_{kFarFuture};  // for the first byte of an answer
  Instant answer_limit_{kFarFuture};     // for all of it
  Instant quiet_deadline_{kFarFuture};   // the line counts as quiet
  Instant foreign_until_{};              // own polls wait until then
  Instant last_foreign_{};
  bool heard_foreign_{false};
};

}  // namespace bmsgate::core
