// SPDX-License-Identifier: Apache-2.0
// From a request to its handler.
#include "host/web/site.hpp"

#include <iterator>

#include "host/web/static_files.hpp"

namespace bmsgate::host::web {
namespace {

std::string_view take_part(std::string_view& path) {
  path.remove_prefix(1);
  const auto part = path.substr(0, path.find('/'));
  path.remove_prefix(part.size());
  return part;
}

std::string_view name_of(Method method) { return kMethodNames[static_cast<std::size_t>(method)]; }

bool has_json_body(const Request& request) { return request.header("Content-Type").starts_with("application/json"); }

}  // namespace

bool match_path(std::string_view pattern, std::string_view path, std::vector<std::string>& args) {
  args.clear();
  while (pattern.starts_with('/') && path.starts_with('/')) {
    const auto want = take_part(pattern);
    auto have = take_part(path);
    if (!want.starts_with('{')) {
      if (want != have) return false;
      continue;
    }
    auto decoded = percent_decode(have);
    if (!decoded || decoded->empty()) return false;
    args.push_back(std::move(*decoded));
  }
  return pattern.empty() && path.empty();
}

void Site::add(std::vector<Route> routes) {
  routes_.insert(routes_.end(), std::make_move_iterator(routes.begin()), std::make_move_iterator(routes.end()));
}

std::size_t Site::max_body(Method method, std::string_view path) const {
  std::vector<std::string> args;
  for (const auto& route : routes_) {
    if (route.method == method && match_path(route.path, path, args)) return route.max_body;
  }
  return std::size_t{1} << 16;
}

void Site::handle(Request& request, const Reply& reply) {
  const Route* found = nullptr;
  std::string allowed;
  std::vector<std::string> args;
  for (const auto& route : routes_) {
    if (!match_path(route.path, request.path, args)) continue;
    if (route.method == request.method) {
      found = &route;
      request.args = args;
      break;
    }
    if (!allowed.empty()) allowed += ", ";
    allowed += route.method == Method::kGet ? "GET, HEAD" : name_of(route.method);
  }
  if (found == nullptr && !allowed.empty()) {
    auto response = problem(405, "this path is for " + allowed);
    response.headers.emplace_back("Allow", allowed);
    return reply(std::move(response));
  }
  if (found == nullptr) return reply(serve_page(request));
  auth_.identify(request);
  if (auto refusal = auth_.refuse(*found, request)) return reply(std::move(*refusal));
  if (!request.body.empty() && found->json_body && !has_json_body(request)) {
    return reply(problem(415, "send the body as application/json"));
  }
  found->handle(request, reply);
}

}  // namespace bmsgate::host::web
