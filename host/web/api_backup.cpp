// SPDX-License-Identifier: Apache-2.0
// All settings and the branding as one document. Secrets are not in it: those of the gateway that is restored stay.
#include <boost/json.hpp>

#include "host/web/api_owner.hpp"
#include "outputs/pack_json.hpp"

namespace bmsgate::host::web {
namespace {

namespace json = boost::json;

constexpr std::string_view kMark = "bmsgate";
constexpr int kFormat = 1;

std::string problems_json(const config::Problems& problems) {
  json::array list;
  for (const auto& problem : problems) list.push_back({{"key", problem.key}, {"pointer", problem.pointer}, {"message", problem.message}});
  return "\"errors\":" + json::serialize(list);
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

void save(const core::Clock& clock, const SettingsStore& store, const std::string& data_dir, const Reply& reply) {
  std::string saved;
  outputs::append_time(saved, clock.utc_ms());
  const json::object document{
      {kMark, kFormat}, {"saved", json::parse(saved)}, {"settings", own_values(store)}, {"branding", json::parse(branding_json(data_dir))}};
  auto response = json_response(json::serialize(document));
  response.headers.emplace_back("Content-Disposition", "attachment; filename=\"bmsgate-backup.json\"");
  reply(std::move(response));
}

void restore(SettingsStore& store, const SettingsChanged& changed, const std::string& data_dir, const Request& request,
             const Reply& reply) {
  boost::system::error_code error;
  const auto document = json::parse(request.body, error);
  const auto* object = error ? nullptr : document.if_object();
  const auto* mark = object == nullptr ? nullptr : object->if_contains(kMark);
  const auto* settings = object == nullptr ? nullptr : object->if_contains("settings");
  if (mark == nullptr || settings == nullptr || !settings->is_object()) return reply(problem(422, "this is not a backup of bmsgate"));
  if (*mark != kFormat) return reply(problem(422, "this backup is of a newer version; update this gateway first"));
  const auto change = store.put(json::serialize(*settings));
  if (!change.problems.empty()) return reply(problem(422, change.problems.front().line(), problems_json(change.problems)));
  if (const auto* branding = object->if_contains("branding")) {
    if (const auto failure = save_branding(data_dir, json::serialize(*branding)); !failure.empty()) return reply(problem(422, failure));
  }
  json::array restart;
  for (const auto& group : changed(change, request.caller)) restart.emplace_back(group);
  reply(json_response(json::serialize(json::object{{"changed", change.changed.size()}, {"restart", restart}})));
}

}  // namespace

std::vector<Route> backup_routes(const core::Clock& clock, SettingsStore& store, SettingsChanged changed, const std::string& data_dir) {
  auto get = [&clock, &store, data_dir](const Request&, const Reply& reply) { save(clock, store, data_dir, reply); };
  auto put = [&store, changed = std::move(changed), data_dir](const Request& request, const Reply& reply) {
    restore(store, changed, data_dir, request, reply);
  };
  return {
      {Method::kGet, "/api/v1/backup", Role::kAdmin, "All settings and the branding, without secrets", "json", get},
      {Method::kPost, "/api/v1/backup", Role::kAdmin, "Restore a backup", "json", put},
  };
}

}  // namespace bmsgate::host::web
