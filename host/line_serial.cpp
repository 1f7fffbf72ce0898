// SPDX-License-Identifier: Apache-2.0
// Serial ports: any speed, RS485, low latency; a port that is missing or was unplugged is opened as soon as it is there.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "host/descriptor_line.hpp"

namespace bmsgate::host {
namespace {

using std::chrono::milliseconds;
constexpr DescriptorLine::Retry kRetry{milliseconds{200}, milliseconds{250}};

[[nodiscard]] std::string open_problem(const std::string& path, int error) {
  switch (error) {
    case ENOENT:
    case ENODEV:
    case ENXIO: return fmt::format("{} is not there: check the adapter and its cable (ls /dev/serial/by-id)", path);
    case EACCES:
    case EPERM: return fmt::format("no permission for {}: add the user to the group dialout and log in anew", path);
    case EBUSY:
    case EWOULDBLOCK: return fmt::format("{} is in use by another program: close that one or choose another port", path);
    case ENOTTY: return fmt::format("{} is no serial port", path);
    default: return fmt::format("cannot open {}: {}", path, std::strerror(error));
  }
}

class SerialLine final : public DescriptorLine {
 public:
  SerialLine(boost::asio::io_context& io, const LinkSpec& spec, std::uint32_t baud, const TtyControl& tty)
      : DescriptorLine{io, kRetry}, spec_{spec}, baud_{baud}, tty_{tty} {}
  ~SerialLine() override = default;

  bool set_baud(std::uint32_t baud) override {
    baud_ = baud;
    return descriptor() < 0 || tty_.set_raw(descriptor(), baud) == 0;
  }

 private:
  void open() override {
    const int fd = ::open(spec_.target.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return failed(open_problem(spec_.target, errno));
    int error = ::isatty(fd) != 0 ? 0 : ENOTTY;
    if (error == 0) error = tty_.set_exclusive(fd);
    if (error == 0) error = tty_.set_raw(fd, baud_);
    if (error != 0) {
      ::close(fd);
      return failed(open_problem(spec_.target, error));
    }
    const int no_latency_mode = tty_.set_low_latency(fd);
    const int no_rs485 = spec_.rs485 ? tty_.set_rs485(fd) : 0;
    opened(fd);
    note_once(no_latency_mode, low_latency_noted_, "no low-latency mode; answers may come some ms later");
    note_once(no_rs485, rs485_noted_, "no RS485 mode in this driver; an adapter that switches by itself needs none: leave out rs485=1");
  }

  void note_once(int error, bool& noted, std::string_view text) {
    if (error == 0 || noted) return;
    noted = true;
    events().on_line_note(fmt::format("{}: {}", spec_.target, text));
  }

  LinkSpec spec_;
  std::uint32_t baud_;
  const TtyControl& tty_;
  bool low_latency_noted_{false};
  bool rs485_noted_{false};
};

}  // namespace

std::unique_ptr<Line> make_serial_line(boost::asio::io_context& io, const LinkSpec& spec, std::uint32_t baud, const TtyControl& tty) {
  return std::make_unique<SerialLine>(io, spec, baud, tty);
}

}  // namespace bmsgate::host
