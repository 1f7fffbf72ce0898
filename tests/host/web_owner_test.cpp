// SPDX-License-Identifier: Apache-2.0
// Branding and backup: what is kept, what is refused, and that no secret leaves.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

#include "host/system_clock.hpp"
#include "host/web/api_owner.hpp"

namespace bmsgate::host::web {
namespace {

class WebOwner : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = (std::filesystem::temp_directory_path() / ("bmsgate-owner-" + std::to_string(::getpid()))).string();
    std::filesystem::create_directories(folder_);
    const config::Override port{.key = "web.port", .value = "18080", .origin = "--port"};
    ASSERT_TRUE(store_.load({.config_file = "", .data_dir = folder_, .environment = {}, .overrides = {port}}).empty());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Response ask(const std::vector<Route>& routes, Method method, std::string_view path, std::string_view body = {},
               std::string_view type = "application/json") {
    std::optional<Response> answer;
    Request request;
    request.method = method;
    request.path = path;
    request.body = body;
    request.headers.emplace_back("Content-Type", type);
    for (const auto& route : routes) {
      if (route.method == method && route.path == path) route.handle(request, [&](Response response) { answer = std::move(response); });
    }
    EXPECT_TRUE(answer.has_value()) << "no route for " << path;
    return answer.value_or(Response{.status = 0});
  }

  std::string folder_;
  SystemClock clock_;
  SettingsStore store_{program_hooks()};
};

TEST_F(WebOwner, BrandingHasDefaultsAndKeepsWhatFits) {
  EXPECT_EQ(branding_json(folder_), R"({"name":"bmsgate","accent":"#1f7ae0","accent_dark":"#5aa5ff","footer":"","logo":null})");
  EXPECT_EQ(save_branding(folder_, R"({"name":"Sun & Co","accent":"#aa0011","unknown":1})"), "");
  EXPECT_EQ(branding_json(folder_), R"({"name":"Sun & Co","accent":"#aa0011","accent_dark":"#5aa5ff","footer":"","logo":null})");
}

TEST_F(WebOwner, BrandingRefusesWhatCannotBeShown) {
  for (const auto* text : {"", "[]", R"({"name":""})", R"({"name":5})", R"({"accent":"red"})", R"({"accent":"#12345g"})"}) {
    EXPECT_NE(save_branding(folder_, text), "") << text;
  }
  EXPECT_NE(save_branding(folder_, R"({"footer":")" + std::string(65, 'x') + R"("})"), "");
  EXPECT_EQ(branding_json(folder_).find("red"), std::string::npos);
}

TEST_F(WebOwner, LogoComesBackAsItWasSent) {
  const auto routes = branding_routes(folder_);
  EXPECT_EQ(ask(routes, Method::kGet, "/api/v1/files/logo.svg").status, 404U);
  EXPECT_EQ(ask(routes, Method::kPut, "/api/v1/files/logo.svg", "<html>", "text/html").status, 415U);
  EXPECT_EQ(ask(routes, Method::kPut, "/api/v1/files/logo.svg", "<svg/>", "image/svg+xml").status, 204U);
  const auto logo = ask(routes, Method::kGet, "/api/v1/files/logo.svg");
  EXPECT_EQ(logo.type, "image/svg+xml");
  EXPECT_EQ(logo.body, "<svg/>");
  EXPECT_EQ(ask(routes, Method::kPut, "/api/v1/files/logo.png", "png", "image/png").status, 204U);
  EXPECT_NE(branding_json(folder_).find("/api/v1/files/logo.png"), std::string::npos);
  EXPECT_EQ(ask(routes, Method::kGet, "/api/v1/files/logo.svg").status, 404U) << "one logo at a time";
  EXPECT_EQ(ask(routes, Method::kDelete, "/api/v1/files/logo.png").status, 204U);
  EXPECT_EQ(ask(routes, Method::kGet, "/api/v1/files/logo.png").status, 404U);
}

TEST_F(WebOwner, BackupGoesOutWithoutSecretsAndComesBack) {
  ASSERT_TRUE(store_.patch(R"({"general":{"name":"Boat"},"mqtt":{"host":"broker","password":"tiger"}})").problems.empty());
  std::vector<std::string> told;
  const auto routes = backup_routes(
      clock_, store_,
      [&](const SettingsStore::Change& change, const Caller&) {
        told = change.changed;
        return std::vector<std::string>{};
      },
      folder_);
  const auto backup = ask(routes, Method::kGet, "/api/v1/backup");
  EXPECT_EQ(backup.body.find("tiger"), std::string::npos);
  EXPECT_NE(backup.body.find("Boat"), std::string::npos);
  EXPECT_EQ(backup.body.find("18080"), std::string::npos) << "what the command line says belongs to this machine";

  ASSERT_TRUE(store_.patch(R"({"general":{"name":"Other"}})").problems.empty());
  EXPECT_EQ(ask(routes, Method::kPost, "/api/v1/backup", backup.body).status, 200U);
  EXPECT_EQ(store_.current().general.name, "Boat");
  EXPECT_EQ(store_.current().mqtt.password, "tiger") << "secrets of this gateway stay";
  EXPECT_EQ(told, std::vector<std::string>{"general"});
}

TEST_F(WebOwner, RestoreRefusesStrangers) {
  const auto routes = backup_routes(
      clock_, store_, [](const auto&, const auto&) { return std::vector<std::string>{}; }, folder_);
  for (const auto* text : {"", "{}", "[]", R"({"settings":{}})", R"({"bmsgate":1,"settings":[]})", R"({"bmsgate":2,"settings":{}})",
                           R"({"bmsgate":1,"settings":{"general":{"name":5}}})"}) {
    EXPECT_EQ(ask(routes, Method::kPost, "/api/v1/backup", text).status, 422U) << text;
  }
}

}  // namespace
}  // namespace bmsgate::host::web
