// SPDX-License-Identifier: Apache-2.0
// All packs seen as one, for /bank and <base>/bank/state: sums where the packs are in parallel, the state of charge weighted by energy,
// the extreme cells of all. Loop thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/fixed.hpp"
#include "core/hub.hpp"

namespace bmsgate::outputs {

struct Bank {
  std::size_t packs{0};
  std::size_t online{0};  // with a good reading
  /// False: the voltages differ by more than a tenth, so these packs are no parallel bank; sums of current and charge are then missing.
  bool parallel{false};
  core::Sample fields;
  core::PackIndex lowest_cell_pack{core::kNoPack};
  core::PackIndex highest_cell_pack{core::kNoPack};
  struct LeftOut {
    core::PackIndex pack{0};
    std::string_view reason;  // name of a quality, or "no_soc"
  };
  core::FixedVector<LeftOut, core::kMaxPacks * 2> left_out;
};
[[nodiscard]] Bank bank_of(const core::Hub& hub);

/// {"packs","online","parallel","fields":{…},"lowest_cell":{"pack","cell","voltage"},"highest_cell":{…},"left_out":[{"pack","reason"}]}
void append_bank(std::string& out, const core::Hub& hub);

}  // namespace bmsgate::outputs
