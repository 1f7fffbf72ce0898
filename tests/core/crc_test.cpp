// SPDX-License-Identifier: Apache-2.0
// Byte sums of any length agree with plain addition; the Modbus CRC has the value of the specification's example.
#include "core/crc.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace bmsgate::core {
namespace {

TEST(ByteSum, AgreesWithPlainAddition) {
  std::vector<std::uint8_t> bytes;
  std::uint32_t plain = 0;
  for (unsigned i = 0; i < 5000; ++i) {
    ASSERT_EQ(byte_sum(bytes), plain) << i;
    bytes.push_back(static_cast<std::uint8_t>(i < 2500 ? 0xFF : i * 37));
    plain += bytes.back();
  }
}

TEST(Crc16Modbus, KnownFrame) {
  const std::vector<std::uint8_t> frame{0x01, 0x10, 0x16, 0x20, 0x00, 0x01, 0x04, 0x4B};
  EXPECT_TRUE(crc16_modbus_ok(frame));
  EXPECT_EQ(crc16_modbus(std::span{frame}.first(6)), 0x4B04);
}

}  // namespace
}  // namespace bmsgate::core
