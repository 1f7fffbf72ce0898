// SPDX-License-Identifier: Apache-2.0
// The kernel's serial ioctls behind a seam, so that tests can play a port that has, or lacks, RS485 and low latency. Any thread.
#pragma once

#include <cstdint>

namespace bmsgate::host {

/// Each answers 0 or an errno; ENOTTY and EINVAL mean that the port has no such thing (a pty, many USB adapters).
class TtyControl {
 public:
  /// Raw 8N1 without flow control at any speed (termios2, BOTHER).
  [[nodiscard]] virtual int set_raw(int fd, std::uint32_t baud) const noexcept = 0;
  /// Lets the driver switch the RS485 transmitter (TIOCSRS485, RTS high while sending).
  [[nodiscard]] virtual int set_rs485(int fd) const noexcept = 0;
  /// Received bytes are handed over at once (ASYNC_LOW_LATENCY; an FTDI chip bundles 16 ms otherwise).
  [[nodiscard]] virtual int set_low_latency(int fd) const noexcept = 0;
  /// Nobody else may open the port (TIOCEXCL and a lock); not for ptys, where the mark would outlive us.
  [[nodiscard]] virtual int set_exclusive(int fd) const noexcept = 0;

 protected:
  ~TtyControl() = default;
};

[[nodiscard]] const TtyControl& system_tty() noexcept;

}  // namespace bmsgate::host
