// SPDX-License-Identifier: Apache-2.0
#include "config/value.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "tests/config/site.hpp"

namespace bmsgate::config {
namespace {

const core::Option& row(std::string_view key) { return test::kServerOptions[*find_option(test::kSections[0], key)]; }
using Text = std::string;
using Int = std::int64_t;

struct CheckCase {
  std::string_view key;
  Value value;
  std::string_view message;  // empty: allowed
};

TEST(Value, IsCheckedAgainstItsRow) {
  const CheckCase cases[] = {
      {"enabled", true, ""},
      {"enabled", Int{1}, "1 is not true or false"},
      {"enabled", Text{"yes"}, "\"yes\" is not true or false"},
      {"port", Int{1}, ""},
      {"port", Int{65535}, ""},
      {"port", Int{0}, "0 is below 1 (allowed 1-65535)"},
      {"port", Int{65536}, "65536 is above 65535 (allowed 1-65535)"},
      {"port", std::numeric_limits<Int>::max(), "9223372036854775807 is above 65535 (allowed 1-65535)"},
      {"port", 80.0, ""},
      {"port", 80.5, "80.5 is not a whole number (allowed 1-65535)"},
      {"port", std::numeric_limits<double>::quiet_NaN(), "nan is not a whole number (allowed 1-65535)"},
      {"port", 1e300, "1e+300 is not a whole number (allowed 1-65535)"},
      {"port", true, "true is not a whole number (allowed 1-65535)"},
      {"port", Text{"80"}, "\"80\" is not a whole number (allowed 1-65535)"},
      {"ratio", Int{2}, ""},
      {"ratio", 10.25, "10.25 is above 10 (allowed 0-10)"},
      {"ratio", std::numeric_limits<double>::infinity(), "must be a finite number"},
      {"name", Text{"boat"}, ""},
      {"name", Text{}, "must not be empty"},
      {"name", Int{5}, "5 is not a text"},
      {"name", Text{"thirteen-char"}, "is too long: 13 bytes, at most 12 are allowed"},
      {"name", Text{"a b"}, "\"a b\" is not allowed here: no spaces"},
      {"name", Text{"a\nb"}, "contains a control character"},
      {"name", Text{"a\0b", 3}, "contains a control character"},
      {"name", Text{"\xff"}, "is not valid UTF-8 text"},
      {"level", Text{"high"}, ""},
      {"level", Text{"hihg"}, "\"hihg\" is not one of low, high; did you mean high?"},
      {"level", Int{1}, "1 is not one of the choices (allowed low, high)"},
      {"password", Text{"a password that is too long"}, "is too long: 27 bytes, at most 20 are allowed"},
      {"password", Int{1234}, "a number is not a text"},
  };
  for (const auto& c : cases) {
    Value value = c.value;
    EXPECT_EQ(check(row(c.key), value), c.message) << c.key;
  }
}

struct TextCase {
  std::string_view key;
  std::string_view text;
  Value value;
  std::string_view message;
};

TEST(Value, IsReadFromText) {
  const TextCase cases[] = {
      {"enabled", "on", true, ""},
      {"enabled", "0", false, ""},
      {"enabled", "maybe", Text{"maybe"}, "\"maybe\" is not true or false"},
      {"port", "8080", Int{8080}, ""},
      {"port", "8080x", Text{"8080x"}, "\"8080x\" is not a whole number (allowed 1-65535)"},
      {"port", "", Text{}, "\"\" is not a whole number (allowed 1-65535)"},
      {"port", "-1", Int{-1}, "-1 is below 1 (allowed 1-65535)"},
      {"ratio", "2.5", 2.5, ""},
      {"level", "high", Text{"high"}, ""},
      {"name", "\xc3\x28", Text{"\xc3\x28"}, "is not valid UTF-8 text"},
  };
  for (const auto& c : cases) {
    Value value;
    EXPECT_EQ(check_text(row(c.key), c.text, value), c.message) << c.key << " " << c.text;
    EXPECT_EQ(value, c.value) << c.key << " " << c.text;
  }
}

TEST(Value, GoesIntoItsMemberAndComesBack) {
  test::Server server;
  set(row("level"), &server, Text{"high"});
  set(row("port"), &server, Int{8080});
  EXPECT_EQ(server.level, test::Level::kHigh);
  EXPECT_EQ(server.port, 8080);
  EXPECT_EQ(get(row("level"), &server), Value{Text{"high"}});
  EXPECT_EQ(get(row("port"), &server), Value{Int{8080}});
}

TEST(Nearest, FindsWhatWasMeantAndNothingElse) {
  const std::vector<std::string_view> words{"port", "poll_s", "protocol", "password"};
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"prot", "port"}, {"poll", "poll_s"}, {"pol_s", "poll_s"}, {"protcol", "protocol"}, {"pasword", "password"},
      {"x", ""},        {"", ""},           {"host", ""},        {"something_else", ""},
  };
  for (const auto& [word, meant] : cases) EXPECT_EQ(nearest(word, words).value_or(""), meant) << word;
  EXPECT_FALSE(nearest(std::string(100000, 'p'), words));
}

TEST(ShownKey, IsShortAndClean) {
  EXPECT_EQ(shown_key("pack.boat.poll_s"), "pack.boat.poll_s");
  EXPECT_EQ(shown_key(""), "\"\"");
  EXPECT_EQ(shown_key("a b\n"), "\"a b\\u000a\"");
  EXPECT_EQ(shown_key("\xff"), "(a name that is no UTF-8 text)");
  EXPECT_EQ(shown_key(std::string(59, 'x') + "\xe2\x82\xac"), "\"" + std::string(59, 'x') + "\"…");
}

TEST(Utf8, IsToldFromOtherBytes) {
  for (const std::string_view good : {"", "a", "\xc2\xb5", "\xe2\x82\xac", "\xf0\x9f\x94\x8b", "\xed\x9f\xbf"}) EXPECT_TRUE(is_utf8(good));
  for (const std::string_view bad : {"\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff", "a\xe2\x82"}) {
    EXPECT_FALSE(is_utf8(bad));
  }
}

}  // namespace
}  // namespace bmsgate::config
