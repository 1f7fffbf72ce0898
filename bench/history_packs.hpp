// SPDX-License-Identifier: Apache-2.0
// Virtual packs on lines of their own that note when each poll for their state came in: how late polls are, as a BMS sees it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "bench/gateway.hpp"
#include "sim/simulator.hpp"

namespace bmsgate::bench {

/// JK-PB packs with address 1, each behind a TCP port of its own, served by one thread that does nothing else.
class VirtualPacks {
 public:
  explicit VirtualPacks(int count);
  ~VirtualPacks();
  VirtualPacks(const VirtualPacks&) = delete;
  VirtualPacks& operator=(const VirtualPacks&) = delete;

  [[nodiscard]] const std::vector<std::uint16_t>& ports() const { return ports_; }
  /// Polls before this moment are the start and do not count.
  void begin() { measuring_ = true; }
  /// Ends the thread. How late each poll came, in ms, beside an even beat of `period` through the earliest of its pack's polls: the time
  /// that a request needs on its way when nothing disturbs it is no lateness, everything else is, this thread's own wake-up included.
  [[nodiscard]] std::vector<double> finish(std::chrono::milliseconds period);

 private:
  struct Line;
  void serve();
  void receive(Line& line);

  std::vector<std::unique_ptr<Line>> lines_;
  std::vector<std::uint16_t> ports_;
  std::atomic<bool> measuring_{false};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace bmsgate::bench
