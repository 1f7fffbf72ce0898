// SPDX-License-Identifier: Apache-2.0
// File routes. Names are those of a day, of a month, or config.txt; nothing else gets in or out.
#include "host/web/api_files.hpp"

#include <fmt/format.h>

#include <memory>

#include "host/web/api_owner.hpp"
#include "host/web/history_files.hpp"
#include "outputs/history/csv.hpp"
#include "outputs/pack_json.hpp"

namespace bmsgate::host::web {
namespace {

using outputs::LocalDay;

constexpr std::string_view kConfig = "config.txt";

Response unknown_file(std::string_view name) {
  return problem(404, fmt::format("there is no file '{}'; known are batt_YYYYMMDD.csv, batt_YYYYMM.tar.gz and config.txt", name));
}
Response no_history() { return problem(404, "nothing is recorded: the history is off"); }

/// The backup, led by the keys that the original's displays read from their gateway's config.txt.
std::string config_txt(const FilesSource& source) {
  const auto& mqtt = source.settings.current().mqtt;
  std::string front = "\"mqtt_server\":";
  outputs::append_string(front, mqtt.host);
  front += fmt::format(",\"mqtt_port\":{},\"mqtt_uname\":", mqtt.port);
  outputs::append_string(front, mqtt.username);
  front += fmt::format(",\"mqtt_Publish\":{:d},\"mqtt_Sec\":{:d},", mqtt.enabled, mqtt.tls);
  return backup_json(source.clock, source.settings, source.data_dir, front);
}

void list(const FilesSource& source, const Request& request, const Reply& reply) {
  const auto month = request.parameter("month");
  LocalDay first;
  if (month && !outputs::parse(*month + "-01", first)) {
    return reply(problem(400, fmt::format("month: '{}' is no month; write 2026-11", *month)));
  }
  if (!month && !request.parameter("months")) {
    std::string out = fmt::format(R"([{{"name":"{}","kind":"config","size":{},"modified":)", kConfig, config_txt(source).size());
    outputs::append_time(out, source.clock.utc_ms());
    return reply(json_response(out + ",\"pack\":null}]"));
  }
  if (!source.history) return reply(json_response("[]"));
  if (!month) return list_months(*source.history, reply);
  list_days(*source.history, first, request.parameter("pack").value_or(""), reply);
}

void download_config(const FilesSource& source, const Caller& caller, const Reply& reply) {
  if (caller.role < Role::kAdmin) {
    return reply(problem(caller.user.empty() ? 401 : 403, "config.txt holds the settings: log in as an administrator"));
  }
  Response response;
  response.type = "text/plain; charset=utf-8";
  response.headers.emplace_back("Content-Disposition", "attachment; filename=\"config.txt\"");
  response.body = config_txt(source);
  reply(std::move(response));
}

void download(const FilesSource& source, const Request& request, const Reply& reply) {
  const auto& name = request.args[0];
  const auto pack = request.parameter("pack").value_or("");
  LocalDay day;
  if (name == kConfig) return download_config(source, request.caller, reply);
  const bool of_day = outputs::parse_daily_csv_name(name, day);
  if (!of_day && !parse_month_name(name, day)) return reply(unknown_file(name));
  if (!source.history) return reply(no_history());
  if (of_day) return send_day(*source.history, day, pack, reply);
  send_month(*source.history, day, pack, reply);
}

void upload(const FilesSource& source, const Request& request, const Reply& reply) {
  const auto& name = request.args[0];
  if (name != kConfig) {
    return reply(
        problem(422, fmt::format("'{}' is not taken here; known is config.txt. Old CSV files come in under Backup, Import", name)));
  }
  auto response = restore_backup(source.settings, source.settings_changed, source.data_dir, request);
  if (response.status == 200) response = Response{.status = 204};
  reply(std::move(response));
}

void remove(const FilesSource& source, const Request& request, const Reply& reply) {
  const auto& name = request.args[0];
  LocalDay day;
  if (name == kConfig) return reply(problem(422, "config.txt is made from the settings and cannot be deleted"));
  if (!outputs::parse_daily_csv_name(name, day)) return reply(unknown_file(name));
  if (!source.history) return reply(no_history());
  remove_day(*source.history, day, request.parameter("pack").value_or(""), request.caller.user, reply);
}

void import(const FilesSource& source, const Request& request, const Reply& reply) {
  if (!source.history) return reply(no_history());
  import_csv(*source.history, request, reply);
}

}  // namespace

std::vector<Route> files_routes(FilesSource source) {
  const auto kept = std::make_shared<const FilesSource>(std::move(source));
  const auto with = [kept](void (*answer)(const FilesSource&, const Request&, const Reply&)) {
    return [kept, answer](const Request& request, const Reply& reply) { answer(*kept, request, reply); };
  };
  constexpr std::size_t kMaxConfig = 256 * 1024;
  constexpr std::size_t kMaxImport = std::size_t{8} << 20;  // some years in one file
  return {
      {Method::kGet, "/api/v1/files", Role::kViewer, "Daily files of a month, months that have some, or the other files", "json",
       with(list), "month,months,pack"},
      {Method::kGet, "/api/v1/files/{name}", Role::kViewer, "batt_YYYYMMDD.csv, batt_YYYYMM.tar.gz, or config.txt (admin)",
       "application/octet-stream", with(download), "pack"},
      {Method::kPut, "/api/v1/files/{name}", Role::kAdmin, "Restore config.txt", "", with(upload), "", kFree, false, kMaxConfig},
      {Method::kDelete, "/api/v1/files/{name}", Role::kAdmin, "Delete a daily file: the readings of that day leave the history", "",
       with(remove), "pack"},
      {Method::kPost, "/api/v1/history/import", Role::kAdmin, "Take a CSV file of the original into the history of a pack", "json",
       with(import), "pack,name", kFree, false, kMaxImport},
  };
}

}  // namespace bmsgate::host::web
