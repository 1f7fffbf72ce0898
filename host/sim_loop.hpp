// SPDX-License-Identifier: Apache-2.0
// Runs virtual lines on file descriptors (pty masters, serial ports, accepted sockets) with real time. `simulate` and `replay` run it on
// the main thread; the demo in a thread of its own, away from the loop thread. Not copyable; add() before run().
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"

namespace bmsgate::host {

/// Somebody who answers on a line: sim::Simulator and sim::Replay fit.
struct Peer {
  std::function<void(std::span<const std::uint8_t>, core::Instant)> on_bytes;
  std::function<core::Instant()> next_deadline;
  std::function<void(core::Instant, std::vector<std::uint8_t>&)> poll;
};
template <class T>
[[nodiscard]] Peer as_peer(T& who) {
  return {[&who](std::span<const std::uint8_t> bytes, core::Instant now) { who.on_bytes(bytes, now); },
          [&who] { return who.next_deadline(); }, [&who](core::Instant now, std::vector<std::uint8_t>& out) { who.poll(now, out); }};
}

class SimLoop {
 public:
  SimLoop();
  ~SimLoop();
  SimLoop(const SimLoop&) = delete;
  SimLoop& operator=(const SimLoop&) = delete;

  /// Opens the device's side of a link and puts `peer` behind it. Empty text = done; else one line for the user. For pty: links the pty
  /// exists, and its symbolic link, when this returns; whoever opens that path is the master. tcp: and rfc2217: listen; the newest client
  /// is the one that is served.
  [[nodiscard]] std::string add(std::string_view link, Peer peer);
  /// Says what happens on the links ("client connected"). May be left unset.
  void set_log(std::function<void(std::string_view)> log);
  /// SIGTERM and SIGINT end run(); call it before threads are started.
  void stop_on_signals();
  /// Until stop(). Empty text = ended by stop(); else why a line failed for good.
  [[nodiscard]] std::string run();
  /// From any thread.
  void stop() noexcept;

 private:
  struct Line;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bmsgate::host
