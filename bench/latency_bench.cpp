// SPDX-License-Identifier: Apache-2.0
// From the last byte of a BMS's reply to the event stream, the Modbus register and the MQTT message, through the real program and a real
// broker, beside the lateness of an empty timer in the same run. The BMSs are virtual ones in this process; each status reply carries a
// first cell that differs from the last, so that every outlet can be told from it.
#include <mosquitto.h>

#include <atomic>
#include <mutex>
#include <optional>

#include "bench/gateway.hpp"
#include "bench/report.hpp"
#include "core/crc.hpp"
#include "core/field.hpp"
#include "sim/simulator.hpp"

namespace {

using namespace bmsgate;
using namespace bmsgate::bench;

constexpr int kLines = 4;
constexpr int kPacks = 5;  // of a line
constexpr std::size_t kAll = std::size_t{kLines} * kPacks;
constexpr std::size_t kFrame = 300;
constexpr std::size_t kReply = kFrame + 8;  // frame and acknowledgement
constexpr std::size_t kFirstCellAt = 6;
constexpr std::uint8_t kStatusFrame = 2;
constexpr auto kWarmUp = std::chrono::seconds{6};

enum Outlet : std::size_t { kStream, kModbus, kMqtt, kOutlets };

/// What was last written for each pack, and who has shown it.
class Board {
 public:
  void written(std::size_t pack, long mv, Steady::time_point at) {
    const std::lock_guard lock{mutex_};
    auto& entry = packs_[pack];
    if (measuring_ && entry.mv != 0) {
      for (const bool seen : entry.seen) missed_ += seen ? 0 : 1;
    }
    entry = {mv, at, {}};
  }
  void shown(Outlet outlet, std::size_t pack, long mv) {
    const auto now = Steady::now();
    const std::lock_guard lock{mutex_};
    if (pack >= kAll) return;
    auto& entry = packs_[pack];
    if (entry.mv != mv || entry.seen[outlet]) return;
    entry.seen[outlet] = true;
    if (measuring_) latencies_[outlet].push_back(std::chrono::duration<double, std::milli>(now - entry.at).count());
  }
  /// Packs whose newest value Modbus has not shown yet.
  void waiting(std::vector<std::size_t>& out) {
    out.clear();
    const std::lock_guard lock{mutex_};
    for (std::size_t pack = 0; pack < kAll; ++pack) {
      if (packs_[pack].mv != 0 && !packs_[pack].seen[kModbus]) out.push_back(pack);
    }
  }
  void measure() {
    const std::lock_guard lock{mutex_};
    packs_ = {};
    measuring_ = true;
  }
  std::array<std::vector<double>, kOutlets> latencies() {
    const std::lock_guard lock{mutex_};
    return latencies_;
  }
  std::size_t missed() {
    const std::lock_guard lock{mutex_};
    return missed_;
  }

 private:
  struct Entry {
    long mv{0};
    Steady::time_point at{};
    std::array<bool, kOutlets> seen{};
  };
  std::mutex mutex_;
  bool measuring_{false};
  std::size_t missed_{0};
  std::array<Entry, kAll> packs_{};
  std::array<std::vector<double>, kOutlets> latencies_;
};

/// One line of virtual packs behind a listening socket.
class Responder {
 public:
  Responder(int line, int listener, Board& board) : line_{line}, listener_{listener}, board_{board} {
    sim::LineSpec spec;
    spec.addresses.clear();
    for (int address = 1; address <= kPacks; ++address) spec.addresses.push_back(static_cast<std::uint8_t>(address));
    spec.simulator.paced = false;
    spec.simulator.speed = 0;
    spec.simulator.seed = static_cast<std::uint64_t>(line + 1);
    std::string error;
    simulator_ = sim::make_simulator(spec, error);
    if (!simulator_) give_up(error);
  }

  void run(const std::atomic<bool>& stop) {
    const int fd = ::accept(listener_, nullptr, nullptr);
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    std::vector<std::uint8_t> out;
    std::array<std::uint8_t, 512> in{};
    while (!stop) {
      const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(simulator_->next_deadline() - now()).count();
      pollfd ready{fd, POLLIN, 0};
      ::poll(&ready, 1, static_cast<int>(std::clamp<std::int64_t>(wait + 1, 0, 100)));
      if (ready.revents != 0) {
        const auto got = ::recv(fd, in.data(), in.size(), 0);
        if (got <= 0) return;
        simulator_->on_bytes(std::span{in}.first(static_cast<std::size_t>(got)), now());
      }
      simulator_->poll(now(), out);
      if (out.empty()) continue;
      send_reply(fd, out);
      out.clear();
    }
    ::close(fd);
  }

 private:
  static core::Instant now() { return core::Instant{std::chrono::duration_cast<core::Duration>(Steady::now().time_since_epoch())}; }

  void send_reply(int fd, std::vector<std::uint8_t>& reply) {
    const bool status = reply.size() == kReply && reply[4] == kStatusFrame;
    if (!status) {
      static_cast<void>(::send(fd, reply.data(), reply.size(), MSG_NOSIGNAL));
      return;
    }
    const std::size_t address = reply[kFrame];
    const auto pack = static_cast<std::size_t>(line_) * kPacks + address - 1;
    const long mv = (reply[kFirstCellAt] | reply[kFirstCellAt + 1] << 8) + (++count_[address] % 2 == 0 ? 0 : 3);
    reply[kFirstCellAt] = static_cast<std::uint8_t>(mv);
    reply[kFirstCellAt + 1] = static_cast<std::uint8_t>(mv >> 8);
    reply[kFrame - 1] = static_cast<std::uint8_t>(core::byte_sum(std::span{reply}.first(kFrame - 1)));
    // All but the last byte first: what is measured begins with that one.
    static_cast<void>(::send(fd, reply.data(), reply.size() - 1, MSG_NOSIGNAL));
    board_.written(pack, mv, Steady::now());
    static_cast<void>(::send(fd, &reply.back(), 1, MSG_NOSIGNAL));
  }

  int line_;
  int listener_;
  Board& board_;
  std::unique_ptr<sim::Simulator> simulator_;
  std::array<unsigned, 256> count_{};
};

void watch_stream(std::uint16_t port, Board& board) {
  Lines lines{open_stream(port)};
  std::string line;
  while (lines.next(line)) {
    if (!line.starts_with("data: ")) continue;
    board.shown(kStream, static_cast<std::size_t>(pack_behind(line, R"("id":"p)") - 1), thousandths_behind(line, R"("cell_voltage":[)"));
  }
}

void watch_modbus(std::uint16_t port, Board& board, const std::atomic<bool>& stop) {
  const int fd = connect_to(port);
  constexpr auto kRegister = core::info(core::Field::kCellVoltage).reg;
  std::array<std::uint8_t, 12> request{0, 0, 0, 0, 0, 6, 0, 3, kRegister >> 8, kRegister & 0xFF, 0, 1};
  std::array<std::uint8_t, 11> reply{};
  std::vector<std::size_t> waiting;
  while (!stop) {
    board.waiting(waiting);
    if (waiting.empty()) std::this_thread::sleep_for(std::chrono::microseconds{50});
    for (const auto pack : waiting) {
      request[6] = static_cast<std::uint8_t>(pack + 1);
      if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) <= 0) return;
      if (::recv(fd, reply.data(), reply.size(), MSG_WAITALL) != static_cast<ssize_t>(reply.size())) return;
      board.shown(kModbus, pack, reply[9] << 8 | reply[10]);
    }
  }
  ::close(fd);
}

void on_message(mosquitto*, void* board, const mosquitto_message* message) {
  const std::string_view payload{static_cast<const char*>(message->payload), static_cast<std::size_t>(message->payloadlen)};
  static_cast<Board*>(board)->shown(kMqtt, static_cast<std::size_t>(pack_behind(message->topic, "bmsgate/p") - 1),
                                    thousandths_behind(payload, R"("cell_voltage":[)"));
}

/// How late a thread wakes that only waits: what this machine adds to every figure here.
std::vector<double> timer_lateness(const std::atomic<bool>& stop) {
  std::vector<double> late;
  auto next = Steady::now();
  while (!stop) {
    next += std::chrono::milliseconds{20};
    std::this_thread::sleep_until(next);
    late.push_back(std::chrono::duration<double, std::milli>(Steady::now() - next).count());
  }
  return late;
}

int seconds_wanted() {
  const char* given = std::getenv("BENCH_SECONDS");
  return given != nullptr ? std::atoi(given) : 30;
}

}  // namespace

int main() {
  const Folder folder;
  const Broker broker{folder};
  Board board;
  std::atomic<bool> stop{false};
  std::vector<std::uint16_t> ports;
  std::vector<std::unique_ptr<Responder>> responders;
  for (int line = 0; line < kLines; ++line) {
    const auto [listener, port] = listen_somewhere();
    ports.push_back(port);
    responders.push_back(std::make_unique<Responder>(line, listener, board));
  }
  std::vector<std::thread> threads;
  for (auto& responder : responders) threads.emplace_back([&] { responder->run(stop); });
  auto gateway = std::make_unique<Gateway>(folder, broker, ports, kPacks);
  ::close(connect_to(gateway->modbus));
  threads.emplace_back([&, port = gateway->web] { watch_stream(port, board); });
  threads.emplace_back([&, port = gateway->modbus] { watch_modbus(port, board, stop); });
  mosquitto_lib_init();
  auto* subscriber = mosquitto_new(nullptr, true, &board);
  mosquitto_message_callback_set(subscriber, on_message);
  mosquitto_connect(subscriber, "127.0.0.1", broker.port, 60);
  mosquitto_subscribe(subscriber, nullptr, "bmsgate/+/state", 0);
  mosquitto_loop_start(subscriber);

  std::this_thread::sleep_for(kWarmUp);
  board.measure();
  std::vector<double> late;
  std::thread control{[&] { late = timer_lateness(stop); }};
  std::this_thread::sleep_for(std::chrono::seconds{seconds_wanted()});
  const auto latencies = board.latencies();
  const auto missed = board.missed();
  stop = true;
  control.join();
  gateway.reset();
  mosquitto_loop_stop(subscriber, true);
  mosquitto_destroy(subscriber);
  for (auto& thread : threads) thread.join();

  const auto timer = quantiles(late);
  std::vector<Row> rows;
  constexpr std::array<const char*, kOutlets> kNames{"event stream", "Modbus register", "MQTT message"};
  for (std::size_t outlet = 0; outlet < kOutlets; ++outlet) {
    if (latencies[outlet].size() < 100) give_up(fmt::format("only {} readings reached the {}", latencies[outlet].size(), kNames[outlet]));
    const auto found = quantiles(latencies[outlet]);
    rows.push_back({.name = fmt::format("reply to {}, median", kNames[outlet]),
                    .value = found.median,
                    .unit = "ms",
                    .reference = "empty timer",
                    .reference_value = timer.median,
                    .limit = 1});
    rows.push_back({.name = fmt::format("reply to {}, p99", kNames[outlet]),
                    .value = found.p99,
                    .unit = "ms",
                    .reference = "empty timer",
                    .reference_value = timer.p99,
                    .limit = 5});
  }
  rows.push_back({.name = "readings measured", .value = static_cast<double>(latencies[kStream].size()), .unit = "", .reference = ""});
  rows.push_back(
      {.name = "readings that an outlet did not show", .value = static_cast<double>(missed), .unit = "", .reference = "", .limit = 0});
  return report("latency", rows);
}
