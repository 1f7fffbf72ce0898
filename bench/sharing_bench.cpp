// SPDX-License-Identifier: Apache-2.0
// How much of a line's time is put to use: 8 JK-PB packs and 2 absent addresses on one line, and a Daly in full detail. The simulator is
// another process behind a pty that runs at the speed of the wire. Computed: time of all bytes on the wire + the BMS's delay + the gap that
// the dialect needs after each answer; time spent on absent addresses is left out.
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "bench/report.hpp"
#include "core/poller.hpp"
#include "host/bus.hpp"
#include "host/sim_loop.hpp"
#include "host/system_clock.hpp"
#include "protocols/registry.hpp"
#include "sim/simulator.hpp"

namespace bmsgate::bench {
namespace {

using std::chrono::duration;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kWarmUp{5};
constexpr seconds kWindow{40};

struct Case {
  std::string name;
  std::string protocol;
  std::vector<std::uint8_t> present;
  std::vector<std::uint8_t> absent;
  milliseconds answer_delay;
};

struct Quiet final : core::Logger {
  void write(core::Level level, std::string_view who, std::string_view message) noexcept override {
    if (level >= core::Level::kWarning) fmt::print(stderr, "{}: {}\n", who, message);
  }
};

struct Bytes final : core::LineTap {
  void on_line(core::Direction, std::span<const std::uint8_t> bytes, core::Instant) noexcept override { count += bytes.size(); }
  std::size_t count{0};
};

/// The virtual BMSs in a process of their own.
class Child {
 public:
  Child(const Case& spec, const std::string& path) : pid_{::fork()} {
    if (pid_ != 0) return;
    sim::LineSpec line;
    line.protocol = spec.protocol;
    line.addresses = spec.present;
    line.simulator.baud = 0;
    std::string error;
    const auto simulator = sim::make_simulator(line, error);
    host::SimLoop loop;
    if (simulator && error.empty()) error = loop.add("pty:" + path, host::as_peer(*simulator));
    if (error.empty()) error = loop.run();
    fmt::print(stderr, "simulator: {}\n", error);
    ::_exit(1);
  }
  ~Child() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

 private:
  pid_t pid_;
};

struct Count {
  std::uint64_t replies{0};
  std::uint64_t absent_tries{0};
  std::size_t bytes{0};
  std::vector<std::uint32_t> readings;
};

void measure(const Case& spec, std::vector<Row>& rows) {
  std::string folder = (std::filesystem::temp_directory_path() / "bmsgate-bench-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) return;
  const auto path = folder + "/line";
  const Child child{spec, path};

  boost::asio::io_context io{1};
  const auto hub = std::make_unique<core::Hub>();
  const host::SystemClock clock;
  Quiet log;
  host::BusConfig config{.id = "bench", .link = "serial:" + path, .packs = {}};
  for (const auto* list : {&spec.present, &spec.absent}) {
    for (const auto address : *list) {
      config.packs.push_back({.pack = hub->add_pack({}).value(),
                              .protocol = spec.protocol,
                              .address = address,
                              .period = milliseconds{1},
                              .options = {.every_detail = true}});
    }
  }
  host::Bus bus{io, config, *hub, clock, log};
  Bytes tap;
  static_cast<void>(bus.add_tap(tap));
  const auto count = [&] {
    Count now{.bytes = tap.count, .readings = {}};
    for (std::size_t i = 0; i < config.packs.size(); ++i) {
      const auto pack = static_cast<core::PackIndex>(i);
      now.replies += hub->stats(pack).replies;
      if (i >= spec.present.size())
        now.absent_tries += hub->stats(pack).timeouts;
      else
        now.readings.push_back(hub->latest(pack).sequence);
    }
    return now;
  };
  while (!std::filesystem::exists(path)) ::usleep(10'000);
  bus.start();
  io.run_for(kWarmUp);
  const auto before = count();
  const auto start = std::chrono::steady_clock::now();
  io.run_for(kWindow);
  const auto after = count();
  const double time_s = duration<double>(std::chrono::steady_clock::now() - start).count();

  protocols::ProtocolBox box{*protocols::find_dialect(spec.protocol)};
  const auto& timing = box->info().timing;
  const double absent_s = static_cast<double>(after.absent_tries - before.absent_tries) * timing.reply_timeout_ms / 1000.0;
  const auto exchanges = static_cast<double>(after.replies - before.replies);
  const double wire_s = static_cast<double>(after.bytes - before.bytes) * 10.0 / timing.baud;
  const double computed_s = wire_s + exchanges * (duration<double>(spec.answer_delay).count() + timing.gap_ms / 1000.0);
  const double achieved = exchanges / (time_s - absent_s);
  rows.push_back({.name = spec.name + ": exchanges",
                  .value = achieved,
                  .unit = "1/s",
                  .reference = "wire + delay + gap",
                  .reference_value = exchanges / computed_s,
                  .limit = 0.95 * exchanges / computed_s,
                  .at_least = true});
  double least = 1e9, most = 0, all = 0;
  for (std::size_t i = 0; i < after.readings.size(); ++i) {
    const double readings = after.readings[i] - before.readings[i];
    least = std::min(least, readings);
    most = std::max(most, readings);
    all += readings;
  }
  rows.push_back({.name = spec.name + ": readings", .value = all / time_s, .unit = "1/s", .reference = {}});
  if (after.readings.size() > 1) {
    rows.push_back({.name = spec.name + ": most to least read", .value = most / least, .unit = "", .reference = {}, .limit = 1.1});
  }
  if (!spec.absent.empty()) {
    rows.push_back(
        {.name = spec.name + ": time on absent ones", .value = 100 * absent_s / time_s, .unit = "%", .reference = {}, .limit = 5});
  }
  bus.stop();
  std::filesystem::remove_all(folder);
}

int run() {
  std::vector<Row> rows;
  measure({"8 JK-PB + 2 absent", "jk-pb", {1, 2, 3, 4, 5, 6, 7, 8}, {9, 10}, milliseconds{39}}, rows);
  measure({"Daly A5 16S, full detail", "daly-a5", {1}, {}, milliseconds{65}}, rows);
  measure({"Daly P81 16S", "daly-p81", {1}, {}, milliseconds{65}}, rows);
  return report("sharing", rows);
}

}  // namespace
}  // namespace bmsgate::bench

int main() { return bmsgate::bench::run(); }
