// SPDX-License-Identifier: Apache-2.0
// CSV files as people have them.
#include "outputs/history/import.hpp"

#include <gtest/gtest.h>

#include "core/field.hpp"

namespace bmsgate::outputs {
namespace {

constexpr core::UtcMs kEver = INT64_MAX;

/// One value of one row, scaled; -1: a hole.
std::int32_t value(const ImportedCsv& csv, std::size_t row, core::Field field, std::uint8_t element = 0) {
  for (const auto& column : csv.rows.columns) {
    const ColumnKey key{core::info(field).reg, element, ColumnPart::kValue};
    if (column.key == key) return column.has(row) ? column.values[row] : -1;
  }
  return -1;
}

core::UtcMs local(const char* text) {
  core::UtcMs at_ms = 0;
  EXPECT_TRUE(parse_time(text, at_ms)) << text;
  return at_ms;
}

struct Form {
  const char* what;
  const char* name;
  const char* text;
};

/// All of these say: on 22 November 2024 at 17:20 local time, SOC 87.5 %, cells 3.301 V, none, 3.303 V.
class ImportForms : public testing::TestWithParam<Form> {};

TEST_P(ImportForms, SayTheSame) {
  const auto csv = read_original_csv(GetParam().text, GetParam().name, kEver);
  EXPECT_EQ(csv.error, "");
  EXPECT_EQ(csv.skipped, 0U);
  ASSERT_EQ(csv.rows.times.size(), 1U);
  EXPECT_EQ(csv.from_ms, local("2024-11-22T17:20:00"));
  EXPECT_EQ(csv.to_ms, csv.from_ms);
  EXPECT_EQ(csv.rows.times[0] * 1'200'000, csv.from_ms);
  EXPECT_EQ(value(csv, 0, core::Field::kSoc), 875);
  EXPECT_EQ(value(csv, 0, core::Field::kCellVoltage, 0), 3301);
  EXPECT_EQ(value(csv, 0, core::Field::kCellVoltage, 1), -1);
  EXPECT_EQ(value(csv, 0, core::Field::kCellVoltage, 2), 3303);
  EXPECT_EQ(value(csv, 0, core::Field::kCellMaxVoltage), 3303);
  EXPECT_EQ(value(csv, 0, core::Field::kCellDeltaVoltage), 2);
}

INSTANTIATE_TEST_SUITE_P(
    All, ImportForms,
    testing::Values(Form{"Iso", "", "time,soc,b1,b2,b3\n2024-11-22T17:20:00,87.5,3.301,,3.303\n"},
                    Form{"Millivolts", "", "time,soc,b1,b2,b3\r\n2024-11-22 17:20,87.5,3301,0,3303\r\n"},
                    Form{"Semicolons", "", "\xEF\xBB\xBFTime;SOC;B1;B2;B3\n22.11.2024 17:20;87,5;3,301;;3,303"},
                    Form{"Slashes", "", "time,soc,cell 1,cell 2,cell 3\n22/11/2024 17:20:10,87.5,3.301,-,3.303\n"},
                    Form{"MonthFirst", "", "time,soc,cell_1,cell_2,cell_3\n11/22/24 17:19:55,87.5 %,3.301 V,,3.303 V\n"},
                    Form{"Quotes", "",
                         "\"time\",\"soc\",\"batt_01\",\"batt_02\",\"batt_03\"\n\"2024-11-22 17:20\",\"87.5\",\"3.301\",\"\",\"3.303\"\n"},
                    Form{"TwoColumns", "", "date\ttime\tsoc\tb1\tb2\tb3\n2024/11/22\t17:20\t87.5\t3.301\t\t3.303\n"},
                    Form{"DayInTheName", "batt_20241122.csv", "# made by a dongle\n\ntime,soc,b1,b2,b3\n17:20,87.5,3301,,3303\n"},
                    Form{"NoHeading", "batt_2024-11-22.csv", "17:20,87.5,3301,,3303\n"}),
    [](const auto& one) { return std::string{one.param.what}; });

TEST(Import, TimesWithAZoneAndSecondsSince1970) {
  const auto csv = read_original_csv("time,soc\n2024-11-22T17:20:00+01:00,50\n1732294800,60\n2024-11-22T17:20:00Z,70\n", "", kEver);
  ASSERT_EQ(csv.rows.times.size(), 3U);
  EXPECT_EQ(csv.from_ms, 1'732'292'400'000);
  EXPECT_EQ(value(csv, 1, core::Field::kSoc), 600);
  EXPECT_EQ(csv.to_ms, 1'732'296'000'000);
}

TEST(Import, LinesThatSayNothingAreCounted) {
  const auto csv = read_original_csv(
      "time,soc,b1\n2024-11-22 17:20,50,3.3\n2024-11-22 17:21,51,3.3\nnonsense,50,3.3\n2024-11-22 18:00,,\n2024-13-45 18:00,50,3.3\n"
      "2024-11-22 25:00,50,3.3\n2030-01-01 00:00,50,3.3\n2024-11-22 17:40,150,99\n",
      "", local("2026-01-01T00:00:00"));
  EXPECT_EQ(csv.error, "");
  EXPECT_EQ(csv.rows.times.size(), 1U);
  EXPECT_EQ(csv.skipped, 7U);
  EXPECT_EQ(value(csv, 0, core::Field::kSoc), 500) << "the first of a mark counts";
}

TEST(Import, JoinedFilesInAnyOrder) {
  const auto csv = read_original_csv("time,soc\n2024-11-23 00:00,2\ntime,soc\n2024-11-22 00:00,1\n", "month.csv", kEver);
  ASSERT_EQ(csv.rows.times.size(), 2U);
  EXPECT_EQ(csv.skipped, 0U);
  EXPECT_EQ(value(csv, 0, core::Field::kSoc), 10);
}

TEST(Import, WhatIsNoSuchFile) {
  EXPECT_NE(read_original_csv("", "", kEver).error, "");
  EXPECT_NE(read_original_csv("<html>\n<body>\n", "", kEver).error, "");
  EXPECT_NE(read_original_csv(std::string(300'000, '\xff'), "", kEver).error, "");
  EXPECT_NE(read_original_csv(std::string(100'000, ','), "", kEver).error, "");
}

}  // namespace
}  // namespace bmsgate::outputs
