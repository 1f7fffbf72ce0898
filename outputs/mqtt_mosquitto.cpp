// SPDX-License-Identifier: Apache-2.0
// The MQTT client on libmosquitto. One thread of its own owns the library's object altogether; the loop thread only touches the queue.
// Until a connection stands, mosquitto_loop() does the work (it knows about unfinished TCP and TLS handshakes); from then on the thread
// waits in poll() for the socket and for new messages at once. The library queues without a limit, so it is given nothing new while its
// socket is full or 20 messages wait for their acknowledgement.
#include <fmt/format.h>
#include <mosquitto.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <map>
#include <mutex>
#include <thread>

#include "outputs/mqtt_client.hpp"
#include "outputs/mqtt_queue.hpp"
#include "outputs/mqtt_setup.hpp"

namespace bmsgate::outputs {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr std::size_t kMaxUnacknowledged = 20;
constexpr auto kConnectPatience = seconds{20};
constexpr auto kFirstPause = seconds{1};
constexpr auto kLongestPause = seconds{60};
constexpr auto kFarewell = milliseconds{500};  // for the last message to be acknowledged
constexpr auto kStopPatience = seconds{1};     // a name server that does not answer can hold the thread for longer
constexpr int kHousekeepingMs = 1000;

/// What both threads and a thread left behind share.
struct Shared {
  Shared(const MqttOptions& wanted, MqttWill last_will, core::Logger& logger, std::function<void()> connected)
      : options{wanted}, will{std::move(last_will)}, log{&logger}, on_connected{std::move(connected)} {}
  ~Shared() { ::close(wake); }

  MqttOptions options;
  MqttWill will;
  int wake{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
  std::atomic<bool> stopping{false};

  std::mutex mutex;  // guards all below
  std::condition_variable changed;
  core::Logger* log;  // nullptr once the owner has gone
  std::function<void()> on_connected;
  MqttQueue queue;
  MqttStatus status;
  bool finished{false};

  void write(core::Level level, const std::string& message) {
    const std::lock_guard lock{mutex};
    if (log != nullptr) log->write(level, "mqtt", message);
  }
};

class Worker {
 public:
  explicit Worker(std::shared_ptr<Shared> shared) : shared_{std::move(shared)} {}

  void run() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);  // TLS writes raise SIGPIPE
    init_mosquitto();
    auto pause = kFirstPause;
    while (!shared_->stopping) {
      const auto began = steady_clock::now();
      attempt();
      if (shared_->stopping) break;
      if (served_ && steady_clock::now() - began > seconds{10}) pause = kFirstPause;
      std::unique_lock lock{shared_->mutex};
      shared_->changed.wait_for(lock, pause, [&] { return shared_->stopping.load(); });
      pause = std::min(pause * 2, kLongestPause);
    }
    const std::lock_guard lock{shared_->mutex};
    shared_->finished = true;
    shared_->changed.notify_all();
  }

 private:
  /// One connection from its beginning to its end.
  void attempt() {
    connected_ = false;
    served_ = false;
    refusal_ = 0;
    detail_.clear();
    client_ = mosquitto_new(mqtt_client_id(shared_->options).c_str(), true, this);
    if (client_ == nullptr) {
      report(std::strerror(errno));
      return;
    }
    const int code = connect();
    if (connected_) {
      served_ = true;
      const int end = serve();
      if (!shared_->stopping) report(fmt::format("connection lost: {}", reason(end)));
    } else if (!shared_->stopping) {
      report(refusal_ != 0 ? fmt::format("refused: {}", mosquitto_refusal(shared_->options.version, refusal_)) : reason(code));
    }
    mosquitto_destroy(client_);
    client_ = nullptr;
    const std::lock_guard lock{shared_->mutex};
    shared_->status.connected = false;
    shared_->queue.drop_states();
    for (auto it = unacknowledged_.rbegin(); it != unacknowledged_.rend(); ++it) shared_->queue.push_front(std::move(it->second));
    unacknowledged_.clear();
  }

  [[nodiscard]] int configure() {
    mosquitto_connect_callback_set(client_, [](mosquitto*, void* self, int code) { static_cast<Worker*>(self)->on_connect(code); });
    mosquitto_publish_callback_set(client_, [](mosquitto*, void* self, int id) { static_cast<Worker*>(self)->unacknowledged_.erase(id); });
    mosquitto_log_callback_set(client_, [](mosquitto*, void* self, int level, const char* text) {
      if (level == MOSQ_LOG_ERR) static_cast<Worker*>(self)->detail_ = text;
    });
    const auto& will = shared_->will;
    if (const int code =
            mosquitto_will_set(client_, will.topic.c_str(), static_cast<int>(will.payload.size()), will.payload.data(), 1, true);
        code != MOSQ_ERR_SUCCESS) {
      return code;
    }
    return configure_mosquitto(client_, shared_->options, detail_);
  }

  /// Until the broker has accepted us, refused, or patience is at its end.
  [[nodiscard]] int connect() {
    const auto& options = shared_->options;
    int code = configure();
    if (code != MOSQ_ERR_SUCCESS) return code;
    const auto deadline = steady_clock::now() + kConnectPatience;
    code = mosquitto_connect_async(client_, options.host.c_str(), options.port, options.keep_alive_s);
    while (code == MOSQ_ERR_SUCCESS && !connected_ && refusal_ == 0 && !shared_->stopping) {
      if (steady_clock::now() > deadline) {
        errno = ETIMEDOUT;
        return MOSQ_ERR_ERRNO;
      }
      code = mosquitto_loop(client_, 50, 1);
    }
    return code;
  }

  void on_connect(int code) {
    if (code != 0) {
      refusal_ = code;
      return;
    }
    connected_ = true;
    {
      const std::lock_guard lock{shared_->mutex};
      shared_->status.connected = true;
      shared_->status.problem.clear();
      ++shared_->status.connects;
      if (shared_->log != nullptr) {
        const auto line = fmt::format("connected to {} port {}", shared_->options.host, shared_->options.port);
        shared_->log->write(core::Level::kInfo, "mqtt", line);
        if (shared_->on_connected) shared_->on_connected();
      }
    }
  }

  /// Sends what comes, until the connection ends or the owner goes.
  [[nodiscard]] int serve() {
    while (!shared_->stopping) {
      int code = send_queued();
      if (code == MOSQ_ERR_SUCCESS) code = wait(kHousekeepingMs, true);
      if (code != MOSQ_ERR_SUCCESS) return code;
    }
    say_goodbye();
    return MOSQ_ERR_SUCCESS;
  }

  [[nodiscard]] bool may_send() const { return unacknowledged_.size() < kMaxUnacknowledged && !mosquitto_want_write(client_); }

  [[nodiscard]] int send_queued() {
    while (may_send()) {
      std::optional<MqttMessage> message;
      {
        const std::lock_guard lock{shared_->mutex};
        message = shared_->queue.pop();
        if (message) ++shared_->status.published;
      }
      if (!message) break;
      const int qos = message->kind == MqttKind::kState ? 0 : 1;
      const bool retain = message->kind == MqttKind::kRetained;
      int id = 0;
      const int code = mosquitto_publish(client_, &id, message->topic.c_str(), static_cast<int>(message->payload.size()),
                                         message->payload.data(), qos, retain);
      if (code == MOSQ_ERR_INVAL || code == MOSQ_ERR_PAYLOAD_SIZE || code == MOSQ_ERR_MALFORMED_UTF8 || code == MOSQ_ERR_OVERSIZE_PACKET) {
        shared_->write(core::Level::kWarning, fmt::format("message on {} not sent: {}", message->topic, mosquitto_strerror(code)));
        continue;
      }
      if (qos > 0) unacknowledged_.insert_or_assign(id, std::move(*message));
      if (code != MOSQ_ERR_SUCCESS) return code;
    }
    return MOSQ_ERR_SUCCESS;
  }

  /// Waits for the socket, and for new messages if they can be taken.
  [[nodiscard]] int wait(int timeout_ms, bool for_messages) {
    const int socket = mosquitto_socket(client_);
    if (socket < 0) return MOSQ_ERR_CONN_LOST;
    const auto writable = static_cast<short>(mosquitto_want_write(client_) ? POLLOUT : 0);
    std::array<pollfd, 2> fds{pollfd{socket, static_cast<short>(POLLIN | writable), 0},
                              pollfd{for_messages ? shared_->wake : -1, POLLIN, 0}};
    if (::poll(fds.data(), fds.size(), timeout_ms) < 0 && errno != EINTR) return MOSQ_ERR_ERRNO;
    if ((fds[1].revents & POLLIN) != 0) {
      std::uint64_t count = 0;
      static_cast<void>(::read(shared_->wake, &count, sizeof count));
    }
    if ((fds[0].revents & (POLLIN | POLLERR | POLLHUP)) != 0) {
      if (const int code = mosquitto_loop_read(client_, 1); code != MOSQ_ERR_SUCCESS) return code;
    }
    if ((fds[0].revents & POLLOUT) != 0) {
      if (const int code = mosquitto_loop_write(client_, 1); code != MOSQ_ERR_SUCCESS) return code;
    }
    return mosquitto_loop_misc(client_);
  }

  /// Leaving in peace, the broker does not speak our will: we say it ourselves.
  void say_goodbye() {
    const auto deadline = steady_clock::now() + kFarewell;
    static_cast<void>(send_queued());
    int id = 0;
    const auto& will = shared_->will;
    int code = mosquitto_publish(client_, &id, will.topic.c_str(), static_cast<int>(will.payload.size()), will.payload.data(), 1, true);
    unacknowledged_.insert_or_assign(id, MqttMessage{will.topic, will.payload, MqttKind::kRetained});
    while (code == MOSQ_ERR_SUCCESS && unacknowledged_.contains(id) && steady_clock::now() < deadline) code = wait(50, false);
    if (code == MOSQ_ERR_SUCCESS) static_cast<void>(mosquitto_disconnect(client_));
  }

  [[nodiscard]] std::string reason(int code) const {
    const int number = errno;
    if (!detail_.empty() && code != MOSQ_ERR_SUCCESS) return detail_;
    if (code == MOSQ_ERR_ERRNO) return std::strerror(number);
    if (code == MOSQ_ERR_EAI) return "the name is not known";
    return mosquitto_strerror(code);
  }

  /// The first of equal problems is told, the others are only kept.
  void report(const std::string& text) {
    const auto line = fmt::format("{} port {}: {}", shared_->options.host, shared_->options.port, text);
    const std::lock_guard lock{shared_->mutex};
    const bool known = shared_->status.problem == line;
    shared_->status.problem = line;
    if (shared_->log != nullptr) shared_->log->write(known ? core::Level::kDebug : core::Level::kWarning, "mqtt", line + "; trying again");
  }

  std::shared_ptr<Shared> shared_;
  mosquitto* client_{nullptr};
  bool connected_{false};
  bool served_{false};
  int refusal_{0};
  std::string detail_;                         // what the library said last about an error
  std::map<int, MqttMessage> unacknowledged_;  // by the library's message id
};

class MosquittoClient final : public MqttClient {
 public:
  MosquittoClient(const MqttOptions& options, MqttWill will, core::Logger& log, std::function<void()> on_connected)
      : shared_{std::make_shared<Shared>(options, std::move(will), log, std::move(on_connected))}, thread_{[shared = shared_] {
          Worker{shared}.run();
        }} {}

  ~MosquittoClient() override {
    shared_->stopping = true;
    wake();
    std::unique_lock lock{shared_->mutex};
    shared_->on_connected = nullptr;
    shared_->changed.notify_all();
    const bool finished = shared_->changed.wait_for(lock, kStopPatience, [&] { return shared_->finished; });
    shared_->log = nullptr;
    lock.unlock();
    if (finished) {
      thread_.join();
    } else {
      thread_.detach();
    }
  }

  void publish(MqttMessage message) override {
    {
      const std::lock_guard lock{shared_->mutex};
      shared_->queue.push(std::move(message), shared_->status.connected);
    }
    wake();
  }

  [[nodiscard]] MqttStatus status() const override {
    const std::lock_guard lock{shared_->mutex};
    auto status = shared_->status;
    status.dropped = shared_->queue.dropped();
    status.queued = shared_->queue.size();
    return status;
  }

 private:
  void wake() const {
    const std::uint64_t one = 1;
    static_cast<void>(::write(shared_->wake, &one, sizeof one));
  }

  std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<MqttClient> make_mosquitto_client(const MqttOptions& options, MqttWill will, core::Logger& log,
                                                  std::function<void()> on_connected) {
  return std::make_unique<MosquittoClient>(options, std::move(will), log, std::move(on_connected));
}

}  // namespace bmsgate::outputs
