// SPDX-License-Identifier: Apache-2.0
// Wiring of packs, lines and outputs.
#include "host/gateway.hpp"

#include <algorithm>

#include "host/bus.hpp"
#include "host/machine.hpp"
#include "host/records.hpp"
#include "host/sign_memory.hpp"
#include "host/traffic_log.hpp"
#include "host/version.hpp"
#include "host/web/api_files.hpp"
#include "host/web/api_owner.hpp"
#include "host/web/api_probe.hpp"
#include "host/web/api_test.hpp"
#include "host/web/stream.hpp"
#include "host/web/traffic_stream.hpp"
#include "outputs/modbus_server.hpp"
#include "outputs/mqtt.hpp"

namespace bmsgate::host {
namespace {

constexpr std::chrono::seconds kTestPatience{10};

/// A line with what listens to it.
struct BusLine {
  BusLine(boost::asio::io_context& loop, const BusConfig& config, core::Hub& hub, const core::Clock& clock, core::Logger& log)
      : bus{loop, config, hub, clock, log}, link{config.link} {
    static_cast<void>(bus.add_tap(traffic));
  }
  TrafficLog traffic;  // before the bus, which calls it to the last
  Bus bus;
  std::string link;
};

std::uint8_t address_of(const PackOptions& pack) {
  if (pack.address >= 0) return static_cast<std::uint8_t>(pack.address);
  const auto hooks = program_hooks();
  const auto addresses = hooks.addresses != nullptr ? hooks.addresses(pack.protocol) : std::nullopt;
  return static_cast<std::uint8_t>(addresses ? addresses->standard : 0);
}

core::PackConfig pack_config(const PackOptions& pack) {
  core::PackConfig config;
  config.id.assign(pack.id);
  config.name.assign(pack.shown_name());
  config.bus.assign(pack.bus);
  config.protocol.assign(pack.protocol);
  config.address = address_of(pack);
  config.unit = static_cast<std::uint8_t>(pack.unit);
  return config;
}

BusPack bus_pack(const PackOptions& pack, core::PackIndex index, int sign_before) {
  auto options = pack.dialect_options();
  options.sign_before = static_cast<std::int8_t>(sign_before);
  return {.pack = index,
          .protocol = pack.protocol,
          .address = address_of(pack),
          .period = std::chrono::seconds{pack.poll_s},
          .options = options};
}

bool has(const std::vector<std::string>& list, std::string_view key) { return std::find(list.begin(), list.end(), key) != list.end(); }

}  // namespace

struct Gateway::Impl final : core::Subscriber {
  explicit Impl(GatewayContext given)
      : context{std::move(given)}, stream{context.loop, hub, context.clock}, site{context.auth}, signs{context.data_dir, context.log} {
    static_cast<void>(hub.subscribe(*this));
    add_packs();
    if (const auto& history = context.store.current().history; history.enabled && !context.data_dir.empty()) {
      records = std::make_unique<Records>(hub, context.clock, context.log, history, context.data_dir);
    }
    add_routes();
  }
  ~Impl() { hub.unsubscribe(*this); }

  void add_packs() {
    const auto& settings = context.store.current();
    for (const auto& bus : settings.buses) {
      BusConfig config{.id = bus.id, .link = bus.link, .role = static_cast<core::BusRole>(bus.role), .packs = {}};
      for (const auto& pack : settings.packs) {
        if (pack.bus != bus.id) continue;
        const auto index = hub.add_pack(pack_config(pack));
        if (index.ok()) config.packs.push_back(bus_pack(pack, index.value(), signs.recall(pack.id)));
      }
      lines.push_back(std::make_unique<BusLine>(context.loop, config, hub, context.clock, context.log));
    }
  }

  void add_routes() {
    const web::BusSource buses{.all = [this] { return snapshots(); },
                               .capture = [this](std::string_view bus, std::chrono::seconds last) { return capture(bus, last); },
                               .follow = [this](std::string_view bus) { return follow(bus); }};
    const web::SystemSource system{.version = std::string{kVersion},
                                   .data_dir = context.data_dir,
                                   .started = context.started,
                                   .demo = context.demo,
                                   .first_run = [this] { return context.store.current().packs.empty(); },
                                   .commands_enabled = [] { return false; },
                                   .restart_needed = [this] { return context.store.restart_needed(); },
                                   .services = [this] { return services(); },
                                   .demo_password = context.demo_password,
                                   .restart = context.restart,
                                   .set_clock = set_machine_clock};
    site.add(web::pack_routes(hub, context.clock));
    site.add(stream.routes());
    site.add(web::bus_routes(hub, buses));
    site.add(web::session_routes(context.auth));
    site.add(web::settings_routes(context.store, hub, context.settings_changed));
    site.add(web::system_routes(context.clock, context.store, context.auth, system));
    site.add(web::metrics_routes(hub, context.clock, buses));
    site.add(web::branding_routes(context.data_dir));
    site.add(web::backup_routes(context.clock, context.store, context.settings_changed, context.data_dir));
    site.add(web::probe_routes(context.loop, context.clock, [this](std::string_view link) { return user_of(link); }));
    site.add(web::test_routes(context.loop, context.store, service_tests()));
    if (records) site.add(records->routes());
    site.add(web::files_routes({.clock = context.clock,
                                .settings = context.store,
                                .settings_changed = context.settings_changed,
                                .data_dir = context.data_dir,
                                .history = records ? std::optional{records->source()} : std::nullopt}));
    site.add(web::openapi_routes(site));
  }

  void make_modbus() {
    modbus.reset();  // the old one lets go of its port first
    const auto& settings = context.store.current();
    modbus = std::make_unique<outputs::ModbusServer>(
        outputs::ModbusContext{.io = context.loop,
                               .hub = hub,
                               .clock = context.clock,
                               .log = context.log,
                               .version = std::string{kVersion},
                               .fahrenheit = settings.general.temperature_unit == TemperatureUnit::kFahrenheit},
        settings.modbus);
  }

  void make_mqtt() {
    mqtt.reset();
    mqtt = std::make_unique<outputs::MqttOutput>(
        outputs::MqttContext{.io = context.loop, .hub = hub, .clock = context.clock, .log = context.log}, context.store.current().mqtt);
  }

  [[nodiscard]] std::vector<BusSnapshot> snapshots() const {
    std::vector<BusSnapshot> all;
    for (const auto& line : lines) all.push_back(line->bus.snapshot());
    return all;
  }
  [[nodiscard]] std::optional<std::string> capture(std::string_view bus, std::chrono::seconds last) const {
    for (const auto& line : lines) {
      if (line->bus.id() == bus) return line->traffic.capture(line->link, context.clock.now(), context.clock.utc_ms(), last);
    }
    return std::nullopt;
  }
  [[nodiscard]] std::shared_ptr<web::BodySource> follow(std::string_view bus) const {
    for (const auto& line : lines) {
      if (line->bus.id() == bus) return web::make_traffic_stream(line->traffic);
    }
    return nullptr;
  }
  /// The bus that uses a link, whatever options either of them names.
  [[nodiscard]] std::string user_of(std::string_view link) const {
    const auto path = link.substr(0, link.find('?'));
    for (const auto& bus : context.store.current().buses) {
      if (std::string_view{bus.link}.substr(0, bus.link.find('?')) == path) return bus.id;
    }
    return {};
  }
  [[nodiscard]] std::vector<web::ServiceState> services() const {
    std::vector<web::ServiceState> out;
    const bool modbus_on = context.store.current().modbus.enabled;
    const bool modbus_fails = modbus != nullptr && !modbus->error().empty();
    const auto broker = mqtt != nullptr ? mqtt->status() : outputs::MqttStatus{};
    const bool mqtt_on = context.store.current().mqtt.enabled;
    out.push_back({"mqtt", !mqtt_on ? "off" : broker.connected ? "active" : "error", broker.problem});
    out.push_back({"modbus", modbus_fails ? "error" : modbus_on ? "active" : "off", modbus_fails ? modbus->error() : std::string{}});
    const auto trouble = records ? records->trouble() : std::string{};
    out.push_back({"history", !records ? "off" : trouble.empty() ? "active" : "error", trouble});
    return out;
  }

  [[nodiscard]] std::vector<web::ServiceTest> service_tests() const {
    auto broker = [](const Settings& wanted) -> std::function<outputs::Trial()> {
      return [options = wanted.mqtt] { return outputs::try_mqtt(options, kTestPatience); };
    };
    auto server = [this](const Settings& wanted) -> std::function<outputs::Trial()> {
      const auto& now = context.store.current().modbus;
      const bool same = now.enabled && now.port == wanted.modbus.port && now.listen == wanted.modbus.listen;
      const bool serving = same && modbus != nullptr && modbus->error().empty();
      return [options = wanted.modbus, serving] { return outputs::try_modbus(options, serving, kTestPatience); };
    };
    return {{"mqtt", broker}, {"modbus", server}};
  }

  void on_reading(const core::Reading& reading) noexcept override {
    for (const auto& line : lines) signs.learn(hub.config(reading.pack).id.view(), line->bus.learned_sign(reading.pack));
  }

  /// The pages show how lines are as it changes.
  void on_event(const core::Event& event) noexcept override {
    if (event.kind != core::EventKind::kLink || stream.idle()) return;
    for (const auto& bus : snapshots()) {
      std::string json;
      web::append_bus(json, hub, bus);
      stream.send("link", json);
    }
  }

  GatewayContext context;
  core::Hub hub;
  web::EventStream stream;
  web::Site site;
  SignMemory signs;
  std::vector<std::unique_ptr<BusLine>> lines;
  std::unique_ptr<outputs::ModbusServer> modbus;
  std::unique_ptr<outputs::MqttOutput> mqtt;
  std::unique_ptr<Records> records;
};

Gateway::Gateway(GatewayContext context) : impl_{std::make_unique<Impl>(std::move(context))} {}
Gateway::~Gateway() = default;

std::optional<std::string> Gateway::start() {
  impl_->make_modbus();
  if (!impl_->modbus->error().empty()) return impl_->modbus->error();
  if (impl_->records) impl_->records->start();
  impl_->make_mqtt();
  for (auto& line : impl_->lines) line->bus.start();
  return std::nullopt;
}

void Gateway::stop() {
  for (auto& line : impl_->lines) line->bus.stop();
  impl_->modbus.reset();
  impl_->mqtt.reset();
  if (impl_->records) impl_->records->stop();
  impl_->stream.stop();
}

void Gateway::apply(const std::vector<std::string>& groups) {
  if (has(groups, "mqtt")) impl_->make_mqtt();
  if (has(groups, "modbus") || has(groups, "general")) {
    impl_->make_modbus();
    if (!impl_->modbus->error().empty()) impl_->context.log.write(core::Level::kError, "modbus", impl_->modbus->error());
  }
}

void Gateway::announce(core::EventKind kind, std::string_view text) {
  core::Event event;
  event.kind = kind;
  event.utc_ms = impl_->context.clock.utc_ms();
  event.text = text;
  impl_->hub.announce(event);
}

web::Site& Gateway::site() { return impl_->site; }

}  // namespace bmsgate::host
