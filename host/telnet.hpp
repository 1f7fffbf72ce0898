// SPDX-License-Identifier: Apache-2.0
// The client's side of RFC 2217 (serial port over telnet) as a codec without a socket: sources: RFC 854, 855, 2217.
// Used by line_rfc2217.cpp; io_context thread. Everything from the network is bounded.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/fixed.hpp"

namespace bmsgate::host {

class TelnetClient {
 public:
  /// Who gets what is found in the stream.
  class Sink {
   public:
    virtual void on_data(std::span<const std::uint8_t> bytes) = 0;
    /// Bytes to be sent as they are.
    virtual void on_reply(std::span<const std::uint8_t> bytes) = 0;
    /// The server lets us set its port: time for ask_port().
    virtual void on_port_settings() = 0;
    /// The port server says which speed is in force.
    virtual void on_baud(std::uint32_t baud) = 0;
    /// It does not offer the settings of its port.
    virtual void on_no_port_settings() = 0;

   protected:
    ~Sink() = default;
  };

  /// A new connection: forgets all, and offers binary transmission and the port settings.
  void begin(Sink& sink);
  /// Asks for a speed, 8N1, no flow control.
  void ask_port(std::uint32_t baud, Sink& sink) const;
  void feed(std::span<const std::uint8_t> bytes, Sink& sink);

  /// Data for the wire: FF is doubled. Takes as much of `bytes` as surely fits in `out`; answers how much that was.
  using Chunk = core::FixedVector<std::uint8_t, 512>;
  [[nodiscard]] static std::size_t encode(std::span<const std::uint8_t> bytes, Chunk& out);

 private:
  enum class State : std::uint8_t { kData, kCommand, kOption, kSub, kSubCommand };
  void command(std::uint8_t byte);
  void option(std::uint8_t option, Sink& sink);
  void subnegotiation(Sink& sink);

  State state_{State::kData};
  std::uint8_t verb_{0};
  bool port_offered_{false};
  core::FixedVector<std::uint8_t, 64> sub_;  // longer ones are cut: none that matters is
  std::array<bool, 256> we_do_{};            // options agreed on, so that every change is answered once
  std::array<bool, 256> they_do_{};
};

}  // namespace bmsgate::host
