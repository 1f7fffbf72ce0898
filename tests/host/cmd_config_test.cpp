// SPDX-License-Identifier: Apache-2.0
#include "host/cmd_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/config/site.hpp"

namespace bmsgate::host {
namespace {

using testing::HasSubstr;

struct Case {
  std::string action;
  std::string key;
  std::string value;
  int status;
  std::string out;    // standard output contains
  std::string error;  // standard error contains; empty: nothing was written there
};

class ConfigCommand : public ::testing::Test {
 protected:
  void run(const Case& c) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int status = run_config({.action = c.action,
                                   .key = c.key,
                                   .value = c.value,
                                   .config_file = folder_.file("bmsgate.toml"),
                                   .data_dir = folder_.file("data")});
    const auto out = testing::internal::GetCapturedStdout();
    const auto error = testing::internal::GetCapturedStderr();
    EXPECT_EQ(status, c.status) << c.action << error;
    EXPECT_THAT(out, HasSubstr(c.out));
    if (c.error.empty()) {
      EXPECT_EQ(error, "");
    } else {
      EXPECT_THAT(error, HasSubstr(c.error));
    }
  }
  config::test::Folder folder_;
};

TEST_F(ConfigCommand, DoesWhatItSaysOnGoodSettings) {
  folder_.write("bmsgate.toml", "[[bus]]\nid = \"b\"\nlink = \"tcp:h:1\"\n[[pack]]\nid = \"p\"\nbus = \"b\"\n");
  run({"check", "", "", 0, "settings are in order: 1 bus, 1 pack", ""});
  run({"show", "", "", 0, "bus = \"b\"  # " + folder_.file("bmsgate.toml") + ":6", ""});
  EXPECT_FALSE(std::filesystem::exists(folder_.file("data"))) << "looking changes nothing";
  run({"set", "pack.p.poll_s", "10", 0, "saved", ""});
  run({"set", "pack.p.poll_s", "10", 0, "nothing to change", ""});
  run({"diff", "", "", 0, "poll_s = 10  # " + folder_.file("data/settings.json"), ""});
  run({"schema", "", "", 0, "\"https://json-schema.org/draft/2020-12/schema\"", ""});
}

TEST_F(ConfigCommand, TellsMistakesInOneLineEach) {
  folder_.write("bmsgate.toml", "[[bus]]\nid = \"b\"\nlink = \"tcp:h:1\"\n");
  run({"set", "pack.p.poll_s", "400", 2, "", "bmsgate: pack.p.poll_s: 400 is above 300 (allowed 1-300 s)\n"});
  run({"set", "pack.p.pol_s", "4", 2, "", "bmsgate: pack.p.pol_s: unknown setting; did you mean poll_s?\n"});
  run({"set", "bus.c.link", "tcp:nowhere", 2, "", "bmsgate: bus.c.link: "});
  run({"frobnicate", "", "", 2, "", "use check, show, diff, schema or set KEY VALUE\n"});
  folder_.write("data", "a file where the folder should be");
  run({"set", "mqtt.port", "1884", 1, "", "cannot be read: Not a directory\n"});
  folder_.write("bmsgate.toml", "[mqtt]\nport = 0\nprot = 1\n");
  run({"check", "", "", 2, "", "bmsgate.toml:2: mqtt.port: 0 is below 1 (allowed 1-65535)\n"});
  run({"check", "", "", 2, "", "bmsgate.toml:3: mqtt.prot: unknown setting; did you mean port?\n"});
}

}  // namespace
}  // namespace bmsgate::host
