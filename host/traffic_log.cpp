// SPDX-License-Identifier: Apache-2.0
// The last minutes of a line.
#include "host/traffic_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <new>

#include "outputs/pack_json.hpp"

namespace bmsgate::host {
namespace {

// Raw pieces of a line end anywhere: no frame can be told in them, and so no password can be blanked.
constexpr std::string_view kNote =
    "# note: these are the raw bytes; a JK's settings hold its passwords as text. Share this file with care.\n";

}  // namespace

void TrafficLog::on_line(core::Direction direction, std::span<const std::uint8_t> bytes, core::Instant at) noexcept {
  const TrafficPiece piece{at, direction == core::Direction::kToBms, bytes};
  try {
    keep(piece);
    const auto watchers = watchers_;  // one of them may go away while it is told
    for (auto* watcher : watchers) {
      if (std::find(watchers_.begin(), watchers_.end(), watcher) != watchers_.end()) watcher->on_piece(piece);
    }
  } catch (const std::bad_alloc&) {
    blocks_.clear();  // better no log than no gateway
  }
}

void TrafficLog::keep(const TrafficPiece& piece) {
  make_room(piece.at);
  const auto size = std::min<std::size_t>(piece.bytes.size(), std::numeric_limits<std::uint16_t>::max());
  if (blocks_.empty() || blocks_.back().bytes.size() + size > kBlockBytes) {
    blocks_.emplace_back();
    blocks_.back().bytes.reserve(kBlockBytes);
  }
  auto& block = blocks_.back();
  block.entries.push_back({piece.at, static_cast<std::uint32_t>(block.bytes.size()), static_cast<std::uint16_t>(size), piece.to_bms});
  block.bytes.insert(block.bytes.end(), piece.bytes.begin(), piece.bytes.begin() + static_cast<std::ptrdiff_t>(size));
}

void TrafficLog::make_room(core::Instant now) {
  while (!blocks_.empty() && (blocks_.size() * kBlockBytes > kMaxBytes ||
                              (!blocks_.front().entries.empty() && now - blocks_.front().entries.back().at > kKeep))) {
    blocks_.pop_front();
  }
}

std::string TrafficLog::capture(std::string_view link, core::Instant now, core::UtcMs utc_ms, std::chrono::seconds last) const {
  const auto from = now - last;
  std::string body;
  core::Instant first{};
  bool any = false;
  for (const auto& block : blocks_) {
    for (const auto& entry : block.entries) {
      if (entry.at < from) continue;
      if (!any) first = entry.at;
      any = true;
      body += fmt::format("{} {} ", (entry.at - first).count(), entry.to_bms ? '>' : '<');
      for (std::size_t i = 0; i < entry.size; ++i) fmt::format_to(std::back_inserter(body), "{:02x}", block.bytes[entry.begin + i]);
      body += '\n';
    }
  }
  const auto start_ms = any && utc_ms != 0 ? utc_ms - (now - first).count() / 1000 : utc_ms;
  std::string start;
  outputs::append_time(start, start_ms);
  std::erase(start, '"');
  return fmt::format("# link: {}\n# start: {}\n{}{}", link, start, kNote, body);
}

}  // namespace bmsgate::host
