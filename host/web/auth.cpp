// SPDX-License-Identifier: Apache-2.0
// Sessions, tokens and the rules of access.
#include "host/web/auth.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sodium.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <memory>

#include "outputs/pack_json.hpp"

namespace bmsgate::host::web {
namespace {

using std::chrono::duration_cast;
using std::chrono::hours;

constexpr std::size_t kMaxSessions = 64;
constexpr unsigned kMaxHashing = 4;    // password checks that wait at the same time
constexpr double kTries = 5;           // wrong passwords from one address before it has to wait
constexpr double kSecondsPerTry = 20;  // how fast tries come back
constexpr std::size_t kMaxBuckets = 512;
constexpr std::string_view kEverybody = "*";  // the bucket of all addresses together
constexpr double kTriesOfAll = 30;

bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool is_loopback(std::string_view address) { return address.starts_with("127.") || address == "::1"; }

/// Addresses that are not routed in the Internet.
bool is_private(std::string_view text) {
  const std::string address{text.substr(0, text.find('%'))};
  std::array<unsigned char, 16> bytes{};
  if (inet_pton(AF_INET, address.c_str(), bytes.data()) == 1) {
    return bytes[0] == 10 || bytes[0] == 127 || (bytes[0] == 172 && (bytes[1] & 0xF0) == 16) || (bytes[0] == 192 && bytes[1] == 168) ||
           (bytes[0] == 169 && bytes[1] == 254) || (bytes[0] == 100 && (bytes[1] & 0xC0) == 64);
  }
  if (inet_pton(AF_INET6, address.c_str(), bytes.data()) != 1) return false;
  return address == "::1" || (bytes[0] & 0xFE) == 0xFC || (bytes[0] == 0xFE && (bytes[1] & 0xC0) == 0x80);
}

/// One bucket for a whole IPv6 network: its owner has as many addresses as they like.
std::string bucket_key(const std::string& address) {
  in6_addr bytes{};
  if (inet_pton(AF_INET6, address.c_str(), &bytes) != 1) return address;
  return {reinterpret_cast<const char*>(&bytes), 8};
}

std::string_view cookie_value(std::string_view cookies, std::string_view name) {
  while (!cookies.empty()) {
    auto pair = cookies.substr(0, cookies.find(';'));
    cookies.remove_prefix(std::min(cookies.size(), pair.size() + 1));
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') return pair.substr(name.size() + 1);
  }
  return {};
}

std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.rfind(':'));
}

/// A page of a stranger can point its own name at this machine; browsers then take the page for ours. So a name counts only if it is an
/// address, has no dot, belongs to a local zone, is this machine's own, or is listed in web.names.
bool host_is_ours(std::string_view host, std::string_view names) {
  auto name = without_port(host);
  if (name.empty()) return false;
  if (name.starts_with('[')) return true;
  std::array<unsigned char, 4> ip{};
  if (inet_pton(AF_INET, std::string{name}.c_str(), ip.data()) == 1 || name.find('.') == std::string_view::npos) return true;
  static constexpr std::array<std::string_view, 6> kLocalZones{".local", ".lan", ".home", ".home.arpa", ".internal", ".localhost"};
  if (std::any_of(kLocalZones.begin(), kLocalZones.end(), [&](auto zone) { return name.ends_with(zone); })) return true;
  std::array<char, 256> own{};
  if (::gethostname(own.data(), own.size() - 1) == 0 && name == own.data()) return true;
  while (!names.empty()) {
    auto one = names.substr(0, names.find(','));
    names.remove_prefix(std::min(names.size(), one.size() + 1));
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (one == name) return true;
  }
  return false;
}

bool origin_is_ours(std::string_view origin, std::string_view host) {
  const auto slashes = origin.find("://");
  return slashes != std::string_view::npos && origin.substr(slashes + 3) == host;
}

}  // namespace

Auth::Auth(Users& users, const WebOptions& options, const core::Clock& clock, Offload offload)
    : users_{users}, options_{options}, clock_{clock}, offload_{std::move(offload)} {}

void Auth::identify(Request& request) {
  auto& caller = request.caller;
  // Behind a proxy on this machine everybody would look local.
  caller.local = is_loopback(caller.address) && request.header("X-Forwarded-For").empty() && request.header("Forwarded").empty();
  const auto authorization = request.header("Authorization");
  const auto cookie = cookie_value(request.header("Cookie"), kSessionCookie);
  if (authorization.empty() && cookie.empty()) return;
  users_.refresh();
  const User* user = nullptr;
  if (authorization.starts_with("Bearer ")) {
    user = users_.find_token(authorization.substr(7));
  } else if (auto* session = find_session(cookie)) {
    session->used = clock_.now();
    user = users_.find(session->user);
    if (user != nullptr && user->hash != session->hash) user = nullptr;
    if (user != nullptr) caller.session = session->id;
  }
  if (user == nullptr) return;
  caller.user = user->name;
  caller.role = user->role;
}

std::optional<Response> Auth::refuse(const Route& route, const Request& request) {
  if (request.method != Method::kGet) {
    if (auto refusal = refuse_change(route, request)) return refusal;
  }
  const auto& caller = request.caller;
  const bool open = route.role == Role::kNone || (route.role == Role::kViewer && !options_.require_login && request.method == Method::kGet);
  if (!open && caller.role < route.role) {
    if (!caller.user.empty()) {
      return problem(403, fmt::format("user '{}' is {}, but this needs the role {}", caller.user,
                                      kRoleNames[static_cast<std::size_t>(caller.role)], kRoleNames[static_cast<std::size_t>(route.role)]));
    }
    auto response = problem(401, "log in first (POST /api/v1/session), or send a bearer token");
    response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"bmsgate\"");
    return response;
  }
  if ((route.guard & kOwnPassword) != 0 && users_.default_password()) {
    return problem(403, "change the password of user admin first: `bmsgate user passwd admin` on the gateway, or the page Users");
  }
  return std::nullopt;
}

std::optional<Response> Auth::refuse_change(const Route& route, const Request& request) {
  const auto& caller = request.caller;
  const auto origin = request.header("Origin");
  const auto host = request.header("Host");
  const bool by_token = !caller.user.empty() && caller.session.empty();
  if (!origin.empty() && !origin_is_ours(origin, host)) return problem(403, "this request comes from a page of another site");
  if (!by_token && !host_is_ours(host, options_.names)) {
    return problem(403, fmt::format("'{}' is not known as a name of this gateway; use its address, or add the name to web.names", host));
  }
  if (route.role == Role::kNone) return std::nullopt;
  if (users_.default_password() && !caller.local) {
    return problem(403,
                   "the password of user admin is still the well-known one, so nothing can be changed from another machine: run "
                   "`bmsgate user passwd admin` on the gateway");
  }
  if (caller.session.empty()) return std::nullopt;
  const auto* session = find_session(caller.session);
  if (session == nullptr || !same_secret(session->csrf, request.header(kCsrfHeader))) {
    return problem(403, "the header X-CSRF-Token is missing or wrong; GET /api/v1/session tells the right one");
  }
  return std::nullopt;
}

Auth::Session* Auth::find_session(std::string_view id) {
  const auto now = clock_.now();
  std::erase_if(sessions_, [&](const Session& each) { return now - each.used > hours{options_.session_h}; });
  for (auto& session : sessions_) {
    if (same_secret(session.id, id)) return &session;
  }
  return nullptr;
}

const Auth::Session* Auth::find_session(std::string_view id) const {
  for (const auto& session : sessions_) {
    if (same_secret(session.id, id)) return &session;
  }
  return nullptr;
}

/// Takes one try of an address (and of everybody). 0: go ahead; else: so many seconds to wait.
unsigned Auth::wait_s(const std::string& address) {
  const auto now = clock_.now();
  const auto refilled = [&](const Bucket& bucket, double most) {
    const double seconds = static_cast<double>((now - bucket.at).count()) / 1e6;
    return std::min(most, bucket.tries + seconds / kSecondsPerTry * (most / kTries));
  };
  if (buckets_.size() > kMaxBuckets) std::erase_if(buckets_, [&](const auto& entry) { return refilled(entry.second, kTries) >= kTries; });
  if (buckets_.size() > kMaxBuckets) return static_cast<unsigned>(kSecondsPerTry);
  auto& own = buckets_.try_emplace(bucket_key(address), Bucket{kTries, now}).first->second;
  own = {refilled(own, kTries), now};
  auto& all = buckets_.try_emplace(std::string{kEverybody}, Bucket{kTriesOfAll, now}).first->second;
  all = {refilled(all, kTriesOfAll), now};
  auto& one = buckets_.find(bucket_key(address))->second;  // the second insertion may have moved things, not the nodes
  if (one.tries < 1) return static_cast<unsigned>(std::ceil((1 - one.tries) * kSecondsPerTry));
  if (all.tries < 1) return static_cast<unsigned>(kSecondsPerTry);
  one.tries -= 1;
  all.tries -= 1;
  return 0;
}

void Auth::forgive(const std::string& address) {
  buckets_.erase(bucket_key(address));
  if (const auto all = buckets_.find(std::string{kEverybody}); all != buckets_.end()) all->second.tries += 1;
}

std::string Auth::open_session(const User& user) {
  if (sessions_.size() >= kMaxSessions) {
    sessions_.erase(std::min_element(sessions_.begin(), sessions_.end(), [](const auto& a, const auto& b) { return a.used < b.used; }));
  }
  sessions_.push_back({random_token(), random_token(), user.name, user.hash, clock_.now()});
  return sessions_.back().id;
}

void Auth::log_in(const Request& request, std::string user, std::string password, std::function<void(Login)> done) {
  users_.refresh();
  const auto address = request.caller.address;
  const auto* account = users_.find(user);
  if (account != nullptr && account->default_password && !request.caller.local && !is_private(address)) return done({403, 0, {}});
  const unsigned wait = hashing_ >= kMaxHashing ? 1 : wait_s(address);
  if (wait > 0) return done({429, wait, {}});
  // A user who does not exist takes as long as one who does.
  const auto* example = users_.all().empty() ? nullptr : &users_.all().front();
  const bool known = account != nullptr && !account->hash.empty();
  auto hash = known ? account->hash : example != nullptr ? example->hash : std::string{};
  auto right = std::make_shared<bool>(false);
  ++hashing_;
  offload_([right, hash, password = std::move(password)] { *right = verify_password(hash, password); },
           [this, right, known, hash, address, user = std::move(user), done = std::move(done)] {
             --hashing_;
             const auto* now = users_.find(user);
             if (!*right || !known || now == nullptr || now->hash != hash) return done({401, 0, {}});
             forgive(address);
             done({200, 0, open_session(*now)});
           });
}

void Auth::log_out(std::string_view session) {
  std::erase_if(sessions_, [&](const Session& each) { return same_secret(each.id, session); });
}

void Auth::end_sessions(std::string_view user, std::string_view except) {
  std::erase_if(sessions_, [&](const Session& each) { return each.user == user && each.id != except; });
}

void Auth::change_password(const Request& request, std::string old_password, std::string new_password,
                           std::function<void(unsigned, std::string)> done) {
  const auto caller = request.caller;
  const auto* user = users_.find(caller.user);
  if (user == nullptr) return done(401, "log in first");
  if (auto trouble = password_trouble(new_password)) return done(422, *trouble);
  const unsigned wait = hashing_ >= kMaxHashing ? 1 : wait_s(caller.address);
  if (wait > 0) return done(429, fmt::format("too many tries; try again in {} s", wait));
  auto hash = std::make_shared<std::string>(user->hash);  // of the old password, then of the new one; empty: the old one is wrong
  ++hashing_;
  offload_(
      [hash, old_password = std::move(old_password), new_password = std::move(new_password)] {
        *hash = verify_password(*hash, old_password) ? hash_password(new_password) : std::string{};
      },
      [this, hash, caller, done = std::move(done)] {
        --hashing_;
        if (hash->empty()) return done(401, "the old password is wrong");
        forgive(caller.address);
        if (auto failure = users_.set_hash(caller.user, *hash)) return done(422, *failure);
        end_sessions(caller.user, caller.session);
        if (auto* own = find_session(caller.session)) own->hash = *hash;
        done(204, {});
      });
}

std::string Auth::session_json(const Caller& caller) const {
  const auto* session = caller.session.empty() ? nullptr : find_session(caller.session);
  const auto role = caller.user.empty() && !options_.require_login ? Role::kViewer : caller.role;
  std::string out = "{\"user\":";
  if (caller.user.empty()) {
    out += "null";
  } else {
    outputs::append_string(out, caller.user);
  }
  out += role == Role::kNone ? std::string{",\"role\":null"} : fmt::format(",\"role\":\"{}\"", kRoleNames[static_cast<std::size_t>(role)]);
  out += fmt::format(",\"csrf\":\"{}\",\"default_password\":{},\"login_required\":{}}}", session != nullptr ? session->csrf : "",
                     users_.default_password(), role == Role::kNone);
  return out;
}

std::string Auth::cookie(std::string_view session) const {
  const auto base = fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict", kSessionCookie, session);
  if (session.empty()) return base + "; Max-Age=0";
  return fmt::format("{}; Max-Age={}", base, options_.session_h * 3600);
}

}  // namespace bmsgate::host::web
