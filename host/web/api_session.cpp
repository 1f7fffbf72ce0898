// SPDX-License-Identifier: Apache-2.0
// Logging in and out, passwords, users.
#include <boost/json.hpp>

#include "host/web/api.hpp"
#include "outputs/pack_json.hpp"

namespace bmsgate::host::web {
namespace {

namespace json = boost::json;

/// The body as an object of texts; nothing if it is something else.
std::optional<json::object> parse_object(std::string_view body) {
  json::error_code error;
  auto value = json::parse(body, error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

std::string text_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string{value->get_string()} : std::string{};
}

void log_in(Auth& auth, const Request& request, const Reply& reply) {
  const auto body = parse_object(request.body);
  const auto user = body ? text_of(*body, "user") : std::string{};
  if (user.empty()) return reply(problem(400, R"(send {"user":"…","password":"…"})"));
  auto password = text_of(*body, "password");
  if (password.size() > kMaxPassword) return reply(problem(401, "user or password is wrong"));
  auth.log_in(request, user, std::move(password), [&auth, reply, user](const Auth::Login& login) {
    switch (login.status) {
      case 200: {
        Caller caller;
        caller.user = user;
        caller.session = login.session;
        caller.role = auth.users().find(user)->role;
        auto response = json_response(auth.session_json(caller));
        response.headers.emplace_back("Set-Cookie", auth.cookie(login.session));
        return reply(std::move(response));
      }
      case 403: return reply(problem(403, "the well-known password does not work from the Internet; change it on the gateway first"));
      case 429: {
        auto response = problem(429, "too many tries; wait a little");
        response.headers.emplace_back("Retry-After", std::to_string(login.retry_s));
        return reply(std::move(response));
      }
      default: return reply(problem(401, "user or password is wrong"));
    }
  });
}

void log_out(Auth& auth, const Request& request, const Reply& reply) {
  auth.log_out(request.caller.session);
  Response response;
  response.status = 204;
  response.headers.emplace_back("Set-Cookie", auth.cookie({}));
  reply(std::move(response));
}

void change_password(Auth& auth, const Request& request, const Reply& reply) {
  const auto body = parse_object(request.body);
  if (!body) return reply(problem(400, R"(send {"old":"…","new":"…"})"));
  auth.change_password(request, text_of(*body, "old"), text_of(*body, "new"), [reply](unsigned status, const std::string& text) {
    if (status != 204) return reply(problem(status, text));
    Response response;
    response.status = 204;
    reply(std::move(response));
  });
}

/// A new user, or another role and password for one who exists.
void save_user(Auth& auth, const Request& request, const Reply& reply) {
  const auto body = parse_object(request.body);
  const auto role = body ? find_role(text_of(*body, "role")) : std::nullopt;
  if (!role) return reply(problem(400, R"(send {"name":"…","role":"viewer|operator|admin","password":"…"})"));
  const auto name = text_of(*body, "name");
  const bool is_new = auth.users().find(name) == nullptr;
  if (auto failure = auth.users().save(name, *role, text_of(*body, "password"))) return reply(problem(422, *failure));
  if (!is_new) auth.end_sessions(name, request.caller.session);
  Response response;
  response.status = is_new ? 201 : 204;
  reply(std::move(response));
}

void remove_user(Auth& auth, const Request& request, const Reply& reply) {
  const auto& name = request.args[0];
  if (auth.users().find(name) == nullptr) return reply(problem(404, "there is no user '" + name + "'"));
  if (auto failure = auth.users().remove(name)) return reply(problem(409, *failure));
  auth.end_sessions(name);
  Response response;
  response.status = 204;
  reply(std::move(response));
}

void list_users(Auth& auth, const Reply& reply) {
  auth.users().refresh();
  json::array list;
  for (const auto& user : auth.users().all()) {
    list.push_back({{"name", user.name},
                    {"role", kRoleNames[static_cast<std::size_t>(user.role)]},
                    {"default_password", user.default_password},
                    {"tokens", user.tokens.size()}});
  }
  reply(json_response(json::serialize(list)));
}

}  // namespace

std::vector<Route> session_routes(Auth& auth) {
  const auto bound = [&auth](void (*handler)(Auth&, const Request&, const Reply&)) {
    return [&auth, handler](const Request& request, const Reply& reply) { handler(auth, request, reply); };
  };
  auto who = [&auth](const Request& request, const Reply& reply) { reply(json_response(auth.session_json(request.caller))); };
  auto users = [&auth](const Request&, const Reply& reply) { list_users(auth, reply); };
  return {
      {Method::kGet, "/api/v1/session", Role::kNone, "Who is logged in, and the CSRF token", "Session", who},
      {Method::kPost, "/api/v1/session", Role::kNone, "Log in: {user, password}", "Session", bound(log_in)},
      {Method::kDelete, "/api/v1/session", Role::kNone, "Log out", "", bound(log_out)},
      {Method::kPost, "/api/v1/session/password", Role::kViewer, "Change the own password: {old, new}", "", bound(change_password)},
      {Method::kGet, "/api/v1/users", Role::kAdmin, "All users", "Users", users},
      {Method::kPost, "/api/v1/users", Role::kAdmin, "Add or change a user: {name, role, password}", "", bound(save_user)},
      {Method::kDelete, "/api/v1/users/{name}", Role::kAdmin, "Remove a user", "", bound(remove_user)},
  };
}

}  // namespace bmsgate::host::web
