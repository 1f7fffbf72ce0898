// SPDX-License-Identifier: Apache-2.0
// What comes in: the answer to our own request, its echo, and other people's conversations.
#include <algorithm>

#include "core/poller.hpp"

namespace bmsgate::core {

/// Bytes after our own request: first perhaps its echo, then the answer.
void Poller::hear_answer(std::span<const std::uint8_t> bytes) noexcept {
  const bool was_complete = echo_.complete();
  const bool had_differed = echo_.differs();
  const auto before = echo_.matched().size();
  const auto echoed = echo_.match(bytes);
  if (!was_complete && echo_.complete()) {
    ++stats_.echoes;
    ++pack_stats().echoes;
  }
  quiet_deadline_ = now_ + quiet_time();
  if (!echo_.line_echoes()) {
    // An answer may begin like the request (address, function): bytes that still match may be either, and the dialect knows both.
    if (echoed < bytes.size()) note_answer_began();
    feed_answer(bytes);
    return;
  }
  if (!had_differed && echo_.differs() && before + echoed > 0) feed_answer(echo_.matched());  // it was no echo after all
  const auto rest = bytes.subspan(echoed);
  if (rest.empty()) return;
  note_answer_began();
  feed_answer(rest);
}

void Poller::note_answer_began() noexcept {
  if (exchange_.answer_began) return;
  exchange_.answer_began = true;
  const auto latency = std::max(now_ - exchange_.sent_end, Duration{0});
  stats_.count_latency(latency);
  pack_stats().count_latency(latency);
}

void Poller::feed_answer(std::span<const std::uint8_t> bytes) noexcept {
  auto& x = exchange_;
  if (x.job == Job::kForeign) x.transaction.owner->on_reply_bytes(x.transaction.id, bytes, now_);
  if (x.protocol == nullptr) return feed_all(bytes);
  speaking_ = x.protocol;
  x.protocol->feed(bytes, *this);
  const auto progress = x.protocol->progress();
  if (progress == Progress::kComplete || progress == Progress::kRefused) step_answered(progress);
}

/// Bytes that nobody here has asked for: another master, his answers, or the late end of one of ours.
void Poller::hear_others(std::span<const std::uint8_t> bytes) noexcept {
  feed_all(bytes);
  std::int64_t quiet_ms = 0;
  for (const auto* dialect : dialects_) quiet_ms = std::max<std::int64_t>(quiet_ms, dialect->info().timing.quiet_ms);
  quiet_deadline_ = now_ + std::chrono::milliseconds{quiet_ms + options_.jitter_ms};
  // Our next request waits for a pause, but noise must not silence us for ever.
  if (gap_limit_ < now_ && may_send_ <= now_) gap_limit_ = now_ + std::chrono::milliseconds{500};
  may_send_ = std::max(may_send_, std::min(now_ + gap(), gap_limit_));
}

void Poller::feed_all(std::span<const std::uint8_t> bytes) noexcept {
  for (auto* dialect : dialects_) {
    speaking_ = dialect;
    dialect->feed(bytes, *this);
  }
}

/// A pause: what is incomplete will stay so.
void Poller::line_is_quiet() noexcept {
  quiet_deadline_ = kFarFuture;
  if (state_ != State::kWaiting) {
    for (auto* dialect : dialects_) {
      speaking_ = dialect;
      dialect->quiet(*this);
      count(*dialect);
    }
    return;
  }
  auto& x = exchange_;
  auto progress = Progress::kWaiting;
  if (x.protocol != nullptr) {
    speaking_ = x.protocol;
    x.protocol->quiet(*this);
    progress = x.protocol->progress();
  }
  // Somebody else's request may be one that its dialect does not know: any answer to it is an answer.
  if (x.job == Job::kForeign && x.answer_began) progress = Progress::kComplete;
  if (progress != Progress::kWaiting) return step_answered(progress);
  x.answer_began = false;  // that was not it; it may still come
}

void Poller::on_report(const Report& report) noexcept {
  const auto slot = slot_of(*speaking_, report.address);
  const bool asked = exchange_.job != Job::kNone && exchange_.protocol == speaking_;
  if (asked) {
    // A board may answer a request meant for its neighbour.
    if (slot != exchange_.slot) return;
    if (events_.on_report(slot, report, last_byte_) != Belief::kPublish) exchange_.wants_again = true;
    if (report.live != nullptr) exchange_.reported = true;
    packs_[slot].asleep = false;
    return;
  }
  if (slot == kNoSlot) return events_.on_stranger(*speaking_, report, last_byte_);
  const auto belief = events_.on_report(slot, report, last_byte_);
  packs_[slot].asleep = false;
  if (report.live != nullptr && (belief == Belief::kPublish || options_.role == BusRole::kListener)) turns_.refreshed(slot, now_);
}

void Poller::on_frame(const FrameNote& note) noexcept {
  if (exchange_.job != Job::kNone || note.kind != FrameNote::Kind::kRequest) return;
  heard_foreign_ = true;
  last_foreign_ = now_;
  foreign_until_ = now_ + kForeignPause;
}

/// Takes over what a dialect has counted since the last time; to the pack that was asked, if any.
void Poller::count(Protocol& protocol) noexcept {
  const auto which = static_cast<std::size_t>(std::find(dialects_.begin(), dialects_.end(), &protocol) - dialects_.begin());
  if (which == dialects_.size()) return;
  const auto& counters = protocol.counters();
  auto& counted = counted_[which];
  // Beside its own answers a dialect sees other dialects' frames as rubbish: only those whose turn it is are counted.
  if (exchange_.protocol == &protocol || dialects_.size() == 1) {
    for (auto* stats : {&stats_, &pack_stats()}) {
      stats->bad_checks += counters.bad_checks - counted.bad_checks;
      stats->truncated += counters.truncated - counted.truncated;
      stats->bytes_skipped += counters.bytes_skipped - counted.bytes_skipped;
    }
  }
  counted = counters;
}

std::uint8_t Poller::slot_of(const Protocol& protocol, std::uint8_t address) const noexcept {
  for (std::size_t i = 0; i < packs_.size(); ++i) {
    if (packs_[i].plan.protocol == &protocol && packs_[i].plan.address == address) return static_cast<std::uint8_t>(i);
  }
  return kNoSlot;
}

}  // namespace bmsgate::core
