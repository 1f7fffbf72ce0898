// SPDX-License-Identifier: Apache-2.0
// Lines: how they are, and what went over them.
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <iterator>

#include "host/link_hints.hpp"
#include "host/web/api.hpp"
#include "outputs/pack_json.hpp"

namespace bmsgate::host::web {
namespace {

using core::LinkStats;

struct Counter {
  std::string_view key;
  std::uint32_t LinkStats::*member;
};
constexpr auto kCounters = std::to_array<Counter>({
    {"requests", &LinkStats::requests},
    {"replies", &LinkStats::replies},
    {"timeouts", &LinkStats::timeouts},
    {"refused", &LinkStats::refused},
    {"bad_checks", &LinkStats::bad_checks},
    {"truncated", &LinkStats::truncated},
    {"bytes_skipped", &LinkStats::bytes_skipped},
    {"echoes", &LinkStats::echoes},
    {"rejected", &LinkStats::rejected},
    {"unconfirmed", &LinkStats::unconfirmed},
});

void append_stats(std::string& out, const LinkStats& stats) {
  const auto to = std::back_inserter(out);
  out += '{';
  for (const auto& counter : kCounters) fmt::format_to(to, "\"{}\":{},", counter.key, stats.*counter.member);
  const auto latency = latency_of(stats);
  fmt::format_to(to, "\"success_pct\":{:.2f},\"latency_ms\":{{\"bounds\":[{}],\"counts\":[{}],\"median\":{:.1f},\"p95\":{:.1f}}}}}",
                 success_percent(stats), fmt::join(core::kLatencyBoundsMs, ","), fmt::join(stats.latency, ","), latency.median_ms,
                 latency.p95_ms);
}

void append_hints(std::string& out, const std::vector<LinkHint>& hints) {
  out += '[';
  for (const auto& hint : hints) {
    if (out.back() != '[') out += ',';
    fmt::format_to(std::back_inserter(out), "{{\"key\":\"{}\",\"severity\":\"{}\",\"text\":", hint.key, hint.warning ? "warning" : "info");
    outputs::append_string(out, hint.text);
    out += '}';
  }
  out += ']';
}

void append_pack_link(std::string& out, const core::Hub& hub, const BusSnapshot& bus, const PackLink& link) {
  const auto& config = hub.config(link.pack);
  const auto quality = core::kQualityNames[static_cast<std::size_t>(hub.latest(link.pack).quality)];
  out += "{\"id\":";
  outputs::append_string(out, config.id.view());
  fmt::format_to(std::back_inserter(out),
                 ",\"address\":{},\"protocol\":\"{}\",\"quality\":\"{}\",\"accepted\":{},\"present\":{},\"period_s\":{:.3f},\"stats\":",
                 link.address, link.protocol, quality, config.accepted, link.present, link.period_s);
  append_stats(out, link.stats);
  out += ",\"hints\":";
  append_hints(out, hints_of(bus, link));
  out += '}';
}

Response no_such_bus(const std::string& id) { return problem(404, "there is no bus '" + id + "'; GET /api/v1/buses lists them"); }

Response follow(const BusSource& source, const Request& request) {
  auto traffic = source.follow ? source.follow(request.args[0]) : nullptr;
  if (traffic == nullptr) return no_such_bus(request.args[0]);
  Response response;
  response.type = "text/event-stream";
  response.headers.emplace_back("Cache-Control", "no-store");
  if (!request.head) response.source = std::move(traffic);
  return response;
}

}  // namespace

void append_bus(std::string& out, const core::Hub& hub, const BusSnapshot& bus) {
  double polls_per_s = 0;
  for (const auto& pack : bus.packs) polls_per_s += pack.period_s > 0 ? 1 / pack.period_s : 0;
  out += "{\"id\":";
  outputs::append_string(out, bus.id);
  out += ",\"link\":";
  outputs::append_string(out, bus.link);
  fmt::format_to(std::back_inserter(out),
                 ",\"role\":\"{}\",\"state\":\"{}\",\"message\":", bus.role == core::BusRole::kMaster ? "master" : "listener",
                 kLineStateNames[static_cast<std::size_t>(bus.state)]);
  outputs::append_string(out, bus.error);
  fmt::format_to(std::back_inserter(out), ",\"polls_per_s\":{:.2f},\"stats\":", polls_per_s);
  append_stats(out, bus.stats);
  out += ",\"hints\":";
  append_hints(out, hints_of(bus));
  out += ",\"packs\":[";
  for (const auto& pack : bus.packs) {
    if (pack.pack >= hub.pack_count()) continue;
    if (out.back() != '[') out += ',';
    append_pack_link(out, hub, bus, pack);
  }
  out += "]}";
}

std::vector<Route> bus_routes(const core::Hub& hub, BusSource source) {
  auto all = [&hub, source](const Request&, const Reply& reply) {
    std::string out = "[";
    for (const auto& bus : source.all()) {
      if (out.size() > 1) out += ',';
      append_bus(out, hub, bus);
    }
    reply(json_response(out + "]"));
  };
  auto capture = [source](const Request& request, const Reply& reply) {
    if (request.parameter("follow") == "1") return reply(follow(source, request));
    int seconds = 600;
    if (const auto text = request.parameter("seconds")) {
      const auto end = text->data() + text->size();
      const auto [rest, error] = std::from_chars(text->data(), end, seconds);
      if (error != std::errc{} || rest != end || seconds < 1 || seconds > 600)
        return reply(problem(400, "seconds is a number from 1 to 600"));
    }
    auto text = source.capture(request.args[0], std::chrono::seconds{seconds});
    if (!text) return reply(no_such_bus(request.args[0]));
    Response response;
    response.type = "text/plain; charset=utf-8";
    response.headers.emplace_back("Content-Disposition", "attachment; filename=\"bus.capture\"");
    response.body = std::move(*text);
    reply(std::move(response));
  };
  return {
      {Method::kGet, "/api/v1/buses", Role::kViewer, "Lines and how well they work", "Buses", all},
      // Frames of a BMS may hold its passwords, and no dialect marks where: so this is for the admin alone.
      {Method::kGet, "/api/v1/buses/{id}/capture", Role::kAdmin, "The last traffic of a line as a capture file", "text/plain", capture,
       "seconds,follow", kOwnPassword},
  };
}

}  // namespace bmsgate::host::web
