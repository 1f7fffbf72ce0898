// SPDX-License-Identifier: Apache-2.0
// The packs of `bmsgate demo`: descriptions from which host/app makes lines, buses and packs. Loop thread, at start.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "sim/simulator.hpp"

namespace bmsgate::sim {

struct DemoPack {
  std::string id;    // [a-z0-9_-]{1,19}
  std::string name;  // shown to people
  std::uint8_t address{0};
  PackProfile profile;
};

/// One line (one bus) with its packs.
struct DemoLine {
  std::string bus;       // id of the bus
  std::string protocol;  // dialect
  std::vector<DemoPack> packs;
};

/// The set of four packs on three lines: a JK-Bx 8S (jk-nw), a JK-PB pair 16S (jk-pb), a Daly 16S (daly-a5). For more packs the set is
/// repeated with other names, seeds and states; the last line is cut short so that exactly `packs` (1-64) come out.
[[nodiscard]] std::vector<DemoLine> demo_lines(unsigned packs = 4);

/// The virtual BMSs of a line, moving in real time from `now_utc_ms`. The packs begin where the day has left them (they are run through the
/// last hours), so that they agree with what make_history() tells of the time before.
[[nodiscard]] std::unique_ptr<Simulator> make_demo_simulator(const DemoLine& line, core::UtcMs now_utc_ms);

}  // namespace bmsgate::sim
