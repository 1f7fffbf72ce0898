// SPDX-License-Identifier: Apache-2.0
// The way of one pack's reports into the hub: report → derive → gate → reading → hub, and the quality of what the hub shows as time goes
// by. One per pack, owned by the bus, called on the loop thread only.
#pragma once

#include <cstdint>

#include "core/clock.hpp"
#include "core/gate.hpp"
#include "core/hub.hpp"
#include "core/protocol.hpp"

namespace bmsgate::core {

class Intake {
 public:
  static constexpr Duration kMinHold = std::chrono::seconds{10};  // a reading stays good for 3 polls, and at least this long
  static constexpr Duration kHeldFor = std::chrono::seconds{60};  // then it is held, and after this time stale

  Intake(Hub& hub, const Clock& clock, PackIndex pack, const GateRules& rules, Duration period) noexcept;

  /// Takes one report of the pack, received at `at`. kUnconfirmed and kRejected: poll again soon.
  [[nodiscard]] Belief take(const Report& report, Instant at) noexcept;
  /// The dialect's own sign of sleep was seen: the last values stay, marked asleep.
  void asleep() noexcept;
  /// The real time between two polls, where it differs from the wish (a full bus, a foreign master).
  void set_period(Duration period) noexcept { period_ = period; }

  /// Ages the quality; to be called at next_deadline().
  void on_time(Instant now) noexcept;
  [[nodiscard]] Instant next_deadline() const noexcept;
  [[nodiscard]] PackIndex pack() const noexcept { return pack_; }
  /// Another dialect speaks for this pack now.
  void use(const GateRules& rules) noexcept { gate_.use(rules); }
  /// Why the last live report was not believed; kNone: it was.
  [[nodiscard]] Doubt doubt() const noexcept { return gate_.doubt(); }
  [[nodiscard]] Field doubtful_field() const noexcept { return gate_.doubtful_field(); }

 private:
  [[nodiscard]] Belief take_live(const Report& report, Instant at) noexcept;
  [[nodiscard]] FieldMask put_settings(Sample& sample, FieldMask carried) const noexcept;
  [[nodiscard]] Belief take_settings(const BmsSettings& settings) noexcept;
  [[nodiscard]] Belief take_identity(const Identity& identity) noexcept;
  [[nodiscard]] UtcMs utc_of(Instant at) const noexcept;
  [[nodiscard]] Duration hold_time() const noexcept;

  Hub& hub_;
  const Clock& clock_;
  PackIndex pack_;
  Gate gate_;
  Duration period_;
  Instant last_good_{};
  Reading reading_;  // built here: it is too large for the stack of small machines
  BmsSettings pending_settings_;
  Identity pending_identity_;
  bool has_pending_settings_{false};
  bool has_pending_identity_{false};
};

}  // namespace bmsgate::core
