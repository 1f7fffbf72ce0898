// SPDX-License-Identifier: Apache-2.0
#include "config/writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "config/reader.hpp"
#include "tests/config/site.hpp"

namespace bmsgate::config {
namespace {

using test::kSchema;
using test::lines_of;
using testing::HasSubstr;
using testing::IsEmpty;

Layer sample() {
  Problems problems;
  auto layer = default_layer(kSchema);
  overlay(layer, read_toml(kSchema,
                           "[server]\nport = 8080\nratio = 2\nname = \"a\\\"b\\\\c\"\n"
                           "[[line]]\nid = \"l\"\nlink = \"\xe2\x82\xac #x\"\n[[unit]]\nid = \"u\"\nline = \"l\"\n",
                           "f.toml", problems));
  EXPECT_THAT(lines_of(problems), IsEmpty());
  complete(kSchema, layer);
  return layer;
}

TEST(TomlText, IsReadBackAsTheSameValues) {
  const auto layer = sample();
  for (const bool diff : {false, true}) {
    const auto text = toml_text(kSchema, layer, {.help = true, .sources = true, .diff = diff});
    Problems problems;
    auto again = default_layer(kSchema);
    overlay(again, read_toml(kSchema, text, "again", problems));
    complete(kSchema, again);
    EXPECT_THAT(lines_of(problems), IsEmpty()) << text;
    EXPECT_EQ(settings_json(kSchema, again), settings_json(kSchema, layer));
  }
}

TEST(TomlText, TellsWhereEachValueComesFrom) {
  EXPECT_EQ(toml_text(kSchema, sample(), {.help = false, .sources = true, .diff = true}),
            "[server]\nport = 8080  # f.toml:2\nratio = 2.0  # f.toml:3\nname = \"a\\\"b\\\\c\"  # f.toml:4\n\n"
            "[[line]]\nid = \"l\"  # f.toml:5\nlink = \"\xe2\x82\xac #x\"  # f.toml:7\n\n"
            "[[unit]]\nid = \"u\"  # f.toml:8\nline = \"l\"  # f.toml:10\n");
}

TEST(TomlExample, ChangesNothingAndIsRightWhenItsMarksAreRemoved) {
  const auto text = toml_example(kSchema, {{"line.id", "l"}, {"line.link", "x"}, {"unit.id", "u"}, {"unit.line", "l"}});
  Problems problems;
  auto layer = default_layer(kSchema);
  overlay(layer, read_toml(kSchema, text, "f", problems));
  EXPECT_THAT(lines_of(problems), IsEmpty());
  EXPECT_EQ(settings_json(kSchema, layer), settings_json(kSchema, default_layer(kSchema)));

  std::string active;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    const auto line = text.substr(at, end - at);
    if (!line.starts_with("# ")) active += (line.starts_with("#") ? line.substr(1) : line) + "\n";
    at = end + 1;
  }
  layer = default_layer(kSchema);
  overlay(layer, read_toml(kSchema, active, "f", problems));
  EXPECT_THAT(lines_of(problems), IsEmpty()) << active;
  EXPECT_EQ(layer.sections[2].size(), 1U);
}

TEST(ValuesJson, HasValuesAndTheirOrigin) {
  const auto root = boost::json::parse(values_json(kSchema, sample()));
  EXPECT_EQ(root.at("values").at("server").at("port"), boost::json::value(8080));
  EXPECT_FALSE(root.at("values").at("server").as_object().contains("password"));
  EXPECT_EQ(root.at("values").at("unit").at(0).at("id").as_string(), "u");
  EXPECT_EQ(root.at("origin").at("server.port").as_string(), "file");
  EXPECT_EQ(root.at("where").at("unit.u.line").as_string(), "f.toml:10");
  EXPECT_FALSE(root.at("origin").as_object().contains("server.enabled"));
  EXPECT_TRUE(root.at("secrets").as_array().empty());
}

TEST(ValuesJson, IsTakenBackAsAChange) {
  const auto root = boost::json::parse(values_json(kSchema, sample()));
  Problems problems;
  (void)read_json(kSchema, boost::json::serialize(root.at("values")), "", problems);
  EXPECT_THAT(lines_of(problems), IsEmpty());
}

TEST(JsonSchema, SaysOfEachOptionWhatItsRowSays) {
  const auto root = boost::json::parse(schema_json(kSchema));
  EXPECT_EQ(root.at("$schema").as_string(), "https://json-schema.org/draft/2020-12/schema");
  for (const auto& section : kSchema) {
    const auto& group = root.at("properties").at(std::string{section.key});
    const auto& table = section.list ? group.at("items") : group;
    EXPECT_EQ(group.at("title").as_string(), std::string{section.title});
    for (const auto& option : section.options) {
      const auto& property = table.at("properties").at(std::string{option.key}).as_object();
      EXPECT_EQ(property.at("title").as_string(), std::string{option.label});
      EXPECT_EQ(property.contains("x-secret"), (option.flags & core::kSecret) != 0);
      EXPECT_EQ(property.contains("x-restart"), (option.flags & core::kRestart) != 0);
      EXPECT_EQ(property.contains("x-unit"), !option.unit.empty());
      EXPECT_EQ(property.contains("enum"), !option.choices.empty());
    }
  }
  const auto& server = root.at("properties").at("server").at("properties");
  EXPECT_EQ(server.at("port").at("maximum"), boost::json::value(65535));
  EXPECT_EQ(server.at("port").at("default"), boost::json::value(80));
  EXPECT_EQ(server.at("name").at("pattern").as_string(), "^(?:[^ ]*)$");
  const auto& unit = root.at("properties").at("unit");
  EXPECT_EQ(unit.at("type").as_string(), "array");
  EXPECT_EQ(boost::json::serialize(unit.at("items").at("required")), R"(["id","line"])");
  EXPECT_EQ(unit.at("items").at("properties").at("line").at("x-refers-to").as_string(), "line");
}

TEST(Markdown, HasALineForEachOption) {
  const auto page = markdown(kSchema);
  for (const auto& section : kSchema) {
    for (const auto& option : section.options) EXPECT_THAT(page, HasSubstr("| `" + std::string{option.key} + "` |"));
  }
}

}  // namespace
}  // namespace bmsgate::config
