// SPDX-License-Identifier: Apache-2.0
// Pieces of traffic as events.
#include "host/web/traffic_stream.hpp"

#include <fmt/format.h>

#include <iterator>
#include <string>
#include <utility>

namespace bmsgate::host::web {
namespace {

constexpr std::size_t kMaxWatchers = 4;
constexpr std::size_t kMaxWaiting = std::size_t{64} << 10;  // bytes of text for a slow client

class TrafficStream final : public BodySource, public TrafficWatcher {
 public:
  explicit TrafficStream(TrafficLog& log) : log_{log} { log_.watch(*this); }
  ~TrafficStream() override { log_.unwatch(*this); }

  void next(Give give) override {
    give_ = std::move(give);
    flush();
  }
  void on_piece(const TrafficPiece& piece) override {
    if (waiting_.size() > kMaxWaiting) return;
    fmt::format_to(std::back_inserter(waiting_), "event: frame\ndata: {{\"t_us\":{},\"dir\":\"{}\",\"hex\":\"",
                   piece.at.time_since_epoch().count(), piece.to_bms ? '>' : '<');
    for (const auto byte : piece.bytes) fmt::format_to(std::back_inserter(waiting_), "{:02x}", byte);
    waiting_ += "\"}\n\n";
    flush();
  }

 private:
  void flush() {
    if (!give_ || waiting_.empty()) return;
    const auto give = std::exchange(give_, {});
    give(std::make_shared<const std::string>(std::exchange(waiting_, {})));
  }
  TrafficLog& log_;
  Give give_;
  std::string waiting_{":\n\n"};  // tells the client at once that it is connected
};

}  // namespace

std::shared_ptr<BodySource> make_traffic_stream(TrafficLog& log) {
  if (log.watcher_count() >= kMaxWatchers) return nullptr;
  return std::make_shared<TrafficStream>(log);
}

}  // namespace bmsgate::host::web
