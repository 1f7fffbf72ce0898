// SPDX-License-Identifier: Apache-2.0
// The server's side of RFC 2217 (serial port over telnet) as a codec without a socket: it answers every option of the port and does nothing
// about it. Used by the simulator's links, one object per client. Source: RFC 854, 855, 2217.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <vector>

namespace bmsgate::host {

class Rfc2217Server {
 public:
  using Bytes = std::vector<std::uint8_t>;

  explicit Rfc2217Server(std::uint32_t baud) : baud_{baud} {}

  /// What to send when a client has connected.
  [[nodiscard]] static Bytes greeting();
  /// Takes bytes from the client: appends what is meant for the port to `data` and what must be sent back to `reply`.
  void feed(std::span<const std::uint8_t> bytes, Bytes& data, Bytes& reply);
  /// Data for the client: FF is doubled.
  static void encode(std::span<const std::uint8_t> bytes, Bytes& out);

 private:
  enum class State : std::uint8_t { kData, kCommand, kOption, kSub, kSubCommand };
  void data_byte(std::uint8_t byte, Bytes& data);
  void option(std::uint8_t option, Bytes& reply);
  void subnegotiation(Bytes& reply);

  State state_{State::kData};
  std::uint8_t verb_{0};
  Bytes sub_;
  std::uint32_t baud_;
  std::set<unsigned> agreed_;  // verb and option that were answered: each only once
};

}  // namespace bmsgate::host
