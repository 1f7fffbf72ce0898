// SPDX-License-Identifier: Apache-2.0
// From arguments to a virtual line that runs.
#include "host/cmd_simulate.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <ctime>

#include "host/line.hpp"
#include "host/sim_loop.hpp"
#include "sim/simulator.hpp"

namespace bmsgate::host {
namespace {

int wrong_usage(const std::string& text) {
  fmt::print(stderr, "bmsgate simulate: {}\n", text);
  return 2;
}

void say(std::string_view text) {
  fmt::print("{:%H:%M:%S} {}\n", fmt::localtime(std::time(nullptr)), text);
  std::fflush(stdout);
}

std::string read_spec(const SimulateArgs& args, sim::LineSpec& spec) {
  if (args.cells > 255) return fmt::format("--cells {}: too many", args.cells);
  spec.protocol = args.protocol;
  spec.cells = static_cast<std::uint8_t>(args.cells);
  spec.addresses.clear();
  for (const auto address : args.addresses) {
    if (address > 255) return fmt::format("--address {}: too large", address);
    spec.addresses.push_back(static_cast<std::uint8_t>(address));
  }
  spec.device.master = args.master;
  spec.simulator.seed = args.seed;
  spec.simulator.speed = args.speed;
  spec.simulator.baud = args.baud;
  for (const auto& fault : args.faults) {
    if (auto problem = sim::parse_fault(fault, spec.simulator.faults); !problem.empty()) return problem;
  }
  LinkSpec link;
  if (auto problem = parse_link(args.link, link); !problem.empty()) return problem;
  // A real UART keeps the pace itself.
  spec.simulator.paced = link.kind != LinkSpec::Kind::kSerial;
  using std::chrono::system_clock;
  spec.simulator.start_utc_ms = std::chrono::duration_cast<std::chrono::milliseconds>(system_clock::now().time_since_epoch()).count();
  return {};
}

/// A serial port runs at the speed of the dialect unless its link says otherwise.
std::string with_baud(const SimulateArgs& args) {
  if (!args.link.starts_with("serial:") || args.link.find("baud=") != std::string::npos) return args.link;
  const auto baud = args.baud != 0 ? args.baud : args.protocol.starts_with("daly") ? 9600U : 115200U;
  return fmt::format("{}{}baud={}", args.link, args.link.find('?') == std::string::npos ? '?' : '&', baud);
}

}  // namespace

std::string simulate_fault_help() { return sim::fault_help(); }

int run_simulate(const SimulateArgs& args) {
  sim::LineSpec spec;
  if (auto problem = read_spec(args, spec); !problem.empty()) return wrong_usage(problem);
  std::string error;
  const auto simulator = sim::make_simulator(spec, error);
  if (!simulator) return wrong_usage(error);
  SimLoop loop;
  loop.set_log(say);
  if (!args.quiet) simulator->set_log(say);
  loop.stop_on_signals();
  if (auto problem = loop.add(with_baud(args), as_peer(*simulator)); !problem.empty()) {
    fmt::print(stderr, "bmsgate simulate: {}\n", problem);
    return 1;
  }
  say(fmt::format("{} on {}: {} pack(s) of {} cells", args.protocol, args.link, args.addresses.size(), args.cells));
  if (auto problem = loop.run(); !problem.empty()) {
    fmt::print(stderr, "bmsgate simulate: {}\n", problem);
    return 1;
  }
  const auto& stats = simulator->stats();
  say(fmt::format("{} requests, {} answers, {} bytes in, {} bytes out", stats.requests, stats.answers, stats.bytes_in, stats.bytes_out));
  return 0;
}

}  // namespace bmsgate::host
