// SPDX-License-Identifier: Apache-2.0
// A disk of 2 MB that fills up, and one that is made read-only: real ones, mounted in a name space that only a child process sees.
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>

#include "tests/outputs/history/support.hpp"

namespace bmsgate::outputs {
namespace {

namespace fs = std::filesystem;

constexpr int kNoMounts = 77;  // the child may not mount

bool map_to_root(unsigned user, unsigned group) {
  const auto put = [](const char* file, const std::string& text) { return static_cast<bool>(std::ofstream{file} << text << std::flush); };
  return put("/proc/self/setgroups", "deny") && put("/proc/self/uid_map", fmt::format("0 {} 1", user)) &&
         put("/proc/self/gid_map", fmt::format("0 {} 1", group));
}

/// Puts a small disk on a folder, for this process alone.
bool mount_small_disk(const fs::path& folder) {
  const unsigned user = ::geteuid();
  const unsigned group = ::getegid();
  if (::unshare(CLONE_NEWNS) != 0 && (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0 || !map_to_root(user, group))) return false;
  return ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 && ::mount("small", folder.c_str(), "tmpfs", 0, "size=2M") == 0;
}

/// Ends the child with a number that says which line did not hold.
void require(bool holds, int line) {
  if (holds) return;
  std::fprintf(stderr, "small_disk_test.cpp:%d does not hold\n", line);
  std::_Exit(1);
}
#define REQUIRE(what) require(what, __LINE__)

class SmallDisk : public HistoryFolder {
 protected:
  /// Runs a body in a child that has the small disk on the folder.
  template <class Body>
  void on_small_disk(Body&& body) {
    std::fflush(nullptr);
    const auto child = ::fork();
    if (child == 0) {
      if (!mount_small_disk(folder_)) std::_Exit(kNoMounts);
      body();
      std::_Exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFEXITED(status)) << "ended by signal " << WTERMSIG(status);
    if (WEXITSTATUS(status) == kNoMounts) GTEST_SKIP() << "this machine allows neither root nor a user to make a mount name space";
    EXPECT_EQ(WEXITSTATUS(status), 0);
  }
  void feed(Recorder& recorder, int readings) {
    for (int i = 0; i < readings; ++i) {
      clock_.pass(1'000);
      recorder.on_reading(reading(static_cast<std::int32_t>(clock_.up_ms / 1'000)));
    }
  }
  [[nodiscard]] std::size_t readings_in_file() {
    const auto store = reader();
    return store ? times_in(readings_csv(*store, kHistoryStart, clock_.utc)).size() : 0;
  }
  [[nodiscard]] bool remount(unsigned long flags) const {
    return ::mount("small", folder_.c_str(), "tmpfs", MS_REMOUNT | flags, "size=2M") == 0;
  }
  /// Takes all space there is.
  void fill() const {
    std::FILE* file = std::fopen((folder_ / "ballast").c_str(), "w");
    for (std::size_t size = 65'536; size > 0; size /= 2) {
      const std::string block(size, 'x');
      while (std::fwrite(block.data(), 1, size, file) == size && std::fflush(file) == 0) {
      }
      std::clearerr(file);
    }
    std::fclose(file);
  }
};

TEST_F(SmallDisk, WhenItIsFullReadingsWaitAndWhenThereIsRoomTheyAreWritten) {
  on_small_disk([this] {
    const auto made = recorder();
    feed(*made, 600);
    REQUIRE(made->flush());
    fill();
    for (int minute = 0; minute < 20; ++minute) {
      feed(*made, 60);
      static_cast<void>(made->flush());  // SQLite may have some pages of its files left
    }
    REQUIRE(!made->flush());
    REQUIRE(made->trouble().find("the disk is full") != std::string::npos);
    REQUIRE(log_.count("the disk is full") == 1);  // said once, not every minute
    REQUIRE(made->counters().failed_commits > 0);
    REQUIRE(made->counters().lost == 0);
    REQUIRE(readings_in_file() >= 600);
    const auto seen = times_in(readings_csv(*reader(), kHistoryStart, clock_.utc, made->pending("boat")));
    REQUIRE(seen.size() == 1'800);  // what waits is shown all the same

    feed(*made, 20'000);  // more than memory is given for
    REQUIRE(!made->flush());
    const auto lost = made->counters().lost;
    REQUIRE(lost > 10'000 && lost < 20'000);
    std::size_t waiting = 0;
    for (const auto& chunk : made->pending("boat")) waiting += chunk.times.size();
    REQUIRE(waiting <= 8'192);

    fs::remove(folder_ / "ballast");
    feed(*made, 60);
    REQUIRE(made->flush());
    REQUIRE(made->trouble().empty());
    REQUIRE(log_.count("the disk works again") == 1);
    REQUIRE(made->flush());  // the event of it
    REQUIRE(readings_in_file() == 600 + 1'200 + 20'000 + 60 - made->counters().lost);
    const auto events = reader()->events({});
    REQUIRE(events.size() == 1 && events[0].text.find("readings were lost") != std::string::npos);
    const auto minutes = reader()->use(HistoryTier::kMinutes);
    REQUIRE(minutes.rows > 20'000 / 60);  // minutes went on where single readings no longer fitted
  });
}

TEST_F(SmallDisk, ThatStaysSmallKeepsWhatIsInIt) {
  on_small_disk([this] {
    options_.recent_days = 0;
    const auto made = recorder();
    std::size_t kept = 0;
    bool full = false;
    for (int hour = 0; hour < 2'000 && !full; ++hour) {
      for (int i = 0; i < 360; ++i) {
        clock_.pass(10'000);
        auto one = reading(i * 37);
        for (std::size_t cell = 0; cell < 16; ++cell) {
          one.sample.set(core::Field::kCellVoltage,
                         static_cast<std::int32_t>(3'000 + (i * 7'919 + static_cast<int>(cell) * 104'729 + hour * 31) % 997), cell);
        }
        made->on_reading(one);
      }
      full = !made->flush();
      if (!full) kept += 360;
    }
    REQUIRE(full);
    REQUIRE(readings_in_file() >= kept);
  });
}

/// A file that is open for writing keeps its disk from being made read-only; after a failed commit it is closed.
TEST_F(SmallDisk, ThatFailsAndBecomesReadOnlyIsUsedAgainLater) {
  on_small_disk([this] {
    const auto made = recorder();
    feed(*made, 600);
    REQUIRE(made->flush());
    fill();
    for (int minute = 0; minute < 100 && made->flush(); ++minute) feed(*made, 60);
    REQUIRE(!made->trouble().empty());
    REQUIRE(remount(MS_RDONLY));
    feed(*made, 60);
    REQUIRE(!made->flush());
    REQUIRE(made->trouble().find("the disk is read-only") != std::string::npos);
    REQUIRE(readings_in_file() >= 600);
    REQUIRE(remount(0));
    fs::remove(folder_ / "ballast");
    feed(*made, 60);
    REQUIRE(made->flush());
    REQUIRE(made->trouble().empty());
    REQUIRE(readings_in_file() == static_cast<std::size_t>(clock_.up_ms / 1'000));
  });
}

TEST_F(SmallDisk, ThatIsReadOnlyFromTheStartShowsOldAndNewReadings) {
  on_small_disk([this] {
    {
      const auto made = recorder();
      feed(*made, 600);
      REQUIRE(made->flush());
    }
    REQUIRE(remount(MS_RDONLY));
    const auto made = recorder();
    feed(*made, 300);
    for (int attempt = 0; attempt < 3; ++attempt) REQUIRE(!made->flush());
    REQUIRE(made->trouble().find("the disk is read-only") != std::string::npos);
    REQUIRE(log_.count("the disk is read-only") == 1);
    const auto store = reader();
    REQUIRE(store != nullptr);
    REQUIRE(times_in(readings_csv(*store, kHistoryStart, clock_.utc, made->pending("boat"))).size() == 900);
    REQUIRE(remount(0));
    REQUIRE(made->flush());
    REQUIRE(readings_in_file() == 900);
  });
}

TEST_F(SmallDisk, ThatIsReadOnlyAndEmptyIsNoReasonToFail) {
  on_small_disk([this] {
    REQUIRE(remount(MS_RDONLY));
    const auto made = recorder();
    feed(*made, 300);
    REQUIRE(!made->flush());
    REQUIRE(log_.count("the disk is read-only") == 1);
    REQUIRE(made->pending("boat").size() == 1);
  });
}

}  // namespace
}  // namespace bmsgate::outputs
