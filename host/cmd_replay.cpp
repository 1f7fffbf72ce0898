// SPDX-License-Identifier: Apache-2.0
// From a capture file to a line that answers as recorded.
#include "host/cmd_replay.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>

#include "host/line.hpp"
#include "host/sim_loop.hpp"
#include "sim/replay.hpp"

namespace bmsgate::host {
namespace {

void say(std::string_view text) {
  fmt::print("{:%H:%M:%S} {}\n", fmt::localtime(std::time(nullptr)), text);
  std::fflush(stdout);
}

int fail(int status, const std::string& text) {
  fmt::print(stderr, "bmsgate replay: {}\n", text);
  return status;
}

}  // namespace

int run_replay(const ReplayArgs& args) {
  LinkSpec link;
  if (auto problem = parse_link(args.link, link); !problem.empty()) return fail(2, problem);
  std::ifstream file{args.file, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
  if (!file) return fail(1, fmt::format("{}: cannot read: {}", args.file, std::strerror(errno)));
  sim::Capture capture;
  if (auto problem = sim::parse_capture(text, capture); !problem.empty()) return fail(1, fmt::format("{}: {}", args.file, problem));
  if (capture.pieces.empty()) return fail(1, fmt::format("{}: nothing was recorded in it", args.file));
  const auto pieces = capture.pieces.size();
  sim::Replay replay{std::move(capture)};
  SimLoop loop;
  loop.set_log(say);
  if (!args.quiet) replay.set_log(say);
  loop.stop_on_signals();
  if (auto problem = loop.add(args.link, as_peer(replay)); !problem.empty()) return fail(1, problem);
  say(fmt::format("{} on {}: {} pieces{}", args.file, args.link, pieces,
                  replay.has_requests() ? "" : ", no requests among them: played over and over"));
  if (auto problem = loop.run(); !problem.empty()) return fail(1, problem);
  say(fmt::format("{} requests answered, {} not recorded", replay.answered(), replay.unknown()));
  return 0;
}

}  // namespace bmsgate::host
