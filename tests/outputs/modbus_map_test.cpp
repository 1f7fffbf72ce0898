// SPDX-License-Identifier: Apache-2.0
// The map that people read against the registers that clients read.
#include "outputs/modbus_map.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>

#include "outputs/modbus_blocks.hpp"
#include "tests/outputs/support.hpp"

namespace bmsgate::outputs {
namespace {

TEST(ModbusMap, NamesEachRegisterOnce) {
  std::set<unsigned> seen;
  const auto add = [&](unsigned first, unsigned count) {
    for (unsigned i = 0; i < count; ++i) EXPECT_TRUE(seen.insert(first + i).second) << first + i;
  };
  for (const auto& block : kRegisterBlocks) {
    for (const auto& row : block.rows) add(row.address, row.count);
  }
  for (const auto& field : core::kFields) add(field.reg, static_cast<unsigned>(field.count * core::register_width(field.wire)));
}

/// With every datum there and no value equal to "nothing", exactly the registers of the map are filled.
TEST(ModbusMap, IsWhatClientsRead) {
  SetClock clock;
  const auto hub = std::make_unique<core::Hub>();
  const auto pack = add_pack(*hub, "boat", 1);
  core::Reading reading = example_reading(pack, clock);
  for (const auto& field : core::kFields) {
    for (std::size_t i = 0; i < field.count; ++i) {
      if (!reading.sample.has(field.field, i) || reading.sample.get(field.field, i) == 0)
        reading.sample.set(field.field, std::max(field.min, field.max / 2 + 1), i);
    }
  }
  reading.sample.set(core::Field::kSocMaxTodayAt, 13 * 60 + 7);
  hub->publish(reading);
  ModbusBlocks blocks{*hub, clock, {}};
  struct Range {
    std::uint16_t first;
    std::uint16_t last;
    std::span<const RegisterInfo> rows;
    std::uint16_t nothing;
  };
  const Range ranges[] = {{100, 157, kOriginalMap, 0}, {256, 330, kVictronMap, 0xFFFF}, {1282, 1321, kVictronMap, 0xFFFF}};
  for (const auto& range : ranges) {
    for (unsigned address = range.first; address <= range.last; ++address) {
      std::uint16_t word = 0;
      ASSERT_EQ(blocks.read(pack, static_cast<std::uint16_t>(address), {&word, 1}), core::modbus::Exception::kNone);
      const auto row = std::find_if(range.rows.begin(), range.rows.end(), [&](const RegisterInfo& info) {
        return address >= info.address && address < unsigned{info.address} + info.count;
      });
      const bool listed = row != range.rows.end();
      // Either word of a wide value may be 0, a text may end early, and 150 to 152 are the machine's.
      const bool machine = address >= 150 && address <= 152;
      if (machine || (listed && (row->count == 2 || row->type == RegisterType::kText))) continue;
      EXPECT_EQ(word != range.nothing, listed) << address;
    }
  }
}

}  // namespace
}  // namespace bmsgate::outputs
