// SPDX-License-Identifier: Apache-2.0
// Start, run, stop.
#include "host/app.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <memory>
#include <optional>

#include "host/data_folder.hpp"
#include "host/gateway.hpp"
#include "host/log.hpp"
#include "host/system_clock.hpp"
#include "host/version.hpp"
#include "host/web/server.hpp"

namespace bmsgate::host {
namespace {

namespace asio = boost::asio;

struct Trouble {
  int status;
  std::string text;
};

core::Level level_of(LogLevel level) {
  switch (level) {
    case LogLevel::kError: return core::Level::kError;
    case LogLevel::kWarning: return core::Level::kWarning;
    case LogLevel::kInfo: return core::Level::kInfo;
    case LogLevel::kDebug: break;
  }
  return core::Level::kDebug;
}

constexpr std::chrono::milliseconds kAnswerTime{100};  // for an answer to leave before its server stands still

/// All problems in one line: the first in full, and how many there are.
std::string in_one_line(const config::Problems& problems) {
  const auto& first = problems.front();
  if (problems.size() == 1) return first.line();
  return fmt::format("{} ({} more: `bmsgate config check` lists them)", first.line(), problems.size() - 1);
}

class App {
 public:
  explicit App(const AppConfig& config) : config_{config} {}

  [[nodiscard]] std::optional<Trouble> start() {
    if (const auto problems = store_.load(config_.settings); !problems.empty()) return Trouble{2, in_one_line(problems)};
    log_.set_level(level_of(settings().general.log_level));
    const auto& data = config_.settings.data_dir;
    if (auto failure = folder_.open(data.empty() ? std::string{kDefaultDataDir} : data)) return Trouble{1, *failure};
    if (folder_.read_only()) {
      log_.write(core::Level::kWarning, "bmsgate",
                 fmt::format("the data folder {} is on a read-only disk: readings are shown, but neither they nor settings are kept",
                             folder_.path().string()));
    }
    users_ = std::make_unique<Users>(folder_.path() / "users.json");
    if (auto failure = users_->open()) return Trouble{1, *failure};
    if (config_.prepare_users) {
      if (auto failure = config_.prepare_users(*users_)) return Trouble{1, *failure};
    }
    server_ = std::make_unique<web::Server>(loop_, log_, static_cast<std::size_t>(settings().web.max_clients));
    if (auto failure = listen()) return Trouble{1, *failure};
    auth_ = std::make_unique<web::Auth>(*users_, settings().web, clock_, server_->offload());
    if (auto failure = start_gateway()) return Trouble{1, *failure};
    gateway_->announce(core::EventKind::kProgram, fmt::format("bmsgate {} started", kVersion));
    log_.write(core::Level::kInfo, "web", fmt::format("pages and API on port {}", server_->port()));
    if (users_->default_password()) {
      log_.write(core::Level::kWarning, "web", "user admin still has the well-known password; change it with `bmsgate user passwd admin`");
    }
    if (config_.ready) config_.ready(server_->port());
    return std::nullopt;
  }

  void run() {
    signals_.async_wait([this](boost::system::error_code error, int) {
      if (error) return;
      anew_ = false;
      loop_.stop();
    });
    loop_.run();
    log_.write(core::Level::kInfo, "bmsgate", "stopping");
    gateway_->announce(core::EventKind::kProgram, "bmsgate stopped");
  }

  [[nodiscard]] int status() const { return anew_ ? kBeginAnew : 0; }

  void stop() {
    again_.cancel();
    if (gateway_) gateway_->stop();
    if (server_) server_->stop();
    gateway_.reset();
  }

 private:
  [[nodiscard]] const Settings& settings() const { return store_.current(); }

  [[nodiscard]] std::optional<std::string> listen() {
    const auto& web = settings().web;
    auto error = server_->listen(web.listen, web.port);
    constexpr std::uint16_t kUsualPort = 80;
    if (error && error->refused && web.port == kUsualPort) {
      log_.write(core::Level::kWarning, "web", fmt::format("{}; taking {}", error->text, WebOptions::kFallbackPort));
      error = server_->listen(web.listen, WebOptions::kFallbackPort);
    }
    return error ? std::optional{error->text} : std::nullopt;
  }

  [[nodiscard]] std::optional<std::string> start_gateway() {
    gateway_ = std::make_unique<Gateway>(GatewayContext{
        .loop = loop_,
        .clock = clock_,
        .log = log_,
        .store = store_,
        .auth = *auth_,
        .data_dir = folder_.path().string(),
        .started = started_,
        .demo = config_.demo,
        .settings_changed = [this](const SettingsStore::Change& change, const web::Caller& caller) { return apply(change, caller); },
        .demo_password = [this] { return config_.password_hint ? config_.password_hint(*users_) : std::string{}; },
        .restart = [this] { return begin_anew_soon(); }});
    if (auto failure = gateway_->start()) {
      gateway_->stop();
      return failure;
    }
    server_->start(gateway_->site());
    return std::nullopt;
  }

  std::vector<std::string> apply(const SettingsStore::Change& change, const web::Caller& caller) {
    if (!change.changed.empty()) {
      const auto text = fmt::format("{} changed by {} from {}", fmt::join(change.changed, ", "), caller.user, caller.address);
      log_.write(core::Level::kInfo, "settings", text);
      gateway_->announce(core::EventKind::kSettings, text);
    }
    log_.set_level(level_of(settings().general.log_level));
    const auto changed = [&](std::string_view key) {
      return std::find(change.changed.begin(), change.changed.end(), key) != change.changed.end();
    };
    if (changed("bus") || changed("pack") || changed("history")) {
      rebuild_soon();
    } else {
      gateway_->apply(change.changed);
    }
    return change.restart;
  }

  /// Ends the loop once the answer to the one who asked for it is out; not with settings that would keep the program from starting.
  [[nodiscard]] Failure begin_anew_soon() {
    SettingsStore trial{program_hooks()};
    auto sources = config_.settings;
    sources.save = false;
    if (const auto problems = trial.load(sources); !problems.empty()) return in_one_line(problems);
    anew_ = true;
    again_.expires_after(kAnswerTime);
    again_.async_wait([this](boost::system::error_code error) {
      if (!error) loop_.stop();
    });
    return std::nullopt;
  }

  /// Lines and packs are made anew, once the answer to the one who asked for it is out.
  void rebuild_soon() {
    if (anew_) return;
    again_.expires_after(kAnswerTime);
    again_.async_wait([this](boost::system::error_code error) {
      if (error) return;
      gateway_->stop();
      server_->pause();
      gateway_.reset();
      if (auto failure = start_gateway()) log_.write(core::Level::kError, "bmsgate", *failure);
    });
  }

  const AppConfig& config_;
  SystemClock clock_;
  const core::Instant started_{clock_.now()};
  Log log_;
  asio::io_context loop_{1};
  asio::signal_set signals_{loop_, SIGTERM, SIGINT};
  asio::steady_timer again_{loop_};
  DataFolder folder_;
  SettingsStore store_{program_hooks()};
  std::unique_ptr<Users> users_;
  std::unique_ptr<web::Server> server_;
  std::unique_ptr<web::Auth> auth_;
  std::unique_ptr<Gateway> gateway_;
  bool anew_{false};  // somebody wants the program to begin anew
};

}  // namespace

int run_app(const AppConfig& config) {
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  App app{config};
  if (const auto trouble = app.start()) {
    app.stop();
    fmt::print(stderr, "bmsgate: {}\n", trouble->text);
    return trouble->status;
  }
  app.run();
  app.stop();
  return app.status();
}

int run_run(const RunArgs& args) {
  AppConfig config;
  config.settings.config_file = args.config_file;
  config.settings.data_dir = args.data_dir;
  config.settings.environment = process_environment();
  return run_app(config);
}

std::string app_openapi() {
  SystemClock clock;
  Log log;
  asio::io_context loop;
  SettingsStore store{program_hooks()};
  Users users{{}};
  web::Auth auth{users, store.current().web, clock, {}};
  Gateway gateway{
      {.loop = loop, .clock = clock, .log = log, .store = store, .auth = auth, .data_dir = {}, .started = {}, .settings_changed = {}}};
  return web::openapi_json(gateway.site().routes());
}

}  // namespace bmsgate::host
