// SPDX-License-Identifier: Apache-2.0
// The ways to a BMS: serial port, TCP, RFC 2217, pty. A Line keeps itself open: what is missing or gone is tried again for ever.
// Used by host::Bus and the probe, on the io_context thread. Files: line_serial.cpp, line_tcp.cpp, line_pty.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/transport.hpp"
#include "host/tty.hpp"

namespace boost::asio {
class io_context;
}

namespace bmsgate::host {

/// LINK of the contract: serial:/dev/ttyUSB0[?baud=9600&rs485=1] · tcp:HOST:PORT · rfc2217:HOST:PORT[?baud=9600] · pty:PATH
struct LinkSpec {
  enum class Kind : std::uint8_t { kSerial, kTcp, kRfc2217, kPty };
  Kind kind{};
  std::string target;  // path, or host name or address
  std::uint16_t port{0};
  std::uint32_t baud{0};  // 0: that of the dialect
  bool rs485{false};

  [[nodiscard]] bool network() const noexcept { return kind == Kind::kTcp || kind == Kind::kRfc2217; }
  /// True where the speed of the line is ours to set.
  [[nodiscard]] bool has_baud() const noexcept { return kind == Kind::kSerial || kind == Kind::kRfc2217; }
};

/// Empty result: `out` is filled. Otherwise one line for the user: what is wrong and how it should look.
[[nodiscard]] std::string parse_link(std::string_view text, LinkSpec& out);

/// Who uses a line. Nothing is called after stop().
class LineEvents {
 public:
  virtual void on_line_up() = 0;
  /// `why` is one line for people; also called (again) when an attempt to open fails.
  virtual void on_line_down(std::string_view why) = 0;
  /// Each piece at once as it comes; never empty.
  virtual void on_line_bytes(std::span<const std::uint8_t> bytes) = 0;
  /// Something worth a line in the log that is no failure (no RS485 mode, another speed than wished for).
  virtual void on_line_note(std::string_view note) = 0;

 protected:
  ~LineEvents() = default;
};

class Line : public core::Transport {
 public:
  virtual ~Line() = default;

  virtual void start(LineEvents& events) = 0;
  virtual void stop() = 0;
  /// Closes and opens again: for a connection that seems dead.
  virtual void reopen() = 0;
  /// Another speed, at once if the line is open. False: this kind of line has no speed of ours.
  [[nodiscard]] virtual bool set_baud(std::uint32_t baud) = 0;
};

/// `baud` is used where the link names none. `tty` is the seam to the kernel's serial ioctls.
[[nodiscard]] std::unique_ptr<Line> make_line(boost::asio::io_context& io, const LinkSpec& spec, std::uint32_t baud,
                                              const TtyControl& tty = system_tty());

}  // namespace bmsgate::host
