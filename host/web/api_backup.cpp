// SPDX-License-Identifier: Apache-2.0
// All settings and the branding as one document. Secrets are not in it: those of the gateway that is restored stay.
#include <array>
#include <boost/json.hpp>
#include <charconv>

#include "host/web/api_owner.hpp"
#include "outputs/pack_json.hpp"

namespace bmsgate::host::web {
namespace {

namespace json = boost::json;

constexpr std::string_view kMark = "bmsgate";
constexpr int kFormat = 1;

/// Numbers come as numbers and as texts ("1883"), switches as either or as bools.
std::optional<std::int64_t> number_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_bool()) return value->get_bool() ? 1 : 0;
  if (value->is_int64()) return value->get_int64();
  if (!value->is_string()) return std::nullopt;
  const auto& text = value->get_string();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional{number} : std::nullopt;
}

/// The original's config.txt as settings of ours; empty: none of its keys is there.
json::object settings_of_original(const json::object& object) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kTexts{
      {{"mqtt_server", "host"}, {"mqtt_uname", "username"}, {"mqtt_pwd", "password"}}};
  json::object mqtt;
  for (const auto& [theirs, ours] : kTexts) {
    const auto* value = object.if_contains(theirs);
    if (value != nullptr && value->is_string()) mqtt[ours] = *value;
  }
  if (const auto port = number_of(object, "mqtt_port")) mqtt["port"] = *port;
  if (const auto publish = number_of(object, "mqtt_Publish")) mqtt["enabled"] = *publish != 0;
  if (const auto secure = number_of(object, "mqtt_Sec")) mqtt["tls"] = *secure != 0;
  return mqtt.empty() ? json::object{} : json::object{{"mqtt", std::move(mqtt)}};
}

/// The values, but for those that the command line or the environment dictates: they belong to this machine.
json::value own_values(const SettingsStore& store) {
  boost::system::error_code error;
  auto settings = json::parse(store.values_json(), error);
  if (error) return {};
  auto& values = settings.at("values").as_object();
  for (const auto& [key, origin] : settings.at("origin").as_object()) {
    if (origin != "command line" && origin != "environment") continue;
    const auto dot = key.find('.');
    auto* group = dot == json::string_view::npos ? nullptr : values.if_contains(key.substr(0, dot));
    if (group != nullptr && group->is_object()) group->get_object().erase(key.substr(dot + 1));
  }
  return values;
}

}  // namespace

std::string backup_json(const core::Clock& clock, const SettingsStore& store, const std::string& data_dir, std::string_view front) {
  std::string saved;
  outputs::append_time(saved, clock.utc_ms());
  const json::object document{
      {kMark, kFormat}, {"saved", json::parse(saved)}, {"settings", own_values(store)}, {"branding", json::parse(branding_json(data_dir))}};
  return "{" + std::string{front} + json::serialize(document).substr(1);
}

Response restore_backup(SettingsStore& store, const SettingsChanged& changed, const std::string& data_dir, const Request& request) {
  boost::system::error_code error;
  const auto document = json::parse(request.body, error);
  const auto* object = error ? nullptr : document.if_object();
  if (object == nullptr) return problem(422, "this is not a backup of bmsgate");
  const auto* mark = object->if_contains(kMark);
  const auto* settings = object->if_contains("settings");
  const auto theirs = mark == nullptr ? settings_of_original(*object) : json::object{};
  if (theirs.empty() && (mark == nullptr || settings == nullptr || !settings->is_object())) {
    return problem(422, "this is not a backup of bmsgate");
  }
  if (mark != nullptr && *mark != kFormat) return problem(422, "this backup is of a newer version; update this gateway first");
  const auto change = theirs.empty() ? store.put(json::serialize(*settings)) : store.patch(json::serialize(theirs));
  if (!change.problems.empty()) return settings_refusal(change.problems);
  if (const auto* branding = object->if_contains("branding")) {
    if (const auto failure = save_branding(data_dir, json::serialize(*branding)); !failure.empty()) return problem(422, failure);
  }
  json::array restart;
  for (const auto& group : changed(change, request.caller)) restart.emplace_back(group);
  return json_response(json::serialize(json::object{{"changed", change.changed.size()}, {"restart", restart}}));
}

std::vector<Route> backup_routes(const core::Clock& clock, SettingsStore& store, SettingsChanged changed, const std::string& data_dir) {
  auto get = [&clock, &store, data_dir](const Request&, const Reply& reply) {
    auto response = json_response(backup_json(clock, store, data_dir));
    response.headers.emplace_back("Content-Disposition", "attachment; filename=\"bmsgate-backup.json\"");
    reply(std::move(response));
  };
  auto put = [&store, changed = std::move(changed), data_dir](const Request& request, const Reply& reply) {
    reply(restore_backup(store, changed, data_dir, request));
  };
  return {
      {Method::kGet, "/api/v1/backup", Role::kAdmin, "All settings and the branding, without secrets", "json", get},
      {Method::kPost, "/api/v1/backup", Role::kAdmin, "Restore a backup", "json", put},
  };
}

}  // namespace bmsgate::host::web
