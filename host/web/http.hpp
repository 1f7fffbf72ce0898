// SPDX-License-Identifier: Apache-2.0
// Requests, responses and route rows: all that a module needs to offer something over HTTP. Free of Asio and Beast.
//
// A module exports its rows (`std::vector<Route> history_routes(…)`); the app hands all of them to the server. Handlers run on the loop
// thread and must not block; `reply` may be called later and from any thread, once. The Request is valid during the call only.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/users.hpp"

namespace bmsgate::host::web {

enum class Method : std::uint8_t { kGet, kPost, kPut, kPatch, kDelete };
inline constexpr std::array<std::string_view, 5> kMethodNames{"GET", "POST", "PUT", "PATCH", "DELETE"};

/// Who asks.
struct Caller {
  Role role{Role::kNone};
  std::string user;     // empty: not logged in
  std::string session;  // id of the session, if it is one
  std::string address;  // of the other machine
  bool local{false};    // this machine
};

struct Request {
  Method method{};
  bool head{false};        // HEAD: as GET, but the body is left out by the server
  std::string_view path;   // as sent, without the query
  std::string_view query;  // as sent, without '?'
  std::string_view body;
  std::vector<std::pair<std::string_view, std::string_view>> headers;
  std::vector<std::string> args;  // what the {…} of the route's path stand for, decoded
  Caller caller;

  /// Empty if there is none. Case does not matter.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  /// One value of the query, decoded.
  [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;
};

/// A body that comes in pieces: long exports, event streams. The server asks for the next piece when the last one is on its way, so a slow
/// client slows its source only. Destroyed when the client is gone.
class BodySource {
 public:
  using Piece = std::shared_ptr<const std::string>;  // nullptr: the end
  using Give = std::function<void(Piece)>;           // any thread, once
  virtual ~BodySource() = default;
  virtual void next(Give give) = 0;  // loop thread
};

struct Response {
  unsigned status{200};
  std::string_view type{"application/json"};  // static text
  std::vector<std::pair<std::string_view, std::string>> headers{};
  std::string body{};
  std::string_view fixed{};              // in place of `body`: bytes that live as long as the program
  std::shared_ptr<BodySource> source{};  // in place of both
};
using Reply = std::function<void(Response)>;

[[nodiscard]] std::string_view reason(unsigned status);
[[nodiscard]] Response json_response(std::string body, unsigned status = 200);
/// RFC 9457. `detail`: what is wrong and what to do, as a sentence.
[[nodiscard]] Response problem(unsigned status, std::string_view detail);
/// The same with further members, as JSON text without braces: `"errors":[…]`.
[[nodiscard]] Response problem(unsigned status, std::string_view detail, std::string_view members);

/// What a route needs besides its role.
enum Guard : std::uint8_t {
  kFree = 0,
  kOwnPassword = 1,  // nothing at all while the well-known password is in use: writes to a BMS, shows secrets
};

struct Route {
  Method method{};
  std::string_view path;  // "/api/v1/packs/{id}"
  Role role{};            // kNone: everybody at any time; kViewer: everybody unless web.require_login
  std::string_view summary;
  std::string_view answer;  // name of a schema in openapi.cpp, or a media type
  std::function<void(const Request&, Reply)> handle;
  std::string_view query{};  // "from,to,fields"
  std::uint8_t guard{kFree};
  bool json_body{true};  // a body of another type is refused (which also keeps forms of other sites out)
  std::size_t max_body{std::size_t{1} << 20};
};

/// Decodes %xx; nothing if it is malformed or holds a NUL.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);

}  // namespace bmsgate::host::web
