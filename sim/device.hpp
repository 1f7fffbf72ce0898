// SPDX-License-Identifier: Apache-2.0
// What a family of virtual BMSs is: it hears bytes of a line and says what the real ones would. Several packs of one family share a Device.
// Implementations: jk_nw.cpp, jk_pb.cpp, daly_a5.cpp, daly_modbus.cpp. Owned and called by a Simulator.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "sim/pack_model.hpp"

namespace bmsgate::sim {

/// One pack on a line.
struct Pack {
  std::uint8_t address{1};  // JK-PB: 0-15; Daly: board 1-16; NW and D2 have none
  std::shared_ptr<PackModel> model;
};

/// One answer: `bytes` begin `delay` after the end of the request, or after the end of the answer before it.
struct Answer {
  std::vector<std::uint8_t> bytes;
  core::Duration delay{0};
  std::uint8_t address{0};
  bool from_bms{true};  // false: the request of a master that lives on this line
};

/// What is wrong on purpose with what a device says (not with how its bytes travel).
struct DeviceFaults {
  std::uint8_t wrong_cell_count{0};
  bool wrong_address{false};  // for the answer being made
};

class Device {
 public:
  virtual ~Device() = default;

  /// What has been heard since the last complete request. Returns how many bytes are done with; appends answers. A request for a pack that
  /// is not here yields none.
  [[nodiscard]] virtual std::size_t hear(std::span<const std::uint8_t> heard, std::vector<Answer>& answers) = 0;
  /// The request at the start of `heard` as it was understood in the last hear(), for the log: "read all", "pack 2: live".
  [[nodiscard]] virtual std::string_view last_request() const = 0;
  /// True if a sleeping BMS of this family sends requests back.
  [[nodiscard]] virtual bool mirrors_in_sleep() const { return false; }
  /// True if it speaks without being asked: talk() is then called again whenever all it said is out.
  [[nodiscard]] virtual bool talks() const { return false; }
  virtual void talk(std::vector<Answer>& /*answers*/) {}

  DeviceFaults faults;
};

/// Style of a virtual BMS.
struct DeviceOptions {
  bool master{false};            // jk-pb: a pack with DIP 0 that polls the others by itself
  bool sixteen_frames{false};    // daly-a5: a 95 answer always has 16 frames
  bool inverted_current{false};  // daly: firmware with the other sign
  std::uint8_t padding{0};       // jk-pb: zero bytes before the ACK
};

/// `protocol` is a key of the contract (jk-nw, jk-pb, daly-a5, daly-d2, daly-p81). nullptr: no such family.
[[nodiscard]] std::unique_ptr<Device> make_device(std::string_view protocol, std::vector<Pack> packs, const DeviceOptions& options);

}  // namespace bmsgate::sim
