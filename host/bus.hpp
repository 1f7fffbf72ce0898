// SPDX-License-Identifier: Apache-2.0
// One physical line with its packs: line + poller + dialects + intakes, driven on the io_context thread. Made by host/app from the
// settings. All calls on that thread. Errors of the line (missing port, no permission, unreachable host) are logged once and tried again
// for ever.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/hub.hpp"
#include "core/log.hpp"
#include "core/poller.hpp"
#include "core/transaction.hpp"

namespace boost::asio {
class io_context;
}

namespace bmsgate::host {

/// A pack as the bus sees it. The pack has been added to the hub before.
struct BusPack {
  core::PackIndex pack{core::kNoPack};
  std::string protocol;  // key of a dialect, or "auto"
  int address{-1};       // -1: the usual one of the dialect
  core::Duration period{std::chrono::seconds{5}};
  core::DialectOptions options;
};

struct BusConfig {
  std::string id;
  std::string link;  // as in host/line.hpp; must have been accepted by parse_link()
  core::BusRole role{core::BusRole::kMaster};
  std::vector<BusPack> packs;
};

enum class LineState : std::uint8_t { kClosed, kOpening, kOpen, kFailed };
inline constexpr std::array<std::string_view, 4> kLineStateNames{"closed", "opening", "open", "failed"};

/// For /api/v1/buses, metrics and hints.
struct PackLink {
  core::PackIndex pack{core::kNoPack};
  std::string protocol;
  std::uint8_t address{0};
  bool present{false};  // it answered lately
  bool asleep{false};
  double period_s{0};  // achieved, averaged
  core::LinkStats stats;
  std::string doubt;  // why the last rejected or unconfirmed reading was not believed; empty = none
};
struct BusSnapshot {
  std::string id;
  std::string link;
  core::BusRole role{};
  LineState state{};
  std::string error;           // why the line is not open
  bool echo{false};            // the line gives back what we send
  bool foreign_master{false};  // somebody else asks on this line
  core::LinkStats stats;
  std::vector<PackLink> packs;
};

class Bus {
 public:
  using LearnedPack = std::function<void(core::PackIndex)>;

  Bus(boost::asio::io_context& io, const BusConfig& config, core::Hub& hub, const core::Clock& clock, core::Logger& log);
  ~Bus();
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  void start();
  void stop();

  [[nodiscard]] const std::string& id() const noexcept;
  [[nodiscard]] BusSnapshot snapshot() const;
  /// +1 or -1: the sign of its current that the dialect has learned; 0: nothing yet, or not a pack of this bus.
  [[nodiscard]] int learned_sign(core::PackIndex pack) const noexcept;
  /// Called when a pack was only heard and has been added to the hub as `<bus>-<address>`.
  void on_learned(LearnedPack learned);

  /// kNoSpace: the queue is full. kUnsupported: not a pack of this bus, or the bus only listens.
  [[nodiscard]] core::Error submit(core::PackIndex pack, const core::Command& command, std::uint32_t id, core::TransactionOwner& owner);
  /// Raw request bytes (at most 64); pack kNoPack: whatever comes until the line is silent is the answer.
  [[nodiscard]] core::Error submit(core::PackIndex pack, std::span<const std::uint8_t> bytes, std::uint32_t id,
                                   core::TransactionOwner& owner);
  void cancel(core::TransactionOwner& owner);

  [[nodiscard]] bool add_tap(core::LineTap& tap);
  void remove_tap(core::LineTap& tap);
  /// Takes the line for one user alone (firmware updates, the tunnel): polling stops, bytes reach the taps and are decoded all the same.
  [[nodiscard]] bool lease(const void* owner);
  [[nodiscard]] bool lease_send(const void* owner, std::span<const std::uint8_t> bytes);
  void release(const void* owner);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bmsgate::host
