// SPDX-License-Identifier: Apache-2.0
// `bmsgate probe LINK [--all]`: which dialect, speed and address answers on this line. Called by main.
#pragma once

#include <string>

namespace bmsgate::host {

struct ProbeArgs {
  std::string link;
  bool all{false};  // ask all 16 Daly boards, not only 4
};

/// Exit status: 0 something was found, 1 nothing was found or the line failed, 2 the link is not a link.
[[nodiscard]] int run_probe(const ProbeArgs& args);

}  // namespace bmsgate::host
