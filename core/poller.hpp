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
  void change_dialect(std::uint8_t slot, Protocol& protocol, std::uint8_t address) noexcept;

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
  enum class Job : std::uint8_t { kPoll, kCommand, kForeign };
  struct Pack {
    PackPlan plan;
    bool asleep{false};
    bool reported{false};  // a report came in the poll that is going on
  };
  /// The exchange that is going on.
  struct Exchange {
    Job job{Job::kPoll};
    Turns::Turn turn{};
    Transaction transaction{};
    Protocol* protocol{nullptr};
    Request request{};
    unsigned step{0};
    std::uint8_t tries_left{0};
    bool active{false};  // steps remain, or an answer is awaited
    bool answer_began{false};
    bool mirrored{false};
    bool wants_again{false};
    Instant started{};
    Instant sent_end{};  // when the last byte of our request has left the wire
    LineCounters before{};
  };

  // poller.cpp: the conversation
  void start_next(Instant now) noexcept;
  void start_poll(const Turns::Turn& turn, Instant now) noexcept;
  void start_transaction(const Transaction& transaction, Instant now) noexcept;
  void next_step(Instant now) noexcept;
  void send_request(Instant now) noexcept;
  void finish_step(Progress progress, Instant now) noexcept;
  void step_failed(Instant now) noexcept;
  void finish_exchange(Outcome outcome, Instant now) noexcept;
  [[nodiscard]] bool answer_is_over(Progress progress) const noexcept;

  // poller_hearing.cpp: what comes in
  void on_report(const Report& report) noexcept override;
  void on_frame(const FrameNote& note) noexcept override;
  void hear_answer(std::span<const std::uint8_t> bytes, Instant now) noexcept;
  void hear_others(std::span<const std::uint8_t> bytes, Instant now) noexcept;
  void line_is_quiet(Instant now) noexcept;
  void count_line(Protocol& protocol, LinkStats* pack) noexcept;
  [[nodiscard]] std::uint8_t slot_of(const Protocol& protocol, std::uint8_t address) const noexcept;

  [[nodiscard]] const Timing& timing() const noexcept { return exchange_.protocol->info().timing; }
  [[nodiscard]] Duration wire_time(std::size_t bytes) const noexcept;
  [[nodiscard]] Duration quiet_time() const noexcept;
  [[nodiscard]] LinkStats* pack_stats() noexcept;

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
  Exchange exchange_;
  State state_{State::kDown};
  const void* lease_{nullptr};
  Protocol* speaking_{nullptr};          // the dialect that is being fed
  Instant now_{};                        // of the call that is going on, for reports from inside a dialect
  Instant last_byte_{};                  // last sign of life on the line, ours or others'
  Instant may_send_{};                   // not before this time: the gap the last dialect needs
  Instant answer_deadline_{kFarFuture};  // first byte of an answer
  Instant quiet_deadline_{kFarFuture};   // the line counts as quiet
  Instant foreign_until_{};              // own polls wait until then
  Instant last_foreign_{};
  bool heard_foreign_{false};
};

}  // namespace bmsgate::core
