// SPDX-License-Identifier: Apache-2.0
// Modbus application protocol (V1.1b3): requests and replies as bytes, for servers and clients, and the MBAP framing of Modbus TCP.
// Pure codec: no clock, no port, no heap. Functions 03, 04, 06, 10 and 2B/0E. Used by outputs/ and by gadgets on any transport; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/fixed.hpp"
#include "core/result.hpp"

namespace bmsgate::core::modbus {

enum class Function : std::uint8_t {
  kReadHolding = 0x03,
  kReadInput = 0x04,
  kWriteSingle = 0x06,
  kWriteMultiple = 0x10,
  kDeviceId = 0x2B,
};

enum class Exception : std::uint8_t {
  kNone = 0x00,
  kFunction = 0x01,
  kAddress = 0x02,
  kValue = 0x03,
  kFailure = 0x04,
  kBusy = 0x06,
  kTargetSilent = 0x0B,
};

inline constexpr std::size_t kMaxPdu = 253;
inline constexpr std::size_t kMaxReadRegisters = 125;
inline constexpr std::size_t kMaxWriteRegisters = 123;
inline constexpr std::uint32_t kAddressSpace = 65536;
inline constexpr std::uint8_t kMeiDeviceId = 0x0E;

using Pdu = FixedVector<std::uint8_t, kMaxPdu>;

[[nodiscard]] constexpr std::uint16_t word_at(std::span<const std::uint8_t> bytes, std::size_t offset) noexcept {
  return static_cast<std::uint16_t>(bytes[offset] << 8U | bytes[offset + 1]);
}

struct Request {
  Function function{};
  std::uint16_t start{0};
  std::uint16_t count{0};                  // registers
  std::span<const std::uint8_t> values{};  // writes: 2 x count bytes, big-endian; points into the bytes parsed
  std::uint8_t id_code{0};                 // kDeviceId: 1 basic, 2 regular, 3 extended, 4 one object
  std::uint8_t object{0};                  // kDeviceId: the first, or the only, object

  [[nodiscard]] constexpr std::uint16_t value(std::size_t i) const noexcept { return word_at(values, 2 * i); }
};

// Server side.

/// Checks in the order that the standard asks for: function, then quantity and form, then the address range.
/// kNone: `out` is filled; else the code to answer with.
[[nodiscard]] Exception parse_request(std::span<const std::uint8_t> pdu, Request& out) noexcept;

void reply_exception(Pdu& out, std::uint8_t function, Exception code) noexcept;
/// At most kMaxReadRegisters registers.
void reply_registers(Pdu& out, Function function, std::span<const std::uint16_t> registers) noexcept;
/// The echo that confirms a write.
void reply_write(Pdu& out, const Request& request) noexcept;

struct DeviceObject {
  std::uint8_t id;
  std::string_view text;  // cut at 244 bytes
};
/// `objects` in rising order of ids. What does not fit is announced by "more follows" and asked for again by the client.
[[nodiscard]] Exception reply_device_id(Pdu& out, const Request& request, std::span<const DeviceObject> objects) noexcept;

// Client side.

/// False: outside the limits.
[[nodiscard]] bool encode_read(Pdu& out, Function function, std::uint16_t start, std::size_t count) noexcept;
void encode_write_single(Pdu& out, std::uint16_t address, std::uint16_t value) noexcept;
[[nodiscard]] bool encode_write_multiple(Pdu& out, std::uint16_t start, std::span<const std::uint16_t> values) noexcept;

struct Reply {
  Exception exception{};                   // only with Error::kRefused
  std::span<const std::uint8_t> values{};  // reads: 2 bytes a register, big-endian; points into the bytes parsed
};
/// Holds a reply against its request (both as PDU). kRefused: the server answered with `out.exception`; kBadFrame: not an answer to it.
[[nodiscard]] Error parse_reply(std::span<const std::uint8_t> request, std::span<const std::uint8_t> reply, Reply& out) noexcept;

// Framing of Modbus TCP: transaction, protocol 0, length of what follows, unit; then the PDU.

inline constexpr std::size_t kMbapSize = 7;
inline constexpr std::size_t kMaxAdu = kMbapSize + kMaxPdu;

struct Frame {
  std::uint16_t transaction{0};
  std::uint8_t unit{0};
  std::span<const std::uint8_t> pdu{};
};

/// The seven bytes in front of a PDU of `pdu_size` bytes.
[[nodiscard]] std::array<std::uint8_t, kMbapSize> mbap(std::uint16_t transaction, std::uint8_t unit, std::size_t pdu_size) noexcept;

/// Cuts a byte stream into frames; holds at most one unfinished frame.
class Framer {
 public:
  enum class Outcome : std::uint8_t {
    kMore,   // the input is used up; a frame may be unfinished
    kFrame,  // one frame; it points into this object or the input and stays valid until the next call
    kBad,    // not Modbus TCP: close the connection
  };
  /// Takes bytes from the front of `input`. Call again while it answers kFrame.
  [[nodiscard]] Outcome next(std::span<const std::uint8_t>& input, Frame& out) noexcept;
  [[nodiscard]] bool inside_frame() const noexcept { return !partial_.empty() && !finished_; }

 private:
  FixedVector<std::uint8_t, kMaxAdu> partial_;
  bool finished_{false};  // partial_ holds the frame that was handed out last
};

}  // namespace bmsgate::core::modbus
