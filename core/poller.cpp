// SPDX-License-Identifier: Apache-2.0
// The conversation: choosing a turn, sending its requests step by step, and what follows from an answer or from silence.
#include "core/poller.hpp"

#include <algorithm>

namespace bmsgate::core {
namespace {

constexpr std::uint8_t kMostUnheardLive = 2;    // steps in a row of one poll; then the pack is gone
constexpr std::uint8_t kMostUnheardExtras = 4;  // boards stay silent where they lack a setting
constexpr std::uint8_t kMostPatience = 3;
constexpr Duration kLongestAnswer = std::chrono::seconds{3};       // noise that never pauses is no answer
constexpr Duration kBrokenPause = std::chrono::milliseconds{500};  // the line takes nothing, but nobody has said that it is down
constexpr Timing kUnknownTiming{.baud = 9600, .gap_ms = 120, .reply_timeout_ms = 500, .quiet_ms = 100, .retries = 0, .wake_requests = 0};

}  // namespace

Poller::Poller(Transport& line, PollerEvents& events, const PollerOptions& options) noexcept
    : line_{line}, events_{events}, options_{options} {}

Result<std::uint8_t> Poller::add_pack(const PackPlan& plan, Instant now) noexcept {
  if (packs_.size() == kMaxSlots || !add_dialect(*plan.protocol)) return Error::kNoSpace;
  plan.protocol->configure(plan.address, plan.options);
  packs_.push_back(Pack{.plan = plan});
  static_cast<void>(turns_.add(plan.period, plan.protocol->info().timing, plan.options.every_detail, now));
  return static_cast<std::uint8_t>(packs_.size() - 1);
}

bool Poller::add_dialect(Protocol& protocol) noexcept {
  const bool known = std::find(dialects_.begin(), dialects_.end(), &protocol) != dialects_.end();
  return known || dialects_.push_back(&protocol);
}

bool Poller::change_dialect(std::uint8_t slot, Protocol& protocol, std::uint8_t address) noexcept {
  if (!add_dialect(protocol)) return false;
  auto& plan = packs_[slot].plan;
  plan.protocol = &protocol;
  plan.address = address;
  protocol.configure(address, plan.options);
  return true;
}

void Poller::on_line_up(Instant now) noexcept {
  now_ = now;
  state_ = State::kIdle;
  may_send_ = now;
  foreign_until_ = now;
  quiet_deadline_ = kFarFuture;
  echo_.forget();
  turns_.restart(now);
}

void Poller::on_line_down(Instant now) noexcept {
  if (state_ == State::kDown) return;
  now_ = now;
  line_is_quiet();
  drop_all();
  state_ = State::kDown;
}

void Poller::drop_all() noexcept {
  if (exchange_.job != Job::kNone) {
    if (exchange_.protocol != nullptr && state_ == State::kWaiting) exchange_.protocol->end(false, *this);
    finish_exchange(Outcome::kLineDown);
  }
  while (!queue_.empty()) {
    const auto transaction = queue_.pop();
    transaction.owner->on_done(transaction.id, Outcome::kLineDown);
  }
}

void Poller::on_bytes(std::span<const std::uint8_t> bytes, Instant now) noexcept {
  if (bytes.empty()) return;
  now_ = now;
  last_byte_ = now;
  for (auto* tap : taps_) tap->on_line(Direction::kFromBms, bytes, now);
  if (state_ == State::kWaiting) {
    hear_answer(bytes);
  } else {
    hear_others(bytes);
  }
}

void Poller::on_time(Instant now) noexcept {
  if (state_ == State::kDown) return;
  now_ = now;
  if (now >= quiet_deadline_) line_is_quiet();
  if (state_ == State::kWaiting && now >= (exchange_.answer_began ? answer_limit_ : answer_deadline_)) step_unheard();
  if (state_ == State::kIdle && may_transmit() && now >= may_send_) start_next();
}

Instant Poller::next_deadline() const noexcept {
  if (state_ == State::kDown) return kFarFuture;
  if (state_ == State::kWaiting) return std::min(quiet_deadline_, exchange_.answer_began ? answer_limit_ : answer_deadline_);
  if (!may_transmit()) return quiet_deadline_;
  if (exchange_.job != Job::kNone || !queue_.empty()) return std::min(quiet_deadline_, may_send_);
  const auto earliest = std::max(may_send_, foreign_until_);
  return std::min(quiet_deadline_, std::max(earliest, turns_.next_deadline(std::max(now_, earliest))));
}

void Poller::start_next() noexcept {
  if (exchange_.job != Job::kNone) return send_request();
  if (!queue_.empty()) return start_transaction(queue_.pop());
  Turns::Turn turn;
  if (now_ >= foreign_until_ && turns_.next(now_, turn)) start_poll(turn);
}

void Poller::start_poll(const Turns::Turn& turn) noexcept {
  exchange_ = Exchange{};
  exchange_.job = Job::kPoll;
  exchange_.slot = turn.slot;
  exchange_.part = turn.part;
  exchange_.protocol = packs_[turn.slot].plan.protocol;
  exchange_.started = now_;
  if (build_step()) return send_request();
  turns_.unsupported(turn);
  exchange_.job = Job::kNone;
}

void Poller::start_transaction(const Transaction& transaction) noexcept {
  exchange_ = Exchange{};
  exchange_.job = transaction.is_command ? Job::kCommand : Job::kForeign;
  exchange_.slot = transaction.slot;
  exchange_.protocol = transaction.slot == kNoSlot ? nullptr : packs_[transaction.slot].plan.protocol;
  exchange_.transaction = transaction;
  exchange_.started = now_;
  if (build_step()) return send_request();
  finish_exchange(Outcome::kRefused);
}

/// Makes the request of the current step; false: there is none.
bool Poller::build_step() noexcept {
  auto& x = exchange_;
  bool built = false;
  switch (x.job) {
    case Job::kNone: break;
    case Job::kPoll: built = x.protocol->next_request(x.part, packs_[x.slot].plan.address, x.step, x.request); break;
    case Job::kForeign:
      built = x.step == 0;
      x.request = x.transaction.request;
      break;
    case Job::kCommand: {
      if (!x.more_steps) break;
      const auto more = x.protocol->command(x.transaction.command, packs_[x.slot].plan.address, x.step, x.request);
      built = more.ok();
      x.more_steps = built && more.value();
      break;
    }
  }
  if (built) x.tries_left = retries();
  return built;
}

/// The first step of a poll is tried again in the next turns, so that a dead pack does not hold up the others.
std::uint8_t Poller::retries() const noexcept {
  const bool in_turns = exchange_.job == Job::kPoll && (exchange_.step == 0 || exchange_.part != Part::kLive);
  return in_turns || exchange_.job == Job::kForeign ? std::uint8_t{0} : timing().retries;
}

void Poller::next_step() noexcept {
  auto& x = exchange_;
  const bool live = x.part == Part::kLive;
  const bool gone = x.unheard >= (live ? kMostUnheardLive : kMostUnheardExtras) || (live && x.unheard > 0 && x.step == 0);
  ++x.step;
  if (!gone && build_step()) return;
  if (x.job == Job::kPoll) {
    speaking_ = x.protocol;
    x.protocol->finish(packs_[x.slot].plan.address, *this);
    if (live && !x.reported) x.wants_again = true;
  }
  finish_exchange(x.answered && !gone ? Outcome::kDone : Outcome::kTimeout);
}

void Poller::send_request() noexcept {
  auto& x = exchange_;
  if (quiet_deadline_ != kFarFuture) line_is_quiet();
  line_.discard_input();
  if (!line_.send(x.request.bytes.view())) {
    may_send_ = now_ + kBrokenPause;
    return drop_all();
  }
  if (x.protocol != nullptr) {
    x.protocol->begin(x.request);
  } else {
    feed_all(x.request.bytes.view());
  }
  echo_.sent(x.request.bytes.view(), x.request.changes_state || x.job == Job::kForeign);
  for (auto* tap : taps_) tap->on_line(Direction::kToBms, x.request.bytes.view(), now_);
  ++stats_.requests;
  ++pack_stats().requests;
  x.answer_began = false;
  x.sent_end = now_ + wire_time(x.request.bytes.size());
  answer_deadline_ = x.sent_end + reply_timeout();
  answer_limit_ = answer_deadline_ + kLongestAnswer;
  quiet_deadline_ = kFarFuture;
  state_ = State::kWaiting;
}

/// The answer is there, complete or as complete as it will get.
void Poller::step_answered(Progress progress) noexcept {
  auto& x = exchange_;
  const bool refused = progress == Progress::kRefused;
  state_ = State::kIdle;
  quiet_deadline_ = kFarFuture;
  may_send_ = last_byte_ + gap();
  gap_limit_ = may_send_ + std::chrono::milliseconds{500};
  echo_.learn(true);
  ++stats_.replies;
  ++pack_stats().replies;
  if (refused) {
    ++stats_.refused;
    ++pack_stats().refused;
  }
  x.answered = true;
  x.unheard = 0;
  if (x.protocol != nullptr) {
    speaking_ = x.protocol;
    x.protocol->end(!refused, *this);
    count(*x.protocol);
  }
  if (x.job != Job::kPoll && refused) return finish_exchange(Outcome::kRefused);
  next_step();
}

void Poller::step_unheard() noexcept {
  auto& x = exchange_;
  state_ = State::kIdle;
  quiet_deadline_ = kFarFuture;
  may_send_ = last_byte_ > x.started ? std::max(now_, last_byte_ + gap()) : now_;
  gap_limit_ = may_send_ + std::chrono::milliseconds{500};
  ++stats_.timeouts;
  ++pack_stats().timeouts;
  if (seems_asleep() && !packs_[x.slot].asleep) {
    packs_[x.slot].asleep = true;
    events_.on_asleep(x.slot, now_);
  }
  echo_.learn(false);
  if (x.protocol != nullptr) {
    speaking_ = x.protocol;
    x.protocol->end(false, *this);
    count(*x.protocol);
  }
  if (x.tries_left > 0) {
    --x.tries_left;
    return;  // the same request goes out again after the gap
  }
  ++x.unheard;
  if (x.job != Job::kPoll) return finish_exchange(Outcome::kTimeout);
  next_step();
}

/// Our own request came back and nothing else, on a line that is not known to echo.
bool Poller::seems_asleep() const noexcept {
  return exchange_.job == Job::kPoll && exchange_.part == Part::kLive && exchange_.protocol->info().mirrors_asleep && echo_.complete() &&
         !echo_.line_echoes();
}

void Poller::finish_exchange(Outcome outcome) noexcept {
  const Exchange finished = exchange_;
  exchange_.job = Job::kNone;
  state_ = State::kIdle;
  if (finished.job != Job::kPoll) {
    foreign_until_ = finished.job == Job::kForeign ? now_ + kForeignPause : foreign_until_;
    if (finished.slot != kNoSlot) turns_.hurry(finished.slot, now_);
    finished.transaction.owner->on_done(finished.transaction.id, outcome);
    return;
  }
  if (outcome == Outcome::kLineDown) return;
  auto& pack = packs_[finished.slot];
  const Turns::Turn turn{finished.slot, finished.part};
  if (outcome == Outcome::kDone) {
    pack.patience = 1;
    turns_.done(turn, finished.started, now_, finished.wants_again);
  } else {
    pack.patience = turns_.present(finished.slot) ? std::min<std::uint8_t>(kMostPatience, static_cast<std::uint8_t>(pack.patience + 1))
                                                  : std::uint8_t{1};
    turns_.failed(turn, finished.started, now_);
  }
}

Error Poller::submit(const Transaction& transaction, Instant now) noexcept {
  if (options_.role == BusRole::kListener || transaction.owner == nullptr) return Error::kUnsupported;
  if (transaction.slot != kNoSlot && transaction.slot >= packs_.size()) return Error::kUnsupported;
  if (transaction.is_command && transaction.slot == kNoSlot) return Error::kUnsupported;
  if (state_ == State::kDown) return Error::kClosed;
  if (!queue_.push(transaction)) return Error::kNoSpace;
  now_ = std::max(now_, now);
  return Error::kNone;
}

void Poller::cancel(const TransactionOwner& owner) noexcept {
  queue_.cancel(owner);
  if (exchange_.job == Job::kNone || exchange_.transaction.owner != &owner) return;
  abandon();
}

/// Ends the exchange without a word; what still comes of its answer is nobody's.
void Poller::abandon() noexcept {
  if (exchange_.job == Job::kNone) return;
  exchange_.job = Job::kNone;
  exchange_.transaction.owner = nullptr;
  if (state_ != State::kWaiting) return;
  if (exchange_.protocol != nullptr) exchange_.protocol->end(false, *this);
  state_ = State::kIdle;
  may_send_ = now_ + gap();
}

bool Poller::lease(const void* owner) noexcept {
  if (lease_ != nullptr || owner == nullptr) return lease_ == owner && owner != nullptr;
  if (options_.role == BusRole::kListener || exchange_.job == Job::kCommand || exchange_.job == Job::kForeign) return false;
  abandon();
  lease_ = owner;
  return true;
}

bool Poller::lease_send(const void* owner, std::span<const std::uint8_t> bytes, Instant now) noexcept {
  if (lease_ != owner || owner == nullptr || state_ == State::kDown || !line_.send(bytes)) return false;
  now_ = now;
  for (auto* tap : taps_) tap->on_line(Direction::kToBms, bytes, now);
  feed_all(bytes);
  return true;
}

void Poller::release(const void* owner, Instant now) noexcept {
  if (lease_ != owner) return;
  lease_ = nullptr;
  now_ = now;
  foreign_until_ = now + kForeignPause;
}

void Poller::remove_tap(const LineTap& tap) noexcept {
  std::size_t kept = 0;
  for (auto* have : taps_) {
    if (have != &tap) taps_[kept++] = have;
  }
  taps_.resize(kept);
}

bool Poller::foreign_master(Instant now) const noexcept { return heard_foreign_ && now - last_foreign_ < std::chrono::minutes{1}; }

const Timing& Poller::timing() const noexcept {
  if (exchange_.protocol != nullptr) return exchange_.protocol->info().timing;
  return dialects_.empty() ? kUnknownTiming : dialects_[0]->info().timing;
}

Duration Poller::wire_time(std::size_t bytes) const noexcept {
  const auto baud = options_.baud != 0 ? options_.baud : timing().baud;
  return Duration{static_cast<std::int64_t>(bytes) * 10'000'000 / baud};
}

Duration Poller::reply_timeout() const noexcept {
  const auto patience = exchange_.slot == kNoSlot ? 1 : packs_[exchange_.slot].patience;
  return std::chrono::milliseconds{timing().reply_timeout_ms * patience + options_.jitter_ms};
}

Duration Poller::quiet_time() const noexcept { return std::chrono::milliseconds{timing().quiet_ms + options_.jitter_ms}; }

LinkStats& Poller::pack_stats() noexcept {
  const bool known = exchange_.slot != kNoSlot && packs_[exchange_.slot].plan.stats != nullptr;
  return known ? *packs_[exchange_.slot].plan.stats : unassigned_;
}

}  // namespace bmsgate::core
