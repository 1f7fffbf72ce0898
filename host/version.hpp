// SPDX-License-Identifier: Apache-2.0
// The version of the program, from CMakeLists.txt.
#pragma once

#include <string_view>

namespace bmsgate::host {

inline constexpr std::string_view kVersion = BMSGATE_VERSION;

}  // namespace bmsgate::host
