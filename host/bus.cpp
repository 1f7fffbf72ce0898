// SPDX-License-Identifier: Apache-2.0
// A line, its poller and its packs, kept moving by one timer.
#include "host/bus.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>

#include "core/intake.hpp"
#include "host/line.hpp"
#include "protocols/registry.hpp"

namespace asio = boost::asio;

namespace bmsgate::host {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint32_t kUsualBaud = 115200;
constexpr std::uint16_t kNetworkJitterMs = 150;                      // a serial server's own buffering and the way to it
constexpr std::uint16_t kSerialJitterMs = 20;                        // USB adapters bundle up to 16 ms where low latency is not to be had
constexpr core::Duration kDeadConnection = seconds{6};               // silence on a connection that was alive before
constexpr core::Duration kMuteConnection = std::chrono::minutes{5};  // on one that never brought a byte
constexpr std::uint32_t kUnansweredOfDead = 3;                       // and so many requests without an answer
constexpr std::uint32_t kTriesOfAuto = 3;                            // unanswered requests before an "auto" pack tries its next dialect

[[nodiscard]] core::GateRules rules_of(const core::DialectInfo& info) noexcept {
  return {.pack_resolution_mv = info.pack_resolution_mv, .confirm_first = info.confirm_first};
}

[[nodiscard]] std::string doubt_text(const core::Intake& intake) {
  const auto doubt = intake.doubt();
  const std::string text{core::kDoubtNames[static_cast<std::size_t>(doubt)]};
  const bool names_field = doubt == core::Doubt::kRange || doubt == core::Doubt::kJump;
  return names_field ? fmt::format("{}: {}", core::info(intake.doubtful_field()).key, text) : text;
}

}  // namespace

struct Bus::Impl final : LineEvents, core::PollerEvents {
  struct Entry {
    core::PackIndex pack;
    core::Intake intake;
    int wished_address{-1};
    bool automatic{false};  // its dialect is still being looked for
    std::size_t candidate{0};
    std::uint32_t timeouts_before{0};
  };
  /// Somebody heard whom nobody configured: heard twice, he becomes a pack.
  struct Stranger {
    core::Protocol* dialect{nullptr};
    std::uint8_t address{0};
    unsigned heard{0};
  };

  Impl(asio::io_context& context, const BusConfig& configuration, core::Hub& the_hub, const core::Clock& the_clock, core::Logger& logger)
      : config{configuration}, hub{the_hub}, clock{the_clock}, log{logger}, who{"bus " + configuration.id}, timer{context} {
    static_cast<void>(parse_link(config.link, spec));
    baud = spec.baud;
    for (const auto& pack : config.packs) {
      if (const auto dialect = protocols::find_dialect(pack.protocol); dialect && baud == 0) baud = box(*dialect)->info().timing.baud;
    }
    if (baud == 0) baud = kUsualBaud;
    line = make_line(context, spec, baud);
    const auto jitter_ms = spec.network() ? kNetworkJitterMs : kSerialJitterMs;
    poller.emplace(*line, *this, core::PollerOptions{.role = config.role, .baud = spec.has_baud() ? baud : 0, .jitter_ms = jitter_ms});
    for (const auto& pack : config.packs) add(pack);
    if (entries.empty()) listen_with_all();
  }

  // ---- dialects and packs
  [[nodiscard]] core::Protocol* box(protocols::Dialect dialect) {
    auto& one = boxes[static_cast<std::size_t>(dialect)];
    if (!one) one = std::make_unique<protocols::ProtocolBox>(dialect);
    return &**one;
  }

  /// What an "auto" pack may speak on this line: all dialects of its speed; of any speed where the speed is ours to set.
  [[nodiscard]] std::vector<protocols::Dialect> candidates() {
    std::vector<protocols::Dialect> found;
    for (const auto& entry : protocols::kDialects) {
      if (entry.id == protocols::Dialect::kJkBle) continue;
      const auto speed = box(entry.id)->info().timing.baud;
      if (speed == baud || (spec.baud == 0 && config.packs.size() == 1)) found.push_back(entry.id);
    }
    return found;
  }

  void add(const BusPack& pack) {
    const auto known = protocols::find_dialect(pack.protocol);
    const auto choices = known ? std::vector{*known} : candidates();
    if (choices.empty()) return say(core::Level::kError, fmt::format("no dialect runs at {} baud", baud));
    auto* dialect = box(choices.front());
    const auto address = pack.address < 0 ? dialect->info().default_address : static_cast<std::uint8_t>(pack.address);
    const core::PackPlan plan{
        .protocol = dialect, .address = address, .options = pack.options, .period = pack.period, .stats = &hub.stats(pack.pack)};
    if (!poller->add_pack(plan, clock.now()).ok()) return say(core::Level::kError, "too many packs on one bus: 32 at most");
    entries.push_back(std::make_unique<Entry>(Entry{.pack = pack.pack,
                                                    .intake = {hub, clock, pack.pack, rules_of(dialect->info()), pack.period},
                                                    .wished_address = pack.address,
                                                    .automatic = !known}));
    if (known) hub.set_protocol(pack.pack, dialect->info().key, address);
  }

  void listen_with_all() {
    for (const auto dialect : candidates()) static_cast<void>(poller->add_dialect(*box(dialect)));
  }

  /// The dialect that an "auto" pack was tried with stays silent: the next one.
  void try_next_dialect(std::uint8_t slot, Entry& entry) {
    const auto timeouts = hub.stats(entry.pack).timeouts;
    if (poller->present(slot) || timeouts - entry.timeouts_before < kTriesOfAuto) return;
    entry.timeouts_before = timeouts;
    const auto choices = candidates();
    entry.candidate = (entry.candidate + 1) % choices.size();
    auto* dialect = box(choices[entry.candidate]);
    const auto wish = entry.wished_address;
    const auto address = wish < 0 ? dialect->info().default_address : static_cast<std::uint8_t>(wish);
    if (!poller->change_dialect(slot, *dialect, address)) return;
    entry.intake.use(rules_of(dialect->info()));
    if (spec.has_baud() && spec.baud == 0) static_cast<void>(line->set_baud(dialect->info().timing.baud));
  }

  void found_dialect(std::uint8_t slot, Entry& entry) {
    const auto& plan = poller->plan(slot);
    entry.automatic = false;
    hub.set_protocol(entry.pack, plan.protocol->info().key, plan.address);
    say(core::Level::kInfo, fmt::format("pack {} speaks {}", hub.config(entry.pack).id.view(), plan.protocol->info().key));
  }

  void adopt(const Stranger& stranger) {
    const auto id = fmt::format("{}-{}", config.id, stranger.address);
    if (hub.find(id) != core::kNoPack) return;
    core::PackConfig pack;
    pack.id.assign(id);
    pack.name.assign(id);
    pack.bus.assign(config.id);
    pack.protocol.assign(stranger.dialect->info().key);
    pack.address = stranger.address;
    pack.unit = free_unit();
    pack.accepted = false;
    const auto added = hub.add_pack(pack);
    if (!added.ok()) return;
    const BusPack plan{
        .pack = added.value(), .protocol = std::string{stranger.dialect->info().key}, .address = stranger.address, .options = {}};
    add(plan);
    say(core::Level::kInfo,
        fmt::format("heard a pack nobody configured: {} at address {}, shown as {}", plan.protocol, stranger.address, id));
    if (learned) learned(added.value());
  }

  [[nodiscard]] std::uint8_t free_unit() const {
    for (unsigned unit = 1; unit <= 247; ++unit) {
      if (hub.find_unit(static_cast<std::uint8_t>(unit)) == core::kNoPack) return static_cast<std::uint8_t>(unit);
    }
    return 0;
  }

  // ---- what the line says
  void on_line_up() override {
    state = LineState::kOpen;
    error.clear();
    note_sign_of_life();
    was_alive = false;
    say(core::Level::kInfo, fmt::format("{} is open", config.link));
    announce("line open");
    poller->on_line_up(clock.now());
    drive();
  }
  void on_line_down(std::string_view why) override {
    const bool was_open = state == LineState::kOpen;
    const bool news = was_open || why != error;
    state = LineState::kFailed;
    error = was_open ? fmt::format("{} is gone: {}", config.link, why) : std::string{why};
    poller->on_line_down(clock.now());
    if (news) {
      say(core::Level::kWarning, fmt::format("{}; trying again until it works", error));
      announce(error);
    }
    drive();
  }
  void on_line_bytes(std::span<const std::uint8_t> bytes) override {
    note_sign_of_life();
    was_alive = true;
    poller->on_bytes(bytes, last_byte);
    drive();
  }
  void on_line_note(std::string_view note) override { say(core::Level::kInfo, note); }

  // ---- what the poller finds out
  core::Belief on_report(std::uint8_t slot, const core::Report& report, core::Instant at) noexcept override {
    auto& entry = *entries[slot];
    entry.intake.set_period(poller->achieved_period(slot));
    const auto belief = entry.intake.take(report, at);
    if (entry.automatic && report.live != nullptr && belief == core::Belief::kPublish) found_dialect(slot, entry);
    return belief;
  }
  void on_stranger(core::Protocol& dialect, const core::Report& report, core::Instant) noexcept override {
    if (report.live == nullptr) return;
    Stranger* free = nullptr;
    for (auto& one : strangers) {
      if (one.dialect == &dialect && one.address == report.address) {
        ++one.heard;
        return;
      }
      if (one.dialect == nullptr && free == nullptr) free = &one;
    }
    if (free != nullptr) *free = {.dialect = &dialect, .address = report.address, .heard = 1};
  }
  void on_asleep(std::uint8_t slot, core::Instant) noexcept override { entries[slot]->intake.asleep(); }

  // ---- time
  /// Does what is due and sets the timer for what comes next.
  void drive() {
    const auto now = clock.now();
    poller->on_time(now);
    for (auto& one : strangers) {
      if (one.heard < 2) continue;
      adopt(one);
      one = Stranger{};
    }
    auto deadline = poller->next_deadline();
    for (std::size_t i = 0; i < entries.size(); ++i) {
      auto& entry = *entries[i];
      entry.intake.on_time(now);
      deadline = std::min(deadline, entry.intake.next_deadline());
      if (entry.automatic) try_next_dialect(static_cast<std::uint8_t>(i), entry);
    }
    if (connection_seems_dead(now)) return line->reopen();
    arm(deadline);
  }

  /// Nobody tells when a server's cable is pulled; a new connection finds out, and works as soon as it is back.
  [[nodiscard]] bool connection_seems_dead(core::Instant now) const {
    if (!spec.network() || state != LineState::kOpen) return false;
    return now - last_byte >= (was_alive ? kDeadConnection : kMuteConnection) &&
           poller->stats().timeouts - timeouts_before >= kUnansweredOfDead;
  }
  void note_sign_of_life() {
    last_byte = clock.now();
    timeouts_before = poller->stats().timeouts;
  }

  /// A timer that is early does no harm and costs less than one that is set anew for every byte.
  void arm(core::Instant deadline) {
    if (!running || deadline == core::kFarFuture || deadline >= armed_for) return;
    armed_for = deadline;
    timer.expires_after(deadline - clock.now());
    timer.async_wait([this, token = std::weak_ptr<void>{alive}](boost::system::error_code cancelled) {
      if (token.expired() || cancelled || !running) return;
      armed_for = core::kFarFuture;
      drive();
    });
  }

  void announce(std::string_view text) {
    core::Event event;
    event.kind = core::EventKind::kLink;
    event.utc_ms = clock.utc_ms();
    const auto full = fmt::format("{}: {}", who, text);
    event.text = full;
    hub.announce(event);
  }
  void say(core::Level level, std::string_view text) { log.write(level, who, text); }

  [[nodiscard]] std::uint8_t slot_of(core::PackIndex pack) const {
    const auto found = std::find_if(entries.begin(), entries.end(), [&](const auto& entry) { return entry->pack == pack; });
    return found == entries.end() ? core::kNoSlot : static_cast<std::uint8_t>(found - entries.begin());
  }
  [[nodiscard]] core::Error submit(core::Transaction transaction, core::PackIndex pack) {
    transaction.slot = slot_of(pack);
    if (pack != core::kNoPack && transaction.slot == core::kNoSlot) return core::Error::kUnsupported;
    const auto result = poller->submit(transaction, clock.now());
    drive();
    return result;
  }

  BusConfig config;
  core::Hub& hub;
  const core::Clock& clock;
  core::Logger& log;
  std::string who;
  LinkSpec spec;
  std::uint32_t baud{0};
  asio::steady_timer timer;
  std::array<std::unique_ptr<protocols::ProtocolBox>, protocols::kDialects.size()> boxes;
  std::unique_ptr<Line> line;
  std::optional<core::Poller> poller;
  std::vector<std::unique_ptr<Entry>> entries;  // in the order of the poller's slots
  std::array<Stranger, 16> strangers{};
  LearnedPack learned;
  LineState state{LineState::kClosed};
  std::string error;
  core::Instant last_byte{};         // or the moment the line came up
  std::uint32_t timeouts_before{0};  // of the poller, at that moment
  bool was_alive{false};             // this connection has brought a byte
  core::Instant armed_for{core::kFarFuture};
  bool running{false};
  std::shared_ptr<void> alive{std::make_shared<char>()};  // expired for handlers that outlive us
};

Bus::Bus(asio::io_context& io, const BusConfig& config, core::Hub& hub, const core::Clock& clock, core::Logger& log)
    : impl_{std::make_unique<Impl>(io, config, hub, clock, log)} {}
Bus::~Bus() { stop(); }

void Bus::start() {
  impl_->running = true;
  impl_->state = LineState::kOpening;
  impl_->line->start(*impl_);
}

void Bus::stop() {
  if (!impl_->running) return;
  impl_->running = false;
  impl_->timer.cancel();
  impl_->line->stop();
  impl_->poller->on_line_down(impl_->clock.now());
  impl_->state = LineState::kClosed;
}

const std::string& Bus::id() const noexcept { return impl_->config.id; }
void Bus::on_learned(LearnedPack learned) { impl_->learned = std::move(learned); }

int Bus::learned_sign(core::PackIndex pack) const noexcept {
  for (std::size_t i = 0; i < impl_->entries.size(); ++i) {
    if (impl_->entries[i]->pack != pack || i >= impl_->poller->size()) continue;
    const auto& plan = impl_->poller->plan(static_cast<std::uint8_t>(i));
    return plan.protocol->learned_sign(plan.address);
  }
  return 0;
}

BusSnapshot Bus::snapshot() const {
  const auto& poller = *impl_->poller;
  const auto now = impl_->clock.now();
  BusSnapshot snapshot{.id = impl_->config.id,
                       .link = impl_->config.link,
                       .role = impl_->config.role,
                       .state = impl_->state,
                       .error = impl_->error,
                       .echo = poller.line_echoes(),
                       .foreign_master = poller.foreign_master(now),
                       .stats = poller.stats(),
                       .packs = {}};
  for (std::size_t i = 0; i < impl_->entries.size(); ++i) {
    const auto slot = static_cast<std::uint8_t>(i);
    const auto& entry = *impl_->entries[i];
    const auto& plan = poller.plan(slot);
    snapshot.packs.push_back(PackLink{.pack = entry.pack,
                                      .protocol = std::string{entry.automatic ? "auto" : plan.protocol->info().key},
                                      .address = plan.address,
                                      .present = poller.present(slot),
                                      .asleep = poller.asleep(slot),
                                      .period_s = static_cast<double>(poller.achieved_period(slot).count()) / 1e6,
                                      .stats = impl_->hub.stats(entry.pack),
                                      .doubt = doubt_text(entry.intake)});
  }
  return snapshot;
}

core::Error Bus::submit(core::PackIndex pack, const core::Command& command, std::uint32_t id, core::TransactionOwner& owner) {
  core::Transaction transaction{.id = id, .owner = &owner, .priority = core::Priority::kCommand, .is_command = true, .command = command};
  return impl_->submit(transaction, pack);
}

core::Error Bus::submit(core::PackIndex pack, std::span<const std::uint8_t> bytes, std::uint32_t id, core::TransactionOwner& owner) {
  core::Transaction transaction{.id = id, .owner = &owner};
  if (bytes.empty() || !transaction.request.bytes.append(bytes)) return core::Error::kOutOfRange;
  return impl_->submit(transaction, pack);
}

void Bus::cancel(core::TransactionOwner& owner) { impl_->poller->cancel(owner); }
bool Bus::add_tap(core::LineTap& tap) { return impl_->poller->add_tap(tap); }
void Bus::remove_tap(core::LineTap& tap) { impl_->poller->remove_tap(tap); }
bool Bus::lease(const void* owner) { return impl_->poller->lease(owner); }
bool Bus::lease_send(const void* owner, std::span<const std::uint8_t> bytes) {
  return impl_->poller->lease_send(owner, bytes, impl_->clock.now());
}
void Bus::release(const void* owner) {
  impl_->poller->release(owner, impl_->clock.now());
  impl_->drive();
}

}  // namespace bmsgate::host
