// SPDX-License-Identifier: Apache-2.0
// Tells our own request, coming back on a line that echoes, from an answer. Part of the poller; one per line, because whether a line
// echoes depends on its wiring and its adapter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/fixed.hpp"

namespace bmsgate::core {

class EchoFilter {
 public:
  /// A request goes out. An answer may legally begin with a copy of some requests (Modbus writes): those teach nothing.
  void sent(std::span<const std::uint8_t> request, bool may_be_answered_by_copy) noexcept {
    sent_.clear();
    sent_.append(request);
    matched_ = 0;
    differs_ = false;
    teaches_ = !may_be_answered_by_copy;
  }

  /// Looks at bytes that come in after sent(); answers how many of them, from the first on, still match the request.
  [[nodiscard]] std::size_t match(std::span<const std::uint8_t> bytes) noexcept {
    std::size_t n = 0;
    while (n < bytes.size() && !differs_ && matched_ < sent_.size()) {
      if (bytes[n] == sent_[matched_]) {
        ++matched_;
        ++n;
      } else {
        differs_ = true;
      }
    }
    return n;
  }
  /// All of the request has come back.
  [[nodiscard]] bool complete() const noexcept { return !sent_.empty() && matched_ == sent_.size(); }
  /// What began like the request turned out to be something else.
  [[nodiscard]] bool differs() const noexcept { return differs_; }
  /// The part of the request that has come back.
  [[nodiscard]] std::span<const std::uint8_t> matched() const noexcept { return sent_.view().first(matched_); }

  /// The exchange is over: `answered` if a real answer followed.
  void learn(bool answered) noexcept {
    if (!teaches_ || !answered) return;
    if (complete()) {
      if (score_ < kMaxScore) ++score_;
    } else if (score_ > 0) {
      --score_;
    }
  }
  [[nodiscard]] bool line_echoes() const noexcept { return score_ >= kEchoes; }
  /// Another adapter may be behind the line now.
  void forget() noexcept { score_ = 0; }

 private:
  static constexpr std::uint8_t kEchoes = 2;    // this many echoed requests with an answer behind them
  static constexpr std::uint8_t kMaxScore = 4;  // and so many without one that it takes to unlearn

  FixedVector<std::uint8_t, 64> sent_;
  std::size_t matched_{0};
  bool differs_{false};
  bool teaches_{false};
  std::uint8_t score_{0};
};

}  // namespace bmsgate::core
