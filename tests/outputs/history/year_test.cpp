// SPDX-License-Identifier: Apache-2.0
// A year of 16 packs in virtual time: memory stays flat, what is old goes, limits hold.
#include <fstream>

#include "tests/outputs/history/support.hpp"

namespace bmsgate::outputs {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kDays = 40;
constexpr std::size_t kPacks = 2;
constexpr bool kMeasured = false;  // a sanitizer keeps what is freed
#else
constexpr int kDays = 365;
constexpr std::size_t kPacks = 16;
constexpr bool kMeasured = true;
#endif
constexpr std::int64_t kStepMs = 1'200'000;

class HistoryYear : public HistoryFolder {
 protected:
  HistoryYear() {
    for (std::size_t pack = 1; pack < kPacks; ++pack) add_pack("pack" + std::to_string(pack));
    options_.recent_days = 14;
    options_.minute_days = 30;
    options_.long_mb = 1;
  }
  void day(Recorder& recorder, int number) {
    for (std::int64_t passed = 0; passed < kDayMs; passed += kStepMs) {
      clock_.pass(kStepMs);
      for (std::size_t pack = 0; pack < kPacks; ++pack) {
        auto one = reading(static_cast<std::int32_t>(passed / kStepMs) + number);
        one.pack = static_cast<core::PackIndex>(pack);
        for (std::size_t cell = 0; cell < 16; ++cell) {
          walk_ = walk_ * 1'103'515'245U + 12'345U;
          one.sample.set(core::Field::kCellVoltage, 3'300 + static_cast<std::int32_t>(walk_ >> 29U), cell);
        }
        recorder.on_reading(one);
      }
      if (passed % kDayMs == 0) {
        ASSERT_TRUE(recorder.flush());
      }
    }
    EventRow event;
    event.at_ms = clock_.utc;
    event.kind = "link";
    recorder.log_event(event);
  }
  [[nodiscard]] static std::int64_t resident_kb() {
    std::ifstream status{"/proc/self/status"};
    std::string word;
    std::int64_t value = 0;
    while (status >> word) {
      if (word == "VmRSS:" && status >> value) return value;
    }
    return 0;
  }
  [[nodiscard]] std::uint64_t file_kb() const { return std::filesystem::file_size(path()) / 1024; }
  std::uint32_t walk_{1};
};

TEST_F(HistoryYear, KeepsMemoryAndFileFlat) {
  const auto made = recorder();
  std::int64_t early_kb = 0;
  std::uint64_t early_file_kb = 0;
  std::uint64_t early_long_bytes = 0;
  for (int number = 1; number <= kDays; ++number) {
    day(*made, number);
    if (number != 60) continue;
    early_kb = resident_kb();
    early_file_kb = file_kb();
    early_long_bytes = reader()->use(HistoryTier::kTwentyMinutes).bytes;
  }
  ASSERT_TRUE(made->flush());
  const auto store = reader();
  const auto recent = store->use(HistoryTier::kReadings);
  const auto minutes = store->use(HistoryTier::kMinutes);
  const auto always = store->use(HistoryTier::kTwentyMinutes);
  const auto held_days = [&](const TierUse& use) { return (use.to_ms - use.from_ms) / kDayMs; };
  EXPECT_GE(held_days(recent), 13);
  EXPECT_LE(held_days(recent), 15);
  EXPECT_GE(held_days(minutes), 29);
  EXPECT_LE(held_days(minutes), 32);
  EXPECT_EQ(recent.rows / (kDayMs / kStepMs) / kPacks, static_cast<std::uint64_t>(held_days(recent)));
  // A chunk that comes in the hour after the limit was looked at may stand above it.
  EXPECT_LE(always.bytes, (1U << 20U) + (256U << 10U));
  EXPECT_EQ(made->counters().lost, 0U);
  if (kDays > 60) {
    // Beyond what the longest tier was allowed to add, and half of it in pages that wait to be used again.
    EXPECT_LE(file_kb(), early_file_kb + (always.bytes - std::min(always.bytes, early_long_bytes)) / 1024 * 3 / 2 + 2'048);
  }
  const auto late_kb = resident_kb();
  std::printf("resident: %lld KiB after 60 days, %lld KiB after %d; file: %llu KiB, %llu KiB\n", static_cast<long long>(early_kb),
              static_cast<long long>(late_kb), kDays, static_cast<unsigned long long>(early_file_kb),
              static_cast<unsigned long long>(file_kb()));
  if (kMeasured) {
    EXPECT_LT(late_kb, early_kb + 4'096);
  }
}

}  // namespace
}  // namespace bmsgate::outputs
