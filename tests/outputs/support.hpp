// SPDX-License-Identifier: Apache-2.0
// What the tests of the outputs share: a clock that is set, a log that is kept, a hub with packs, a loop on its own thread.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "core/clock.hpp"
#include "core/hub.hpp"
#include "core/log.hpp"

namespace bmsgate::outputs {

class SetClock final : public core::Clock {
 public:
  [[nodiscard]] core::Instant now() const noexcept override { return core::Instant{core::Duration{now_us.load()}}; }
  [[nodiscard]] core::UtcMs utc_ms() const noexcept override { return utc.load(); }
  void pass(core::Duration time) noexcept {
    now_us += time.count();
    utc += time.count() / 1000;
  }
  std::atomic<std::int64_t> now_us{1'000'000'000};
  std::atomic<core::UtcMs> utc{1'750'000'000'000};
};

class KeptLog final : public core::Logger {
 public:
  void write(core::Level /*level*/, std::string_view who, std::string_view message) noexcept override {
    const std::lock_guard lock{mutex_};
    text_.append(who).append(": ").append(message).append("\n");
  }
  [[nodiscard]] std::string text() const {
    const std::lock_guard lock{mutex_};
    return text_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

inline core::PackIndex add_pack(core::Hub& hub, std::string_view id, std::uint8_t unit) {
  core::PackConfig config;
  config.id.assign(id);
  config.name.assign(id);
  config.protocol.assign("jk-pb");
  config.bus.assign("usb");
  config.unit = unit;
  return hub.add_pack(config).value();
}

/// A plausible reading of a discharging 16S pack with one weak cell, derived.
inline core::Reading example_reading(core::PackIndex pack, const core::Clock& clock) {
  using core::Field;
  core::Reading reading;
  reading.pack = pack;
  reading.at = clock.now();
  reading.utc_ms = clock.utc_ms();
  auto& sample = reading.sample;
  sample.set(Field::kPackVoltage, 53'270);
  sample.set(Field::kCurrent, -18'700);
  sample.set(Field::kSoc, 876);
  sample.set(Field::kRemainingCapacity, 245'500);
  sample.set(Field::kFullCapacity, 280'000);
  sample.set(Field::kCycles, 123);
  sample.set(Field::kChargeMos, 1);
  sample.set(Field::kDischargeMos, 1);
  for (std::size_t i = 0; i < 16; ++i) sample.set(Field::kCellVoltage, 3330, i);
  sample.set(Field::kCellVoltage, 3310, 4);
  sample.set(Field::kTemperature, 215, 0);
  sample.set(Field::kTemperature, 228, 1);
  core::derive(sample);
  return reading;
}

/// An io_context that runs on a thread of its own until the end of the test.
class Loop {
 public:
  Loop() : thread_{[this] { io.run(); }} {}
  ~Loop() {
    guard_.reset();
    io.stop();
    thread_.join();
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Runs `call` on the loop thread and waits for its result.
  template <class Call>
  auto run(Call call) {
    std::packaged_task<decltype(call())()> task{std::move(call)};
    auto result = task.get_future();
    boost::asio::post(io, [&task] { task(); });
    return result.get();
  }

  boost::asio::io_context io;

 private:
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{io.get_executor()};
  std::thread thread_;
};

}  // namespace bmsgate::outputs
