// SPDX-License-Identifier: Apache-2.0
// Name, colours and logo of the pages. The logo is served with its fixed type; the content security policy of every answer keeps scripts in
// an SVG from running.
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <filesystem>
#include <regex>

#include "config/file.hpp"
#include "host/web/api_owner.hpp"

namespace bmsgate::host::web {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxLogoBytes = 200'000;
constexpr std::size_t kMaxTextBytes = 64;

struct LogoKind {
  std::string_view name;
  std::string_view type;
  std::string_view path;
};
constexpr std::array kLogoKinds{LogoKind{"logo.svg", "image/svg+xml", "/api/v1/files/logo.svg"},
                                LogoKind{"logo.png", "image/png", "/api/v1/files/logo.png"}};

std::string file_of(const std::string& data_dir, std::string_view name) { return data_dir + "/branding/" + std::string{name}; }

const LogoKind* logo_kind(const std::string& data_dir) {
  std::error_code error;
  const auto* found = std::find_if(kLogoKinds.begin(), kLogoKinds.end(),
                                   [&](const LogoKind& kind) { return std::filesystem::exists(file_of(data_dir, kind.name), error); });
  return found == kLogoKinds.end() ? nullptr : found;
}

json::object kept(const std::string& data_dir) {
  json::object all{{"name", "bmsgate"}, {"accent", "#1f7ae0"}, {"accent_dark", "#5aa5ff"}, {"footer", ""}};
  const auto file = config::read_file(file_of(data_dir, "branding.json"), std::size_t{1} << 16);
  boost::system::error_code error;
  const auto value = json::parse(file.text, error);
  if (!error && value.is_object()) {
    for (const auto& [key, one] : value.get_object()) {
      if (all.contains(key) && one.is_string()) all[key] = one;
    }
  }
  return all;
}

/// A text is a name or a line; a colour is #rrggbb.
bool fits(std::string_view key, std::string_view text) {
  static const std::regex colour{"#[0-9a-fA-F]{6}"};
  if (key.starts_with("accent")) return std::regex_match(text.begin(), text.end(), colour);
  return text.size() <= kMaxTextBytes && (key != "name" || !text.empty());
}

Response no_content() {
  Response response;
  response.status = 204;
  return response;
}

void show_logo(const std::string& data_dir, const LogoKind& kind, const Reply& reply) {
  auto file = config::read_file(file_of(data_dir, kind.name), kMaxLogoBytes);
  if (!file.exists) return reply(problem(404, "no such logo has been uploaded"));
  if (!file.error.empty()) return reply(problem(500, file.error));
  Response response;
  response.type = kind.type;
  response.body = std::move(file.text);
  reply(std::move(response));
}

void remove_logo(const std::string& data_dir) {
  std::error_code error;
  for (const auto& kind : kLogoKinds) std::filesystem::remove(file_of(data_dir, kind.name), error);
}

void save_logo(const std::string& data_dir, const LogoKind& kind, const Request& request, const Reply& reply) {
  if (!request.header("Content-Type").starts_with(kind.type) || request.body.empty()) {
    return reply(problem(415, "send it as " + std::string{kind.type}));
  }
  remove_logo(data_dir);
  const auto failure = config::write_file(file_of(data_dir, kind.name), request.body);
  reply(failure.empty() ? no_content() : problem(507, failure));
}

/// Both kinds have the same rows; a new logo takes the place of the old one, whatever its kind.
void add_logo_routes(const std::string& data_dir, const LogoKind& kind, std::vector<Route>& routes) {
  routes.push_back({Method::kGet, kind.path, Role::kNone, "The logo", kind.type,
                    [data_dir, &kind](const Request&, const Reply& reply) { show_logo(data_dir, kind, reply); }});
  routes.push_back({Method::kPut, kind.path, Role::kAdmin, "Upload a logo", "",
                    [data_dir, &kind](const Request& request, const Reply& reply) { save_logo(data_dir, kind, request, reply); }, "", kFree,
                    false, kMaxLogoBytes});
  routes.push_back({Method::kDelete, kind.path, Role::kAdmin, "Remove the logo", "", [data_dir](const Request&, const Reply& reply) {
                      remove_logo(data_dir);
                      reply(no_content());
                    }});
}

}  // namespace

std::string branding_json(const std::string& data_dir) {
  auto all = kept(data_dir);
  const auto* kind = logo_kind(data_dir);
  all["logo"] = kind == nullptr ? json::value{} : json::value{kind->path};
  return json::serialize(all);
}

std::string save_branding(const std::string& data_dir, std::string_view text) {
  boost::system::error_code error;
  const auto value = json::parse(text, error);
  if (error || !value.is_object()) return "send the branding as a JSON object";
  auto all = kept(data_dir);
  for (auto& [key, one] : all) {
    const auto* wish = value.get_object().if_contains(key);
    if (wish == nullptr) continue;
    if (!wish->is_string() || !fits(key, wish->get_string()))
      return std::string{key} + " is no " + (key.starts_with("accent") ? "colour like #1f7ae0" : "text of at most 64 bytes");
    one = *wish;
  }
  return config::write_file(file_of(data_dir, "branding.json"), json::serialize(all));
}

std::vector<Route> branding_routes(const std::string& data_dir) {
  auto show = [data_dir](const Request&, const Reply& reply) { reply(json_response(branding_json(data_dir))); };
  auto save = [data_dir](const Request& request, const Reply& reply) {
    const auto failure = save_branding(data_dir, request.body);
    reply(failure.empty() ? no_content() : problem(422, failure));
  };
  std::vector<Route> routes{
      {Method::kGet, "/api/v1/branding", Role::kNone, "Name, colours and logo of the pages", "json", show},
      {Method::kPut, "/api/v1/files/branding.json", Role::kAdmin, "Change name and colours", "", save},
  };
  for (const auto& kind : kLogoKinds) add_logo_routes(data_dir, kind, routes);
  return routes;
}

}  // namespace bmsgate::host::web
