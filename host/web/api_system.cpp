// SPDX-License-Identifier: Apache-2.0
// The program about itself.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstdio>
#include <filesystem>
#include <string>

#include "host/web/api.hpp"
#include "outputs/local_time.hpp"
#include "outputs/pack_json.hpp"

namespace bmsgate::host::web {
namespace {

namespace json = boost::json;

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

/// Resident memory of this process.
std::int64_t memory_bytes() {
  long pages = 0;
  if (auto* file = std::fopen("/proc/self/statm", "re"); file != nullptr) {
    if (std::fscanf(file, "%*s %ld", &pages) != 1) pages = 0;
    static_cast<void>(std::fclose(file));
  }
  return pages * ::sysconf(_SC_PAGESIZE);
}

std::string time_zone(const std::string& configured) {
  if (!configured.empty()) return configured;
  std::error_code error;
  const auto target = std::filesystem::read_symlink("/etc/localtime", error).string();
  const auto zone = target.find("zoneinfo/");
  return zone == std::string::npos ? "UTC" : target.substr(zone + 9);
}

json::array texts(const std::vector<std::string>& list) { return json::array(list.begin(), list.end()); }

/// The word of a choice: its place in "a|b|c".
template <typename Choice>
std::string_view word(std::string_view choices, Choice choice) {
  for (auto skip = static_cast<unsigned>(choice); skip > 0; --skip) choices.remove_prefix(choices.find('|') + 1);
  return choices.substr(0, choices.find('|'));
}

/// What everybody's pages follow, log-in or not.
json::object ui_of(const GeneralOptions& general) {
  json::object out;
  for (const auto& option : kGeneralOptions) {
    if (option.type != core::OptionType::kChoice || (option.flags & core::kAdvanced) != 0) continue;
    out[option.key] = word(option.choices, option.get(&general).integer);
  }
  return out;
}

void restart(const SettingsStore& store, const SystemSource& source, const Reply& reply) {
  const auto changed = store.restart_needed();
  if (const auto failure = source.restart()) return reply(problem(409, *failure));
  json::object out{{"port", nullptr}};
  if (std::find(changed.begin(), changed.end(), "web.port") != changed.end()) out["port"] = store.current().web.port;
  reply(json_response(json::serialize(out), 202));
}

void set_time(const core::Clock& clock, const SystemSource& source, const Request& request, const Reply& reply) {
  json::error_code error;
  const auto body = json::parse(request.body, error);
  const auto* text = !error && body.is_object() ? body.get_object().if_contains("time") : nullptr;
  core::UtcMs utc_ms = 0;
  if (text == nullptr || !text->is_string() || !outputs::parse_time(std::string_view{text->get_string()}, utc_ms)) {
    return reply(problem(400, R"(send {"time":"2026-11-22T20:15:00Z"})"));
  }
  if (const auto failure = source.set_clock(utc_ms)) return reply(problem(409, *failure));
  std::string now;
  outputs::append_time(now, clock.utc_ms());
  reply(json_response("{\"time\":" + now + "}"));
}

}  // namespace

std::vector<Route> system_routes(const core::Clock& clock, const SettingsStore& store, Auth& auth, SystemSource source) {
  auto show = [&clock, &store, &auth, source](const Request& request, const Reply& reply) {
    json::object out;
    out["version"] = source.version;
    out["name"] = store.current().general.name;
    out["ui"] = ui_of(store.current().general);
    out["uptime_s"] = (clock.now() - source.started).count() / 1'000'000;
    std::string time;
    outputs::append_time(time, clock.utc_ms());
    out["time"] = json::parse(time);
    out["time_set"] = clock.utc_ms() != 0;
    out["timezone"] = time_zone(store.current().general.time_zone);
    out["hostname"] = host_name();
    out["demo"] = source.demo;
    if (auto password = request.caller.local && source.demo_password ? source.demo_password() : ""; !password.empty()) {
      out["demo_password"] = std::move(password);
    }
    out["first_run"] = source.first_run();
    out["commands_enabled"] = source.commands_enabled();
    out["default_password"] = auth.users().default_password();
    out["restart_needed"] = texts(source.restart_needed());
    out["memory_bytes"] = memory_bytes();
    std::error_code error;
    const auto space = std::filesystem::space(source.data_dir, error);
    if (!error) out["disk_free_bytes"] = space.available;
    json::array services;
    for (const auto& service : source.services()) {
      services.push_back({{"key", service.key}, {"state", service.state}, {"message", service.message}});
    }
    out["services"] = std::move(services);
    reply(json_response(json::serialize(out)));
  };
  auto again = [&store, source](const Request&, const Reply& reply) { restart(store, source, reply); };
  auto time = [&clock, source](const Request& request, const Reply& reply) { set_time(clock, source, request, reply); };
  return {
      {Method::kGet, "/api/v1/system", Role::kViewer, "Version, time, memory, services", "System", show},
      {Method::kPost, "/api/v1/system/restart", Role::kAdmin, "Begin the program anew; answers the new port of the pages, if it changes",
       "json", again},
      {Method::kPost, "/api/v1/system/time", Role::kAdmin, "Set the machine's clock: {time}", "json", time},
  };
}

}  // namespace bmsgate::host::web
