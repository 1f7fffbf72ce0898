// SPDX-License-Identifier: Apache-2.0
// The way to a line, as the poller sees it. The host and the tests implement it; called on the loop thread only.
#pragma once

#include <cstdint>
#include <span>

namespace bmsgate::core {

class Transport {
 public:
  /// Hands bytes to the line. The implementation keeps them whole and in order. false: the line is down, nothing was taken.
  [[nodiscard]] virtual bool send(std::span<const std::uint8_t> bytes) noexcept = 0;
  /// Throws away what the line has received but not handed over yet.
  virtual void discard_input() noexcept = 0;

 protected:
  ~Transport() = default;
};

}  // namespace bmsgate::core
