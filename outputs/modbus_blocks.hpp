// SPDX-License-Identifier: Apache-2.0
// The registers that Modbus clients see of one pack, made from its latest reading at the moment of the request: one response is one
// snapshot. Blocks (PDU addresses, the same for holding and input registers):
//
//   100-157              the block of the original product; unused and unknown registers are 0
//   256-330, 1282-1321   battery registers as Victron's gateway numbers them; FFFF (7FFF, 7FFFFFFF) where there is no value
//   2000-2999            native: `reg` of the field table, high word first; FFFF, 8000, FFFFFFFF, 80000000 where there is no value
//     2990 quality (0 good, 1 held, 2 stale, 4 asleep), 2992-2993 age in s, 2998-2999 the constant 01020304 to check the word order with
//
// A pack without live data (stale, asleep, not yet seen) shows 0 or "no value" in the blocks that have no register for its quality; the
// native block keeps the last values beside their quality and age. Called by the server on the loop thread.
#pragma once

#include <cstdint>
#include <span>

#include "core/clock.hpp"
#include "core/hub.hpp"
#include "core/modbus_pdu.hpp"

namespace bmsgate::outputs {

struct ModbusView {
  bool swap_floats{false};  // floats of 100-157: false CDAB, true ABCD
  bool fahrenheit{false};   // unit of the temperature in 100-157
};

class ModbusBlocks {
 public:
  ModbusBlocks(const core::Hub& hub, const core::Clock& clock, const ModbusView& view) noexcept : hub_{hub}, clock_{clock}, view_{view} {}

  /// Fills `out` with the registers from `start` on. kAddress: they are not wholly inside one block.
  [[nodiscard]] core::modbus::Exception read(core::PackIndex pack, std::uint16_t start, std::span<std::uint16_t> out) noexcept;

 private:
  void refresh_system(core::Instant now) noexcept;
  void read_original(core::PackIndex pack, std::span<std::uint16_t> block) noexcept;
  void read_native(core::PackIndex pack, std::size_t offset, std::span<std::uint16_t> out) noexcept;

  const core::Hub& hub_;
  const core::Clock& clock_;
  ModbusView view_;
  core::Instant system_at_{};  // when the two below were read; they are read at most once a second
  bool system_known_{false};
  std::uint16_t free_memory_{0};
  std::int16_t utc_offset_h_{0};
};

}  // namespace bmsgate::outputs
