// SPDX-License-Identifier: Apache-2.0
// Finding new packs from the pages: the ports of this machine, and one probe at a time.
#include "host/web/api_probe.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <memory>
#include <set>

#include "host/line.hpp"
#include "host/probe.hpp"

namespace bmsgate::host::web {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

struct Current {
  unsigned id{0};
  std::string link;
  std::unique_ptr<Probe> probe;
};

/// "usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0" reads better without its ends.
std::string readable(std::string name) {
  if (name.starts_with("usb-")) name.erase(0, 4);
  if (const auto end = name.find("-if"); end != std::string::npos) name.erase(end);
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

json::object port_row(const std::string& path, std::string name, const std::function<std::string(std::string_view)>& used_by) {
  const auto link = "serial:" + path;
  const auto bus = used_by(link);
  json::object row{{"link", link}, {"name", std::move(name)}, {"used_by", nullptr}};
  if (!bus.empty()) row["used_by"] = bus;
  return row;
}

/// By id where there is one (it stays when the adapter is plugged in elsewhere), else by device.
json::array ports(const std::function<std::string(std::string_view)>& used_by) {
  json::array list;
  std::set<fs::path> listed;
  std::error_code error;
  for (fs::directory_iterator entry{"/dev/serial/by-id", error}, end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    listed.insert(fs::canonical(entry->path(), ignored));
    list.push_back(port_row(entry->path().string(), readable(entry->path().filename().string()), used_by));
  }
  error.clear();
  for (fs::directory_iterator entry{"/dev", error}, end; !error && entry != end; entry.increment(error)) {
    const auto name = entry->path().filename().string();
    const bool serial = name.starts_with("ttyUSB") || name.starts_with("ttyACM") || name.starts_with("ttyAMA") || name == "serial0";
    if (serial && !listed.contains(entry->path())) list.push_back(port_row(entry->path().string(), name, used_by));
  }
  return list;
}

json::object found_row(const ProbeFound& found, const std::string& link) {
  json::object row{{"protocol", found.protocol}, {"address", found.address}, {"link", link}, {"only_heard", found.only_heard}};
  if (found.baud > 0) row["baud"] = found.baud;
  if (found.cells > 0) row["cells"] = found.cells;
  if (found.pack_voltage > 0) row["pack_voltage"] = found.pack_voltage;
  if (!found.model.empty()) row["model"] = found.model;
  return row;
}

std::string state_json(const Current& current) {
  const auto& state = current.probe->state();
  json::array found;
  for (const auto& one : best_of(state.found)) found.push_back(found_row(one, current.link));
  const auto* word = !state.done ? "running" : !state.error.empty() ? "failed" : "done";
  const std::string message = !state.error.empty()   ? state.error
                              : state.foreign_master ? "another device asks on this line: nothing was sent"
                                                     : "";
  return json::serialize(json::object{{"state", word},
                                      {"progress", state.progress},
                                      {"step", state.step},
                                      {"found", std::move(found)},
                                      {"foreign_master", state.foreign_master},
                                      {"message", message}});
}

}  // namespace

std::vector<Route> probe_routes(boost::asio::io_context& loop, const core::Clock& clock,
                                std::function<std::string(std::string_view link)> used_by) {
  const auto current = std::make_shared<Current>();
  auto list = [used_by](const Request&, const Reply& reply) { reply(json_response(json::serialize(ports(used_by)))); };
  auto start = [&loop, &clock, used_by, current](const Request& request, const Reply& reply) {
    boost::system::error_code error;
    const auto body = json::parse(request.body, error);
    const auto* link = !error && body.is_object() ? body.get_object().if_contains("link") : nullptr;
    if (link == nullptr || !link->is_string()) return reply(problem(400, R"(send {"link":"serial:/dev/ttyUSB0","all":false})"));
    const std::string text{link->get_string()};
    LinkSpec spec;
    if (const auto wrong = parse_link(text, spec); !wrong.empty()) return reply(problem(422, wrong));
    if (const auto bus = used_by(text); !bus.empty()) return reply(problem(409, "the bus '" + bus + "' uses this line"));
    if (current->probe && !current->probe->state().done) return reply(problem(409, "another probe is under way"));
    const auto* all = body.get_object().if_contains("all");
    current->link = text;
    current->probe =
        std::make_unique<Probe>(loop, clock, spec, all != nullptr && all->is_bool() && all->get_bool(), [](const ProbeState&) {});
    current->probe->start();
    reply(json_response(json::serialize(json::object{{"id", std::to_string(++current->id)}}), 202));
  };
  const auto known = [current](const Request& request) { return current->probe && request.args[0] == std::to_string(current->id); };
  auto show = [current, known](const Request& request, const Reply& reply) {
    reply(known(request) ? json_response(state_json(*current)) : problem(404, "there is no such probe; start one with POST /api/v1/probe"));
  };
  auto stop = [current, known](const Request& request, const Reply& reply) {
    if (known(request)) {
      current->probe->stop();
      current->probe.reset();
    }
    Response response;
    response.status = 204;
    reply(std::move(response));
  };
  return {
      {Method::kGet, "/api/v1/ports", Role::kAdmin, "Serial ports of this machine", "json", list},
      {Method::kPost, "/api/v1/probe", Role::kAdmin, "Find out who answers on a line: {link, all}", "json", start, "", kOwnPassword},
      {Method::kGet, "/api/v1/probe/{id}", Role::kAdmin, "How far a probe is, and what it found", "json", show},
      {Method::kDelete, "/api/v1/probe/{id}", Role::kAdmin, "Stop a probe", "", stop},
  };
}

}  // namespace bmsgate::host::web
