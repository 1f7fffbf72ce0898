// SPDX-License-Identifier: Apache-2.0
// Answers as recorded: looks for each request in a capture, from the place of the last one on and round the end, and sends what followed it
// there with the recorded delays. A capture without requests is simply played, over and over. Same way of use as Simulator.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "sim/capture_file.hpp"

namespace bmsgate::sim {

class Replay {
 public:
  explicit Replay(Capture capture);

  void on_bytes(std::span<const std::uint8_t> bytes, core::Instant now);
  [[nodiscard]] core::Instant next_deadline() const;
  void poll(core::Instant now, std::vector<std::uint8_t>& out);
  void set_log(std::function<void(std::string_view)> log) { log_ = std::move(log); }

  [[nodiscard]] bool has_requests() const { return !exchanges_.empty(); }
  [[nodiscard]] std::uint64_t answered() const { return answered_; }
  [[nodiscard]] std::uint64_t unknown() const { return unknown_; }

 private:
  struct Piece {
    core::Duration after{0};  // since the end of the request
    std::vector<std::uint8_t> bytes;
  };
  struct Exchange {
    std::vector<std::uint8_t> request;
    std::vector<Piece> answers;
  };
  struct Outgoing {
    core::Instant at;
    std::vector<std::uint8_t> bytes;
  };
  [[nodiscard]] const Exchange* match(std::span<const std::uint8_t> heard);
  void play(core::Instant now);

  std::vector<Exchange> exchanges_;
  std::vector<Piece> monologue_;  // only answers were recorded
  std::size_t next_{0};
  std::vector<std::uint8_t> heard_;
  core::Instant last_input_{};
  std::deque<Outgoing> queue_;
  std::function<void(std::string_view)> log_;
  std::uint64_t answered_{0};
  std::uint64_t unknown_{0};
  bool begun_{false};
};

}  // namespace bmsgate::sim
