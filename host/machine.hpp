// SPDX-License-Identifier: Apache-2.0
// What the program may do to itself and to the machine's clock. Used by main and app.
#pragma once

#include "core/clock.hpp"
#include "host/users.hpp"

namespace bmsgate::host {

/// Puts the program as it now lies on the disk in the place of this process, with the same arguments and environment; so it works under
/// systemd, in a container and by hand alike. Called when all is saved and closed; comes back only if it fails, with the exit status.
[[nodiscard]] int begin_anew(char** argv);

/// Sets the clock, unless a time service keeps it. What was in the way as a sentence.
[[nodiscard]] Failure set_machine_clock(core::UtcMs utc_ms);

}  // namespace bmsgate::host
