// SPDX-License-Identifier: Apache-2.0
// The traffic of a line as it happens, for /buses/{id}/capture?follow=1. Loop thread.
#pragma once

#include <memory>

#include "host/traffic_log.hpp"
#include "host/web/http.hpp"

namespace bmsgate::host::web {

/// Events `frame`: {"t_us","dir":">"|"<","hex"}. A client that is too slow misses pieces. The log must outlive the source; nullptr: too
/// many follow it already.
[[nodiscard]] std::shared_ptr<BodySource> make_traffic_stream(TrafficLog& log);

}  // namespace bmsgate::host::web
