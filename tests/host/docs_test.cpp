// SPDX-License-Identifier: Apache-2.0
#include "host/docs.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <string>

#include "core/alarm.hpp"
#include "core/command.hpp"
#include "core/field.hpp"

namespace bmsgate::host {
namespace {

/// The pages in the repository are those that the tables make; tools/gen_docs writes them anew.
TEST(Docs, AreUpToDate) {
  struct Page {
    std::string file;
    std::string (*text)();
  };
  const Page pages[] = {{"docs/settings.md", settings_page},
                        {"docs/fields.md", fields_page},
                        {"docs/registers.md", registers_page},
                        {"packaging/bmsgate.toml", example_toml}};
  for (const auto& page : pages) {
    std::ifstream in{std::string{BMSGATE_TEST_DATA} + "/../../" + page.file, std::ios::binary};
    const std::string have{std::istreambuf_iterator<char>{in}, {}};
    EXPECT_TRUE(have == page.text()) << page.file << " is out of date: run tools/gen_docs";
  }
}

TEST(Docs, DumpsAreJsonWithEveryRow) {
  EXPECT_EQ(boost::json::parse(fields_json()).as_array().size(), core::kFieldCount);
  EXPECT_EQ(boost::json::parse(alarms_json()).as_array().size(), core::kAlarms.size());
  EXPECT_EQ(boost::json::parse(commands_json()).as_array().size(), core::kCommands.size());
  const auto voltage = boost::json::parse(fields_json()).at(0);
  EXPECT_EQ(voltage.at("key").as_string(), "pack_voltage");
  EXPECT_EQ(voltage.at("register"), boost::json::value(2000));
  bool cells = false;
  const auto registers = boost::json::parse(registers_json());
  for (const auto& row : registers.as_array()) {
    const auto* field = row.as_object().if_contains("field");
    if (field == nullptr || field->as_string() != "cell_voltage") continue;
    cells = row.at("address") == boost::json::value(2200) && row.at("count") == boost::json::value(48);
  }
  EXPECT_TRUE(cells);
}

}  // namespace
}  // namespace bmsgate::host
