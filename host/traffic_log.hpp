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

class TrafficLog final : public core::LineTap {
 public:
  static constexpr std::chrono::seconds kKeep{600};
  static constexpr std::size_t kMaxBytes = std::size_t{1} << 20;  // of all pieces together; the oldest go first

  void on_line(core::Direction direction, std::span<const std::uint8_t> bytes, core::Instant at) noexcept override;

  /// A capture file (contract) of what came in the last `seconds` before `now`.
  [[nodiscard]] std::string capture(std::string_view link, core::Instant now, core::UtcMs utc_ms, std::chrono::seconds last) const;

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

  std::deque<Block> blocks_;
};

}  // namespace bmsgate::host
