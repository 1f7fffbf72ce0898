// SPDX-License-Identifier: Apache-2.0
// `bmsgate decode`: captured bytes to JSON lines on standard output, one per complete reading. Called by main; runs alone on its thread.
#pragma once

#include <string>

namespace bmsgate::host {

struct DecodeArgs {
  std::string protocol{"auto"};  // a dialect's key, or auto: the one that makes most of the input
  std::string format{"hex"};     // hex, bin or capture
  std::string file;              // empty or "-": standard input
};

/// Answers the exit status: 0 done, 1 the input cannot be read, 2 wrong usage. Errors go to standard error, one line each.
[[nodiscard]] int run_decode(const DecodeArgs& args);

}  // namespace bmsgate::host
