// SPDX-License-Identifier: Apache-2.0
// Packs, the bank, and whether all is well.
#include "core/bms_setting.hpp"
#include "host/web/api.hpp"
#include "outputs/bank.hpp"
#include "outputs/pack_json.hpp"

namespace bmsgate::host::web {
namespace {

Response no_such_pack(std::string_view id) {
  std::string detail = "there is no pack '";
  return problem(404, detail.append(id).append("'; GET /api/v1/packs lists them"));
}

void append_bms_setting(std::string& out, const core::BmsSettingInfo& setting, std::int32_t value) {
  out += "{\"key\":";
  outputs::append_string(out, setting.key);
  out += ",\"label\":";
  outputs::append_string(out, setting.label);
  out += ",\"unit\":";
  outputs::append_string(out, setting.unit);
  out += ",\"value\":";
  if (setting.kind == core::Kind::kBool) {
    out += value != 0 ? "true" : "false";
  } else {
    outputs::append_scaled(out, value, setting.decimals);
  }
  out += '}';
}

/// 200 as long as some pack that was configured has a believable value, or none is configured; 503 tells a watchdog that nothing works.
Response health(const core::Hub& hub) {
  std::size_t good = 0;
  for (std::size_t i = 0; i < hub.pack_count(); ++i) {
    if (hub.latest(static_cast<core::PackIndex>(i)).quality == core::Quality::kGood) ++good;
  }
  const bool fine = good > 0 || hub.pack_count() == 0;
  auto response = json_response(fine ? "{\"status\":\"ok\"" : "{\"status\":\"no_data\"", fine ? 200 : 503);
  response.body += ",\"packs\":" + std::to_string(hub.pack_count()) + ",\"good\":" + std::to_string(good) + "}";
  return response;
}

}  // namespace

std::vector<Route> pack_routes(const core::Hub& hub, const core::Clock& clock) {
  auto all = [&hub, &clock](const Request&, const Reply& reply) {
    std::string out = "[";
    for (std::size_t i = 0; i < hub.pack_count(); ++i) {
      if (i > 0) out += ',';
      outputs::append_pack(out, hub, static_cast<core::PackIndex>(i), clock.now());
    }
    reply(json_response(out + "]"));
  };
  auto one = [&hub, &clock](const Request& request, const Reply& reply) {
    const auto pack = hub.find(request.args[0]);
    if (pack == core::kNoPack) return reply(no_such_pack(request.args[0]));
    std::string out;
    outputs::append_pack(out, hub, pack, clock.now());
    reply(json_response(std::move(out)));
  };
  auto settings = [&hub](const Request& request, const Reply& reply) {
    const auto pack = hub.find(request.args[0]);
    if (pack == core::kNoPack) return reply(no_such_pack(request.args[0]));
    std::string out = "[";
    for (const auto& setting : core::kBmsSettings) {
      if (!hub.settings(pack).has(setting.id)) continue;
      if (out.size() > 1) out += ',';
      append_bms_setting(out, setting, hub.settings(pack).get(setting.id));
    }
    reply(json_response(out + "]"));
  };
  auto bank = [&hub](const Request&, const Reply& reply) {
    std::string out;
    outputs::append_bank(out, hub);
    reply(json_response(std::move(out)));
  };
  return {
      {Method::kGet, "/healthz", Role::kNone, "200 while some pack delivers good readings, else 503", "Health",
       [&hub](const Request&, const Reply& reply) { reply(health(hub)); }},
      {Method::kGet, "/api/v1/packs", Role::kViewer, "All packs", "Packs", all},
      {Method::kGet, "/api/v1/packs/{id}", Role::kViewer, "One pack", "Pack", one},
      {Method::kGet, "/api/v1/packs/{id}/settings", Role::kViewer, "What the BMS reports of its own settings", "BmsSettings", settings},
      {Method::kGet, "/api/v1/bank", Role::kViewer, "All packs seen as one", "Bank", bank},
  };
}

}  // namespace bmsgate::host::web
