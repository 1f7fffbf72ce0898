// SPDX-License-Identifier: Apache-2.0
// Adding a pack: which ports there are, and who answers on one. Loop thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "host/web/http.hpp"

namespace boost::asio {
class io_context;
}

namespace bmsgate::host::web {

/// /ports, /probe, /probe/{id}. `used_by` names the bus that has a link; empty: none.
[[nodiscard]] std::vector<Route> probe_routes(boost::asio::io_context& loop, const core::Clock& clock,
                                              std::function<std::string(std::string_view link)> used_by);

}  // namespace bmsgate::host::web
