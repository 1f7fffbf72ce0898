// SPDX-License-Identifier: Apache-2.0
// One exchange with a BMS that somebody else than the poller's own polling wants: a command, a gadget's request, a raw injection.
// Submitted to the poller of a bus (poller.hpp); loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/clock.hpp"
#include "core/command.hpp"
#include "core/protocol.hpp"

namespace bmsgate::core {

/// Who goes first. The poller's own polls come after all of these.
enum class Priority : std::uint8_t { kCommand, kForeign };

enum class Outcome : std::uint8_t {
  kDone,      // an answer came
  kTimeout,   // none came, all retries included
  kRefused,   // the BMS, or the dialect, said no
  kLineDown,  // the line is gone, or went while waiting
};

/// Who submitted a transaction. Must outlive it (or cancel it).
class TransactionOwner {
 public:
  /// Bytes of the answer as they come, unchanged. Commands do not get them.
  virtual void on_reply_bytes(std::uint32_t /*id*/, std::span<const std::uint8_t> /*bytes*/, Instant /*at*/) noexcept {}
  /// The last word about a transaction.
  virtual void on_done(std::uint32_t id, Outcome outcome) noexcept = 0;

 protected:
  ~TransactionOwner() = default;
};

inline constexpr std::uint8_t kNoSlot = 255;

struct Transaction {
  std::uint32_t id{0};  // the owner's own number
  TransactionOwner* owner{nullptr};
  Priority priority{Priority::kForeign};
  std::uint8_t slot{kNoSlot};  // the pack concerned (poller slot): its dialect tells when the answer is complete; kNoSlot: silence ends it
  bool is_command{false};      // true: `command` is built by the pack's dialect; false: `request` goes out as it is
  Command command{};
  Request request{};
};

/// A bounded queue: commands first, then in the order of arrival.
template <std::size_t Capacity>
class TransactionQueue {
 public:
  [[nodiscard]] bool push(const Transaction& transaction) noexcept { return items_.push_back(transaction); }
  [[nodiscard]] bool empty() const noexcept { return items_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }
  /// The next one. Only where not empty().
  [[nodiscard]] Transaction pop() noexcept {
    std::size_t best = 0;
    for (std::size_t i = 1; i < items_.size(); ++i) {
      if (items_[i].priority < items_[best].priority) best = i;
    }
    const Transaction taken = items_[best];
    remove_at(best);
    return taken;
  }
  void cancel(const TransactionOwner& owner) noexcept {
    for (std::size_t i = items_.size(); i-- > 0;) {
      if (items_[i].owner == &owner) remove_at(i);
    }
  }

 private:
  void remove_at(std::size_t at) noexcept {
    for (std::size_t i = at + 1; i < items_.size(); ++i) items_[i - 1] = items_[i];
    items_.resize(items_.size() - 1);
  }
  FixedVector<Transaction, Capacity> items_;
};

}  // namespace bmsgate::core
