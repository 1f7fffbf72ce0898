// SPDX-License-Identifier: Apache-2.0
// Phases of a probe: listen at each speed, then ask each family at its speed. Each phase is a poller with its own list of addresses.
#include "host/probe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>

#include "core/gate.hpp"
#include "core/poller.hpp"
#include "core/reading.hpp"
#include "protocols/registry.hpp"

namespace asio = boost::asio;

namespace bmsgate::host {
namespace {

using protocols::Dialect;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr core::Duration kListenTime = seconds{5};
constexpr core::Duration kListenTimeWithBytes = seconds{15};
constexpr core::Duration kTotalTime = seconds{90};
constexpr core::Duration kIdentityTime = seconds{3};             // for the names of those who have answered,
constexpr core::Duration kIdentityTimeEach = milliseconds{400};  // and more for each
constexpr core::Duration kPeriod = seconds{60};                  // far apart: settings and names come in between
constexpr std::array<std::uint32_t, 2> kSpeeds{115200, 9600};

struct Phase {
  bool asks{false};
  std::uint32_t baud{0};  // 0: all speeds at once
  Dialect dialect{};      // asks
};

/// Which addresses of a dialect are worth asking.
struct Addresses {
  std::uint8_t first{0};
  std::uint8_t last{0};
};
[[nodiscard]] Addresses addresses_of(const core::DialectInfo& info, bool all_boards) {
  constexpr std::uint8_t kFewBoards = 4;
  if (info.key == "jk-nw") return {info.default_address, info.default_address};  // one board a line, and it answers to every number
  const bool boards = info.key.starts_with("daly") && info.max_address > info.min_address;
  return {info.min_address, boards && !all_boards ? std::min<std::uint8_t>(kFewBoards, info.max_address) : info.max_address};
}

}  // namespace

struct Probe::Impl final : LineEvents, core::PollerEvents {
  /// One address that is being asked.
  struct Asked {
    std::uint8_t address{0};
    core::LinkStats stats{};
    core::Gate gate{};
    std::size_t found{kNotFound};  // index in state.found
  };
  static constexpr std::size_t kNotFound = SIZE_MAX;

  Impl(asio::io_context& context, const core::Clock& the_clock, const LinkSpec& the_spec, bool all, Watcher the_watcher)
      : clock{the_clock}, spec{the_spec}, all_boards{all}, watcher{std::move(the_watcher)}, timer{context} {
    for (const auto& entry : protocols::kDialects) {
      if (entry.id != Dialect::kJkBle) boxes.push_back(std::make_unique<protocols::ProtocolBox>(entry.id));
    }
    plan();
    line = make_line(context, spec, kSpeeds[0]);
  }

  [[nodiscard]] static bool at_speed(const core::Protocol& dialect, std::uint32_t baud) {
    return baud == 0 || dialect.info().timing.baud == baud;
  }

  void plan() {
    std::vector<std::uint32_t> speeds;
    if (!spec.has_baud()) {
      speeds = {0};
    } else if (spec.baud != 0) {
      speeds = {spec.baud};
    } else {
      speeds.assign(kSpeeds.begin(), kSpeeds.end());
    }
    for (const auto baud : speeds) phases.push_back({.asks = false, .baud = baud});
    // Daly boards answer several dialects; those with a CRC come first, so that garbage is not taken for an answer.
    for (const auto baud : speeds) {
      for (const auto dialect : {Dialect::kJkPb, Dialect::kJkNw, Dialect::kDalyP81, Dialect::kDalyD2, Dialect::kDalyA5}) {
        if (at_speed(box(dialect), baud)) phases.push_back({.asks = true, .baud = baud, .dialect = dialect});
      }
    }
  }

  [[nodiscard]] core::Protocol& box(Dialect dialect) {
    const auto key = protocols::kDialects[static_cast<std::size_t>(dialect)].key;
    const auto found = std::find_if(boxes.begin(), boxes.end(), [&](const auto& one) { return (**one).info().key == key; });
    return ***found;
  }

  // ---- phases
  void begin_phase() {
    const auto now = clock.now();
    // A master was heard: nothing is asked, and his speed is known.
    if (state.foreign_master && !state.found.empty()) return finish();
    while (current < phases.size() && phases[current].asks && state.foreign_master) ++current;
    if (current == phases.size() || now - started >= kTotalTime) return finish();
    const auto& phase = phases[current];
    phase_started = now;
    settled_at = {};
    heard_bytes = false;
    asked.clear();
    if (phase.baud != 0) static_cast<void>(line->set_baud(phase.baud));
    const auto role = phase.asks ? core::BusRole::kMaster : core::BusRole::kListener;
    const std::uint16_t jitter_ms = spec.network() ? 150 : 20;
    poller.emplace(*line, *this, core::PollerOptions{.role = role, .baud = phase.baud, .jitter_ms = jitter_ms});
    if (phase.asks) {
      ask_addresses(box(phase.dialect), now);
    } else {
      for (auto& one : boxes) {
        if (at_speed(**one, phase.baud)) static_cast<void>(poller->add_dialect(**one));
      }
    }
    tell(phase.asks        ? fmt::format("Asking for {}", box(phase.dialect).info().title)
         : phase.baud == 0 ? std::string{"Listening"}
                           : fmt::format("Listening at {} baud", phase.baud));
    poller->on_line_up(now);
  }

  void ask_addresses(core::Protocol& dialect, core::Instant now) {
    const auto range = addresses_of(dialect.info(), all_boards);
    const core::GateRules rules{.pack_resolution_mv = dialect.info().pack_resolution_mv, .confirm_first = false};
    for (unsigned address = range.first; address <= range.last; ++address) {
      asked.push_back(std::make_unique<Asked>());
      asked.back()->address = static_cast<std::uint8_t>(address);
      asked.back()->gate = core::Gate{rules};
      static_cast<void>(poller->add_pack(
          {.protocol = &dialect, .address = asked.back()->address, .options = {}, .period = kPeriod, .stats = &asked.back()->stats}, now));
    }
  }

  [[nodiscard]] bool phase_is_over(core::Instant now) {
    if (now - started >= kTotalTime) return true;
    if (!phases[current].asks) return now - phase_started >= (heard_bytes ? kListenTimeWithBytes : kListenTime);
    if (poller->foreign_master(now)) return true;
    const auto answered = [](const auto& one) { return one->found != kNotFound; };
    const auto present = std::count_if(asked.begin(), asked.end(), answered);
    const std::uint32_t tries = present > 0 ? 1 : 2;
    const bool settled =
        std::all_of(asked.begin(), asked.end(), [&](const auto& one) { return answered(one) || one->stats.timeouts >= tries; });
    if (!settled) return false;
    if (settled_at == core::Instant{}) settled_at = now;
    const bool all_named =
        std::all_of(asked.begin(), asked.end(), [&](const auto& one) { return !answered(one) || !state.found[one->found].model.empty(); });
    return all_named || now - settled_at >= kIdentityTime + present * kIdentityTimeEach;
  }

  void drive() {
    if (!running || state.done || !poller) return;
    const auto now = clock.now();
    poller->on_time(now);
    if (phase_is_over(now)) {
      if (poller->foreign_master(now)) state.foreign_master = true;
      ++current;
      begin_phase();
      if (state.done) return;
    }
    timer.expires_after(std::min<core::Duration>(std::max(poller->next_deadline() - clock.now(), core::Duration{0}), milliseconds{100}));
    timer.async_wait([this, token = std::weak_ptr<void>{alive}](boost::system::error_code cancelled) {
      if (!token.expired() && !cancelled) drive();
    });
  }

  void tell(std::string step) {
    state.step = std::move(step);
    state.progress = static_cast<double>(current) / static_cast<double>(phases.size());
    if (watcher) watcher(state);
  }

  void finish() {
    state.done = true;
    state.progress = 1;
    running = false;
    line->stop();
    timer.cancel();
    tell_done();
  }
  void tell_done() {
    state.step.clear();
    if (watcher) watcher(state);
  }

  // ---- the line
  void on_line_up() override {
    if (poller) return poller->on_line_up(clock.now());
    started = clock.now();
    begin_phase();
    drive();
  }
  void on_line_down(std::string_view why) override {
    state.error = why;
    if (poller) poller->on_line_down(clock.now());
    // Not from inside the line's own call: it is stopped there.
    timer.expires_after(milliseconds{0});
    timer.async_wait([this, token = std::weak_ptr<void>{alive}](boost::system::error_code cancelled) {
      if (!token.expired() && !cancelled && !state.done) finish();
    });
  }
  void on_line_bytes(std::span<const std::uint8_t> bytes) override {
    heard_bytes = true;
    if (!poller || state.done) return;
    poller->on_bytes(bytes, clock.now());
    drive();
  }
  void on_line_note(std::string_view) override {}

  // ---- what is found
  core::Belief on_report(std::uint8_t slot, const core::Report& report, core::Instant at) noexcept override {
    auto& one = *asked[slot];
    if (report.live != nullptr) {
      core::Sample sample = *report.live;
      core::derive(sample);
      const auto belief = one.gate.judge(sample, report.confirmed, report.carried, at);
      if (belief != core::Belief::kPublish) return belief;
      if (one.found == kNotFound) {
        one.found = add(box(phases[current].dialect), report.address, false);
      }
      describe(state.found[one.found], sample);
    }
    if (report.identity != nullptr && one.found != kNotFound) name(state.found[one.found], *report.identity);
    return core::Belief::kPublish;
  }
  void on_stranger(core::Protocol& dialect, const core::Report& report, core::Instant) noexcept override {
    if (!phases[current].asks) state.foreign_master = true;  // nobody answers unasked
    const auto which = add(dialect, report.address, true);
    if (report.live != nullptr) {
      core::Sample sample = *report.live;
      core::derive(sample);
      describe(state.found[which], sample);
    }
    if (report.identity != nullptr) name(state.found[which], *report.identity);
  }

  [[nodiscard]] std::size_t add(const core::Protocol& dialect, std::uint8_t address, bool only_heard) {
    const auto known = std::find_if(state.found.begin(), state.found.end(),
                                    [&](const ProbeFound& one) { return one.protocol == dialect.info().key && one.address == address; });
    if (known != state.found.end()) return static_cast<std::size_t>(known - state.found.begin());
    const auto baud = spec.has_baud() ? phases[current].baud : 0;
    state.found.push_back(
        {.protocol = std::string{dialect.info().key}, .address = address, .baud = baud, .only_heard = only_heard, .model = {}});
    return state.found.size() - 1;
  }
  static void describe(ProbeFound& found, const core::Sample& sample) {
    found.cells = static_cast<unsigned>(sample.extent(core::Field::kCellVoltage));
    if (found.cells == 0) found.cells = static_cast<unsigned>(sample.value(core::Field::kCellCount).value_or(0));
    found.pack_voltage = sample.value(core::Field::kPackVoltage).value_or(0) / 1000.0;
  }
  static void name(ProbeFound& found, const core::Identity& identity) {
    for (const auto text : {identity.model.view(), identity.hardware.view(), identity.software.view(), identity.serial.view()}) {
      if (found.model.empty()) found.model = text;
    }
  }

  const core::Clock& clock;
  LinkSpec spec;
  bool all_boards;
  Watcher watcher;
  asio::steady_timer timer;
  std::vector<std::unique_ptr<protocols::ProtocolBox>> boxes;
  std::unique_ptr<Line> line;
  std::optional<core::Poller> poller;
  std::vector<Phase> phases;
  std::size_t current{0};
  std::vector<std::unique_ptr<Asked>> asked;
  ProbeState state;
  core::Instant started{};
  core::Instant phase_started{};
  core::Instant settled_at{};  // every address has answered or been given up
  bool heard_bytes{false};
  bool running{false};
  std::shared_ptr<void> alive{std::make_shared<char>()};
};

Probe::Probe(asio::io_context& io, const core::Clock& clock, const LinkSpec& spec, bool all_boards, Watcher watcher)
    : impl_{std::make_unique<Impl>(io, clock, spec, all_boards, std::move(watcher))} {}
Probe::~Probe() { stop(); }

void Probe::start() {
  impl_->running = true;
  impl_->line->start(*impl_);
}

void Probe::stop() {
  impl_->watcher = nullptr;
  if (!impl_->running) return;
  impl_->running = false;
  impl_->timer.cancel();
  impl_->line->stop();
}

const ProbeState& Probe::state() const noexcept { return impl_->state; }

std::vector<ProbeFound> best_of(const std::vector<ProbeFound>& found) {
  // Best first: what answers with one well-protected frame.
  constexpr std::array<std::string_view, 5> kRank{"jk-pb", "jk-nw", "daly-p81", "daly-d2", "daly-a5"};
  const auto family = [](const ProbeFound& one) { return one.protocol.substr(0, one.protocol.find('-')); };
  std::vector<ProbeFound> best;
  for (const auto protocol : kRank) {
    for (const auto& one : found) {
      if (one.protocol != protocol) continue;
      // D2 has one board a line and no board number: it is the same board as any other Daly found here.
      const bool known = std::any_of(best.begin(), best.end(), [&](const ProbeFound& have) {
        const bool numberless = one.protocol == "daly-d2" || have.protocol == "daly-d2" || one.protocol == "jk-nw";
        return family(have) == family(one) && (have.address == one.address || numberless);
      });
      if (!known) best.push_back(one);
    }
  }
  return best;
}

std::string probe_config(const std::string& link, const ProbeState& state) {
  const auto packs = best_of(state.found);
  std::string text = fmt::format("[[bus]]\nid = \"battery\"\nlink = \"{}\"\n", link);
  if (state.foreign_master) text += "role = \"listener\"\n";
  for (std::size_t i = 0; i < packs.size(); ++i) {
    text += fmt::format("\n[[pack]]\nid = \"pack{}\"\nbus = \"battery\"\nprotocol = \"{}\"\naddress = {}\n", i + 1, packs[i].protocol,
                        packs[i].address);
  }
  return text;
}

}  // namespace bmsgate::host
