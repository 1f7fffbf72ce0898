// SPDX-License-Identifier: Apache-2.0
// The demo: settings written for the simulated packs, their simulators in a thread of their own, and the usual program.
#include "host/demo.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "host/app.hpp"
#include "host/data_folder.hpp"
#include "host/demo_history.hpp"
#include "host/log.hpp"
#include "host/records.hpp"
#include "host/sim_loop.hpp"
#include "host/system_clock.hpp"
#include "sim/demo.hpp"

namespace bmsgate::host {
namespace {

constexpr std::uint16_t kMqttPort = 1883;

int fail(int status, std::string_view text) {
  fmt::print(stderr, "bmsgate demo: {}\n", text);
  return status;
}

struct Broker {
  std::string host;
  std::uint16_t port{kMqttPort};
};

/// HOST, HOST:PORT or [ADDRESS]:PORT.
std::optional<Broker> parse_broker(std::string_view text) {
  Broker broker;
  auto host = text;
  if (const auto colon = text.rfind(':'); colon != std::string_view::npos && (text.find(':') == colon || text[colon - 1] == ']')) {
    const auto port = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), broker.port);
    if (error != std::errc{} || end != port.data() + port.size() || broker.port == 0) return std::nullopt;
    host = text.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty() || host.find_first_of(" /\"\\") != std::string_view::npos) return std::nullopt;
  broker.host = host;
  return broker;
}

/// A folder that stays, so that the next start finds its history; one for this time only if another demo is using it.
std::filesystem::path usual_folder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");  // NOLINT(concurrency-mt-unsafe): at start
  const char* home = std::getenv("HOME");             // NOLINT(concurrency-mt-unsafe)
  std::filesystem::path folder;
  if (cache != nullptr && *cache != '\0') {
    folder = std::filesystem::path{cache} / "bmsgate/demo";
  } else if (home != nullptr && *home != '\0') {
    folder = std::filesystem::path{home} / ".cache/bmsgate/demo";
  }
  DataFolder trial;
  if (!folder.empty() && !trial.open(folder)) return folder;
  auto pattern = (std::filesystem::temp_directory_path() / "bmsgate-demo-XXXXXX").string();
  return ::mkdtemp(pattern.data()) != nullptr ? pattern : folder.string();
}

std::string line_path(const std::filesystem::path& folder, const sim::DemoLine& line) { return (folder / ("line-" + line.bus)).string(); }

/// The demo's bmsgate.toml. Ids, names and numbers of the demo need no escaping.
std::string settings_text(const DemoArgs& args, const std::optional<Broker>& broker, const std::filesystem::path& folder,
                          const std::vector<sim::DemoLine>& lines) {
  auto text = fmt::format("# Made by `bmsgate demo` at each start.\n[general]\nname = \"bmsgate demo\"\n\n[web]\nport = {}\n\n", args.port);
  text += fmt::format("[modbus]\nenabled = true\nport = {}\n\n", args.modbus_port);
  if (broker) text += fmt::format("[mqtt]\nenabled = true\nhost = \"{}\"\nport = {}\n\n", broker->host, broker->port);
  for (const auto& line : lines) {
    text += fmt::format("[[bus]]\nid = \"{}\"\nlink = \"serial:{}\"\n\n", line.bus, line_path(folder, line));
    for (const auto& pack : line.packs) {
      text += fmt::format("[[pack]]\nid = \"{}\"\nname = \"{}\"\nbus = \"{}\"\nprotocol = \"{}\"\naddress = {}\npoll_s = 1\n\n", pack.id,
                          pack.name, line.bus, line.protocol, pack.address);
    }
  }
  return text;
}

std::string read_line(const std::filesystem::path& file) {
  std::ifstream input{file};
  std::string line;
  std::getline(input, line);
  return line;
}

Failure write_private(const std::filesystem::path& file, std::string_view text) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool fine = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (fd >= 0) ::close(fd);
  if (!fine) return "cannot write " + file.string() + "; give another folder with --data";
  return std::nullopt;
}

/// The password that the demo made, as long as nobody has chosen another one.
struct DemoLogin {
  std::string password;
  std::string hash;

  [[nodiscard]] std::string hint(const Users& users) const {
    const auto* admin = users.find(kDefaultUser);
    return admin != nullptr && admin->hash == hash ? password : std::string{};
  }
};

/// The demo is open to whoever reaches it, so it never has the well-known password: it makes one, prints it, and tells it on the log-in
/// page to a browser on this machine. One that its user has chosen stays.
Failure prepare_users(Users& users, const std::filesystem::path& folder, DemoLogin& login) {
  const auto file = folder / "demo-password";
  const auto* admin = users.find(kDefaultUser);
  if (admin == nullptr) return std::nullopt;
  login.password = read_line(file);
  if (admin->default_password) {
    login.password = random_token().substr(0, 12);
    if (auto failure = write_private(file, login.password + "\n")) return failure;
    if (auto failure = users.set_password(kDefaultUser, login.password)) return failure;
    admin = users.find(kDefaultUser);
  } else if (login.password.empty() || !verify_password(admin->hash, login.password)) {
    return std::nullopt;
  }
  login.hash = admin->hash;
  return std::nullopt;
}

/// The simulated packs, running until it goes out of scope.
class DemoSite {
 public:
  ~DemoSite() {
    loop_.stop();
    if (thread_.joinable()) thread_.join();
  }
  [[nodiscard]] std::string start(const std::vector<sim::DemoLine>& lines, const std::filesystem::path& folder) {
    const SystemClock clock;
    for (const auto& line : lines) {
      simulators_.push_back(sim::make_demo_simulator(line, clock.utc_ms()));
      if (auto error = loop_.add("pty:" + line_path(folder, line), as_peer(*simulators_.back())); !error.empty()) return error;
    }
    thread_ = std::thread{[this] { static_cast<void>(loop_.run()); }};
    return {};
  }

 private:
  std::vector<std::unique_ptr<sim::Simulator>> simulators_;
  SimLoop loop_;
  std::thread thread_;
};

void print_welcome(const DemoArgs& args, std::uint16_t port, std::string_view password, std::size_t lines) {
  fmt::print("\nbmsgate demo: {} simulated packs on {} lines\n\n", args.packs, lines);
  fmt::print("  Pages    http://localhost:{}/\n", port);
  fmt::print("  Log in   admin  {}\n", password);
  fmt::print("  Modbus   localhost:{}, units 1 to {}\n", args.modbus_port, args.packs);
  if (!args.mqtt.empty()) fmt::print("  MQTT     {}, topics bmsgate/#\n", args.mqtt);
  fmt::print("\nCtrl-C ends it.\n\n");
  std::fflush(stdout);
}

}  // namespace

int run_demo(const DemoArgs& args) {
  std::optional<Broker> broker;
  if (!args.mqtt.empty()) {
    broker = parse_broker(args.mqtt);
    if (!broker) return fail(2, fmt::format("--mqtt {}: use HOST or HOST:PORT", args.mqtt));
  }
  const auto folder = args.data_dir.empty() ? usual_folder() : std::filesystem::absolute(args.data_dir);
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    return fail(1, fmt::format("cannot make the data folder {}: {}; give another one with --data", folder.string(), error.message()));
  const auto lines = sim::demo_lines(args.packs);
  const auto settings = folder / "demo.toml";
  if (auto failure = write_private(settings, settings_text(args, broker, folder, lines))) return fail(1, *failure);

  {
    Log log;
    if (auto failure = make_demo_history(lines, folder / kHistoryFile, SystemClock{}.utc_ms(), log)) return fail(1, *failure);
  }
  DemoSite site;
  if (auto failure = site.start(lines, folder); !failure.empty()) return fail(1, failure);
  DemoLogin login;
  AppConfig config;
  config.settings.config_file = settings.string();
  config.settings.data_dir = folder.string();
  config.settings.environment = process_environment();
  config.demo = true;
  config.prepare_users = [&](Users& users) { return prepare_users(users, folder, login); };
  config.password_hint = [&](const Users& users) { return login.hint(users); };
  config.ready = [&](std::uint16_t port) {
    print_welcome(args, port, login.hash.empty() ? "(the password you have set)" : login.password, lines.size());
  };
  return run_app(config);
}

}  // namespace bmsgate::host
