// SPDX-License-Identifier: Apache-2.0
// `bmsgate user add|passwd|remove|list|token`: who may log in. Works beside a running gateway, which notices by itself. Called by main.
#pragma once

#include <string>

namespace bmsgate::host {

struct UserArgs {
  std::string action;  // "add", "passwd", "remove", "list", "token"
  std::string name;
  std::string role{"viewer"};  // add
  std::string data_dir;        // empty: the usual one
};

/// Passwords are asked for on the terminal, or read as one line from standard input. Answers the exit status.
[[nodiscard]] int run_user(const UserArgs& args);

}  // namespace bmsgate::host
