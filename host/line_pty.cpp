// SPDX-License-Identifier: Apache-2.0
// A pseudo terminal with a link to it: another program opens PATH as if it were a serial port, and is the BMS side of the line.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "host/descriptor_line.hpp"

namespace bmsgate::host {
namespace {

using std::chrono::milliseconds;
constexpr DescriptorLine::Retry kRetry{milliseconds{200}, milliseconds{200}};

class PtyLine final : public DescriptorLine {
 public:
  PtyLine(boost::asio::io_context& io, const LinkSpec& spec) : DescriptorLine{io, kRetry}, path_{spec.target} {}
  ~PtyLine() override { remove(); }

  bool set_baud(std::uint32_t) override { return false; }

 private:
  /// The pty is made once; whenever the other side has closed it, a copy of the descriptor is taken anew when it is opened again.
  void open() override {
    if (master_ < 0 && !make()) return;
    pollfd state{.fd = master_, .events = POLLIN, .revents = 0};
    if (::poll(&state, 1, 0) > 0 && (state.revents & POLLHUP) != 0) return failed(fmt::format("nobody has {} open", path_));
    opened(::fcntl(master_, F_DUPFD_CLOEXEC, 0));
  }
  void give_up() override { remove(); }

  [[nodiscard]] bool make() {
    const int fd = ::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    char name[64]{};
    if (fd < 0 || ::grantpt(fd) != 0 || ::unlockpt(fd) != 0 || ::ptsname_r(fd, name, sizeof name) != 0) {
      return fail(fd, fmt::format("cannot make a pseudo terminal: {}", std::strerror(errno)));
    }
    static_cast<void>(system_tty().set_raw(fd, 115200));
    struct stat there {};
    if (::lstat(path_.c_str(), &there) == 0) {
      if (!S_ISLNK(there.st_mode)) return fail(fd, fmt::format("{} exists and is no link: choose another path", path_));
      ::unlink(path_.c_str());
    }
    if (::symlink(name, path_.c_str()) != 0) return fail(fd, fmt::format("cannot make the link {}: {}", path_, std::strerror(errno)));
    master_ = fd;
    return true;
  }
  [[nodiscard]] bool fail(int fd, const std::string& why) {
    if (fd >= 0) ::close(fd);
    failed(why);
    return false;
  }
  void remove() {
    if (master_ < 0) return;
    ::close(master_);
    ::unlink(path_.c_str());
    master_ = -1;
  }

  std::string path_;
  int master_{-1};
};

}  // namespace

std::unique_ptr<Line> make_pty_line(boost::asio::io_context& io, const LinkSpec& spec) { return std::make_unique<PtyLine>(io, spec); }

}  // namespace bmsgate::host
