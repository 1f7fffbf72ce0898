// SPDX-License-Identifier: Apache-2.0
// The demo's packs, running: virtual lines on ptys in a folder of their own, served by a thread of their own, so that the gateway meets
// them as it would meet serial ports. Made by host/app for `bmsgate demo`; start() before the buses, destroyed after them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "sim/demo.hpp"

namespace bmsgate::host {

class DemoSite {
 public:
  struct Line {
    sim::DemoLine what;  // bus id, dialect, packs
    std::string link;    // for the bus: serial:PATH of the pty
  };

  DemoSite(unsigned packs, core::UtcMs now_utc_ms);
  ~DemoSite();
  DemoSite(const DemoSite&) = delete;
  DemoSite& operator=(const DemoSite&) = delete;

  /// Makes the ptys and starts the thread. Empty text = done; else one line for the user.
  [[nodiscard]] std::string start();
  /// Valid after start().
  [[nodiscard]] const std::vector<Line>& lines() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bmsgate::host
