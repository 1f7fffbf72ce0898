// SPDX-License-Identifier: Apache-2.0
// `bmsgate decode`: what becomes of captured bytes in each format, of damage, and of wrong usage.
#include "host/cmd_decode.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "host/decode_input.hpp"

namespace bmsgate::host {
namespace {

namespace json = boost::json;

std::string captured(std::string_view id) {
  std::ifstream file{std::string{BMSGATE_TEST_DATA} + "/captures/jk.json"};
  std::stringstream text;
  text << file.rdbuf();
  const auto all = json::parse(text.str());
  for (const auto& entry : all.as_array()) {
    if (entry.at("id").as_string() == id) return std::string{entry.at("hex").as_string()};
  }
  return {};
}

struct Outcome {
  int status{0};
  std::string error;
  std::vector<json::object> lines;
};

class Decode : public testing::Test {
 protected:
  const std::filesystem::path path_ = std::filesystem::temp_directory_path() / ("bmsgate_decode_test_" + std::to_string(::getpid()));
  ~Decode() override { std::filesystem::remove(path_); }

  Outcome run(const std::string& protocol, const std::string& input, const std::string& format = "hex") {
    std::ofstream{path_, std::ios::binary} << input;
    return run_on(protocol, path_.string(), format);
  }
  static Outcome run_on(const std::string& protocol, const std::string& file, const std::string& format) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    Outcome outcome;
    outcome.status = run_decode({protocol, format, file});
    outcome.error = testing::internal::GetCapturedStderr();
    std::istringstream out{testing::internal::GetCapturedStdout()};
    for (std::string line; std::getline(out, line);) outcome.lines.push_back(json::parse(line).as_object());
    return outcome;
  }
};

TEST_F(Decode, ALineHasAllThatAReadingSaid) {
  const auto outcome = run("jk-nw", captured("nw-16s-11.26-idle"));
  EXPECT_EQ(outcome.status, 0);
  ASSERT_EQ(outcome.lines.size(), 1U);
  const auto& line = outcome.lines[0];
  EXPECT_EQ(line.at("protocol").as_string(), "jk-nw");
  EXPECT_DOUBLE_EQ(line.at("fields").at("pack_voltage").to_number<double>(), 52.28);
  EXPECT_EQ(line.at("fields").at("cell_voltage").as_array().size(), 16U);
  EXPECT_DOUBLE_EQ(line.at("settings").at("cell_ov").to_number<double>(), 3.45);
  EXPECT_EQ(line.at("info").at("software").as_string(), "11.XW_S11.26___");
  EXPECT_EQ(line.at("frames_ok").to_number<int>(), 1);
  EXPECT_TRUE(line.at("errors").as_array().empty());
  EXPECT_EQ(json::serialize(line).find("password"), std::string::npos);
}

TEST_F(Decode, ComputedValuesFillGapsOnly) {
  // A Daly board names cell 2 as the highest; cell 1 has the same voltage. The average is not on this wire.
  const auto outcome = run("daly-a5",
                           "a5 01 94 08 02 01 00 00 02 00 00 02 49 a5 01 91 08 0f 01 02 0e e1 01 00 00 41 "
                           "a5 01 95 08 01 0f 01 0f 01 00 00 02 66");
  ASSERT_EQ(outcome.lines.size(), 1U);
  const auto& fields = outcome.lines[0].at("fields").as_object();
  EXPECT_EQ(fields.at("cell_max_number").to_number<int>(), 2);
  EXPECT_DOUBLE_EQ(fields.at("cell_min_voltage").to_number<double>(), 3.809);
  EXPECT_DOUBLE_EQ(fields.at("cell_average_voltage").to_number<double>(), 3.841);
}

TEST_F(Decode, SettingsAndIdentityJoinTheReadingOfTheirPack) {
  const auto about = captured("pb-15.41-a3-about");
  const auto settings = captured("pb-15.41-a3-settings");
  const auto status = captured("pb-15.41-a3-status");
  const auto outcome = run("jk-pb", about + " " + settings + " " + settings + " " + status + " " + status);
  ASSERT_EQ(outcome.lines.size(), 2U);
  EXPECT_EQ(outcome.lines[0].at("frames_ok").to_number<int>(), 4);
  EXPECT_EQ(outcome.lines[0].at("address").to_number<int>(), 3);
  EXPECT_TRUE(outcome.lines[0].at("fields").as_object().contains("charge_switch"));
  EXPECT_FALSE(outcome.lines[0].at("settings").as_object().empty());
  EXPECT_FALSE(outcome.lines[0].at("info").as_object().empty());
  EXPECT_EQ(outcome.lines[1].at("frames_ok").to_number<int>(), 1);
  EXPECT_TRUE(outcome.lines[1].at("info").as_object().empty());
}

TEST_F(Decode, TwoPacksAreTwoLines) {
  const auto outcome = run("auto", captured("pb-14.20-bus-cycle"));
  ASSERT_EQ(outcome.lines.size(), 2U);
  EXPECT_EQ(outcome.lines[0].at("protocol").as_string(), "jk-pb");
  EXPECT_EQ(outcome.lines[0].at("address").to_number<int>(), 7);
  EXPECT_EQ(outcome.lines[1].at("address").to_number<int>(), 0);
}

TEST_F(Decode, DamageBelongsToTheReadingBehindItAndAtLastToTheOneBefore) {
  const auto good = captured("nw-16s-11.26-idle");
  const auto outcome = run("jk-nw", "11 22 " + good + " 33 " + good + " 44 4E 57 01 21 00");
  ASSERT_EQ(outcome.lines.size(), 2U);
  EXPECT_EQ(outcome.lines[0].at("bytes_skipped").to_number<int>(), 2);
  EXPECT_EQ(outcome.lines[1].at("bytes_skipped").to_number<int>(), 7);
  EXPECT_EQ(json::serialize(outcome.lines[1].at("errors")), R"([{"error":"truncated","count":1}])");
}

TEST_F(Decode, NothingGoodIsOneLineWithTheErrors) {
  const auto outcome = run("auto", captured("nw-neg-14s-8.21w-corrupt"));
  ASSERT_EQ(outcome.lines.size(), 1U);
  EXPECT_EQ(outcome.lines[0].at("protocol").as_string(), "jk-nw");
  EXPECT_TRUE(outcome.lines[0].at("fields").as_object().empty());
  EXPECT_EQ(outcome.lines[0].at("bytes_skipped").to_number<int>(), 285);
  EXPECT_EQ(json::serialize(outcome.lines[0].at("errors")), R"([{"error":"bad_checksum","count":1}])");
}

TEST_F(Decode, ARequestNamesTheRegistersOfTheReply) {
  const std::string capture =
      "# link: tcp:10.0.0.7:4196\n# protocol: jk-pb\n"
      "0 > 01 03 12 90 00 02 C1 5E ; tunnel\n"
      "39000 < 01 03 04 00 00\n"
      "41000 < CE40afa3\n";
  const auto outcome = run("jk-pb", capture, "capture");
  ASSERT_EQ(outcome.lines.size(), 1U);
  EXPECT_DOUBLE_EQ(outcome.lines[0].at("fields").at("pack_voltage").to_number<double>(), 52.8);
  const auto alone = run("jk-pb", "010304 0000 CE40 AFA3");
  EXPECT_TRUE(alone.lines.at(0).at("fields").as_object().empty());
  EXPECT_EQ(json::serialize(alone.lines.at(0).at("errors")), R"([{"error":"unknown_reply","count":1}])");
}

TEST_F(Decode, WrongUsageIsOneClearLine) {
  const auto expect = [](const Outcome& outcome, int status, const std::string& part) {
    EXPECT_EQ(outcome.status, status);
    EXPECT_NE(outcome.error.find(part), std::string::npos) << outcome.error;
    EXPECT_EQ(std::count(outcome.error.begin(), outcome.error.end(), '\n'), 1);
    EXPECT_TRUE(outcome.lines.empty());
  };
  expect(run("jk-xy", "00"), 2, "no protocol 'jk-xy'");
  expect(run("jk-nw", "00", "csv"), 2, "no format 'csv'");
  expect(run_on("jk-nw", "/nonexistent/file", "hex"), 1, "cannot open /nonexistent/file: No such file");
  expect(run_on("jk-nw", "/tmp", "hex"), 1, "/tmp");
  expect(run("jk-nw", "00\n12 3G"), 1, "line 2: no hex digits in '3G'");
  expect(run("jk-nw", " \n"), 1, "holds no bytes");
  expect(run("jk-nw", "12 < 00\nx < 00", "capture"), 1, "line 2: a time in microseconds expected");
}

TEST(DecodeInput, HexInAnyUsualDress) {
  const std::vector<std::uint8_t> bytes{0x4E, 0x57, 0x00, 0xA5};
  for (const std::string_view text : {"4E5700A5", "4e 57 00 a5", "0x4E, 0x57, 0x0, 0xA5", "4E:57:00:A5\n",
                                      "# four\r\n4E 57\r\n00-A5 # done", "{0x4E,0x57,\n0x00,0xA5};"}) {
    std::vector<InputPiece> pieces;
    EXPECT_EQ(parse_input(text, InputFormat::kHex, pieces), "") << text;
    ASSERT_EQ(pieces.size(), 1U);
    EXPECT_EQ(pieces[0].bytes, bytes) << text;
  }
}

}  // namespace
}  // namespace bmsgate::host
