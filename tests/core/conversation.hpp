// SPDX-License-Identifier: Apache-2.0
// Conversations on a line in virtual time: a poller, a toy dialect, and a peer that is a function. Thirty seconds of time-outs cost
// nothing.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

#include "core/crc.hpp"
#include "core/poller.hpp"

namespace bmsgate::core::test {

using Bytes = std::vector<std::uint8_t>;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// A made-up dialect: request 55 address step sum, reply AA address step value sum. A poll has `steps` steps; the last value is reported
/// as the state of charge. Settings and identity have one step each (step numbers 0x80, 0x90).
class ToyDialect final : public Protocol {
 public:
  DialectInfo description{
      .key = "toy",
      .title = "Toy",
      .timing = {.baud = 115200, .gap_ms = 100, .reply_timeout_ms = 350, .quiet_ms = 30, .retries = 2, .wake_requests = 0},
      .min_address = 0,
      .max_address = 15,
      .default_address = 1,
      .has_master = false,
      .mirrors_asleep = true};
  unsigned steps{1};
  bool extras{false};

  static Bytes request(int address, int step) { return summed({0x55, address, step}); }
  static Bytes reply(int address, int step, int value) { return summed({0xAA, address, step, value}); }

  const DialectInfo& info() const noexcept override { return description; }
  void configure(std::uint8_t, const DialectOptions&) noexcept override {}
  bool next_request(Part part, std::uint8_t address, unsigned step, Request& out) noexcept override {
    const bool there = part == Part::kLive ? step < steps : extras && step == 0;
    if (!there) return false;
    const unsigned base = part == Part::kLive ? 0x00U : part == Part::kSettings ? 0x80U : 0x90U;
    build(out, address, static_cast<std::uint8_t>(base + step));
    if (step == 0) got_ = 0;
    return true;
  }
  Result<bool> command(const Command& command, std::uint8_t address, unsigned step, Request& out) noexcept override {
    if (command.id == CommandId::kSetSoc) return Error::kUnsupported;
    build(out, address, static_cast<std::uint8_t>(0xC0 + step));
    return step == 0;  // two steps
  }
  void begin(const Request& request) noexcept override {
    asked_ = request.tag;
    progress_ = Progress::kWaiting;
    pending_.clear();
  }
  Progress progress() const noexcept override { return progress_; }
  void end(bool, ReportSink&) noexcept override {}
  void finish(std::uint8_t address, ReportSink& sink) noexcept override {
    if (got_ != steps) return;
    Sample sample;
    sample.set(Field::kSoc, value_);
    sink.on_report({.address = address, .live = &sample});
    got_ = 0;
  }
  void feed(std::span<const std::uint8_t> bytes, ReportSink& sink) noexcept override {
    for (const auto byte : bytes) {
      pending_.push_back(byte);
      parse(sink);
    }
  }
  void quiet(ReportSink&) noexcept override { pending_.clear(); }
  void flush(ReportSink&) noexcept override {}
  const LineCounters& counters() const noexcept override { return counters_; }

 private:
  static Bytes summed(std::initializer_list<int> values) {
    Bytes bytes;
    for (const int value : values) bytes.push_back(static_cast<std::uint8_t>(value));
    bytes.push_back(static_cast<std::uint8_t>(byte_sum(bytes)));
    return bytes;
  }
  static void build(Request& out, std::uint8_t address, std::uint8_t step) noexcept {
    out = Request{};
    out.address = address;
    out.tag = step;
    for (const std::uint8_t byte : {std::uint8_t{0x55}, address, step, static_cast<std::uint8_t>(0x55 + address + step)}) {
      out.bytes.push_back(byte);
    }
  }
  void parse(ReportSink& sink) noexcept {
    const auto frame = pending_.view();
    const std::size_t size = frame[0] == 0x55 ? 4 : frame[0] == 0xAA ? 5 : 1;
    if (frame.size() < size) return;
    const bool good = size > 1 && static_cast<std::uint8_t>(byte_sum(frame.first(size - 1))) == frame[size - 1];
    if (!good) ++counters_.bytes_skipped;
    if (good && size == 4) sink.on_frame({.kind = FrameNote::Kind::kRequest, .address = frame[1], .tag = frame[2], .bytes = frame});
    if (good && size == 5) take_reply(frame, sink);
    pending_.clear();
  }
  void take_reply(std::span<const std::uint8_t> frame, ReportSink& sink) noexcept {
    ++counters_.frames_ok;
    value_ = frame[3];
    if (progress_ == Progress::kWaiting && frame[2] == asked_) {
      progress_ = Progress::kComplete;
      if (frame[2] < 0x80) ++got_;
      return;
    }
    Sample heard;
    heard.set(Field::kSoc, value_);
    sink.on_report({.address = frame[1], .live = &heard});
  }

  FixedVector<std::uint8_t, 16> pending_;
  Progress progress_{Progress::kComplete};
  std::uint16_t asked_{0};
  unsigned got_{0};
  std::int32_t value_{0};
  LineCounters counters_;
};

/// A line in virtual time. `peer` sees each request and says what comes back, and how long after the request's end.
class Conversation final : public Transport, public PollerEvents {
 public:
  struct Reply {
    Duration delay;
    Bytes bytes;
  };
  struct Sent {
    Instant at;
    Bytes bytes;
  };
  struct Heard {
    std::uint8_t slot;
    std::int32_t soc;
    Instant at;
  };

  explicit Conversation(const PollerOptions& options = {}) : poller{*this, *this, options} {}

  std::uint8_t add(std::uint8_t address, Duration period = seconds{1}) {
    return poller.add_pack({.protocol = &toy, .address = address, .period = period, .stats = &stats[address]}, now).value();
  }
  void up() { poller.on_line_up(now); }
  void come(Duration after, Bytes bytes) { coming_.emplace(now + after, std::move(bytes)); }

  /// Lets time pass.
  void run(Duration time) {
    const auto end = now + time;
    while (true) {
      const auto deadline = std::max(poller.next_deadline(), now);
      const auto arrival = coming_.empty() ? kFarFuture : coming_.begin()->first;
      const auto next = std::min(deadline, arrival);
      if (next > end) break;
      now = next;
      if (arrival <= deadline) {
        const auto bytes = coming_.begin()->second;
        coming_.erase(coming_.begin());
        poller.on_bytes(bytes, now);
      } else {
        poller.on_time(now);
        if (++idle_turns_ > 1000) throw std::runtime_error{"the poller does not let time pass"};
      }
      if (next > last_) idle_turns_ = 0;
      last_ = next;
    }
    now = end;
  }

  // What a line does.
  bool send(std::span<const std::uint8_t> bytes) noexcept override {
    if (broken) return false;
    sent.push_back({now, Bytes(bytes.begin(), bytes.end())});
    if (!peer) return true;
    for (auto& reply : peer(sent.back().bytes)) coming_.emplace(now + reply.delay, std::move(reply.bytes));
    return true;
  }
  void discard_input() noexcept override {}
  // What the poller tells.
  Belief on_report(std::uint8_t slot, const Report& report, Instant at) noexcept override {
    if (report.live != nullptr) heard.push_back({slot, report.live->get(Field::kSoc), at});
    return beliefs.empty() ? Belief::kPublish : take_belief();
  }
  void on_stranger(Protocol&, const Report& report, Instant) noexcept override { strangers.push_back(report.address); }
  void on_asleep(std::uint8_t slot, Instant) noexcept override { sleepers.push_back(slot); }

  /// A peer at these addresses that answers every step with its address as the value, after `delay`.
  static std::function<std::vector<Reply>(const Bytes&)> packs(std::initializer_list<int> addresses, Duration delay = milliseconds{40}) {
    return [all = std::vector<int>(addresses), delay](const Bytes& request) -> std::vector<Reply> {
      if (std::find(all.begin(), all.end(), request[1]) == all.end()) return {};
      return {{delay, ToyDialect::reply(request[1], request[2], request[1])}};
    };
  }
  [[nodiscard]] std::size_t count_sent(int address) const {
    return static_cast<std::size_t>(std::count_if(sent.begin(), sent.end(), [&](const Sent& s) { return s.bytes[1] == address; }));
  }
  [[nodiscard]] std::size_t count_heard(std::uint8_t slot) const {
    return static_cast<std::size_t>(std::count_if(heard.begin(), heard.end(), [&](const Heard& h) { return h.slot == slot; }));
  }

  Instant now{Instant{} + seconds{1000}};
  ToyDialect toy;
  std::function<std::vector<Reply>(const Bytes&)> peer;
  bool broken{false};
  std::vector<Sent> sent;
  std::vector<Heard> heard;
  std::vector<int> strangers;
  std::vector<int> sleepers;
  std::deque<Belief> beliefs;
  std::array<LinkStats, 16> stats{};
  Poller poller;

 private:
  Belief take_belief() {
    const auto belief = beliefs.front();
    beliefs.pop_front();
    return belief;
  }
  std::multimap<Instant, Bytes> coming_;
  Instant last_{};
  int idle_turns_{0};
};

/// Somebody with a request of his own.
struct Owner final : TransactionOwner {
  void on_reply_bytes(std::uint32_t, std::span<const std::uint8_t> more, Instant) noexcept override {
    bytes.insert(bytes.end(), more.begin(), more.end());
  }
  void on_done(std::uint32_t id, Outcome outcome) noexcept override { done.emplace_back(id, outcome); }
  Bytes bytes;
  std::vector<std::pair<std::uint32_t, Outcome>> done;
};

inline Transaction foreign(Owner& owner, const Bytes& bytes, std::uint8_t slot = kNoSlot) {
  Transaction transaction{.id = 7, .owner = &owner, .slot = slot};
  transaction.request.bytes.append(bytes);
  return transaction;
}

}  // namespace bmsgate::core::test
