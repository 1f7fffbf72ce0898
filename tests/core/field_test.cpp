// SPDX-License-Identifier: Apache-2.0
#include "core/field.hpp"

#include <gtest/gtest.h>

namespace bmsgate::core {
namespace {

TEST(FieldTable, KeysLeadBackToTheirField) {
  for (const auto& field : kFields) {
    ASSERT_NE(find_field(field.key), nullptr);
    EXPECT_EQ(find_field(field.key)->field, field.field);
  }
  EXPECT_EQ(find_field("no_such_key"), nullptr);
}

TEST(FieldTable, SlotsOfFieldsDoNotOverlap) {
  std::size_t next = 0;
  for (const auto& field : kFields) {
    EXPECT_EQ(slot(field.field), next);
    next += field.count;
  }
  EXPECT_EQ(next, kSlotCount);
}

}  // namespace
}  // namespace bmsgate::core
