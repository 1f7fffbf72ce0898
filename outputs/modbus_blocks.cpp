// SPDX-License-Identifier: Apache-2.0
// Register blocks: the original product's, Victron's battery registers, the native one of the field table.
#include "outputs/modbus_blocks.hpp"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <limits>

namespace bmsgate::outputs {
namespace {

using core::AlarmId;
using core::Field;
using core::Sample;
using core::modbus::Exception;

constexpr std::uint16_t kNoValue = 0xFFFF;

struct Block {
  std::uint16_t first;
  std::uint16_t last;

  [[nodiscard]] constexpr std::size_t size() const noexcept { return std::size_t{last} - first + 1; }
  [[nodiscard]] constexpr bool holds(std::size_t start, std::size_t count) const noexcept {
    return start >= first && start + count <= std::size_t{last} + 1;
  }
};
constexpr Block kOriginal{100, 157};
constexpr Block kVictronMain{256, 330};
constexpr Block kVictronCells{1282, 1321};
constexpr Block kNative{2000, 2999};

constexpr std::int64_t divide(std::int64_t value, std::int64_t by) noexcept { return (value + (value < 0 ? -by / 2 : by / 2)) / by; }

constexpr std::uint16_t u16(std::int64_t value, std::int64_t max = 65535) noexcept {
  return static_cast<std::uint16_t>(std::clamp<std::int64_t>(value, 0, max));
}
/// -32768 means "no value" in places, and the original saturates evenly.
constexpr std::uint16_t s16(std::int64_t value, std::int64_t max = 32767) noexcept {
  return static_cast<std::uint16_t>(static_cast<std::int16_t>(std::clamp<std::int64_t>(value, -32767, max)));
}
constexpr std::uint16_t high(std::uint32_t value) noexcept { return static_cast<std::uint16_t>(value >> 16U); }
constexpr std::uint16_t low(std::uint32_t value) noexcept { return static_cast<std::uint16_t>(value); }

/// The value in units of 10^-decimals, 0 if it is missing.
std::int64_t whole(const Sample& sample, Field field, unsigned decimals, std::size_t element = 0) noexcept {
  if (!sample.has(field, element)) return 0;
  const auto have = core::info(field).decimals;
  const std::int64_t value = sample.get(field, element);
  return have >= decimals ? divide(value, core::pow10(have - decimals)) : value * core::pow10(decimals - have);
}

double real(const Sample& sample, Field field) noexcept {
  return sample.has(field) ? static_cast<double>(sample.get(field)) / core::pow10(core::info(field).decimals) : 0;
}

bool is_live(const core::Reading& reading) noexcept {
  return reading.sequence > 0 && (reading.quality == core::Quality::kGood || reading.quality == core::Quality::kHeld);
}

// --- 100-157, offsets from 100 ---

enum Offset : std::size_t {
  kSoc = 0,
  kVolts = 1,
  kAmps = 2,
  kWatts = 3,
  kDeltaMv = 4,
  kAverageMv = 5,
  kMaxMv = 6,
  kMinMv = 7,
  kTemperatureFloat = 8,
  kVoltsFloat = 10,
  kAmpsFloat = 12,
  kWattsFloat = 14,
  kDischargeMos = 17,
  kChargeMos = 18,
  kFirstCell = 20,
  kCellCount = 40,
  kMaxSoc = 41,
  kMaxSocHour = 42,
  kMaxSocMinute = 43,
  kCapacityAh = 44,
  kFailure = 45,
  kFreeMemory = 50,
  kCounter = 51,
  kTimeZone = 52,
};
constexpr std::size_t kOriginalCells = 16;

double average_temperature(const Sample& sample) noexcept {
  std::int64_t sum = 0;
  int count = 0;
  for (std::size_t i = 0; i < core::kMaxTemperatures; ++i) {
    if (!sample.has(Field::kTemperature, i)) continue;
    sum += sample.get(Field::kTemperature, i);
    ++count;
  }
  return count == 0 ? 0 : static_cast<double>(sum) / count / core::pow10(core::info(Field::kTemperature).decimals);
}

void put_float(std::span<std::uint16_t> block, std::size_t at, double value, bool high_first) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value));
  block[at] = high_first ? high(bits) : low(bits);
  block[at + 1] = high_first ? low(bits) : high(bits);
}

void put_original(std::span<std::uint16_t> block, const Sample& sample, const ModbusView& view) noexcept {
  block[kSoc] = u16(whole(sample, Field::kSoc, 0));
  block[kVolts] = u16(whole(sample, Field::kPackVoltage, 0));
  block[kAmps] = s16(whole(sample, Field::kCurrent, 0));
  block[kWatts] = s16(whole(sample, Field::kPower, 0));
  block[kDeltaMv] = u16(whole(sample, Field::kCellDeltaVoltage, 3));
  block[kAverageMv] = u16(whole(sample, Field::kCellAverageVoltage, 3));
  block[kMaxMv] = u16(whole(sample, Field::kCellMaxVoltage, 3));
  block[kMinMv] = u16(whole(sample, Field::kCellMinVoltage, 3));
  const bool has_temperature = sample.extent(Field::kTemperature) > 0;
  const double celsius = average_temperature(sample);
  put_float(block, kTemperatureFloat, view.fahrenheit && has_temperature ? celsius * 1.8 + 32 : celsius, view.swap_floats);
  put_float(block, kVoltsFloat, real(sample, Field::kPackVoltage), view.swap_floats);
  put_float(block, kAmpsFloat, real(sample, Field::kCurrent), view.swap_floats);
  put_float(block, kWattsFloat, real(sample, Field::kPower), view.swap_floats);
  block[kDischargeMos] = u16(whole(sample, Field::kDischargeMos, 0));
  block[kChargeMos] = u16(whole(sample, Field::kChargeMos, 0));
  for (std::size_t i = 0; i < kOriginalCells; ++i) block[kFirstCell + i] = u16(whole(sample, Field::kCellVoltage, 3, i));
  block[kCellCount] = u16(whole(sample, Field::kCellCount, 0));
  block[kMaxSoc] = u16(whole(sample, Field::kSocMaxToday, 0));
  const auto minutes = whole(sample, Field::kSocMaxTodayAt, 0);
  block[kMaxSocHour] = u16(minutes / 60);
  block[kMaxSocMinute] = u16(minutes % 60);
  block[kCapacityAh] = u16(whole(sample, Field::kRemainingCapacity, 0));
  block[kFailure] = u16(whole(sample, Field::kAlarm, 0));
}

// --- 256-330, 1282-1321 ---

enum class Shape : std::uint8_t { kU16, kS16, kS32 };

/// register = scaled value of the field / divisor
struct VictronRow {
  std::uint16_t reg;
  Field field;
  std::int32_t divisor;
  Shape shape;
};
constexpr auto kVictronRows = std::to_array<VictronRow>({
    {256, Field::kPower, 10, Shape::kS32},
    {258, Field::kPower, 10, Shape::kS16},
    {259, Field::kPackVoltage, 10, Shape::kU16},
    {261, Field::kCurrent, 100, Shape::kS16},
    {262, Field::kTemperatureMax, 1, Shape::kS16},
    {266, Field::kSoc, 1, Shape::kU16},
    {284, Field::kCycles, 1, Shape::kU16},
    {286, Field::kChargeDischarged, 100, Shape::kU16},
    {1300, Field::kCellMinVoltage, 10, Shape::kU16},
    {1301, Field::kCellMaxVoltage, 10, Shape::kU16},
});

constexpr std::uint32_t bit(AlarmId id) noexcept { return std::uint32_t{1} << static_cast<unsigned>(id); }
static_assert(core::kAlarms.size() <= 32);

/// register = 0 no alarm, 1 warning, 2 alarm: the worst of those in the mask
struct VictronAlarm {
  std::uint16_t reg;
  std::uint32_t mask;
};
constexpr auto kVictronAlarms = std::to_array<VictronAlarm>({
    {267, 0xFFFFFFFF},
    {268, bit(AlarmId::kPackUv) | bit(AlarmId::kCellUv)},
    {269, bit(AlarmId::kPackOv) | bit(AlarmId::kCellOv)},
    {272, bit(AlarmId::kSocLow)},
    {273, bit(AlarmId::kBatteryUt) | bit(AlarmId::kChargeUt) | bit(AlarmId::kDischargeUt)},
    {274, bit(AlarmId::kBatteryOt) | bit(AlarmId::kChargeOt) | bit(AlarmId::kDischargeOt)},
    {279, bit(AlarmId::kMosOt)},
});

constexpr std::uint16_t kConsumedAh = 265;
constexpr std::uint16_t kModulesOffline = 1302;
constexpr std::uint16_t kModulesOnline = 1303;
constexpr std::uint16_t kBlockingCharge = 1304;
constexpr std::uint16_t kBlockingDischarge = 1305;
constexpr std::uint16_t kMinCellId = 1306;
constexpr std::uint16_t kMaxCellId = 1310;
constexpr std::size_t kIdRegisters = 4;

/// Register by its address in whichever of the two Victron blocks is being filled; writes outside it vanish.
class VictronWriter {
 public:
  VictronWriter(const Block& block, std::span<std::uint16_t> out) noexcept : block_{block}, out_{out} {}
  void put(std::size_t reg, std::uint16_t value) noexcept {
    if (block_.holds(reg, 1)) out_[reg - block_.first] = value;
  }

 private:
  Block block_;
  std::span<std::uint16_t> out_;
};

void put_row(VictronWriter& out, const VictronRow& row, const Sample& sample) noexcept {
  const bool known = sample.has(row.field);
  const std::int64_t value = known ? divide(sample.get(row.field), row.divisor) : 0;
  switch (row.shape) {
    case Shape::kU16: out.put(row.reg, known ? u16(value, 65534) : kNoValue); return;
    case Shape::kS16: out.put(row.reg, known ? s16(value, 32766) : std::uint16_t{0x7FFF}); return;
    case Shape::kS32: {
      const auto bits = known ? static_cast<std::uint32_t>(static_cast<std::int32_t>(value)) : 0x7FFFFFFFU;
      out.put(row.reg, high(bits));
      out.put(std::size_t{row.reg} + 1, low(bits));
      return;
    }
  }
}

std::uint16_t worst(const Sample& sample, std::uint32_t mask) noexcept {
  std::uint16_t found = 0;
  for (const auto& alarm : sample.alarms) {
    if ((bit(alarm.id) & mask) != 0) found = std::max(found, static_cast<std::uint16_t>(alarm.severity));
  }
  return found;
}

/// A cell's number as text, two characters a register.
void put_cell_id(VictronWriter& out, std::size_t reg, const Sample& sample, Field number) noexcept {
  if (!sample.has(number)) return;
  std::array<char, 2 * kIdRegisters> text{};
  std::to_chars(text.data(), text.data() + text.size(), sample.get(number));
  for (std::size_t i = 0; i < kIdRegisters; ++i) {
    out.put(reg + i,
            static_cast<std::uint16_t>(static_cast<unsigned char>(text[2 * i]) << 8U | static_cast<unsigned char>(text[2 * i + 1])));
  }
}

void put_victron(VictronWriter out, const core::Reading& reading) noexcept {
  const bool live = is_live(reading);
  static constexpr Sample kNothing{};
  const auto& sample = live ? reading.sample : kNothing;
  for (const auto& row : kVictronRows) put_row(out, row, sample);
  out.put(kModulesOffline, live ? 0 : 1);
  out.put(kModulesOnline, live ? 1 : 0);
  if (!live) return;
  for (const auto& row : kVictronAlarms) out.put(row.reg, worst(sample, row.mask));
  if (sample.has(Field::kFullCapacity) && sample.has(Field::kRemainingCapacity)) {
    out.put(kConsumedAh, u16(divide(sample.get(Field::kFullCapacity) - sample.get(Field::kRemainingCapacity), 100), 65534));
  }
  if (sample.has(Field::kChargeMos)) out.put(kBlockingCharge, sample.get(Field::kChargeMos) == 0 ? 1 : 0);
  if (sample.has(Field::kDischargeMos)) out.put(kBlockingDischarge, sample.get(Field::kDischargeMos) == 0 ? 1 : 0);
  put_cell_id(out, kMinCellId, sample, Field::kCellMinNumber);
  put_cell_id(out, kMaxCellId, sample, Field::kCellMaxNumber);
}

// --- 2000-2999 ---

constexpr std::size_t kQualityRegister = 990;
constexpr std::size_t kAgeRegister = 992;
constexpr std::size_t kTestRegister = 998;
constexpr std::uint32_t kTestValue = 0x01020304;
constexpr std::uint16_t kUnused = 0xFFFF;

/// What a register of the native block holds.
struct NativeCell {
  std::uint16_t slot{kUnused};  // in a Sample
  core::Wire wire{};
  bool second{false};  // the low word of two
};

constexpr auto make_native() noexcept {
  std::array<NativeCell, kNative.size()> cells{};
  for (const auto& field : core::kFields) {
    const auto width = core::register_width(field.wire);
    for (std::size_t i = 0; i < field.count * width; ++i) {
      cells[std::size_t{field.reg} - kNative.first + i] = {static_cast<std::uint16_t>(core::slot(field.field, i / width)), field.wire,
                                                           i % width == 1};
    }
  }
  return cells;
}
constexpr auto kNativeCells = make_native();
static_assert(
    [] {
      for (std::size_t i = kQualityRegister; i < kNativeCells.size(); ++i) {
        if (kNativeCells[i].slot != kUnused) return false;
      }
      return true;
    }(),
    "2990-2999 are not for fields");

std::uint16_t native_word(const NativeCell& cell, const Sample& sample) noexcept {
  if (cell.slot == kUnused) return kNoValue;
  const bool known = sample.slot_valid(cell.slot);
  const std::int64_t value = known ? sample.slot_value(cell.slot) : 0;
  std::uint32_t bits = 0;
  switch (cell.wire) {
    case core::Wire::kU16: return known ? u16(value, 65534) : kNoValue;
    case core::Wire::kS16: return known ? s16(value) : std::uint16_t{0x8000};
    case core::Wire::kU32: bits = known ? static_cast<std::uint32_t>(std::max<std::int64_t>(value, 0)) : 0xFFFFFFFFU; break;
    case core::Wire::kS32: {
      constexpr auto kLowest = std::numeric_limits<std::int32_t>::min();
      bits = static_cast<std::uint32_t>(known ? std::max(static_cast<std::int32_t>(value), kLowest + 1) : kLowest);
      break;
    }
  }
  return cell.second ? low(bits) : high(bits);
}

}  // namespace

void ModbusBlocks::refresh_system(core::Instant now) noexcept {
  if (system_known_ && now - system_at_ < std::chrono::seconds{1}) return;
  system_known_ = true;
  system_at_ = now;
  const auto pages = ::sysconf(_SC_AVPHYS_PAGES);
  const auto page_size = ::sysconf(_SC_PAGESIZE);
  free_memory_ = u16(std::int64_t{pages} * page_size);
  const auto utc_ms = clock_.utc_ms();
  const auto seconds = static_cast<time_t>(utc_ms / 1000);
  tm local{};
  if (utc_ms != 0 && ::localtime_r(&seconds, &local) != nullptr) utc_offset_h_ = static_cast<std::int16_t>(local.tm_gmtoff / 3600);
}

void ModbusBlocks::read_original(core::PackIndex pack, std::span<std::uint16_t> block) noexcept {
  const auto now = clock_.now();
  refresh_system(now);
  const auto& reading = hub_.latest(pack);
  if (is_live(reading)) put_original(block, reading.sample, view_);
  block[kFreeMemory] = free_memory_;
  block[kCounter] = static_cast<std::uint16_t>(std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
  block[kTimeZone] = static_cast<std::uint16_t>(utc_offset_h_);
}

void ModbusBlocks::read_native(core::PackIndex pack, std::size_t offset, std::span<std::uint16_t> out) noexcept {
  const auto& reading = hub_.latest(pack);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = native_word(kNativeCells[offset + i], reading.sample);
  const auto put = [&](std::size_t reg, std::uint16_t value) {
    if (reg >= offset && reg < offset + out.size()) out[reg - offset] = value;
  };
  if (offset + out.size() <= kQualityRegister) return;
  const auto age_s = std::chrono::duration_cast<std::chrono::seconds>(clock_.now() - reading.at).count();
  const auto age = reading.sequence == 0 ? 0xFFFFFFFFU : static_cast<std::uint32_t>(std::max<std::int64_t>(age_s, 0));
  put(kQualityRegister, static_cast<std::uint16_t>(reading.quality));
  put(kAgeRegister, high(age));
  put(kAgeRegister + 1, low(age));
  put(kTestRegister, high(kTestValue));
  put(kTestRegister + 1, low(kTestValue));
}

Exception ModbusBlocks::read(core::PackIndex pack, std::uint16_t start, std::span<std::uint16_t> out) noexcept {
  if (kNative.holds(start, out.size())) {
    read_native(pack, std::size_t{start} - kNative.first, out);
    return Exception::kNone;
  }
  const auto from = [&](const Block& block, std::span<const std::uint16_t> words) {
    std::copy_n(words.begin() + (start - block.first), out.size(), out.begin());
    return Exception::kNone;
  };
  if (kOriginal.holds(start, out.size())) {
    std::array<std::uint16_t, kOriginal.size()> words{};
    read_original(pack, words);
    return from(kOriginal, words);
  }
  for (const auto& block : {kVictronMain, kVictronCells}) {
    if (!block.holds(start, out.size())) continue;
    std::array<std::uint16_t, std::max(kVictronMain.size(), kVictronCells.size())> words{};
    words.fill(kNoValue);
    put_victron({block, words}, hub_.latest(pack));
    return from(block, words);
  }
  return Exception::kAddress;
}

}  // namespace bmsgate::outputs
