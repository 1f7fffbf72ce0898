// SPDX-License-Identifier: Apache-2.0
// All that the web server offers: the table of routes and the pages. Finds the row, checks who asks, calls the handler. Loop thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/web/auth.hpp"
#include "host/web/http.hpp"

namespace bmsgate::host::web {

class Site {
 public:
  explicit Site(Auth& auth) : auth_{auth} {}

  void add(std::vector<Route> routes);
  [[nodiscard]] std::span<const Route> routes() const { return routes_; }

  /// How long a body may be; known before it is read.
  [[nodiscard]] std::size_t max_body(Method method, std::string_view path) const;
  /// `request.caller.address` is filled in; the rest of the caller is found out here.
  void handle(Request& request, const Reply& reply);

 private:
  Auth& auth_;
  std::vector<Route> routes_;
};

/// True if the path has the form of the pattern; fills in what its {…} stand for.
[[nodiscard]] bool match_path(std::string_view pattern, std::string_view path, std::vector<std::string>& args);

}  // namespace bmsgate::host::web
