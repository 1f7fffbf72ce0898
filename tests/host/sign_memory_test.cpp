// SPDX-License-Identifier: Apache-2.0
#include "host/sign_memory.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace bmsgate::host {
namespace {

struct CountingLog final : core::Logger {
  void write(core::Level, std::string_view, std::string_view) noexcept override { ++lines; }
  int lines{0};
};

class SignMemoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/bmsgate_signs_XXXXXX";
    folder_ = ::mkdtemp(pattern);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  [[nodiscard]] SignMemory memory() { return {folder_.string(), log_}; }

  std::filesystem::path folder_;
  CountingLog log_;
};

TEST_F(SignMemoryTest, OutlivesTheProgram) {
  {
    auto first = memory();
    EXPECT_EQ(first.recall("house"), 0);
    first.learn("house", -1);
    first.learn("van", 1);
    first.learn("boat", 0);
  }
  auto second = memory();
  EXPECT_EQ(second.recall("house"), -1);
  EXPECT_EQ(second.recall("van"), 1);
  EXPECT_EQ(second.recall("boat"), 0);
  second.learn("house", 1);
  EXPECT_EQ(memory().recall("house"), 1);
}

TEST_F(SignMemoryTest, TakesNoNonsense) {
  for (const auto* content : {"", "[]", "{", R"({"house":7})", R"({"house":"-1"})"}) {
    std::ofstream{folder_ / "current-signs.json"} << content;
    EXPECT_EQ(memory().recall("house"), 0) << content;
  }
}

TEST_F(SignMemoryTest, GoesOnWithoutAFile) {
  SignMemory here{"", log_};
  here.learn("house", -1);
  EXPECT_EQ(here.recall("house"), -1);
  EXPECT_EQ(log_.lines, 0);
  SignMemory nowhere{"/proc/no-such-folder", log_};
  nowhere.learn("house", -1);
  EXPECT_EQ(nowhere.recall("house"), -1);
  EXPECT_EQ(log_.lines, 1);
}

}  // namespace
}  // namespace bmsgate::host
