// SPDX-License-Identifier: Apache-2.0
// Finds out who is on a line: dialect, speed, address. Listens first, then asks, read-only; never transmits where another master talks.
// Used by `bmsgate probe` and by the web's "add a pack". io_context thread; the line must not be open elsewhere.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "host/line.hpp"

namespace bmsgate::host {

struct ProbeFound {
  std::string protocol;
  std::uint8_t address{0};
  std::uint32_t baud{0};   // 0: not ours to know (a TCP server's or a pty's)
  bool only_heard{false};  // in somebody else's conversation
  unsigned cells{0};
  double pack_voltage{0};
  std::string model;
};

struct ProbeState {
  bool done{false};
  double progress{0};  // 0 to 1
  std::string step;    // what is going on, for people
  std::vector<ProbeFound> found;
  bool foreign_master{false};  // somebody else asks on this line: nothing was sent
  std::string error;           // why the line could not be used; empty = it could
};

class Probe {
 public:
  using Watcher = std::function<void(const ProbeState&)>;  // called at every change, the last time with done

  Probe(boost::asio::io_context& io, const core::Clock& clock, const LinkSpec& spec, bool all_boards, Watcher watcher);
  ~Probe();
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;

  void start();
  /// Ends it at once; the watcher is not called again.
  void stop();
  [[nodiscard]] const ProbeState& state() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// One pack per address, in the dialect that protects its frames best and needs the fewest questions.
[[nodiscard]] std::vector<ProbeFound> best_of(const std::vector<ProbeFound>& found);
/// The [[bus]] and [[pack]] lines for bmsgate.toml.
[[nodiscard]] std::string probe_config(const std::string& link, const ProbeState& state);

}  // namespace bmsgate::host
