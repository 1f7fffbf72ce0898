// SPDX-License-Identifier: Apache-2.0
// The probe on the command line: what it does goes to standard error, what it finds to standard output.
#include "host/cmd_probe.hpp"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <cstdio>

#include "host/probe.hpp"
#include "host/system_clock.hpp"

namespace bmsgate::host {
namespace {

void print_table(const std::vector<ProbeFound>& found) {
  fmt::print("{:<10} {:>7} {:>7} {:>6} {:>10}  {}\n", "protocol", "address", "baud", "cells", "voltage", "model");
  for (const auto& one : found) {
    const auto baud = one.baud == 0 ? std::string{"-"} : std::to_string(one.baud);
    fmt::print("{:<10} {:>7} {:>7} {:>6} {:>8.2f} V  {}{}\n", one.protocol, one.address, baud, one.cells, one.pack_voltage, one.model,
               one.only_heard ? " (only heard)" : "");
  }
}

void print_nothing_found(const ProbeState& state) {
  if (state.foreign_master) {
    fmt::print(stderr, "bmsgate: another master talks on this line, so nothing was asked, and none of its packs was understood\n");
    return;
  }
  fmt::print(stderr,
             "bmsgate: nobody answered; check the wiring (swap A and B, is GND connected?), wake the BMS (charge, load or button) "
             "and try again\n");
}

}  // namespace

int run_probe(const ProbeArgs& args) {
  LinkSpec spec;
  if (const auto problem = parse_link(args.link, spec); !problem.empty()) {
    fmt::print(stderr, "bmsgate: {}\n", problem);
    return 2;
  }
  boost::asio::io_context io{1};
  const SystemClock clock;
  Probe probe{io, clock, spec, args.all, [](const ProbeState& state) {
                if (!state.done) fmt::print(stderr, "{:3.0f} %  {}\n", 100 * state.progress, state.step);
              }};
  probe.start();
  while (!probe.state().done) io.run_one();
  const auto& state = probe.state();
  if (!state.error.empty()) {
    fmt::print(stderr, "bmsgate: {}\n", state.error);
    return 1;
  }
  if (state.found.empty()) {
    print_nothing_found(state);
    return 1;
  }
  print_table(state.found);
  if (state.foreign_master) fmt::print("\nAnother master talks on this line: only listen here.\n");
  fmt::print("\nFor bmsgate.toml:\n\n{}", probe_config(args.link, state));
  return 0;
}

}  // namespace bmsgate::host
