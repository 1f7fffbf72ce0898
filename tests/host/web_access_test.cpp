// SPDX-License-Identifier: Apache-2.0
// Who may do what: roles, sessions, CSRF, tokens, the well-known password.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "web_fixture.hpp"

namespace bmsgate::host::web {
namespace {

using ::testing::HasSubstr;

class Access : public WebTest {
 protected:
  void SetUp() override {
    WebTest::SetUp();
    const auto done = [](const Request&, const Reply& reply) { reply(json_response("{}")); };
    add_routes({{Method::kPost, "/test/view", Role::kViewer, "", "", done},
                {Method::kPost, "/test/operate", Role::kOperator, "", "", done},
                {Method::kPost, "/test/admin", Role::kAdmin, "", "", done},
                {Method::kPost, "/test/bms", Role::kOperator, "", "", done, "", kOwnPassword}});
  }
  /// The answer's status for a change with these header lines.
  [[nodiscard]] int change(std::string_view path, std::string_view extra) const { return ask("POST", path, extra).status; }
};

/// What makes a caller look like another machine: a proxy says so. (The tests have one machine only.)
constexpr std::string_view kFromAfar = "X-Forwarded-For: 192.168.1.50\r\n";

TEST_F(Access, LookingIsOpenUntilItIsClosed) {
  EXPECT_EQ(ask("GET", "/api/v1/packs").status, 200);
  EXPECT_EQ(ask("GET", "/api/v1/session").json().at("role"), "viewer");
  on_loop([this] { options().require_login = true; });
  const auto answer = ask("GET", "/api/v1/packs");
  EXPECT_EQ(answer.status, 401);
  EXPECT_THAT(answer.headers.at("www-authenticate"), HasSubstr("Bearer"));
  EXPECT_EQ(ask("GET", "/healthz").status, 503);  // no reading yet, but told
  EXPECT_EQ(ask("GET", "/api/v1/session").json().at("login_required"), true);
  own_password();
  EXPECT_EQ(ask("GET", "/api/v1/packs", log_in("admin", kPassword)).status, 200);
}

TEST_F(Access, NothingChangesWithoutALogIn) {
  own_password();
  for (const auto* path : {"/test/view", "/test/operate", "/test/admin", "/test/bms"}) EXPECT_EQ(change(path, ""), 401) << path;
  EXPECT_EQ(ask("GET", "/api/v1/users").status, 401);
  EXPECT_EQ(ask("GET", "/api/v1/buses/bus1/capture").status, 401);
}

TEST_F(Access, EachRoleMayDoWhatTheOnesBeforeItMay) {
  own_password();
  on_loop([this] {
    EXPECT_FALSE(users().add("vera", Role::kViewer, "vera's password"));
    EXPECT_FALSE(users().add("otto", Role::kOperator, "otto's password"));
  });
  const auto vera = log_in("vera", "vera's password");
  const auto otto = log_in("otto", "otto's password");
  const auto admin = log_in("admin", kPassword);
  struct Row {
    const char* path;
    int vera, otto, admin;
  };
  for (const auto& row : {Row{"/test/view", 200, 200, 200}, Row{"/test/operate", 403, 200, 200}, Row{"/test/admin", 403, 403, 200},
                          Row{"/test/bms", 403, 200, 200}}) {
    EXPECT_EQ(change(row.path, vera), row.vera) << row.path;
    EXPECT_EQ(change(row.path, otto), row.otto) << row.path;
    EXPECT_EQ(change(row.path, admin), row.admin) << row.path;
  }
}

TEST_F(Access, ASessionAloneDoesNotChangeAnything) {
  own_password();
  const auto headers = log_in("admin", kPassword);
  const auto cookie = headers.substr(0, headers.find("X-CSRF"));
  EXPECT_EQ(change("/test/admin", cookie), 403);
  EXPECT_EQ(change("/test/admin", cookie + "X-CSRF-Token: wrong\r\n"), 403);
  EXPECT_EQ(change("/test/admin", headers), 200);
  EXPECT_EQ(ask("GET", "/api/v1/users", cookie).status, 200);
}

TEST_F(Access, PagesOfStrangersAreRefused) {
  own_password();
  const auto headers = log_in("admin", kPassword);
  EXPECT_EQ(change("/test/admin", headers + "Origin: http://evil.example\r\n"), 403);
  EXPECT_EQ(change("/test/admin", headers + "Origin: null\r\n"), 403);
  EXPECT_EQ(change("/test/admin", headers + fmt::format("Origin: http://127.0.0.1:{}\r\n", port())), 200);
  EXPECT_EQ(ask("POST", "/api/v1/session", "Origin: http://evil.example\r\n", R"({"user":"admin","password":"correct horse"})").status,
            403);
}

TEST_F(Access, StrangeNamesOfThisMachineAreRefused) {
  own_password();
  const auto post = [&](std::string_view host) {
    Client client{port()};
    const std::string body = R"({"user":"admin","password":"correct horse"})";
    client.send(fmt::format("POST /api/v1/session HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
                            host, body.size(), body));
    return client.answer().status;
  };
  EXPECT_EQ(post("rebound.example"), 403);
  for (const auto* host : {"localhost:8080", "192.168.1.7", "[::1]:80", "smartbms.local", "gateway"}) EXPECT_EQ(post(host), 200) << host;
  on_loop([this] { options().names = "battery.example.org, rebound.example"; });
  EXPECT_EQ(post("rebound.example"), 200);
}

TEST_F(Access, FormsOfOtherSitesAreNoJson) {
  own_password();
  EXPECT_EQ(ask("POST", "/api/v1/session", "Content-Type: text/plain\r\n", R"({"user":"admin","password":"correct horse"})").status, 415);
}

TEST_F(Access, TokensNeedNoSession) {
  own_password();
  std::string token;
  on_loop([&] { EXPECT_FALSE(users().add_token("admin", token)); });
  EXPECT_EQ(change("/test/admin", "Authorization: Bearer " + token + "\r\n"), 200);
  EXPECT_EQ(change("/test/admin", "Authorization: Bearer " + token + "x\r\n"), 401);
  EXPECT_EQ(change("/test/admin", "Authorization: Bearer \r\n"), 401);
}

TEST_F(Access, TheWellKnownPasswordOpensLittle) {
  const auto headers = log_in("admin", kDefaultPassword);
  EXPECT_EQ(change("/test/admin", headers), 200);                           // from this machine
  EXPECT_EQ(change("/test/admin", headers + std::string{kFromAfar}), 403);  // from another one
  EXPECT_EQ(change("/test/bms", headers), 403);                             // a BMS: not at all
  EXPECT_EQ(ask("GET", "/api/v1/buses/bus1/capture", headers).status, 403);
  EXPECT_EQ(ask("GET", "/api/v1/session").json().at("default_password"), true);
  std::string token;
  on_loop([&] { EXPECT_FALSE(users().add_token("admin", token)); });
  EXPECT_EQ(change("/test/admin", "Authorization: Bearer " + token + "\r\n" + std::string{kFromAfar}), 403);

  EXPECT_EQ(ask("POST", "/api/v1/session/password", headers, R"({"old":"admin!","new":"admin!"})").status, 422);
  EXPECT_EQ(ask("POST", "/api/v1/session/password", headers, R"({"old":"wrong","new":"correct horse"})").status, 401);
  EXPECT_EQ(ask("POST", "/api/v1/session/password", headers, R"({"old":"admin!","new":"correct horse"})").status, 204);
  EXPECT_EQ(change("/test/bms", headers), 200);
  EXPECT_EQ(change("/test/admin", headers + std::string{kFromAfar}), 200);
  EXPECT_EQ(ask("GET", "/api/v1/buses/bus1/capture", headers).status, 200);
  EXPECT_EQ(ask("POST", "/api/v1/session", {}, R"({"user":"admin","password":"admin!"})").status, 401);
}

TEST_F(Access, GuessingIsSlow) {
  own_password();
  int last = 0;
  for (int i = 0; i < 6; ++i) {
    const auto answer = ask("POST", "/api/v1/session", {}, R"({"user":"admin","password":"guess"})");
    last = answer.status;
    if (last == 429) {
      EXPECT_GE(std::stoi(answer.headers.at("retry-after")), 1);
    }
  }
  EXPECT_EQ(last, 429);
  EXPECT_EQ(ask("POST", "/api/v1/session", {}, R"({"user":"nobody","password":"guess"})").status, 429);
  EXPECT_EQ(ask("GET", "/api/v1/packs").status, 200);
}

TEST_F(Access, SessionsEnd) {
  own_password();
  const auto one = log_in("admin", kPassword);
  const auto two = log_in("admin", kPassword);
  EXPECT_EQ(ask("DELETE", "/api/v1/session", one).status, 204);
  EXPECT_EQ(change("/test/admin", one), 401);
  EXPECT_EQ(change("/test/admin", two), 200);
  on_loop([this] { EXPECT_FALSE(users().set_password("admin", "another password")); });  // on the command line
  EXPECT_EQ(change("/test/admin", two), 401);
}

TEST_F(Access, TheCookieIsForThePagesAlone) {
  own_password();
  const auto answer = ask("POST", "/api/v1/session", {}, R"({"user":"admin","password":"correct horse"})");
  EXPECT_THAT(answer.headers.at("set-cookie"), AllOf(HasSubstr("HttpOnly"), HasSubstr("SameSite=Strict"), HasSubstr("Path=/")));
}

TEST_F(Access, UsersAreManaged) {
  own_password();
  const auto admin = log_in("admin", kPassword);
  EXPECT_EQ(ask("POST", "/api/v1/users", admin, R"({"name":"vera","role":"viewer","password":"vera's password"})").status, 201);
  EXPECT_EQ(ask("POST", "/api/v1/users", admin, R"({"name":"vera","role":"king","password":"vera's password"})").status, 400);
  EXPECT_EQ(ask("POST", "/api/v1/users", admin, R"({"name":"Bad Name","role":"viewer","password":"vera's password"})").status, 422);
  EXPECT_EQ(ask("POST", "/api/v1/users", admin, R"({"name":"short","role":"viewer","password":"short"})").status, 422);
  EXPECT_EQ(ask("POST", "/api/v1/users", admin, R"({"name":"admin","role":"viewer","password":""})").status, 422);  // the last admin
  EXPECT_EQ(ask("GET", "/api/v1/users", admin).json().as_array().size(), 2U);
  EXPECT_EQ(ask("DELETE", "/api/v1/users/vera", admin).status, 204);
  EXPECT_EQ(ask("DELETE", "/api/v1/users/vera", admin).status, 404);
  EXPECT_EQ(ask("DELETE", "/api/v1/users/admin", admin).status, 409);
}

TEST(Users, TheFileIsForItsOwnerAlone) {
  const auto file = std::filesystem::path{::testing::TempDir()} / fmt::format("users_{}.json", ::getpid());
  Users users{file};
  ASSERT_FALSE(users.open());
  EXPECT_TRUE(users.default_password());
  struct stat status {};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  Users other{file};  // the command line
  ASSERT_FALSE(other.open());
  ASSERT_FALSE(other.set_password("admin", "correct horse"));
  users.refresh();
  EXPECT_FALSE(users.default_password());
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace bmsgate::host::web
