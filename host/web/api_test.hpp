// SPDX-License-Identifier: Apache-2.0
// Trying a service with the values of a form, saved or not. Loop thread; the attempt has a thread of its own.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "host/settings.hpp"
#include "host/web/http.hpp"
#include "outputs/trial.hpp"

namespace boost::asio {
class io_context;
}

namespace bmsgate::host::web {

/// One group of settings that can be tried.
struct ServiceTest {
  std::string_view group;
  /// Called on the loop thread; the attempt that it makes of the settings runs on another thread and touches nothing shared.
  std::function<std::function<outputs::Trial()>(const Settings& wanted)> prepare;
};

/// /test/{service}
[[nodiscard]] std::vector<Route> test_routes(boost::asio::io_context& loop, const SettingsStore& store, std::vector<ServiceTest> tests);

}  // namespace bmsgate::host::web
