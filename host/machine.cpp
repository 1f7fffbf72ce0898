// SPDX-License-Identifier: Apache-2.0
// A new start, and the clock.
#include "host/machine.hpp"

#include <fmt/format.h>
#include <sys/timex.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <string>

namespace bmsgate::host {

int begin_anew(char** argv) {
  std::error_code error;
  auto program = std::filesystem::read_symlink("/proc/self/exe", error).string();
  constexpr std::string_view kReplaced = " (deleted)";  // an update has put another file there
  if (program.ends_with(kReplaced)) program.resize(program.size() - kReplaced.size());
  ::close_range(3, ~0U, 0);
  ::execv(program.c_str(), argv);
  fmt::print(stderr, "bmsgate: cannot begin anew: {}: {}\n", program, std::strerror(errno));
  return 1;
}

Failure set_machine_clock(core::UtcMs utc_ms) {
  timex state{};
  if (::adjtimex(&state) >= 0 && (state.status & STA_UNSYNC) == 0) return "the clock is kept by a time service of this machine";
  const timespec time{.tv_sec = utc_ms / 1000, .tv_nsec = utc_ms % 1000 * 1'000'000};
  if (::clock_settime(CLOCK_REALTIME, &time) == 0) return std::nullopt;
  if (errno == EPERM) return "this program has not the right to set the clock (CAP_SYS_TIME); use `timedatectl set-time` on the gateway";
  return fmt::format("the clock cannot be set: {}", std::strerror(errno));
}

}  // namespace bmsgate::host
