// SPDX-License-Identifier: Apache-2.0
// Reading, writing and reopening a descriptor.
#include "host/descriptor_line.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <cstring>

namespace asio = boost::asio;

namespace bmsgate::host {
namespace {

constexpr std::size_t kBuffer = 4096;

[[nodiscard]] bool would_block(int error) noexcept { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

struct DescriptorLine::Impl {
  Impl(DescriptorLine& line, asio::io_context& context, const Retry& policy)
      : owner{line}, io{context}, stream{context}, retry_timer{context}, line_timer{context}, retry{policy}, delay{policy.first} {}

  void wait_for_input() {
    stream.async_wait(asio::posix::stream_descriptor::wait_read,
                      [this, token = std::weak_ptr<void>{alive}](boost::system::error_code error) {
                        if (token.expired() || error == asio::error::operation_aborted) return;
                        if (error) return lost(error.message());
                        read_all(false);
                      });
  }

  /// Reads what is there. Ends by waiting for more, unless the line ended or was closed meanwhile.
  void read_all(bool discard) {
    const std::weak_ptr<void> token{alive};
    const auto opening = openings;
    while (stream.is_open()) {
      const auto got = ::read(stream.native_handle(), input.data(), input.size());
      if (got < 0 && would_block(errno)) break;
      if (got <= 0) {
        if (!discard) lost(got == 0 ? "the other side has closed it" : std::strerror(errno));
        return;
      }
      discarding = discard;
      owner.received({input.data(), static_cast<std::size_t>(got)});
      if (token.expired() || opening != openings) return;
      discarding = false;
      if (static_cast<std::size_t>(got) < input.size()) break;  // that was all; waiting anew tells of more
    }
    if (!discard && stream.is_open()) wait_for_input();
  }

  [[nodiscard]] bool write(std::span<const std::uint8_t> bytes) noexcept {
    if (!stream.is_open()) return false;
    if (waiting == 0) {
      const auto done = ::write(stream.native_handle(), bytes.data(), bytes.size());
      if (done < 0 && !would_block(errno)) return false;
      bytes = bytes.subspan(static_cast<std::size_t>(std::max<ssize_t>(done, 0)));
    }
    if (bytes.empty()) return true;
    if (waiting + bytes.size() > output.size()) return false;
    std::copy(bytes.begin(), bytes.end(), output.begin() + static_cast<std::ptrdiff_t>(waiting));
    const bool idle = waiting == 0;
    waiting += bytes.size();
    if (idle) wait_for_room();
    return true;
  }

  void wait_for_room() {
    stream.async_wait(asio::posix::stream_descriptor::wait_write,
                      [this, token = std::weak_ptr<void>{alive}](boost::system::error_code error) {
                        if (token.expired() || error || !stream.is_open()) return;
                        const auto done = ::write(stream.native_handle(), output.data(), waiting);
                        if (done < 0 && !would_block(errno)) return lost(std::strerror(errno));
                        const auto written = static_cast<std::size_t>(std::max<ssize_t>(done, 0));
                        std::copy(output.begin() + static_cast<std::ptrdiff_t>(written),
                                  output.begin() + static_cast<std::ptrdiff_t>(waiting), output.begin());
                        waiting -= written;
                        if (waiting > 0) wait_for_room();
                      });
  }

  void close() {
    boost::system::error_code ignored;
    static_cast<void>(stream.close(ignored));
    line_timer.cancel();
    waiting = 0;
    up = false;
    discarding = false;
  }

  void lost(std::string_view why) {
    const std::string text{why};
    close();
    delay = retry.first;
    events->on_line_down(text);
    if (events != nullptr) try_later();
  }

  void try_later() {
    retry_timer.expires_after(delay);
    delay = std::min(delay * 2, retry.most);
    retry_timer.async_wait([this, token = std::weak_ptr<void>{alive}](boost::system::error_code error) {
      if (!token.expired() && !error) owner.open();
    });
  }

  DescriptorLine& owner;
  asio::io_context& io;
  asio::posix::stream_descriptor stream;
  asio::steady_timer retry_timer;
  asio::steady_timer line_timer;
  Retry retry;
  std::chrono::milliseconds delay;
  LineEvents* events{nullptr};
  bool up{false};
  bool discarding{false};
  unsigned openings{0};
  std::size_t waiting{0};  // bytes of output that wait for room
  std::array<std::uint8_t, kBuffer> input{};
  std::array<std::uint8_t, kBuffer> output{};
  std::shared_ptr<void> alive{std::make_shared<char>()};
};

DescriptorLine::DescriptorLine(asio::io_context& io, const Retry& retry) : impl_{std::make_unique<Impl>(*this, io, retry)} {}
DescriptorLine::~DescriptorLine() = default;

void DescriptorLine::start(LineEvents& events) {
  impl_->events = &events;
  open();
}

void DescriptorLine::stop() {
  give_up();
  impl_->retry_timer.cancel();
  impl_->close();
  impl_->events = nullptr;
}

void DescriptorLine::reopen() {
  if (impl_->events == nullptr || !impl_->stream.is_open()) return;
  impl_->lost("it has been silent for too long; connecting anew");
}

void DescriptorLine::opened(int fd, bool up) {
  boost::system::error_code error;
  static_cast<void>(impl_->stream.assign(fd, error));
  if (error) {
    ::close(fd);
    return failed(error.message());
  }
  ++impl_->openings;
  impl_->wait_for_input();
  if (up) set_up();
}

void DescriptorLine::set_up() {
  impl_->delay = impl_->retry.first;
  impl_->up = true;
  impl_->events->on_line_up();
}

void DescriptorLine::failed(std::string_view why) {
  if (impl_->events == nullptr) return;
  impl_->events->on_line_down(why);
  if (impl_->events != nullptr) impl_->try_later();
}

void DescriptorLine::deliver(std::span<const std::uint8_t> bytes) {
  if (impl_->up && !impl_->discarding && !bytes.empty()) impl_->events->on_line_bytes(bytes);
}

bool DescriptorLine::send(std::span<const std::uint8_t> bytes) noexcept { return impl_->up && impl_->write(bytes); }
bool DescriptorLine::write_raw(std::span<const std::uint8_t> bytes) noexcept { return impl_->write(bytes); }

void DescriptorLine::discard_input() noexcept { impl_->read_all(true); }

void DescriptorLine::arm_timer(std::chrono::milliseconds delay) {
  impl_->line_timer.expires_after(delay);
  impl_->line_timer.async_wait([this, token = alive()](boost::system::error_code error) {
    if (!token.expired() && !error) on_timer();
  });
}

LineEvents& DescriptorLine::events() noexcept { return *impl_->events; }
int DescriptorLine::descriptor() const noexcept { return impl_->stream.is_open() ? impl_->stream.native_handle() : -1; }
bool DescriptorLine::is_up() const noexcept { return impl_->up; }
asio::io_context& DescriptorLine::io() noexcept { return impl_->io; }
std::weak_ptr<void> DescriptorLine::alive() const noexcept { return impl_->alive; }

std::unique_ptr<Line> make_line(asio::io_context& io, const LinkSpec& spec, std::uint32_t baud, const TtyControl& tty) {
  const auto speed = spec.baud != 0 ? spec.baud : baud;
  switch (spec.kind) {
    case LinkSpec::Kind::kSerial: return make_serial_line(io, spec, speed, tty);
    case LinkSpec::Kind::kPty: return make_pty_line(io, spec);
    case LinkSpec::Kind::kTcp: return make_tcp_line(io, spec);
    case LinkSpec::Kind::kRfc2217: return make_rfc2217_line(io, spec, speed);
  }
  return nullptr;
}

}  // namespace bmsgate::host
