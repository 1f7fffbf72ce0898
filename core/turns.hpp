// SPDX-License-Identifier: Apache-2.0
// Whose turn it is on a bus: which pack is polled next, for which part, and when. Part of the poller; pure bookkeeping, no bytes.
//
// - Live polls go by due time, so a full bus is shared evenly and an empty one keeps each pack's period.
// - A pack that does not answer gets its further tries between the others' turns, then counts as absent. While others are alive, all
//   absent packs together get kAbsentShare of the time; alone on the bus they are tried at their period.
// - Settings and identity are asked when no other pack has to wait for it, or else within kExtrasShare of the time.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/clock.hpp"
#include "core/fixed.hpp"
#include "core/protocol.hpp"

namespace bmsgate::core {

inline constexpr std::size_t kMaxSlots = 32;  // packs of one bus

/// A share of the time that may be used for something unimportant, paid after use.
class TimeShare {
 public:
  constexpr TimeShare(unsigned per_mille, Duration most) noexcept : per_mille_{per_mille}, most_{most} {}
  void earn(Instant now) noexcept;
  void spend(Duration time) noexcept { credit_ -= time; }
  [[nodiscard]] bool affords(Duration time) const noexcept { return credit_ >= time; }
  /// When `time` can be afforded at the earliest.
  [[nodiscard]] Instant when(Duration time) const noexcept;

 private:
  unsigned per_mille_;
  Duration most_;
  Duration credit_{0};
  Instant earned_at_{};
};

class Turns {
 public:
  static constexpr unsigned kAbsentShare = 35;  // per mille of the time
  static constexpr unsigned kExtrasShare = 15;

  struct Turn {
    std::uint8_t slot{0};
    Part part{Part::kLive};
  };

  /// A pack joins. Slots are numbered in the order of joining and never leave. `strict`: not even its own settings may delay its readings.
  bool add(Duration period, const Timing& timing, bool strict, Instant now) noexcept;
  /// The line is back: everybody is asked at once.
  void restart(Instant now) noexcept;

  /// The turn that is due at `now`, if any.
  [[nodiscard]] bool next(Instant now, Turn& out) noexcept;
  /// When next() will have something at the earliest.
  [[nodiscard]] Instant next_deadline(Instant now) const noexcept;

  // What came of a turn that began at `started`.
  /// It was answered. `again`: the reading wants another one at once (bounded: a pack that is never believed gets few more turns).
  void done(const Turn& turn, Instant started, Instant now, bool again) noexcept;
  void failed(const Turn& turn, Instant started, Instant now) noexcept;
  /// The dialect has nothing to ask for this part.
  void unsupported(const Turn& turn) noexcept;
  /// A reading came by other people's requests: our own can wait a period.
  void refreshed(std::uint8_t slot, Instant now) noexcept;
  /// Asks a pack as soon as possible (after a command).
  void hurry(std::uint8_t slot, Instant now) noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return packs_.size(); }
  [[nodiscard]] bool present(std::uint8_t slot) const noexcept { return packs_[slot].state == State::kPresent; }
  [[nodiscard]] Duration achieved_period(std::uint8_t slot) const noexcept;

 private:
  enum class State : std::uint8_t { kUnknown, kPresent, kAbsent };
  struct Extra {
    Instant due{kFarFuture};
    Duration retry{};  // after an unanswered one; doubled each time
    bool unsupported{false};
  };
  struct Pack {
    Duration period{};
    Duration achieved{};  // between two polls, smoothed
    Instant due{};
    Instant last_start{};
    State state{State::kUnknown};
    std::uint8_t tries{0};       // in a row without an answer
    std::uint8_t most_tries{1};  // then it is absent
    std::uint8_t again{0};       // extra turns in a row
    bool strict{false};
    Duration gap{};         // that follows each of its answers
    Duration extra_cost{};  // guess of the time that settings or identity take
    Extra extras[2]{};      // settings, identity
  };
  [[nodiscard]] bool anybody_present() const noexcept;
  [[nodiscard]] bool next_extra(Instant now, Turn& out) const noexcept;
  [[nodiscard]] Instant next_live_due(Instant now, const Pack* except = nullptr) const noexcept;
  [[nodiscard]] static bool waits_for_itself(const Pack& pack) noexcept;
  [[nodiscard]] bool delays_nobody(const Pack& pack, Instant start, Instant now) const noexcept;
  static void note_interval(Pack& pack, Instant at) noexcept;

  FixedVector<Pack, kMaxSlots> packs_;
  TimeShare absent_{kAbsentShare, std::chrono::milliseconds{500}};
  TimeShare extras_{kExtrasShare, std::chrono::seconds{5}};
};

}  // namespace bmsgate::core
