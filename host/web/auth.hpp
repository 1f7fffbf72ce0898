// SPDX-License-Identifier: Apache-2.0
// Who is asking, and may they? Sessions, tokens, limits on log-ins, and the rules every request passes before its handler runs:
//   - reading: everybody, unless web.require_login; other roles as the route says
//   - changing: a session with its CSRF token, or a bearer token; from a page of this very gateway (Origin, Host)
//   - while the well-known password is in use: changing only from this machine, and routes with kOwnPassword not at all
// Loop thread.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/clock.hpp"
#include "host/users.hpp"
#include "host/web/http.hpp"
#include "host/web/web_options.hpp"

namespace bmsgate::host::web {

inline constexpr std::string_view kSessionCookie = "bmsgate_session";
inline constexpr std::string_view kCsrfHeader = "X-CSRF-Token";

/// Runs `work` off the loop, then `done` on it.
using Offload = std::function<void(std::function<void()> work, std::function<void()> done)>;

class Auth {
 public:
  Auth(Users& users, const WebOptions& options, const core::Clock& clock, Offload offload);

  /// Fills request.caller from cookie or token; `address` is filled in already.
  void identify(Request& request);
  /// The refusal, or nothing if the request may go on.
  [[nodiscard]] std::optional<Response> refuse(const Route& route, const Request& request);

  struct Login {
    unsigned status{401};  // 200, 401 wrong, 403 not from there, 429 too many tries
    unsigned retry_s{0};
    std::string session;
  };
  /// Checks a password off the loop; `done` on the loop.
  void log_in(const Request& request, std::string user, std::string password, std::function<void(Login)> done);
  void log_out(std::string_view session);
  /// Changes a password off the loop: `done` gets the HTTP status (204, 401, 422, 429) and a sentence.
  void change_password(const Request& request, std::string old_password, std::string new_password,
                       std::function<void(unsigned, std::string)> done);
  /// Ends all sessions of a user (but `except`).
  void end_sessions(std::string_view user, std::string_view except = {});

  /// The object of GET /session.
  [[nodiscard]] std::string session_json(const Caller& caller) const;
  [[nodiscard]] std::string cookie(std::string_view session) const;
  [[nodiscard]] Users& users() { return users_; }
  [[nodiscard]] const WebOptions& options() const { return options_; }
  [[nodiscard]] const Offload& offload() const { return offload_; }

 private:
  struct Session {
    std::string id;
    std::string csrf;
    std::string user;
    std::string hash;  // of the password it was opened with: a new password ends it
    core::Instant used{};
  };
  struct Bucket {
    double tries{0};
    core::Instant at{};
  };
  [[nodiscard]] Session* find_session(std::string_view id);
  [[nodiscard]] const Session* find_session(std::string_view id) const;
  [[nodiscard]] std::optional<Response> refuse_change(const Route& route, const Request& request);
  [[nodiscard]] unsigned wait_s(const std::string& address);
  void forgive(const std::string& address);
  [[nodiscard]] std::string open_session(const User& user);

  Users& users_;
  const WebOptions& options_;
  const core::Clock& clock_;
  Offload offload_;
  std::deque<Session> sessions_;
  std::unordered_map<std::string, Bucket> buckets_;
  unsigned hashing_{0};
};

}  // namespace bmsgate::host::web
