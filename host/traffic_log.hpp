// SPDX-License-Identifier: Apache-2.0
// The last minutes of a line's traffic, for /buses/{id}/capture: a tap of a bus with bounded memory. Loop thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/poller.hpp"

namespace bmsgate::host {

/// One piece as it went over the line.
struct TrafficPiece {
  core::Instant at;
  bool to_bms;
  std::span<const std::uint8_t> bytes;  // valid during the call only
};

/// Who follows the traffic of a line.
class TrafficWatcher {
 public:
  virtual void on_piece(const TrafficPiece& piece) = 0;

 protected:
  ~TrafficWatcher() = default;
};

class TrafficLog final : public core::LineTap {
 public:
  static constexpr std::chrono::seconds kKeep{600};
  static constexpr std::size_t kMaxBytes = std::size_t{1} << 20;  // of all pieces together; the oldest go first

  void on_line(core::Direction direction, std::span<const std::uint8_t> bytes, core::Instant at) noexcept override;

  /// A capture file (contract) of what came in the last `seconds` before `now`.
  [[nodiscard]] std::string capture(std::string_view link, core::Instant now, core::UtcMs utc_ms, std::chrono::seconds last) const;

  void watch(TrafficWatcher& watcher) { watchers_.push_back(&watcher); }
  void unwatch(TrafficWatcher& watcher) { std::erase(watchers_, &watcher); }
  [[nodiscard]] std::size_t watcher_count() const { return watchers_.size(); }

 private:
  // Pieces in blocks, so that a quiet line costs little and a busy one no allocation per piece.
  struct Entry {
    core::Instant at;
    std::uint32_t begin;
    std::uint16_t size;
    bool to_bms;
  };
  struct Block {
    std::vector<Entry> entries;
    std::vector<std::uint8_t> bytes;
  };
  static constexpr std::size_t kBlockBytes = std::size_t{32} << 10;
  void make_room(core::Instant now);
  void keep(const TrafficPiece& piece);

  std::deque<Block> blocks_;
  std::vector<TrafficWatcher*> watchers_;
};

}  // namespace bmsgate::host
