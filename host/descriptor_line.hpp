// SPDX-License-Identifier: Apache-2.0
// What all lines have in common once they have a file descriptor: reading as soon as there is something, writing without blocking,
// noticing the end, trying again. Base of the line_*.cpp files; io_context thread.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "host/line.hpp"

namespace bmsgate::host {

class DescriptorLine : public Line {
 public:
  struct Retry {
    std::chrono::milliseconds first;
    std::chrono::milliseconds most;  // doubled up to this
  };
  DescriptorLine(boost::asio::io_context& io, const Retry& retry);
  ~DescriptorLine() override;

  void start(LineEvents& events) final;
  void stop() final;
  void reopen() final;
  [[nodiscard]] bool send(std::span<const std::uint8_t> bytes) noexcept override;
  void discard_input() noexcept final;

 protected:
  /// Tries to open. Ends in opened() or failed(), at once or later.
  virtual void open() = 0;
  /// What open() has begun is no longer wanted.
  virtual void give_up() {}
  /// The descriptor is ours from here on (non-blocking). `up`: usable at once, else after set_up().
  void opened(int fd, bool up = true);
  void set_up();
  void failed(std::string_view why);
  /// Bytes from the descriptor, for lines that carry more than data.
  virtual void received(std::span<const std::uint8_t> bytes) { deliver(bytes); }
  void deliver(std::span<const std::uint8_t> bytes);
  /// Writes raw bytes; what does not fit at once follows as soon as it does.
  [[nodiscard]] bool write_raw(std::span<const std::uint8_t> bytes) noexcept;
  virtual void on_timer() {}
  void arm_timer(std::chrono::milliseconds delay);

  [[nodiscard]] LineEvents& events() noexcept;
  [[nodiscard]] int descriptor() const noexcept;
  [[nodiscard]] bool is_up() const noexcept;
  [[nodiscard]] boost::asio::io_context& io() noexcept;
  /// For handlers that may outlive the line: expired when it is gone.
  [[nodiscard]] std::weak_ptr<void> alive() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

std::unique_ptr<Line> make_serial_line(boost::asio::io_context& io, const LinkSpec& spec, std::uint32_t baud, const TtyControl& tty);
std::unique_ptr<Line> make_pty_line(boost::asio::io_context& io, const LinkSpec& spec);
std::unique_ptr<Line> make_tcp_line(boost::asio::io_context& io, const LinkSpec& spec);
std::unique_ptr<Line> make_rfc2217_line(boost::asio::io_context& io, const LinkSpec& spec, std::uint32_t baud);

}  // namespace bmsgate::host
