// SPDX-License-Identifier: Apache-2.0
#include "config/reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/config/site.hpp"

namespace bmsgate::config {
namespace {

using test::kSchema;
using test::lines_of;
using testing::ElementsAreArray;

struct Case {
  std::string_view text;
  std::vector<std::string> problems;
};

TEST(TomlReader, NamesEveryMistakeWithItsLine) {
  const Case cases[] = {
      {"", {}},
      {"[server]\nport = 8080\n", {}},
      {"[server]\nport = 0\nname = \"a b\"\n",
       {"f.toml:2: server.port: 0 is below 1 (allowed 1-65535)", "f.toml:3: server.name: \"a b\" is not allowed here: no spaces"}},
      {"# first\n[server]\nprot = 1\n", {"f.toml:3: server.prot: unknown setting; did you mean port?"}},
      {"[server]\nzzz = 1\n", {"f.toml:2: server.zzz: unknown setting"}},
      {"[sever]\nport = 1\n", {"f.toml:1: sever: there is no such group of settings; did you mean server?"}},
      {"port = 1\n", {"f.toml:1: port: there is no such group of settings"}},
      {"[[server]]\nport = 1\n", {"f.toml:1: server: must be one table: write [server]"}},
      {"server = 1\n", {"f.toml:1: server: must be one table: write [server]"}},
      {"[unit]\nid = \"a\"\n", {"f.toml:1: unit: is a list of tables: write [[unit]] before each"}},
      {"unit = [1]\n", {"f.toml:1: unit: is a list of tables: write [[unit]] before each"}},
      {"\n[[unit]]\nname = \"x\"\n", {"f.toml:2: unit.id: is missing: each unit needs one"}},
      {"[[unit]]\nid = 5\n", {"f.toml:2: unit.id: must be a text: 1 to 19 of a-z 0-9 _ -"}},
      {"[[unit]]\nid = \"Boat!\"\n", {"f.toml:1: unit.id: \"Boat!\" is not allowed here: 1 to 19 of a-z 0-9 _ -"}},
      {"[[unit]]\nid = \"a\"\n[[unit]]\nid = \"a\"\n", {"f.toml:3: unit.a: this id is used twice (first at f.toml:1)"}},
      {"[[unit]]\nid = \"boat\"\npoll_s = 400\n", {"f.toml:3: unit.boat.poll_s: 400 is above 300 (allowed 1-300 s)"}},
      {"[[unit]]\nid = \"boat\"\nremove = true\n", {"f.toml:3: unit.boat.remove: unknown setting"}},
      {"[server]\nport = 2026-01-01\n", {"f.toml:2: server.port: a date or time is not allowed here: 1-65535"}},
      {"[server]\nport = [1, 2]\n", {"f.toml:2: server.port: a list is not allowed here: 1-65535"}},
      {"[server.name]\nx = 1\n", {"f.toml:1: server.name: a table is not allowed here: no spaces"}},
      {"[server]\npassword = 1234\n", {"f.toml:2: server.password: a number is not a text"}},
      {"[server]\n\"a\\nb\" = 1\n", {"f.toml:2: server.\"a\\u000ab\": unknown setting"}},
  };
  for (const auto& c : cases) {
    Problems problems;
    (void)read_toml(kSchema, c.text, "f.toml", problems);
    EXPECT_THAT(lines_of(problems), ElementsAreArray(c.problems)) << c.text;
  }
}

TEST(TomlReader, NamesTheLineWhereTheSyntaxBreaks) {
  for (const std::string_view text :
       {"[server]\n\nport = \n", "[server]\n\nport = 1 1\n", "[server]\n\n= 1\n", "[server]\nport = 1\nport = 2\n"}) {
    Problems problems;
    (void)read_toml(kSchema, text, "f.toml", problems);
    ASSERT_EQ(problems.size(), 1U) << text;
    EXPECT_EQ(problems[0].where, "f.toml:3") << text;
    EXPECT_FALSE(problems[0].message.empty());
    EXPECT_EQ(problems[0].message.find('\n'), std::string::npos);
  }
}

TEST(JsonReader, NamesEveryMistakeWithItsPlace) {
  const Case cases[] = {
      {"{}", {}},
      {R"({"server":{"port":8080,"ratio":2,"name":null}})", {}},
      {R"({"unit":[{"id":"a","poll_s":10},{"id":"b","remove":true}]})", {}},
      {R"({"unit":{"a":{"poll_s":10},"b":null}})", {}},
      {"[]", {"must be one JSON object with the groups of settings"}},
      {"5", {"must be one JSON object with the groups of settings"}},
      {R"({"server":{"port":0}})", {"server.port: 0 is below 1 (allowed 1-65535)"}},
      {R"({"server":{"port":18446744073709551615}})", {"server.port: a number this large is not allowed here: 1-65535"}},
      {R"({"server":[]})", {"server: must be an object"}},
      {R"({"srver":{}})", {"srver: there is no such group of settings; did you mean server?"}},
      {R"({"unit":5})", {"unit: must be a list of objects, each with its id"}},
      {R"({"unit":[5]})", {"unit: must be a list of objects, each with its id"}},
      {R"({"unit":{"a":5}})", {"unit: must be a list of objects, each with its id"}},
      {R"({"unit":[{"name":"x"}]})", {"unit.id: is missing: each unit needs one"}},
      {R"({"unit":{"a":{"id":"b"}}})", {"unit.a.id: differs from its place"}},
      {R"({"unit":[{"id":"a"},{"id":"a"}]})", {"unit.a: this id is used twice"}},
      {R"({"unit":[{"id":"a","remove":1}]})", {"unit.a.remove: must be true or false"}},
      {R"({"unit":[{"id":"a","poll":1}]})", {"unit.a.poll: unknown setting; did you mean poll_s?"}},
      {R"({"server":{"name":"a\u0000b"}})", {"server.name: contains a control character"}},
  };
  for (const auto& c : cases) {
    Problems problems;
    (void)read_json(kSchema, c.text, {}, problems);
    EXPECT_THAT(lines_of(problems), ElementsAreArray(c.problems)) << c.text;
  }
}

TEST(JsonReader, PointsIntoTheDocument) {
  Problems problems;
  (void)read_json(kSchema, R"({"unit":[{"id":"boat","poll_s":0}]})", {}, problems);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].pointer, "/unit/boat/poll_s");
}

/// Whatever comes in: one clear problem or more, no crash, no endless list.
TEST(Readers, SurviveHostileText) {
  const std::string deep(100000, '[');
  std::string objects;
  for (int i = 0; i < 100000; ++i) objects += "{\"a\":";
  std::string many_items;
  for (int i = 0; i < 20000; ++i) many_items += "[[unit]]\nid = \"u" + std::to_string(i) + "\"\n";
  std::string many_keys = "[server]\n";
  for (int i = 0; i < 20000; ++i) many_keys += "k" + std::to_string(i) + " = 1\n";
  const std::string texts[] = {
      deep,
      "a = " + deep,
      objects,
      std::string(kMaxItems, '\0'),
      std::string{"[server]\nname = \"a\0b\"\n", 21},
      "[server]\nname = \"\xff\xfe\"\n",
      "{\"server\":{\"name\":\"\xff\"}}",
      std::string(std::size_t{2} << 20U, 'x'),
      std::string(std::size_t{2} << 20U, ' ') + "{}",
      many_items,
      many_keys,
      "\xef\xbb\xbf{}x",
      "{\"server\":{\"port\":1}} trailing",
      "{\"server\":{\"port\":1e999}}",
      "{",
      "\"",
  };
  for (const auto& text : texts) {
    for (const bool toml : {true, false}) {
      Problems problems;
      const auto layer = toml ? read_toml(kSchema, text, "f", problems) : read_json(kSchema, text, "f", problems);
      EXPECT_FALSE(problems.empty()) << text.substr(0, 40);
      EXPECT_LE(problems.size(), 50U);
      EXPECT_EQ(layer.sections.size(), kSchema.size());
      for (const auto& problem : problems) {
        EXPECT_LT(problem.line().size(), 400U);
        EXPECT_TRUE(is_utf8(problem.line()));
      }
    }
  }
}

TEST(TomlReader, TakesNoMoreItemsThanThereCanBe) {
  std::string text;
  for (std::size_t i = 0; i <= kMaxItems; ++i) text += "[[line]]\nid = \"l" + std::to_string(i) + "\"\nlink = \"x\"\n";
  Problems problems;
  const auto layer = read_toml(kSchema, text, "f", problems);
  EXPECT_THAT(lines_of(problems), testing::ElementsAre("f:193: line: more than 64 are not possible"));
  EXPECT_EQ(layer.sections[1].size(), kMaxItems);
}

}  // namespace
}  // namespace bmsgate::config
