// SPDX-License-Identifier: Apache-2.0
// A bus in virtual time: poller, dialect, intake and hub on one side, a Simulator on the other, and a wire between them that a test can
// damage. Nothing sleeps: time jumps from one deadline to the next.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "core/hub.hpp"
#include "core/intake.hpp"
#include "core/poller.hpp"
#include "protocols/registry.hpp"
#include "sim/simulator.hpp"

namespace bmsgate::test {

class VirtualClock final : public core::Clock {
 public:
  explicit VirtualClock(core::UtcMs start_utc_ms) : start_utc_ms_{start_utc_ms} {}
  [[nodiscard]] core::Instant now() const noexcept override { return now_; }
  [[nodiscard]] core::UtcMs utc_ms() const noexcept override { return start_utc_ms_ + (now_ - kStart).count() / 1000; }
  void set(core::Instant now) { now_ = std::max(now_, now); }
  static constexpr core::Instant kStart{std::chrono::hours{1}};

 private:
  core::Instant now_{kStart};
  core::UtcMs start_utc_ms_;
};

class VirtualBus final : private core::Transport, private core::PollerEvents {
 public:
  static constexpr core::UtcMs kUtc = 1'750'000'000'000;

  /// What a dialect reported and what the gate thought of it.
  struct Verdict {
    const core::Report& report;
    core::Belief belief;
    core::PackIndex pack;
  };
  std::function<void(std::vector<std::uint8_t>& answer)> damage;  // what happens to an answer on its way
  std::function<void(const Verdict&)> on_verdict;
  std::function<void()> on_request;  // the simulator has just heard one

  VirtualBus(std::unique_ptr<sim::Simulator> simulator, protocols::Dialect dialect, core::Duration period,
             const core::DialectOptions& options = {}, core::BusRole role = core::BusRole::kMaster)
      : simulator_{std::move(simulator)}, dialect_{dialect}, poller_{*this, *this, {.role = role}} {
    const auto& info = dialect_->info();
    for (const auto& pack : simulator_->packs()) {
      core::PackConfig config;
      config.id.assign(std::string{"pack-"} + std::to_string(pack.address));
      config.address = pack.address;
      const auto index = hub_.add_pack(config).value();
      intakes_.emplace_back(hub_, clock_, index, core::GateRules{info.pack_resolution_mv, info.confirm_first}, period);
      const core::PackPlan plan{&*dialect_, pack.address, options, period, &hub_.stats(index)};
      static_cast<void>(poller_.add_pack(plan, clock_.now()));
    }
    poller_.on_line_up(clock_.now());
  }

  /// Lets time run until `done` says so, at most for `limit`. False: the limit was reached.
  bool run(
      core::Duration limit, const std::function<bool()>& done = [] { return false; }) {
    const auto end = clock_.now() + limit;
    while (!done()) {
      auto next = std::min(poller_.next_deadline(), simulator_->next_deadline());
      for (const auto& intake : intakes_) next = std::min(next, intake.next_deadline());
      if (next > end) {
        clock_.set(end);
        return false;
      }
      clock_.set(next);
      step();
    }
    return true;
  }

  [[nodiscard]] core::Hub& hub() { return hub_; }
  [[nodiscard]] core::Poller& poller() { return poller_; }
  [[nodiscard]] sim::Simulator& simulator() { return *simulator_; }
  [[nodiscard]] core::Protocol& dialect() { return *dialect_; }
  [[nodiscard]] core::Intake& intake(core::PackIndex pack) { return intakes_[pack]; }
  [[nodiscard]] core::Instant now() const { return clock_.now(); }
  [[nodiscard]] std::uint64_t requests() const { return requests_; }
  [[nodiscard]] std::uint64_t answers() const { return answers_; }
  [[nodiscard]] bool was_asleep() const { return was_asleep_; }

 private:
  void step() {
    from_bms_.clear();
    simulator_->poll(clock_.now(), from_bms_);
    if (!from_bms_.empty()) {
      ++answers_;
      if (damage) damage(from_bms_);
      poller_.on_bytes(from_bms_, clock_.now());
    }
    poller_.on_time(clock_.now());
    for (auto& intake : intakes_) intake.on_time(clock_.now());
  }

  [[nodiscard]] bool send(std::span<const std::uint8_t> bytes) noexcept override {
    simulator_->on_bytes(bytes, clock_.now());
    ++requests_;
    if (on_request) on_request();
    return true;
  }
  void discard_input() noexcept override {}

  [[nodiscard]] core::Belief on_report(std::uint8_t slot, const core::Report& report, core::Instant at) noexcept override {
    const auto belief = intakes_[slot].take(report, at);
    if (on_verdict) on_verdict({report, belief, slot});
    return belief;
  }
  void on_asleep(std::uint8_t slot, core::Instant /*at*/) noexcept override {
    was_asleep_ = true;
    intakes_[slot].asleep();
  }

  VirtualClock clock_{kUtc};
  core::Hub hub_;
  std::unique_ptr<sim::Simulator> simulator_;
  protocols::ProtocolBox dialect_;
  core::Poller poller_;
  std::deque<core::Intake> intakes_;
  std::vector<std::uint8_t> from_bms_;
  std::uint64_t requests_{0};
  std::uint64_t answers_{0};
  bool was_asleep_{false};
};

}  // namespace bmsgate::test
