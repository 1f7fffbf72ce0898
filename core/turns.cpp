// SPDX-License-Identifier: Apache-2.0
// Due times, back-off and shares of the bus.
#include "core/turns.hpp"

#include <algorithm>

namespace bmsgate::core {
namespace {

constexpr std::uint8_t kMostAgain = 3;  // extra turns in a row for readings that want confirmation
constexpr Duration kExtraPeriod[2]{std::chrono::minutes{5}, std::chrono::minutes{30}};  // settings, identity
constexpr Duration kExtraRetry = std::chrono::minutes{1};                               // the first time it is not answered
constexpr Duration kExtraRetryMost = std::chrono::minutes{30};

[[nodiscard]] constexpr std::size_t extra_index(Part part) noexcept { return part == Part::kSettings ? 0 : 1; }

}  // namespace

void TimeShare::earn(Instant now) noexcept {
  if (earned_at_ == Instant{}) earned_at_ = now;
  credit_ = std::min(most_, credit_ + (now - earned_at_) * per_mille_ / 1000);
  earned_at_ = now;
}

Instant TimeShare::when(Duration time) const noexcept {
  if (affords(time)) return earned_at_;
  return earned_at_ + (time - credit_) * 1000 / per_mille_ + Duration{1000};
}

bool Turns::add(Duration period, const Timing& timing, bool strict, Instant now) noexcept {
  Pack pack;
  pack.period = period;
  pack.achieved = period;
  pack.due = now;
  pack.strict = strict;
  pack.most_tries = static_cast<std::uint8_t>(1 + std::max(timing.retries, timing.wake_requests));
  pack.gap = std::chrono::milliseconds{timing.gap_ms};
  pack.extra_cost = Duration{std::int64_t{24'000} * 1'000'000 / std::max<std::uint32_t>(timing.baud, 1200)};
  return packs_.push_back(pack);
}

void Turns::restart(Instant now) noexcept {
  for (auto& pack : packs_) {
    pack.due = now;
    pack.tries = 0;
    pack.last_start = {};
    if (pack.state == State::kAbsent) pack.state = State::kUnknown;
  }
}

bool Turns::next(Instant now, Turn& out) noexcept {
  absent_.earn(now);
  extras_.earn(now);
  if (next_extra(now, out)) return true;
  const bool absent_may = !anybody_present() || absent_.affords({});
  std::size_t best = packs_.size();
  for (std::size_t i = 0; i < packs_.size(); ++i) {
    const auto& pack = packs_[i];
    if (pack.due > now || (pack.state == State::kAbsent && !absent_may)) continue;
    if (best == packs_.size() || pack.due < packs_[best].due) best = i;
  }
  if (best == packs_.size()) return false;
  out = {static_cast<std::uint8_t>(best), Part::kLive};
  return true;
}

/// An extra is due, and either nobody has to wait for it or the share of the time allows it.
bool Turns::next_extra(Instant now, Turn& out) const noexcept {
  for (std::size_t i = 0; i < packs_.size(); ++i) {
    const auto& pack = packs_[i];
    if (pack.state != State::kPresent || pack.tries > 0) continue;
    for (const auto part : {Part::kIdentity, Part::kSettings}) {
      if (pack.extras[extra_index(part)].due > now) continue;
      if (!delays_nobody(pack, now, now) && !extras_.affords(pack.extra_cost)) continue;
      out = {static_cast<std::uint8_t>(i), part};
      return true;
    }
  }
  return false;
}

/// A reading that wants its confirmation is not to wait for the pack's own settings.
bool Turns::waits_for_itself(const Pack& pack) noexcept { return pack.strict || pack.again > 0; }

bool Turns::delays_nobody(const Pack& pack, Instant start, Instant now) const noexcept {
  return next_live_due(now, waits_for_itself(pack) ? nullptr : &pack) >= start + pack.extra_cost;
}

/// When a live poll may be due, of any pack or of any other one than `except`.
Instant Turns::next_live_due(Instant now, const Pack* except) const noexcept {
  const bool anybody = anybody_present();
  auto due = kFarFuture;
  for (const auto& pack : packs_) {
    if (&pack == except) continue;
    const bool limited = pack.state == State::kAbsent && anybody && !absent_.affords({});
    due = std::min(due, limited ? std::max(pack.due, std::max(absent_.when({}), now)) : pack.due);
  }
  return due;
}

Instant Turns::next_deadline(Instant now) const noexcept {
  auto deadline = next_live_due(now);
  for (const auto& pack : packs_) {
    if (pack.state != State::kPresent || pack.tries > 0) continue;
    for (const auto& extra : pack.extras) {
      if (extra.due == kFarFuture) continue;
      const auto start = std::max(extra.due, now);
      deadline = std::min(deadline, delays_nobody(pack, start, now) ? start : std::max(start, extras_.when(pack.extra_cost)));
    }
  }
  return deadline;
}

void Turns::done(const Turn& turn, Instant started, Instant now, bool again) noexcept {
  auto& pack = packs_[turn.slot];
  again = again && pack.again < kMostAgain;
  pack.again = again ? static_cast<std::uint8_t>(pack.again + 1) : std::uint8_t{0};
  if (turn.part != Part::kLive) {
    pack.extra_cost = now - started + pack.gap;
    if (next_live_due(now, waits_for_itself(pack) ? nullptr : &pack) < now) extras_.spend(pack.extra_cost);
    const auto which = extra_index(turn.part);
    pack.extras[which].due = again ? now : now + kExtraPeriod[which];
    pack.extras[which].retry = {};
    return;
  }
  if (pack.state != State::kPresent) {
    for (auto& extra : pack.extras) {
      if (!extra.unsupported) extra.due = std::min(extra.due, now);
    }
  }
  pack.state = State::kPresent;
  pack.tries = 0;
  if (again) {
    pack.due = now;
    return;
  }
  note_interval(pack, started);
  pack.due = std::max(pack.due + pack.period, now);
}

void Turns::note_interval(Pack& pack, Instant at) noexcept {
  if (pack.last_start != Instant{}) pack.achieved += (at - pack.last_start - pack.achieved) / 4;
  pack.last_start = at;
}

void Turns::failed(const Turn& turn, Instant started, Instant now) noexcept {
  auto& pack = packs_[turn.slot];
  pack.again = 0;
  if (turn.part != Part::kLive) {
    auto& extra = pack.extras[extra_index(turn.part)];
    extra.retry = std::min(std::max(2 * extra.retry, kExtraRetry), kExtraRetryMost);
    extra.due = now + extra.retry;
    return;
  }
  const bool was_present = pack.state == State::kPresent;
  ++pack.tries;
  if (was_present && pack.tries < pack.most_tries) {
    pack.due = now;  // the others' turns that are due come first
    return;
  }
  pack.state = State::kAbsent;
  pack.last_start = {};
  const bool others = anybody_present();
  if (!was_present && others) absent_.spend(now - started);
  if (others || pack.tries >= pack.most_tries) {
    pack.tries = 0;
    pack.due = now + pack.period;
  } else {
    pack.due = now;
  }
}

void Turns::unsupported(const Turn& turn) noexcept {
  auto& pack = packs_[turn.slot];
  if (turn.part == Part::kLive) {
    pack.due = kFarFuture;
    return;
  }
  auto& extra = pack.extras[extra_index(turn.part)];
  extra.unsupported = true;
  extra.due = kFarFuture;
}

void Turns::refreshed(std::uint8_t slot, Instant now) noexcept {
  auto& pack = packs_[slot];
  pack.state = State::kPresent;
  pack.tries = 0;
  note_interval(pack, now);
  pack.due = now + pack.period;
}

void Turns::hurry(std::uint8_t slot, Instant now) noexcept { packs_[slot].due = std::min(packs_[slot].due, now); }

Duration Turns::achieved_period(std::uint8_t slot) const noexcept { return std::max(packs_[slot].achieved, packs_[slot].period); }

bool Turns::anybody_present() const noexcept {
  return std::any_of(packs_.begin(), packs_.end(), [](const Pack& pack) { return pack.state == State::kPresent; });
}

}  // namespace bmsgate::core
