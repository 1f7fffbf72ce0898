// SPDX-License-Identifier: Apache-2.0
// The settings over HTTP. Secrets go in, never out.
#include <boost/json.hpp>

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

/// The pack that was heard at this place and belongs to nobody yet.
core::PackIndex find_heard(const core::Hub& hub, std::string_view bus, std::string_view address) {
  for (std::size_t i = 0; i < hub.pack_count(); ++i) {
    const auto pack = static_cast<core::PackIndex>(i);
    const auto& config = hub.config(pack);
    if (!config.accepted && config.bus.view() == bus && std::to_string(config.address) == address) return pack;
  }
  return core::kNoPack;
}

/// Settings that make it one of ours; nothing if the request is none.
std::optional<std::string> acceptance(const core::PackConfig& heard, std::string_view body) {
  namespace json = boost::json;
  json::error_code error;
  const auto wish = json::parse(body, error);
  if (error || !wish.is_object()) return std::nullopt;
  const auto text = [&](std::string_view key, std::string_view otherwise) {
    const auto* value = wish.get_object().if_contains(key);
    return value != nullptr && value->is_string() ? std::string{value->get_string()} : std::string{otherwise};
  };
  json::object pack{{"id", text("id", heard.id.view())},
                    {"name", text("name", "")},
                    {"bus", heard.bus.view()},
                    {"protocol", heard.protocol.view()},
                    {"address", heard.address}};
  return json::serialize(json::object{{"pack", json::array{std::move(pack)}}});
}

}  // namespace

Response settings_refusal(const config::Problems& problems) { return problem(422, problems.front().line(), errors_json(problems)); }

std::vector<Route> settings_routes(SettingsStore& store, const core::Hub& hub, SettingsChanged changed) {
  auto show = [&store](const Request&, const Reply& reply) { reply(json_response(store.values_json())); };
  auto schema = [](const Request&, const Reply& reply) { reply(json_response(SettingsStore::schema_json())); };
  auto check = [&store](const Request& request, const Reply& reply) {
    const auto result = store.check(request.body);
    if (!result.problems.empty()) return reply(settings_refusal(result.problems));
    reply(json_response("{\"errors\":[]}"));
  };
  const auto change = [&store, changed](bool whole) {
    return [&store, changed, whole](const Request& request, const Reply& reply) {
      const auto result = whole ? store.put(request.body) : store.patch(request.body);
      if (!result.problems.empty()) return reply(settings_refusal(result.problems));
      const auto restart = changed(result, request.caller);
      reply(json_response(with_restart(store.values_json(), restart)));
    };
  };
  auto accept = [&store, &hub, changed](const Request& request, const Reply& reply) {
    const auto pack = find_heard(hub, request.args[0], request.args[1]);
    if (pack == core::kNoPack) return reply(problem(404, "no new pack was heard there"));
    const auto settings = acceptance(hub.config(pack), request.body);
    if (!settings) return reply(problem(400, R"(send {"id":"…","name":"…"})"));
    const auto result = store.patch(*settings);
    if (!result.problems.empty()) return reply(settings_refusal(result.problems));
    static_cast<void>(changed(result, request.caller));
    reply(json_response("{}", 201));
  };
  return {
      {Method::kPost, "/api/v1/buses/{id}/packs/{address}/accept", Role::kAdmin, "Save a pack that was only heard: {id, name}", "json",
       accept},
      {Method::kGet, "/api/v1/settings", Role::kAdmin, "All settings; secrets only as set or not", "Settings", show},
      {Method::kPut, "/api/v1/settings", Role::kAdmin, "Replace all settings; what is missing goes back to its default", "Settings",
       change(true)},
      {Method::kPatch, "/api/v1/settings", Role::kAdmin, "Change some settings; null goes back to the default", "Settings", change(false)},
      {Method::kPost, "/api/v1/settings/check", Role::kAdmin, "What a change would be answered; nothing is saved", "SettingsCheck", check},
      {Method::kGet, "/api/v1/settings/schema", Role::kViewer, "JSON Schema of the settings", "JsonSchema", schema},
  };
}

}  // namespace bmsgate::host::web
