// SPDX-License-Identifier: Apache-2.0
// Looks up requests in a capture and gives the recorded answers.
#include "sim/replay.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bmsgate::sim {
namespace {

constexpr core::Duration kForgetAfter{200'000};  // silence after which a half-heard request is dropped
constexpr core::Duration kBetweenRounds{1'000'000};
constexpr std::int64_t kLongestPauseUs = 10'000'000;

}  // namespace

Replay::Replay(Capture capture) {
  const bool has_requests =
      std::any_of(capture.pieces.begin(), capture.pieces.end(), [](const CapturePiece& piece) { return piece.to_bms; });
  std::uint64_t asked_at_us = capture.pieces.empty() ? 0 : capture.pieces.front().at_us;
  bool building_request = false;
  for (auto& piece : capture.pieces) {
    if (piece.to_bms) {
      // A request may have been recorded in several pieces.
      if (!building_request) exchanges_.emplace_back();
      building_request = true;
      auto& request = exchanges_.back().request;
      request.insert(request.end(), piece.bytes.begin(), piece.bytes.end());
      asked_at_us = piece.at_us;
      continue;
    }
    building_request = false;
    const auto after_us = piece.at_us > asked_at_us ? static_cast<std::int64_t>(piece.at_us - asked_at_us) : 0;
    Piece answer{core::Duration{std::min(after_us, kLongestPauseUs)}, std::move(piece.bytes)};
    if (!has_requests) {
      asked_at_us = piece.at_us;
      monologue_.push_back(std::move(answer));
    } else if (!exchanges_.empty()) {
      exchanges_.back().answers.push_back(std::move(answer));
    }
  }
}

const Replay::Exchange* Replay::match(std::span<const std::uint8_t> heard) {
  for (std::size_t i = 0; i < exchanges_.size(); ++i) {
    const auto at = (next_ + i) % exchanges_.size();
    const auto& request = exchanges_[at].request;
    if (request.size() > heard.size() || !std::equal(request.begin(), request.end(), heard.begin())) continue;
    next_ = (at + 1) % exchanges_.size();
    return &exchanges_[at];
  }
  return nullptr;
}

void Replay::on_bytes(std::span<const std::uint8_t> bytes, core::Instant now) {
  if (!has_requests()) return;
  if (now - last_input_ > kForgetAfter && !heard_.empty()) {
    ++unknown_;
    heard_.clear();
  }
  last_input_ = now;
  heard_.insert(heard_.end(), bytes.begin(), bytes.end());
  bool in_unknown = false;
  while (!heard_.empty()) {
    if (const auto* exchange = match(heard_)) {
      ++answered_;
      if (log_) log_(fmt::format("request of {} bytes: {} pieces", exchange->request.size(), exchange->answers.size()));
      for (const auto& piece : exchange->answers) queue_.push_back({now + piece.after, piece.bytes});
      heard_.erase(heard_.begin(), heard_.begin() + static_cast<std::ptrdiff_t>(exchange->request.size()));
      continue;
    }
    // Wait while some request still begins with what has been heard.
    const bool may_become_one = std::any_of(exchanges_.begin(), exchanges_.end(), [this](const Exchange& exchange) {
      return heard_.size() < exchange.request.size() && std::equal(heard_.begin(), heard_.end(), exchange.request.begin());
    });
    if (may_become_one) return;
    if (!in_unknown) {
      in_unknown = true;
      ++unknown_;
      if (log_) log_(fmt::format("{} bytes that were not recorded as a request", heard_.size()));
    }
    heard_.erase(heard_.begin());
  }
}

core::Instant Replay::next_deadline() const {
  if (!queue_.empty()) return queue_.front().at;
  return monologue_.empty() ? core::kFarFuture : core::Instant{};
}

void Replay::play(core::Instant now) {
  auto at = begun_ ? now + kBetweenRounds : now;
  begun_ = true;
  for (const auto& piece : monologue_) {
    at += piece.after;
    queue_.push_back({at, piece.bytes});
  }
}

void Replay::poll(core::Instant now, std::vector<std::uint8_t>& out) {
  if (queue_.empty() && !monologue_.empty()) play(now);
  while (!queue_.empty() && queue_.front().at <= now) {
    const auto& bytes = queue_.front().bytes;
    out.insert(out.end(), bytes.begin(), bytes.end());
    queue_.pop_front();
  }
}

}  // namespace bmsgate::sim
