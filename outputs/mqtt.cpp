// SPDX-License-Identifier: Apache-2.0
// Carries the hub's news to the formats, and the client's to the loop thread.
#include "outputs/mqtt.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <exception>
#include <vector>

#include "outputs/mqtt_native.hpp"

namespace bmsgate::outputs {

namespace asio = boost::asio;

class MqttOutput::Impl final : public core::Subscriber, public std::enable_shared_from_this<Impl> {
 public:
  Impl(const MqttContext& context, const MqttOptions& options) : context_{context}, options_{options}, timer_{context.io} {}
  virtual ~Impl() = default;

  void start() {
    client_ = make_mosquitto_client(options_, MqttNative::will(options_), context_.log, [weak = weak_from_this(), &io = context_.io] {
      asio::post(io, [weak] {
        if (const auto self = weak.lock()) self->each([&](MqttFormat& format) { format.on_connected(self->context_.clock.now()); });
      });
    });
    formats_.push_back(std::make_unique<MqttNative>(context_.hub, *client_, options_));
    if (!context_.hub.subscribe(*this)) context_.log.write(core::Level::kError, "mqtt", "too many outputs: nothing will be published");
    tick();
  }

  void stop() {
    context_.hub.unsubscribe(*this);
    timer_.cancel();
    formats_.clear();
    client_.reset();
  }

  [[nodiscard]] MqttStatus status() const { return client_->status(); }

  void on_reading(const core::Reading& reading) noexcept override {
    each([&](MqttFormat& format) { format.on_reading(reading); });
  }
  void on_pack(core::PackIndex pack) noexcept override {
    each([&](MqttFormat& format) { format.on_pack(pack); });
  }
  void on_event(const core::Event& event) noexcept override {
    each([&](MqttFormat& format) { format.on_event(event); });
  }

 private:
  /// The hub knows no exceptions: what a format cannot build for lack of memory is left out.
  template <class Call>
  void each(Call call) noexcept {
    for (const auto& format : formats_) {
      try {
        call(*format);
      } catch (const std::exception& problem) {
        context_.log.write(core::Level::kError, "mqtt", problem.what());
      }
    }
  }

  void tick() {
    timer_.expires_after(std::chrono::seconds{1});
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& code) {
      const auto self = weak.lock();
      if (code || !self) return;
      self->each([&](MqttFormat& format) { format.on_second(self->context_.clock.now()); });
      self->tick();
    });
  }

  MqttContext context_;
  MqttOptions options_;
  asio::steady_timer timer_;
  std::unique_ptr<MqttClient> client_;
  std::vector<std::unique_ptr<MqttFormat>> formats_;
};

MqttOutput::MqttOutput(const MqttContext& context, const MqttOptions& options) {
  if (!options.enabled) return;
  impl_ = std::make_shared<Impl>(context, options);
  impl_->start();
}

MqttOutput::~MqttOutput() {
  if (impl_) impl_->stop();
}

MqttStatus MqttOutput::status() const { return impl_ ? impl_->status() : MqttStatus{}; }

}  // namespace bmsgate::outputs
