// SPDX-License-Identifier: Apache-2.0
// Server-sent events.
#include "host/web/stream.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>

#include "outputs/history/history_json.hpp"
#include "outputs/history/journal.hpp"
#include "outputs/pack_json.hpp"

namespace bmsgate::host::web {
namespace {

namespace asio = boost::asio;
using Piece = BodySource::Piece;

constexpr std::chrono::seconds kHeartbeat{15};
constexpr std::size_t kMaxClients = 32;
constexpr std::size_t kMaxEvents = 64;  // that wait for a slow client; older ones are lost

Piece make_piece(std::string_view name, std::string_view json) {
  std::string text;
  text.reserve(name.size() + json.size() + 16);
  text.append("event: ").append(name).append("\ndata: ").append(json).append("\n\n");
  return std::make_shared<const std::string>(std::move(text));
}

}  // namespace

struct EventStream::Impl final : core::Subscriber, std::enable_shared_from_this<EventStream::Impl> {
  class Client;

  Impl(asio::io_context& loop, core::Hub& packs, const core::Clock& time) : hub{packs}, clock{time}, timer{loop} {}

  void on_reading(const core::Reading& reading) noexcept override { pack_changed(reading.pack); }
  void on_pack(core::PackIndex pack) noexcept override { pack_changed(pack); }
  void on_event(const core::Event& event) noexcept override;
  void pack_changed(core::PackIndex pack);
  void send(std::string_view name, std::string_view json);
  /// The latest of a pack as an event, made when first asked for.
  const Piece& reading(core::PackIndex pack);
  void beat();

  core::Hub& hub;
  const core::Clock& clock;
  asio::steady_timer timer;
  std::vector<Client*> clients;
  std::array<Piece, core::kMaxPacks> readings{};
  std::string scratch;
  bool beating{false};
  bool stopped{false};
};

class EventStream::Impl::Client final : public BodySource {
 public:
  explicit Client(std::shared_ptr<Impl> impl) : impl_{std::move(impl)} {
    for (std::size_t i = 0; i < impl_->hub.pack_count(); ++i) packs_.set(i);
    impl_->readings.fill(nullptr);  // made anew, with the age that they have now
    impl_->clients.push_back(this);
  }
  ~Client() override { std::erase(impl_->clients, this); }

  void next(Give give) override {
    give_ = std::move(give);
    flush();
  }
  void mark(core::PackIndex pack) {
    packs_.set(pack);
    flush();
  }
  void push(const Piece& event) {
    if (events_.size() == kMaxEvents) events_.pop_front();
    events_.push_back(event);
    flush();
  }

 private:
  void flush() {
    if (!give_) return;
    if (impl_->stopped) return hand_over(nullptr);
    if (events_.empty() && packs_.none()) return;
    if (events_.empty() && packs_.count() == 1) {  // the usual case: the text is shared, not copied
      std::size_t pack = 0;
      while (!packs_.test(pack)) ++pack;
      packs_.reset();
      return hand_over(impl_->reading(static_cast<core::PackIndex>(pack)));
    }
    std::string text;
    for (const auto& event : events_) text += *event;
    for (std::size_t pack = 0; pack < impl_->hub.pack_count(); ++pack) {
      if (packs_.test(pack)) text += *impl_->reading(static_cast<core::PackIndex>(pack));
    }
    events_.clear();
    packs_.reset();
    hand_over(std::make_shared<const std::string>(std::move(text)));
  }
  void hand_over(const Piece& piece) {
    const auto give = std::exchange(give_, {});
    give(piece);
  }

  std::shared_ptr<Impl> impl_;
  Give give_;
  std::bitset<core::kMaxPacks> packs_;
  std::deque<Piece> events_;
};

void EventStream::Impl::pack_changed(core::PackIndex pack) {
  readings[pack].reset();
  const auto listeners = clients;  // a client may vanish while it is served
  for (auto* client : listeners) {
    if (std::find(clients.begin(), clients.end(), client) != clients.end()) client->mark(pack);
  }
}

const Piece& EventStream::Impl::reading(core::PackIndex pack) {
  auto& piece = readings[pack];
  if (piece == nullptr) {
    scratch.clear();
    outputs::append_pack(scratch, hub, pack, clock.now());
    piece = make_piece("reading", scratch);
  }
  return piece;
}

void EventStream::Impl::on_event(const core::Event& event) noexcept {
  if (clients.empty()) return;
  scratch.clear();
  outputs::append_event_row(scratch, outputs::event_row(hub, event, clock.utc_ms()));
  const std::string json = scratch;
  send("event", json);
  const bool alarm = event.kind == core::EventKind::kAlarmStart || event.kind == core::EventKind::kAlarmEnd;
  if (alarm && event.pack < hub.pack_count()) pack_changed(event.pack);  // its list of alarms is another one now
}

void EventStream::Impl::send(std::string_view name, std::string_view json) {
  if (clients.empty()) return;
  const auto piece = make_piece(name, json);
  const auto listeners = clients;
  for (auto* client : listeners) {
    if (std::find(clients.begin(), clients.end(), client) != clients.end()) client->push(piece);
  }
}

/// A comment now and then tells both sides that the other is still there. No timer runs while nobody listens.
void EventStream::Impl::beat() {
  beating = true;
  timer.expires_after(kHeartbeat);
  timer.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    const auto self = weak.lock();
    if (error || !self) return;
    self->beating = false;
    if (self->clients.empty()) return;
    static const auto kComment = std::make_shared<const std::string>(":\n\n");
    const auto listeners = self->clients;
    for (auto* client : listeners) {
      if (std::find(self->clients.begin(), self->clients.end(), client) != self->clients.end()) client->push(kComment);
    }
    self->beat();
  });
}

EventStream::EventStream(asio::io_context& loop, core::Hub& hub, const core::Clock& clock)
    : impl_{std::make_shared<Impl>(loop, hub, clock)} {
  static_cast<void>(hub.subscribe(*impl_));
}

EventStream::~EventStream() {
  stop();
  impl_->hub.unsubscribe(*impl_);
}

void EventStream::send(std::string_view name, std::string_view json) { impl_->send(name, json); }

bool EventStream::idle() const { return impl_->clients.empty(); }

void EventStream::stop() {
  impl_->stopped = true;
  impl_->timer.cancel();
}

std::vector<Route> EventStream::routes() {
  auto open = [impl = impl_](const Request& request, const Reply& reply) {
    if (impl->stopped || impl->clients.size() >= kMaxClients) return reply(problem(503, "too many open streams; close one"));
    Response response;
    response.type = "text/event-stream";
    response.headers.emplace_back("Cache-Control", "no-store");
    response.headers.emplace_back("X-Accel-Buffering", "no");  // proxies that gather answers would delay every reading
    if (!request.head) response.source = std::make_shared<Impl::Client>(impl);
    if (!impl->beating) impl->beat();
    reply(std::move(response));
  };
  return {{Method::kGet, "/api/v1/stream", Role::kViewer,
           "Readings and events as they come (server-sent events: reading, link, event, command, tunnel)", "text/event-stream", open}};
}

}  // namespace bmsgate::host::web
