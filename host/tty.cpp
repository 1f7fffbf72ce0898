// SPDX-License-Identifier: Apache-2.0
// Serial ioctls of Linux. asm/termbits.h has termios2, and cannot live beside termios.h: hence a file of its own.
#include "host/tty.hpp"

#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <linux/serial.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>

namespace bmsgate::host {
namespace {

constexpr unsigned kFirstPtyMajor = 136;  // Unix98 pty slaves: majors 136-143
constexpr unsigned kLastPtyMajor = 143;

[[nodiscard]] int result(int returned) noexcept { return returned == 0 ? 0 : errno; }

class SystemTty final : public TtyControl {
 public:
  int set_raw(int fd, std::uint32_t baud) const noexcept override {
    termios2 settings{};
    if (ioctl(fd, TCGETS2, &settings) != 0) return errno;
    settings.c_iflag = IGNPAR;
    settings.c_oflag = 0;
    settings.c_lflag = 0;
    settings.c_cflag = CS8 | CREAD | CLOCAL | BOTHER | static_cast<tcflag_t>(BOTHER << IBSHIFT);
    settings.c_ispeed = baud;
    settings.c_ospeed = baud;
    settings.c_cc[VMIN] = 1;
    settings.c_cc[VTIME] = 0;
    return result(ioctl(fd, TCSETS2, &settings));
  }
  int set_rs485(int fd) const noexcept override {
    serial_rs485 mode{};
    mode.flags = SER_RS485_ENABLED | SER_RS485_RTS_ON_SEND;
    return result(ioctl(fd, TIOCSRS485, &mode));
  }
  int set_low_latency(int fd) const noexcept override {
    serial_struct settings{};
    if (ioctl(fd, TIOCGSERIAL, &settings) != 0) return errno;
    settings.flags |= ASYNC_LOW_LATENCY;
    return result(ioctl(fd, TIOCSSERIAL, &settings));
  }
  int set_exclusive(int fd) const noexcept override {
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) return errno;
    struct stat info {};
    if (fstat(fd, &info) != 0) return errno;
    const auto kind = major(info.st_rdev);
    if (kind >= kFirstPtyMajor && kind <= kLastPtyMajor) return 0;
    return result(ioctl(fd, TIOCEXCL));
  }
};

}  // namespace

const TtyControl& system_tty() noexcept {
  static const SystemTty tty;
  return tty;
}

}  // namespace bmsgate::host
