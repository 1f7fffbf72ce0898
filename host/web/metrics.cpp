// SPDX-License-Identifier: Apache-2.0
// OpenMetrics: every number of every pack, and how well the lines work.
#include <fmt/format.h>

#include <iterator>

#include "host/web/api.hpp"
#include "outputs/pack_json.hpp"

namespace bmsgate::host::web {
namespace {

/// A label's value: ids need no escaping, but names of buses may come from elsewhere.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

/// Values that are neither good nor held are not told: a gap says more than an old number.
bool told(const core::Reading& reading) {
  return reading.sequence > 0 && (reading.quality == core::Quality::kGood || reading.quality == core::Quality::kHeld);
}

void append_field(std::string& out, const core::Hub& hub, const core::FieldInfo& field) {
  const auto to = std::back_inserter(out);
  bool any = false;
  for (std::size_t i = 0; i < hub.pack_count(); ++i) {
    const auto pack = static_cast<core::PackIndex>(i);
    const auto& reading = hub.latest(pack);
    if (!told(reading)) continue;
    for (std::size_t element = 0; element < field.count; ++element) {
      if (!reading.sample.has(field.field, element)) continue;
      if (!any) {
        fmt::format_to(to, "# TYPE bmsgate_{} gauge\n# HELP bmsgate_{} {}{}\n", field.key, field.key, field.label,
                       field.unit.empty() ? "" : fmt::format(" in {}", field.unit));
        any = true;
      }
      fmt::format_to(to, "bmsgate_{}{{pack=\"{}\"", field.key, hub.config(pack).id.view());
      if (field.count > 1) fmt::format_to(to, ",index=\"{}\"", element + 1);
      out += "} ";
      outputs::append_scaled(out, reading.sample.get(field.field, element), field.decimals);
      out += '\n';
    }
  }
}

struct PackGauge {
  std::string_view name;
  std::string_view help;
  double (*value)(const core::Hub&, core::PackIndex, core::Instant now);
};
constexpr auto kPackGauges = std::to_array<PackGauge>({
    {"up", "1 while the latest reading is good",
     [](const core::Hub& hub, core::PackIndex pack, core::Instant) {
       return hub.latest(pack).quality == core::Quality::kGood ? 1.0 : 0.0;
     }},
    {"alarms", "Alarms that last",
     [](const core::Hub& hub, core::PackIndex pack, core::Instant) { return static_cast<double>(hub.alarms(pack).size()); }},
    {"reading_age_seconds", "Time since the last good reading; -1 before the first",
     [](const core::Hub& hub, core::PackIndex pack, core::Instant now) {
       const auto& reading = hub.latest(pack);
       return reading.sequence == 0 ? -1.0 : static_cast<double>((now - reading.at).count()) / 1e6;
     }},
});

struct LineCounter {
  std::string_view name;
  std::string_view help;
  std::uint32_t core::LinkStats::*member;
};
constexpr auto kLineCounters = std::to_array<LineCounter>({
    {"requests", "Requests sent", &core::LinkStats::requests},
    {"replies", "Requests that were answered", &core::LinkStats::replies},
    {"timeouts", "Requests that were not answered in time", &core::LinkStats::timeouts},
    {"bad_checks", "Frames with a wrong check sum", &core::LinkStats::bad_checks},
    {"bytes_skipped", "Bytes that belonged to no frame", &core::LinkStats::bytes_skipped},
    {"rejected", "Readings that were not believed", &core::LinkStats::rejected},
});

}  // namespace

std::vector<Route> metrics_routes(const core::Hub& hub, const core::Clock& clock, BusSource source) {
  auto show = [&hub, &clock, source = std::move(source)](const Request&, const Reply& reply) {
    std::string out;
    const auto to = std::back_inserter(out);
    for (const auto& field : core::kFields) append_field(out, hub, field);
    const auto now = clock.now();
    for (const auto& gauge : kPackGauges) {
      fmt::format_to(to, "# TYPE bmsgate_{} gauge\n# HELP bmsgate_{} {}\n", gauge.name, gauge.name, gauge.help);
      for (std::size_t i = 0; i < hub.pack_count(); ++i) {
        const auto pack = static_cast<core::PackIndex>(i);
        fmt::format_to(to, "bmsgate_{}{{pack=\"{}\"}} {}\n", gauge.name, hub.config(pack).id.view(), gauge.value(hub, pack, now));
      }
    }
    const auto buses = source.all();
    for (const auto& counter : kLineCounters) {
      fmt::format_to(to, "# TYPE bmsgate_bus_{} counter\n# HELP bmsgate_bus_{} {}\n", counter.name, counter.name, counter.help);
      for (const auto& bus : buses) {
        fmt::format_to(to, "bmsgate_bus_{}_total{{bus=\"{}\"}} {}\n", counter.name, escaped(bus.id), bus.stats.*counter.member);
      }
    }
    Response response;
    response.type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    response.body = std::move(out) + "# EOF\n";
    reply(std::move(response));
  };
  return {{Method::kGet, "/metrics", Role::kViewer, "All numbers in the OpenMetrics text format", "application/openmetrics-text", show}};
}

}  // namespace bmsgate::host::web
