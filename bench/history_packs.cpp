// SPDX-License-Identifier: Apache-2.0
// The polled side of bench/history.
#include "bench/history_packs.hpp"

#include <array>

namespace bmsgate::bench {
namespace {

constexpr std::size_t kReply = 308;  // frame and acknowledgement
constexpr std::uint8_t kStatusFrame = 2;

core::Instant now() { return core::Instant{std::chrono::duration_cast<core::Duration>(Steady::now().time_since_epoch())}; }

}  // namespace

struct VirtualPacks::Line {
  int listener{-1};
  int fd{-1};
  std::unique_ptr<sim::Simulator> simulator;
  Steady::time_point asked_at{};
  std::vector<Steady::time_point> polls;
};

VirtualPacks::VirtualPacks(int count) {
  for (int i = 0; i < count; ++i) {
    auto line = std::make_unique<Line>();
    const auto [listener, port] = listen_somewhere();
    line->listener = listener;
    ports_.push_back(port);
    sim::LineSpec spec;
    spec.addresses = {1};
    spec.simulator.paced = false;
    spec.simulator.seed = static_cast<std::uint64_t>(i + 1);
    std::string error;
    line->simulator = sim::make_simulator(spec, error);
    if (!line->simulator) give_up(error);
    lines_.push_back(std::move(line));
  }
  thread_ = std::thread{[this] { serve(); }};
}

VirtualPacks::~VirtualPacks() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
  for (const auto& line : lines_) {
    ::close(line->listener);
    if (line->fd >= 0) ::close(line->fd);
  }
}

void VirtualPacks::serve() {
  std::vector<pollfd> ready(lines_.size());
  std::vector<std::uint8_t> out;
  while (!stop_) {
    auto next = core::kFarFuture;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      ready[i] = {lines_[i]->fd >= 0 ? lines_[i]->fd : lines_[i]->listener, POLLIN, 0};
      next = std::min(next, lines_[i]->simulator->next_deadline());
    }
    const auto at = now();
    const auto wait_ms = next > at + std::chrono::milliseconds{100} ? 100 : std::max<std::int64_t>((next - at).count() / 1000 + 1, 0);
    ::poll(ready.data(), ready.size(), static_cast<int>(wait_ms));
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      auto& line = *lines_[i];
      if (ready[i].revents != 0) receive(line);
      line.simulator->poll(now(), out);
      if (!out.empty() && line.fd >= 0) static_cast<void>(::send(line.fd, out.data(), out.size(), MSG_NOSIGNAL));
      if (measuring_ && out.size() == kReply && out[4] == kStatusFrame) line.polls.push_back(line.asked_at);
      out.clear();
    }
  }
}

void VirtualPacks::receive(Line& line) {
  if (line.fd < 0) {
    line.fd = ::accept(line.listener, nullptr, nullptr);
    const int on = 1;
    ::setsockopt(line.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return;
  }
  std::array<std::uint8_t, 512> in{};
  const auto got = ::recv(line.fd, in.data(), in.size(), 0);
  if (got <= 0) {
    ::close(std::exchange(line.fd, -1));
    return;
  }
  line.asked_at = Steady::now();
  line.simulator->on_bytes(std::span{in}.first(static_cast<std::size_t>(got)), now());
}

std::vector<double> VirtualPacks::finish(std::chrono::milliseconds period) {
  stop_ = true;
  thread_.join();
  std::vector<double> late;
  for (const auto& line : lines_) {
    if (line->polls.empty()) give_up("a pack has not been polled");
    std::vector<double> after;  // the beat that begins with the first poll
    for (std::size_t i = 0; i < line->polls.size(); ++i) {
      after.push_back(
          std::chrono::duration<double, std::milli>(line->polls[i] - line->polls.front() - static_cast<int>(i) * period).count());
    }
    const auto earliest = *std::ranges::min_element(after);
    for (const auto one : after) late.push_back(one - earliest);
  }
  return late;
}

}  // namespace bmsgate::bench
