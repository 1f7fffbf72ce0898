// SPDX-License-Identifier: Apache-2.0
// Archives as tar itself sees them.
#include "outputs/tar_gz.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

namespace bmsgate::outputs {
namespace {

namespace fs = std::filesystem;

/// What a command prints, errors included; its exit status is appended.
std::string run(const std::string& command) {
  std::string out;
  auto* pipe = ::popen((command + " 2>&1").c_str(), "r");
  std::array<char, 4096> buffer{};
  for (std::size_t n = 0; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) out.append(buffer.data(), n);
  return out + "status " + std::to_string(::pclose(pipe));
}

class TarGzTest : public testing::Test {
 protected:
  TarGzTest() { fs::create_directories(folder_); }
  ~TarGzTest() override { fs::remove_all(folder_); }
  [[nodiscard]] std::string save(const std::string& archive) const {
    std::ofstream{folder_ / "a.tar.gz", std::ios::binary} << archive;
    return (folder_ / "a.tar.gz").string();
  }
  fs::path folder_ = fs::temp_directory_path() /
                     ("bmsgate-tar-" + std::to_string(::getpid()) + "-" + testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(TarGzTest, TarUnpacksWhatWasAdded) {
  const std::array<std::string, 4> contents{"time,soc\n", "", std::string(512, 'x'), std::string(300'000, 'y')};
  TarGz archive;
  std::string bytes;
  for (std::size_t i = 0; i < contents.size(); ++i) {
    archive.add("boat/batt_2026110" + std::to_string(i) + ".csv", contents[i], 1'795'370'400, bytes);
  }
  archive.finish(bytes);
  const auto file = save(bytes);
  EXPECT_EQ(run("tar -C " + folder_.string() + " -xzf " + file), "status 0");
  for (std::size_t i = 0; i < contents.size(); ++i) {
    std::ifstream input{folder_ / ("boat/batt_2026110" + std::to_string(i) + ".csv"), std::ios::binary};
    const std::string have{std::istreambuf_iterator<char>{input}, {}};
    EXPECT_TRUE(have == contents[i]) << i;
  }
  EXPECT_EQ(run("TZ=UTC tar --full-time -tvzf " + file + " boat/batt_20261100.csv"),
            "-rw-r--r-- 0/0               9 2026-11-22 18:00:00 boat/batt_20261100.csv\nstatus 0");
}

TEST_F(TarGzTest, AnEmptyArchiveIsOne) {
  std::string bytes;
  TarGz archive;
  archive.finish(bytes);
  EXPECT_EQ(run("tar -tzf " + save(bytes)), "status 0");
}

}  // namespace
}  // namespace bmsgate::outputs
