// SPDX-License-Identifier: Apache-2.0
// `bmsgate simulate`: virtual BMSs on a pty, serial port, TCP or RFC 2217 link. Called by main; returns the exit status.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bmsgate::host {

struct SimulateArgs {
  std::string protocol;  // key of a dialect
  std::string link;      // pty:PATH, serial:DEVICE[?baud=…], tcp:HOST:PORT, rfc2217:HOST:PORT (these two listen)
  unsigned cells{16};
  std::vector<unsigned> addresses{1};
  std::vector<std::string> faults;  // NAME[=VALUE]
  std::uint64_t seed{1};
  unsigned baud{0};    // 0 = usual for the dialect
  double speed{1};     // model seconds per second
  bool master{false};  // jk-pb: a DIP-0 master that talks by itself
  bool quiet{false};   // no line for each request
};

/// Runs until SIGTERM or SIGINT. 0 done, 1 the link failed, 2 wrong usage; errors are one line on standard error.
[[nodiscard]] int run_simulate(const SimulateArgs& args);
/// The faults, for --help.
[[nodiscard]] std::string simulate_fault_help();

}  // namespace bmsgate::host
