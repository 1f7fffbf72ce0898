// SPDX-License-Identifier: Apache-2.0
// The settings over HTTP. Secrets go in, never out.
#include "host/web/api.hpp"
#include "outputs/pack_json.hpp"

namespace bmsgate::host::web {
namespace {

/// `"errors":[{"key","pointer","message"}]` for forms.
std::string errors_json(const config::Problems& problems) {
  std::string out = "\"errors\":[";
  for (const auto& problem : problems) {
    if (out.back() != '[') out += ',';
    out += "{\"key\":";
    outputs::append_string(out, problem.key);
    out += ",\"pointer\":";
    outputs::append_string(out, problem.pointer);
    out += ",\"message\":";
    outputs::append_string(out, problem.message);
    out += '}';
  }
  return out + "]";
}

Response refusal(const config::Problems& problems) { return problem(422, problems.front().line(), errors_json(problems)); }

/// The object of GET with the groups that take effect at the next start.
std::string with_restart(std::string values, const std::vector<std::string>& restart) {
  values.pop_back();
  values += ",\"restart\":[";
  for (const auto& group : restart) {
    if (values.back() != '[') values += ',';
    outputs::append_string(values, group);
  }
  return values + "]}";
}

}  // namespace

std::vector<Route> settings_routes(SettingsStore& store, SettingsChanged changed) {
  auto show = [&store](const Request&, const Reply& reply) { reply(json_response(store.values_json())); };
  auto schema = [](const Request&, const Reply& reply) { reply(json_response(SettingsStore::schema_json())); };
  auto check = [&store](const Request& request, const Reply& reply) {
    const auto result = store.check(request.body);
    if (!result.problems.empty()) return reply(refusal(result.problems));
    reply(json_response("{\"errors\":[]}"));
  };
  const auto change = [&store, changed](bool whole) {
    return [&store, changed, whole](const Request& request, const Reply& reply) {
      const auto result = whole ? store.put(request.body) : store.patch(request.body);
      if (!result.problems.empty()) return reply(refusal(result.problems));
      const auto restart = changed(result, request.caller);
      reply(json_response(with_restart(store.values_json(), restart)));
    };
  };
  return {
      {Method::kGet, "/api/v1/settings", Role::kAdmin, "All settings; secrets only as set or not", "Settings", show},
      {Method::kPut, "/api/v1/settings", Role::kAdmin, "Replace all settings; what is missing goes back to its default", "Settings",
       change(true)},
      {Method::kPatch, "/api/v1/settings", Role::kAdmin, "Change some settings; null goes back to the default", "Settings", change(false)},
      {Method::kPost, "/api/v1/settings/check", Role::kAdmin, "What a change would be answered; nothing is saved", "SettingsCheck", check},
      {Method::kGet, "/api/v1/settings/schema", Role::kViewer, "JSON Schema of the settings", "JsonSchema", schema},
  };
}

}  // namespace bmsgate::host::web
