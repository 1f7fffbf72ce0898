// SPDX-License-Identifier: Apache-2.0
// The OpenAPI description, made from the table of routes and the table of fields.
#include <boost/json.hpp>

#include "core/alarm.hpp"
#include "host/web/api.hpp"

namespace bmsgate::host::web {
namespace {

namespace json = boost::json;

json::string_view view(std::string_view text) { return {text.data(), text.size()}; }
json::object type(std::string_view name) { return {{"type", view(name)}}; }
json::object nullable(std::string_view name) { return {{"type", json::array{view(name), "null"}}}; }
json::object reference(std::string_view schema) { return {{"$ref", "#/components/schemas/" + std::string{schema}}}; }
json::object list_of(json::object items) { return {{"type", "array"}, {"items", std::move(items)}}; }

template <class Names>
json::array names(const Names& list) {
  json::array out;
  for (const auto& name : list) out.emplace_back(view(name));
  return out;
}

json::object object(json::object properties, json::array required = {}) {
  json::object out{{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) out["required"] = std::move(required);
  return out;
}

json::object value_schema(const core::FieldInfo& field, bool hole) {
  switch (field.kind) {
    case core::Kind::kBool: return hole ? nullable("boolean") : type("boolean");
    case core::Kind::kState: return {{"type", "string"}, {"enum", names(core::kStateNames)}};
    case core::Kind::kClock: return {{"type", "string"}, {"pattern", "^[0-2][0-9]:[0-5][0-9]$"}};
    case core::Kind::kNumber: break;
  }
  return hole ? nullable("number") : type("number");
}

/// The fields as they appear everywhere; a missing one is left out.
json::object fields_schema() {
  json::object properties;
  for (const auto& field : core::kFields) {
    auto schema = value_schema(field, field.count > 1);
    if (field.count > 1) schema = {{"type", "array"}, {"items", std::move(schema)}, {"maxItems", field.count}};
    schema["title"] = view(field.label);
    if (!field.unit.empty()) schema["x-unit"] = view(field.unit);
    properties[view(field.key)] = std::move(schema);
  }
  return object(std::move(properties));
}

json::object alarm_schema() {
  json::array keys;
  for (const auto& alarm : core::kAlarms) keys.emplace_back(view(alarm.key));
  return object({{"key", {{"type", "string"}, {"enum", std::move(keys)}}},
                 {"severity", {{"type", "string"}, {"enum", names(core::kSeverityNames)}}},
                 {"text", type("string")},
                 {"cell", nullable("integer")},
                 {"value", nullable("number")},
                 {"since", nullable("string")}},
                {"key", "severity"});
}

json::object pack_schema() {
  return object({{"id", type("string")},
                 {"name", type("string")},
                 {"protocol", type("string")},
                 {"bus", type("string")},
                 {"address", type("integer")},
                 {"quality", {{"type", "string"}, {"enum", names(core::kQualityNames)}}},
                 {"age_s", nullable("number")},
                 {"time", nullable("string")},
                 {"fields", reference("Fields")},
                 {"alarms", list_of(reference("Alarm"))},
                 {"info", type("object")}},
                {"id", "name", "protocol", "bus", "address", "quality", "age_s", "time", "fields", "alarms", "info"});
}

json::object cell_schema() {
  return {{"type", json::array{"object", "null"}},
          {"properties", {{"pack", type("string")}, {"cell", nullable("integer")}, {"voltage", type("number")}}}};
}

json::object schemas() {
  json::object out;
  out["Fields"] = fields_schema();
  out["Alarm"] = alarm_schema();
  out["Pack"] = pack_schema();
  out["Packs"] = list_of(reference("Pack"));
  out["Bank"] = object({{"total", type("integer")},
                        {"online", type("integer")},
                        {"parallel", type("boolean")},
                        {"fields", reference("Fields")},
                        {"weakest", cell_schema()},
                        {"strongest", cell_schema()},
                        {"shares", list_of(object({{"pack", type("string")}, {"power", type("number")}, {"share", type("number")}}))},
                        {"left_out", list_of(object({{"pack", type("string")}, {"reason", type("string")}}))}});
  out["BmsSettings"] =
      list_of(object({{"key", type("string")}, {"label", type("string")}, {"unit", type("string")}, {"value", json::object{}}}));
  out["Buses"] = list_of(object({{"id", type("string")},
                                 {"link", type("string")},
                                 {"role", type("string")},
                                 {"state", type("string")},
                                 {"message", type("string")},
                                 {"polls_per_s", type("number")},
                                 {"stats", type("object")},
                                 {"hints", list_of(type("object"))},
                                 {"packs", list_of(type("object"))}}));
  out["Session"] = object({{"user", nullable("string")},
                           {"role", nullable("string")},
                           {"csrf", type("string")},
                           {"default_password", type("boolean")},
                           {"login_required", type("boolean")}});
  out["Health"] = object({{"status", type("string")}, {"packs", type("integer")}, {"good", type("integer")}});
  out["Users"] = list_of(object({{"name", type("string")}, {"role", type("string")}}));
  out["Settings"] = object({{"values", type("object")}, {"origin", type("object")}, {"secrets", list_of(type("string"))}});
  out["SettingsCheck"] = object({{"errors", list_of(type("object"))}});
  out["Trial"] = object({{"ok", type("boolean")}, {"key", type("string")}, {"message", type("string")}, {"params", type("object")}},
                        {"ok", "key", "message"});
  out["System"] = object({{"version", type("string")}, {"uptime_s", type("integer")}, {"services", list_of(type("object"))}});
  out["Problem"] = object({{"type", type("string")}, {"title", type("string")}, {"status", type("integer")}, {"detail", type("string")}},
                          {"status", "detail"});
  return out;
}

json::object parameter(std::string_view name, std::string_view in) {
  return {{"name", view(name)}, {"in", view(in)}, {"required", in == "path"}, {"schema", type("string")}};
}

json::array parameters(const Route& route) {
  json::array out;
  auto path = route.path;
  for (auto open = path.find('{'); open != std::string_view::npos; open = path.find('{')) {
    path.remove_prefix(open + 1);
    out.emplace_back(parameter(path.substr(0, path.find('}')), "path"));
  }
  auto query = route.query;
  while (!query.empty()) {
    const auto name = query.substr(0, query.find(','));
    query.remove_prefix(std::min(query.size(), name.size() + 1));
    out.emplace_back(parameter(name, "query"));
  }
  return out;
}

/// A schema by name, JSON of no special form, or another media type.
json::object success(const Route& route, const json::object& known) {
  json::object out{{"description", "Done"}};
  if (route.answer.empty()) return out;
  const bool media = route.answer.find('/') != std::string_view::npos;
  json::object content{{"schema", media                                              ? type("string")
                                  : known.if_contains(view(route.answer)) != nullptr ? reference(route.answer)
                                                                                     : json::object{}}};
  out["content"] = {{media ? std::string{route.answer} : std::string{"application/json"}, std::move(content)}};
  return out;
}

json::object operation(const Route& route, const json::object& known) {
  const auto role = kRoleNames[static_cast<std::size_t>(route.role)];
  json::object responses{{route.answer.empty() ? "204" : "200", success(route, known)},
                         {"default",
                          {{"description", "What is wrong, as RFC 9457 has it"},
                           {"content", {{"application/problem+json", {{"schema", reference("Problem")}}}}}}}};
  json::object out{{"summary", view(route.summary)}, {"x-role", view(role)}, {"responses", std::move(responses)}};
  if (auto list = parameters(route); !list.empty()) out["parameters"] = std::move(list);
  const bool open = route.role == Role::kNone || (route.role == Role::kViewer && route.method == Method::kGet);
  if (!open) out["security"] = json::array{{{"session", json::array{}}, {"csrf", json::array{}}}, {{"token", json::array{}}}};
  if (route.method == Method::kPost || route.method == Method::kPut || route.method == Method::kPatch) {
    out["requestBody"] = {{"content", {{route.json_body ? "application/json" : "application/octet-stream", {{"schema", json::object{}}}}}}};
  }
  return out;
}

}  // namespace

std::string openapi_json(std::span<const Route> routes) {
  auto known = schemas();
  json::object paths;
  for (const auto& route : routes) {
    auto& path = paths[view(route.path)];
    if (!path.is_object()) path = json::object{};
    std::string method{kMethodNames[static_cast<std::size_t>(route.method)]};
    for (auto& c : method) c = static_cast<char>(c - 'A' + 'a');
    path.get_object()[method] = operation(route, known);
  }
  const json::object security{{"session", {{"type", "apiKey"}, {"in", "cookie"}, {"name", view(kSessionCookie)}}},
                              {"csrf", {{"type", "apiKey"}, {"in", "header"}, {"name", view(kCsrfHeader)}}},
                              {"token", {{"type", "http"}, {"scheme", "bearer"}}}};
  const json::object root{{"openapi", "3.1.0"},
                          {"info", {{"title", "bmsgate"}, {"version", "1"}, {"license", {{"name", "Apache-2.0"}}}}},
                          {"paths", std::move(paths)},
                          {"components", {{"schemas", std::move(known)}, {"securitySchemes", security}}}};
  return json::serialize(root) + "\n";
}

std::vector<Route> openapi_routes(const Site& site) {
  auto show = [&site](const Request&, const Reply& reply) { reply(json_response(openapi_json(site.routes()))); };
  return {{Method::kGet, "/api/v1/openapi.json", Role::kViewer, "This description", "OpenApi", show}};
}

}  // namespace bmsgate::host::web
