// SPDX-License-Identifier: Apache-2.0
// The history's threads work when the loop thread has nothing to do: polls come first. Called by the reader and writer threads.
#pragma once

#include <sys/resource.h>

namespace bmsgate::outputs {

/// Lowers the priority of the calling thread (Linux keeps it per thread). It still gets its share of a busy machine.
inline void work_in_background() noexcept {
  constexpr int kNice = 10;
  static_cast<void>(::setpriority(PRIO_PROCESS, 0, kNice));
}

}  // namespace bmsgate::outputs
