// SPDX-License-Identifier: Apache-2.0
// `bmsgate replay`: answers requests on a link as a capture file recorded them. Called by main; returns the exit status.
#pragma once

#include <string>

namespace bmsgate::host {

struct ReplayArgs {
  std::string file;  // capture file
  std::string link;  // pty:PATH, serial:DEVICE[?baud=…], tcp:HOST:PORT, rfc2217:HOST:PORT (these two listen)
  bool quiet{false};
};

/// Runs until SIGTERM or SIGINT. 0 done, 1 the link or the file failed, 2 wrong usage; errors are one line on standard error.
[[nodiscard]] int run_replay(const ReplayArgs& args);

}  // namespace bmsgate::host
