// SPDX-License-Identifier: Apache-2.0
// Files that are not as they should be: damaged ones are set aside, older ones brought up to date, newer ones left alone.
#include <gmock/gmock.h>
#include <sqlite3.h>

#include "tests/outputs/history/support.hpp"

namespace bmsgate::outputs {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr std::string_view kOldFile = BMSGATE_TEST_DATA "/history/version1.db";  // 3 h of a reading every 10 s, written by the first layout

class DamageTest : public HistoryFolder {
 protected:
  void write_file(const std::string& name, std::string_view content) const { std::ofstream{name, std::ios::binary} << content; }
  [[nodiscard]] std::string a_good_file() {
    fs::copy_file(kOldFile, path(), fs::copy_options::overwrite_existing);
    return bytes(path());
  }
  void sql(const char* statement) const {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, statement, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
    sqlite3_close(database);
  }
  /// Records a reading and answers whether it is in the file.
  [[nodiscard]] bool records() {
    const auto made = recorder();
    clock_.pass(1'000);
    made->on_reading(reading(7));
    if (!made->flush()) return false;
    const auto store = reader();
    return store && times_in(readings_csv(*store, clock_.utc, clock_.utc)).size() == 1;
  }
};

struct DamageCase {
  const char* name;
  std::string (*damage)(std::string good);
};

class DamagedFile : public DamageTest, public testing::WithParamInterface<DamageCase> {};

TEST_P(DamagedFile, IsSetAsideAndANewOneBegun) {
  const auto damaged = GetParam().damage(a_good_file());
  write_file(path(), damaged);
  write_file(path() + ".damaged-1", "set aside long ago");
  EXPECT_TRUE(records());
  EXPECT_EQ(bytes(path() + ".damaged-1"), "set aside long ago");  // what is set aside is never overwritten
  EXPECT_EQ(bytes(path() + ".damaged-2").substr(0, damaged.size()), damaged);
  EXPECT_EQ(log_.count(".damaged-2, a new one is begun"), 1U);
}

INSTANTIATE_TEST_SUITE_P(
    All, DamagedFile,
    testing::Values(DamageCase{"NoSqliteFile", [](std::string) { return std::string(20'000, 'x'); }},
                    DamageCase{"ShortText", [](std::string) { return std::string{"hello"}; }},
                    DamageCase{"GarbageHeader", [](std::string good) { return std::string(100, '\xA5') + good.substr(100); }},
                    DamageCase{"Truncated", [](std::string good) { return good.substr(0, good.size() / 2); }},
                    DamageCase{"TruncatedWithinAPage", [](std::string good) { return good.substr(0, good.size() - 1'000); }},
                    DamageCase{"OnlyTheHeader", [](std::string good) { return good.substr(0, 100); }},
                    DamageCase{"GarbageTree", [](std::string good) { return good.replace(4'096, 8'192, std::string(8'192, '\x5A')); }},
                    DamageCase{"ZeroesInside", [](std::string good) { return good.replace(8'192, 4'096, std::string(4'096, '\0')); }}),
    [](const auto& one) { return one.param.name; });

TEST_F(DamageTest, AnEmptyFileIsANewOne) {
  write_file(path(), "");
  EXPECT_TRUE(records());
  EXPECT_FALSE(fs::exists(path() + ".damaged-1"));
}

TEST_F(DamageTest, TheFileOfAnotherProgramIsSetAside) {
  sql("CREATE TABLE something(x); INSERT INTO something VALUES(1)");
  EXPECT_TRUE(records());
  EXPECT_EQ(log_.count("is not a history of bmsgate: kept as"), 1U);
  EXPECT_TRUE(fs::exists(path() + ".damaged-1"));
}

TEST_F(DamageTest, AFileThatBreaksWhileItIsInUseIsSetAsideToo) {
  const auto made = recorder();
  made->on_reading(reading(1));
  ASSERT_TRUE(made->flush());
  sql("PRAGMA wal_checkpoint(TRUNCATE)");
  {
    std::fstream file{path(), std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(0);
    file << std::string(fs::file_size(path()), '\xA5');
  }
  std::error_code error;
  fs::remove(path() + "-shm", error);
  clock_.pass(1'000);
  made->on_reading(reading(2));
  for (int attempt = 0; attempt < 3 && !made->flush(); ++attempt) {
  }
  EXPECT_TRUE(fs::exists(path() + ".damaged-1"));
  const auto store = reader();
  ASSERT_TRUE(store);
  EXPECT_EQ(times_in(readings_csv(*store, clock_.utc, clock_.utc)).size(), 1U);
}

TEST_F(DamageTest, AnOlderFileIsBroughtUpToDate) {
  static_cast<void>(a_good_file());
  const auto before = times_in(readings_csv(*reader(), kHistoryStart, kHistoryStart + 3 * 3'600'000));
  ASSERT_EQ(before.size(), 1'080U);  // it can be read as it is, too
  clock_.utc = kHistoryStart + 3 * 3'600'000;
  EXPECT_TRUE(records());
  EXPECT_EQ(log_.count("brought from format 1 to format 2"), 1U);
  const auto store = reader();
  ASSERT_TRUE(store);
  EXPECT_EQ(times_in(readings_csv(*store, kHistoryStart, kHistoryStart + 3 * 3'600'000)), before);
  EXPECT_EQ(store->use(HistoryTier::kMinutes).rows, 180U);  // 120 were written, an hour was made again from the readings
  EXPECT_EQ(store->note("tally.boat"), "1 2 3 4 5 6 7");
  const auto events = store->events({});
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].cell, 5);
  EXPECT_TRUE(records());
  EXPECT_EQ(log_.count("brought from"), 1U);  // once
}

TEST_F(DamageTest, ANewerFileIsLeftAsItIs) {
  static_cast<void>(a_good_file());
  sql("PRAGMA user_version=99");
  const auto before = bytes(path());
  EXPECT_FALSE(records());
  EXPECT_EQ(bytes(path()), before);
  EXPECT_FALSE(fs::exists(path() + ".damaged-1"));
  EXPECT_EQ(log_.count("was written by a newer version of bmsgate; it is left as it is"), 1U);
}

TEST_F(DamageTest, AnInterruptedMigrationLeavesTheOldFile) {
  static_cast<void>(a_good_file());
  sql("CREATE TABLE adrift(x)");  // what stands in the way of the step to format 2
  EXPECT_FALSE(records());
  sql("DROP TABLE adrift");
  EXPECT_TRUE(records());
  EXPECT_EQ(log_.count("brought from format 1 to format 2"), 1U);
}

}  // namespace
}  // namespace bmsgate::outputs
