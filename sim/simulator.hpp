// SPDX-License-Identifier: Apache-2.0
// A virtual line with BMSs on it, without ports and without a clock: bytes in, bytes out, at the pace of the wire. The same object runs on
// a pty, on TCP and in the virtual time of tests:
//
//   simulator.on_bytes(received, now);                    // whatever the other side sent
//   simulator.poll(now, out);                             // appends the bytes that are due; send them
//   wait until simulator.next_deadline() or new bytes     // kFarFuture: nothing to do until asked
//
// One thread per object. `now` never goes back.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "sim/device.hpp"
#include "sim/faults.hpp"

namespace bmsgate::sim {

struct SimulatorOptions {
  std::uint32_t baud{115200};         // in a LineSpec 0 = usual for the dialect
  bool paced{true};                   // bytes take their time on the wire, both ways; false where a real UART sees to it
  core::Duration slice{6000};         // at most this much is held back to be sent in one piece
  core::Duration idle_reset{50'000};  // silence after which a half-heard request is forgotten
  double speed{1};                    // model seconds per second; 0 = the packs stand still (tests move them)
  core::UtcMs start_utc_ms{0};        // model time at the first call
  std::uint64_t seed{1};
  Faults faults;
};

/// Counts since the start.
struct SimulatorStats {
  std::uint64_t requests{0};
  std::uint64_t answers{0};
  std::uint64_t unheard{0};  // bytes that were part of no request
  std::uint64_t bytes_in{0};
  std::uint64_t bytes_out{0};
  std::uint64_t damaged{0};  // answers touched by noise, cut, lost or inserted
};

class Simulator {
 public:
  /// Several devices make a line on which several dialects are spoken.
  Simulator(std::vector<std::unique_ptr<Device>> devices, std::vector<Pack> packs, const SimulatorOptions& options);

  void on_bytes(std::span<const std::uint8_t> bytes, core::Instant now);
  [[nodiscard]] core::Instant next_deadline() const;
  void poll(core::Instant now, std::vector<std::uint8_t>& out);

  [[nodiscard]] const std::vector<Pack>& packs() const { return packs_; }
  /// The pack with this address, or nullptr.
  [[nodiscard]] PackModel* pack(std::uint8_t address);
  [[nodiscard]] const SimulatorStats& stats() const { return stats_; }
  [[nodiscard]] Faults& faults() { return options_.faults; }
  /// One short line about each request and its answer.
  void set_log(std::function<void(std::string_view)> log) { log_ = std::move(log); }

 private:
  struct Outgoing {
    std::vector<std::uint8_t> bytes;
    core::Instant start{};
    std::size_t sent{0};
  };
  struct Ear {
    std::unique_ptr<Device> device;
    std::vector<std::uint8_t> heard;
  };
  void advance_packs(core::Instant now);
  void hear(Ear& ear, std::span<const std::uint8_t> bytes);
  void answer(Ear& ear, std::span<const std::uint8_t> request, std::vector<Answer>& answers);
  void enqueue(std::vector<std::uint8_t> bytes, core::Duration delay);
  void let_talk();
  void damage(std::vector<std::uint8_t>& bytes);
  [[nodiscard]] bool chance(double rate);
  [[nodiscard]] core::Duration wire_time(std::size_t bytes) const;

  std::vector<Ear> ears_;
  std::vector<Pack> packs_;
  SimulatorOptions options_;
  SimulatorStats stats_;
  std::deque<Outgoing> queue_;
  std::mt19937_64 random_;
  std::function<void(std::string_view)> log_;
  core::Instant started_{};
  core::Instant line_free_{};  // when the last byte in either direction is through
  core::Instant last_input_{};
  unsigned slept_through_{0};
  bool begun_{false};
};

/// One line of packs of one dialect, ready to run: what `bmsgate simulate` and the tests need. Empty result: `error` says why.
struct LineSpec {
  std::string protocol{"jk-pb"};
  std::vector<std::uint8_t> addresses{1};
  std::vector<PackProfile> profiles;  // one per address; missing ones are made from `cells` and the seed
  std::uint8_t cells{16};
  DeviceOptions device;
  SimulatorOptions simulator;  // baud 0 = usual for the dialect
};
[[nodiscard]] std::unique_ptr<Simulator> make_simulator(const LineSpec& spec, std::string& error);

}  // namespace bmsgate::sim
