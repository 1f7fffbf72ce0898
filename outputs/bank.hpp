// SPDX-License-Identifier: Apache-2.0
// All packs seen as one. Used by the API and MQTT on the loop thread.
//
// A pack counts while it is good or held; the others are left out, with the reason. The state of charge is weighted by full-charge
// capacity. Packs whose voltages differ by more than 10 % are not in parallel: their currents and ampere-hours are not added up, and the
// state of charge is weighted by energy.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/fixed.hpp"
#include "core/hub.hpp"

namespace bmsgate::outputs {

struct Bank {
  struct LeftOut {
    core::PackIndex pack;
    std::string_view reason;  // a quality, or "no_soc": it counts, but not in the state of charge
  };
  struct Cell {
    core::PackIndex pack{core::kNoPack};
    std::uint8_t number{0};
    std::int32_t mv{0};
  };
  std::size_t total{0};
  std::size_t online{0};
  bool parallel{false};
  core::Sample sample;  // the fields that make sense for a bank; cell_min_number and the like do not
  Cell weakest;
  Cell strongest;
  core::FixedVector<LeftOut, 2 * core::kMaxPacks> left_out;
  core::FixedVector<core::PackIndex, core::kMaxPacks> members;
};

[[nodiscard]] Bank make_bank(const core::Hub& hub);

/// {"total","online","parallel","fields":{…},"weakest":{"pack","cell","voltage"},"strongest":{…},
///  "shares":[{"pack","power","share"}],"left_out":[{"pack","reason"}]}: a share is the pack's part of the power, 0 to 1.
void append_bank(std::string& out, const core::Hub& hub);

}  // namespace bmsgate::outputs
