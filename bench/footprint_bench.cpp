// SPDX-License-Identifier: Apache-2.0
// What the program costs: 16 JK-PB packs on 4 lines, each polled once a second, all outlets on and listened to, the virtual BMSs in
// processes of their own. Memory, processor time, and the time from start to the first good reading.
#include <atomic>

#include "bench/gateway.hpp"
#include "bench/report.hpp"

namespace {

using namespace bmsgate::bench;

constexpr int kLines = 4;
constexpr int kPacks = 4;  // of a line

int seconds_wanted() {
  const char* given = std::getenv("BENCH_SECONDS");
  return given != nullptr ? std::atoi(given) : 60;
}

/// Reads the block 100-157 of every pack once a second, as a logger would.
void read_modbus(std::uint16_t port, const std::atomic<bool>& stop) {
  const int fd = connect_to(port);
  std::array<std::uint8_t, 12> request{0, 0, 0, 0, 0, 6, 0, 3, 0, 100, 0, 58};
  std::array<std::uint8_t, 9 + 2 * 58> reply{};
  while (!stop) {
    for (int unit = 1; unit <= kLines * kPacks; ++unit) {
      request[6] = static_cast<std::uint8_t>(unit);
      if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) <= 0) return;
      if (::recv(fd, reply.data(), reply.size(), MSG_WAITALL) != static_cast<ssize_t>(reply.size())) return;
    }
    std::this_thread::sleep_for(std::chrono::seconds{1});
  }
  ::close(fd);
}

}  // namespace

int main() {
  const Folder folder;
  const Broker broker{folder};
  std::vector<std::uint16_t> ports;
  std::vector<std::unique_ptr<Child>> lines;
  for (int line = 0; line < kLines; ++line) {
    ports.push_back(free_port());
    lines.push_back(std::make_unique<Child>(
        std::vector<std::string>{program(), "simulate", "--protocol", "jk-pb", "--link", fmt::format("tcp:127.0.0.1:{}", ports.back()),
                                 "--address", "1,2,3,4", "--seed", std::to_string(line + 1)},
        folder.file(fmt::format("line{}.log", line))));
    ::close(connect_to(ports.back()));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds{300});

  auto gateway = std::make_unique<Gateway>(folder, broker, ports, kPacks);
  std::atomic<bool> stop{false};
  std::atomic<long> events{0};
  std::atomic<double> first_s{0};
  std::thread stream{[&, port = gateway->web, started = gateway->started] {
    Lines text{open_stream(port)};
    std::string line;
    while (text.next(line)) {
      if (!line.starts_with("data: ") || line.find(R"("quality":"good")") == std::string::npos) continue;
      if (events++ == 0) first_s = std::chrono::duration<double>(Steady::now() - started).count();
    }
  }};
  std::thread modbus{[&, port = gateway->modbus] { read_modbus(port, stop); }};
  const Child subscriber{{"mosquitto_sub", "-p", std::to_string(broker.port), "-t", "#"}, "/dev/null"};

  std::this_thread::sleep_for(std::chrono::seconds{5});
  const auto pid = gateway->child->pid();
  const auto events_before = events.load();
  const auto cpu_before = cpu_seconds(pid);
  const auto begin = Steady::now();
  std::this_thread::sleep_for(std::chrono::seconds{seconds_wanted()});
  const double wall = std::chrono::duration<double>(Steady::now() - begin).count();
  const double cpu = (cpu_seconds(pid) - cpu_before) / wall * 100;
  const double rate = static_cast<double>(events - events_before) / wall;
  const double resident = memory_mb(pid, "VmRSS:");
  const double peak = memory_mb(pid, "VmHWM:");
  if (!gateway->child->alive()) give_up("the gateway ended by itself");
  stop = true;
  gateway.reset();
  modbus.join();
  stream.join();
  if (events == 0) give_up("no reading ever came");

  return report("footprint", {
                                 {.name = "resident, 16 packs at 1 poll/s",
                                  .value = resident,
                                  .unit = "MB",
                                  .reference = "peak",
                                  .reference_value = peak,
                                  .limit = 24},
                                 {.name = "processor time", .value = cpu, .unit = "%", .reference = "", .limit = 1.5},
                                 {.name = "start to first good reading", .value = first_s, .unit = "s", .reference = "", .limit = 1},
                                 {.name = "readings a second",
                                  .value = rate,
                                  .unit = "1/s",
                                  .reference = "asked for",
                                  .reference_value = kLines * kPacks,
                                  .limit = 0.95 * kLines * kPacks,
                                  .at_least = true},
                             });
}
