// SPDX-License-Identifier: Apache-2.0
// One attempt at a time, on a thread that nobody waits for: a name server that does not answer can hold it for longer than we do.
#include "host/web/api_test.hpp"

#include <pthread.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/json.hpp>
#include <csignal>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "host/web/api.hpp"

namespace bmsgate::host::web {
namespace {

namespace json = boost::json;

constexpr std::chrono::seconds kLimit{15};

/// The answer that is owed; given once, by whoever comes first.
class Owed {
 public:
  explicit Owed(Reply reply) : reply_{std::move(reply)} {}
  void give(Response response) {
    const std::lock_guard lock{mutex_};
    if (const auto reply = std::exchange(reply_, nullptr)) reply(std::move(response));
  }
  void drop() {
    const std::lock_guard lock{mutex_};
    reply_ = nullptr;
  }
  void thread_ends() {
    const std::lock_guard lock{mutex_};
    running_ = false;
  }
  [[nodiscard]] bool running() {
    const std::lock_guard lock{mutex_};
    return running_;
  }

 private:
  std::mutex mutex_;
  Reply reply_;
  bool running_{true};
};

Response response_of(const outputs::Trial& trial) {
  json::object params;
  for (const auto& [name, value] : trial.params) params[name] = value;
  return json_response(
      json::serialize(json::object{{"ok", trial.ok}, {"key", trial.key}, {"message", trial.message}, {"params", std::move(params)}}));
}

/// Lives as long as the routes.
struct Attempts {
  explicit Attempts(boost::asio::io_context& loop) : timer{loop} {}
  ~Attempts() {
    if (owed) owed->drop();
  }
  void begin(Reply reply, std::function<outputs::Trial()> attempt) {
    if (owed && owed->running()) return reply(problem(409, "the last test is not over yet; try again in some seconds"));
    owed = std::make_shared<Owed>(std::move(reply));
    std::thread{[owed = owed, attempt = std::move(attempt)] {
      sigset_t all;
      ::sigfillset(&all);
      ::pthread_sigmask(SIG_BLOCK, &all, nullptr);  // TLS writes raise SIGPIPE; the others are for the loop's thread
      auto response = response_of(attempt());
      owed->thread_ends();
      owed->give(std::move(response));
    }}.detach();
    timer.expires_after(kLimit);
    timer.async_wait([weak = std::weak_ptr{owed}](boost::system::error_code error) {
      const auto late = weak.lock();
      if (error || !late) return;
      late->give(response_of({.ok = false, .key = "late", .message = "There was no answer in time.", .params = {}}));
    });
  }

  boost::asio::steady_timer timer;
  std::shared_ptr<Owed> owed;
};

}  // namespace

std::vector<Route> test_routes(boost::asio::io_context& loop, const SettingsStore& store, std::vector<ServiceTest> tests) {
  const auto attempts = std::make_shared<Attempts>(loop);
  auto run = [&store, attempts, tests = std::move(tests)](const Request& request, const Reply& reply) {
    const auto test = std::find_if(tests.begin(), tests.end(), [&](const ServiceTest& one) { return one.group == request.args[0]; });
    if (test == tests.end()) return reply(problem(404, "there is no test of '" + request.args[0] + "'"));
    config::Problems problems;
    const auto wanted = store.preview(request.body.empty() ? std::string_view{"{}"} : request.body, problems);
    if (!wanted) return reply(settings_refusal(problems));
    attempts->begin(reply, test->prepare(*wanted));
  };
  return {{Method::kPost, "/api/v1/test/{service}", Role::kAdmin,
           "Try a service with the settings in the body over those that are saved; nothing is saved", "Trial", run, "", kOwnPassword}};
}

}  // namespace bmsgate::host::web
