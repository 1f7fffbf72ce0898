// SPDX-License-Identifier: Apache-2.0
#include "outputs/history/chunk.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace bmsgate::outputs {
namespace {

Chunk random_walk(std::size_t rows, unsigned seed) {
  std::mt19937 random{seed};
  Chunk chunk;
  for (std::size_t row = 0; row < rows; ++row) chunk.times.push_back(28'000'000 + static_cast<std::int64_t>(row));
  const auto column = [&](ColumnKey key, bool holes) {
    Column made{key, {}, {}};
    std::int32_t value = 3'300;
    for (std::size_t row = 0; row < rows; ++row) {
      value += static_cast<std::int32_t>(random() % 3) - 1;
      if (random() % 500 == 0) value += static_cast<std::int32_t>(random() % 100'000) - 50'000;
      made.values.push_back(value);
      if (holes) made.valid.push_back(random() % 10 != 0);
    }
    chunk.columns.push_back(made);
  };
  column({2000, 0, ColumnPart::kValue}, false);
  column({2000, 0, ColumnPart::kMin}, false);
  column({2006, 0, ColumnPart::kValue}, true);
  for (std::uint8_t cell = 0; cell < 16; ++cell) column({2200, cell, ColumnPart::kValue}, cell % 5 == 0);
  return chunk;
}

void expect_same_column(const Column& a, const Column& b) {
  ASSERT_EQ(a.key, b.key);
  ASSERT_EQ(a.values.size(), b.values.size());
  for (std::size_t row = 0; row < a.values.size(); ++row) {
    ASSERT_EQ(a.has(row), b.has(row));
    if (a.has(row)) {
      ASSERT_EQ(a.values[row], b.values[row]);
    }
  }
}

TEST(Chunk, ComesBackAsItWas) {
  for (const std::size_t rows : {std::size_t{1}, std::size_t{7}, std::size_t{1440}}) {
    const auto chunk = random_walk(rows, 1);
    const auto back = decode(encode(chunk));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->times, chunk.times);
    ASSERT_EQ(back->columns.size(), chunk.columns.size());
    for (std::size_t i = 0; i < chunk.columns.size(); ++i) expect_same_column(back->columns[i], chunk.columns[i]);
  }
}

TEST(Chunk, KeepsTheWholeRangeOfValues) {
  Chunk chunk;
  chunk.times = {-5, 0, 1'000'000'000'000};
  chunk.columns.push_back({{2000, 0, ColumnPart::kValue}, {INT32_MIN, INT32_MAX, INT32_MIN}, {}});
  const auto back = decode(encode(chunk));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->times, chunk.times);
  EXPECT_EQ(back->columns[0].values, chunk.columns[0].values);
}

TEST(Chunk, ReadsOnlyWhatIsWanted) {
  const auto bytes = encode(random_walk(100, 2));
  const std::array<std::uint16_t, 1> cells{2200};
  const auto back = decode(bytes, {.regs = cells});
  ASSERT_TRUE(back);
  EXPECT_EQ(back->columns.size(), 16U);
  const auto values = decode(bytes, {.values_only = true});
  ASSERT_TRUE(values);
  EXPECT_EQ(values->columns.size(), 18U);
}

TEST(Chunk, EveryFlippedByteIsNoticed) {
  const auto bytes = encode(random_walk(50, 3));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x20);
    EXPECT_FALSE(decode(damaged)) << "byte " << i;
  }
  for (std::size_t size = 0; size < bytes.size(); size += 11) EXPECT_FALSE(decode(std::string_view{bytes}.substr(0, size)));
}

TEST(Chunk, StaysNearTheInformationContent) {
  std::mt19937 random{4};
  std::normal_distribution<double> step{0, 0.85};
  Chunk chunk;
  for (std::int64_t row = 0; row < 1440; ++row) chunk.times.push_back(28'000'000 + row);
  for (std::uint8_t cell = 0; cell < 16; ++cell) {
    Column column{{2200, cell, ColumnPart::kValue}, {}, {}};
    std::int32_t value = 3'300;
    for (int row = 0; row < 1440; ++row) column.values.push_back(value += static_cast<std::int32_t>(std::lround(step(random))));
    chunk.columns.push_back(column);
  }
  EXPECT_LT(static_cast<double>(encode(chunk).size()) / (16 * 1440), 0.30);
}

}  // namespace
}  // namespace bmsgate::outputs
