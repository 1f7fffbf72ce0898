// SPDX-License-Identifier: Apache-2.0
// Byte maps of the JK status, settings and about frames.
#include "protocols/jk_frame.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "core/crc.hpp"
#include "core/map.hpp"
#include "protocols/text.hpp"

namespace bmsgate::protocols {
namespace {

using core::AlarmId;
using core::BmsSetting;
using core::Encoding;
using core::Field;
using core::MapRow;
using core::Sample;
using core::Severity;
using core::slot;
using enum core::Encoding;

constexpr std::array<std::uint8_t, 4> kHeader{0x55, 0xAA, 0xEB, 0x90};
constexpr std::int16_t kNoProbe = -2000;

// ---- status

using StatusRow = MapRow<std::uint16_t>;  // the target is a slot of the Sample

constexpr StatusRow field(std::uint16_t offset, Encoding encoding, Field field, std::int32_t multiply = 1) {
  return {offset, encoding, static_cast<std::uint16_t>(slot(field)), multiply};
}
constexpr StatusRow temperature(std::uint16_t offset, std::size_t target) {
  return {.offset = offset, .encoding = kI16le, .target = static_cast<std::uint16_t>(target), .none = kNoProbe};
}

// Offsets of the 32S layout; the 24S layout has the same rows 32 bytes earlier.
constexpr auto kCommonRows = std::to_array<StatusRow>({
    field(150, kU32le, Field::kPackVoltage),
    field(158, kI32le, Field::kCurrent),
    temperature(162, slot(Field::kTemperature, 0)),
    temperature(164, slot(Field::kTemperature, 1)),
    field(170, kI16le, Field::kBalanceCurrent),
    field(172, kBool, Field::kBalancing),
    field(173, kU8, Field::kSoc, 10),
    field(174, kI32le, Field::kRemainingCapacity),
    field(178, kU32le, Field::kFullCapacity),
    field(182, kU32le, Field::kCycles),
    field(186, kU32le, Field::kCycledCapacity),
    field(190, kU8, Field::kSoh, 10),
    field(194, kU32le, Field::kRuntime),
    field(198, kBool, Field::kChargeMos),
    field(199, kBool, Field::kDischargeMos),
});
constexpr auto k32sRows = std::to_array<StatusRow>({
    temperature(144, slot(Field::kMosTemperature)),
    field(191, kBool, Field::kPrechargeMos),
    field(215, kBool, Field::kHeating),
    field(245, kBool, Field::kChargerConnected),
});
constexpr auto k24sRows = [] {
  auto rows = kCommonRows;
  for (auto& row : rows) row.offset = static_cast<std::uint16_t>(row.offset - 32);
  return rows;
}();
constexpr auto k24sMosRows = std::to_array<StatusRow>({temperature(134, slot(Field::kMosTemperature))});

constexpr std::size_t kCellsAt = 6;
constexpr std::size_t kMosAt = 144;
constexpr std::size_t kWireAlarmAt = 146;
constexpr std::size_t kT3At = 254;

/// Where the parts of a layout lie that are more than a row.
struct Layout {
  std::size_t cells;
  std::size_t mask_at;
  std::size_t resistance_at;
  std::size_t pack_at;
  std::size_t alarms_at;
  Encoding alarms;
  std::span<const StatusRow> rows;
  std::span<const StatusRow> more_rows;
};
constexpr std::array<Layout, 2> kLayouts{
    {{24, 54, 64, 118, 136, kU16le, k24sRows, k24sMosRows}, {32, 70, 80, 150, 166, kU32le, kCommonRows, k32sRows}}};
constexpr const Layout& layout_of(JkLayout layout) noexcept { return kLayouts[static_cast<std::size_t>(layout)]; }

// ---- alarms: register 12A0, one row per bit

struct AlarmBit {
  AlarmId id;
  Severity severity;
  std::string_view detail{};
};
constexpr auto kAlarm = Severity::kAlarm;
constexpr std::array<AlarmBit, 32> kAlarmBits{{
    {AlarmId::kWireResistance, Severity::kWarning},
    {AlarmId::kMosOt, kAlarm},
    {AlarmId::kCellCountMismatch, kAlarm},
    {AlarmId::kCurrentSensorFault, kAlarm},
    {AlarmId::kCellOv, kAlarm},
    {AlarmId::kPackOv, kAlarm},
    {AlarmId::kChargeOc, kAlarm},
    {AlarmId::kShortCircuit, kAlarm},
    {AlarmId::kChargeOt, kAlarm},
    {AlarmId::kChargeUt, kAlarm},
    {AlarmId::kCommFault, kAlarm},
    {AlarmId::kCellUv, kAlarm},
    {AlarmId::kPackUv, kAlarm},
    {AlarmId::kDischargeOc, kAlarm},
    {AlarmId::kShortCircuit, kAlarm},
    {AlarmId::kDischargeOt, kAlarm},
    {AlarmId::kChargeMosFault, kAlarm},
    {AlarmId::kDischargeMosFault, kAlarm},
    {AlarmId::kOther, Severity::kWarning, "GPS module disconnected"},
    {AlarmId::kDefaultPassword, Severity::kHint},
    {AlarmId::kOther, kAlarm, "Discharge could not be switched on"},
    {AlarmId::kBatteryOt, Severity::kWarning},
    {AlarmId::kSensorFault, kAlarm},
    {AlarmId::kOther, kAlarm, "Parallel module fault"},
    {AlarmId::kOther, kAlarm, "Short-circuit protection could not be released"},
    {AlarmId::kDischargeOc, kAlarm},
    {AlarmId::kDischargeOc, kAlarm},
    {AlarmId::kDischargeUt, kAlarm},
    {AlarmId::kOther, kAlarm, "Locked through GPS"},
    {AlarmId::kOther, Severity::kWarning, "Vendor alarm bit 29"},
    {AlarmId::kOther, Severity::kWarning, "Vendor alarm bit 30"},
    {AlarmId::kOther, Severity::kWarning, "Vendor alarm bit 31"},
}};

// ---- settings: block 1000, all 32 bits wide unless the row says otherwise

using SettingRow = MapRow<BmsSetting>;
constexpr std::int32_t kSeconds = 1000;  // where the table of settings counts seconds to the millisecond

constexpr auto kSettingRows = std::to_array<SettingRow>({
    {6, kU32le, BmsSetting::kSmartSleepVoltage},
    {10, kU32le, BmsSetting::kCellUv},
    {14, kU32le, BmsSetting::kCellUvRelease},
    {18, kU32le, BmsSetting::kCellOv},
    {22, kU32le, BmsSetting::kCellOvRelease},
    {26, kU32le, BmsSetting::kBalanceDelta},
    {30, kU32le, BmsSetting::kSoc100Voltage},
    {34, kU32le, BmsSetting::kSoc0Voltage},
    {38, kU32le, BmsSetting::kRequestChargeVoltage},
    {42, kU32le, BmsSetting::kRequestFloatVoltage},
    {46, kU32le, BmsSetting::kPowerOffVoltage},
    {50, kU32le, BmsSetting::kChargeOc},
    {54, kU32le, BmsSetting::kChargeOcDelay, kSeconds},
    {58, kU32le, BmsSetting::kChargeOcRelease, kSeconds},
    {62, kU32le, BmsSetting::kDischargeOc},
    {66, kU32le, BmsSetting::kDischargeOcDelay, kSeconds},
    {70, kU32le, BmsSetting::kDischargeOcRelease, kSeconds},
    {74, kU32le, BmsSetting::kShortCircuitRelease, kSeconds},
    {78, kU32le, BmsSetting::kBalanceCurrentMax},
    {82, kI32le, BmsSetting::kChargeOt},
    {86, kI32le, BmsSetting::kChargeOtRelease},
    {90, kI32le, BmsSetting::kDischargeOt},
    {94, kI32le, BmsSetting::kDischargeOtRelease},
    {98, kI32le, BmsSetting::kChargeUt},
    {102, kI32le, BmsSetting::kChargeUtRelease},
    {106, kI32le, BmsSetting::kMosOt},
    {110, kI32le, BmsSetting::kMosOtRelease},
    {114, kU32le, BmsSetting::kCellCount},
    {118, kU32le, BmsSetting::kSwitchCharge},
    {122, kU32le, BmsSetting::kSwitchDischarge},
    {126, kU32le, BmsSetting::kSwitchBalance},
    {130, kU32le, BmsSetting::kCapacity},
    {134, kU32le, BmsSetting::kShortCircuitDelay},
    {138, kU32le, BmsSetting::kBalanceStart},
    {270, kU32le, BmsSetting::kAddress},
    {274, kU32le, BmsSetting::kPrechargeTime},
    {282, kU16le, BmsSetting::kControlBits},
    {284, kI8, BmsSetting::kRaw284},
    {285, kI8, BmsSetting::kRaw285},
    {286, kU8, BmsSetting::kSmartSleepTime},
});

static_assert(core::rows_fit<std::uint16_t>(kCommonRows, kJkFrameSize - 1));
static_assert(core::rows_fit<std::uint16_t>(k32sRows, kJkFrameSize - 1));
static_assert(core::rows_fit<std::uint16_t>(k24sRows, kJkFrameSize - 1));
static_assert(core::rows_fit<BmsSetting>(kSettingRows, kJkFrameSize - 1));

// ---- about: where the Bluetooth PIN and the settings password stand

struct Range {
  std::size_t at;
  std::size_t size;
};
constexpr std::array<Range, 2> kSecrets{{{62, 16}, {118, 16}}};

// ---- reading a block that may begin anywhere and may be of either byte order

/// Only where has().
std::int64_t number(const JkBlock& block, Encoding encoding, std::size_t offset) noexcept {
  return core::read(block.big_endian ? core::other_order(encoding) : encoding, block.bytes, offset - block.first);
}

std::uint16_t word(const JkBlock& block, std::size_t offset) noexcept {
  const auto at = offset - block.first;
  return block.big_endian ? core::u16be(block.bytes, at) : core::u16le(block.bytes, at);
}

struct SlotWriter {
  Sample& sample;
  void set(std::uint16_t target, std::int32_t value) noexcept { sample.set_slot(target, value); }
};

template <class Target, class Into>
void apply(std::span<const MapRow<Target>> rows, const JkBlock& block, Into& into) noexcept {
  if (block.first == 0 && !block.big_endian) return core::apply(rows, block.bytes, into);
  for (auto row : rows) {
    if (!block.has(row.offset, width(row.encoding))) continue;
    row.offset = static_cast<std::uint16_t>(row.offset - block.first);
    if (block.big_endian) row.encoding = core::other_order(row.encoding);
    core::apply(std::span<const MapRow<Target>>{&row, 1}, block.bytes, into);
  }
}

/// Which cells there are: the mask if it is part of the block and not empty, else those that have a voltage.
std::uint32_t cell_mask(const JkBlock& block, const Layout& layout) noexcept {
  if (block.has(layout.mask_at, 4)) {
    if (const auto mask = static_cast<std::uint32_t>(number(block, kU32le, layout.mask_at)); mask != 0) return mask;
  }
  std::uint32_t mask = 0;
  for (std::size_t i = 0; i < layout.cells; ++i) {
    if (block.has(kCellsAt + 2 * i, 2) && word(block, kCellsAt + 2 * i) != 0) mask |= 1U << i;
  }
  return mask;
}

void read_cells(const JkBlock& block, const Layout& layout, Sample& sample) noexcept {
  const auto mask = cell_mask(block, layout);
  for (std::size_t i = 0; i < layout.cells; ++i) {
    if ((mask >> i & 1U) == 0) continue;
    const auto cell_at = kCellsAt + 2 * i;
    const auto resistance_at = layout.resistance_at + 2 * i;
    if (block.has(cell_at, 2)) sample.set(Field::kCellVoltage, word(block, cell_at), i);
    if (block.has(resistance_at, 2)) sample.set(Field::kWireResistance, word(block, resistance_at), i);
  }
}

/// T3 repeats the MOS value on boards without a third probe; boards without T4 and T5 leave zeros in both.
void read_extra_probes(const JkBlock& block, Sample& sample) noexcept {
  if (!block.has(kT3At, 6)) return;
  const auto raw = [&](std::size_t i) { return static_cast<std::int32_t>(number(block, kI16le, kT3At + 2 * i)); };
  if (raw(1) == 0 && raw(2) == 0) return;
  const bool third = block.has(kMosAt, 2) && !jk_third_probe_is_copy(block);
  for (std::size_t i = third ? 0 : 1; i < 3; ++i) {
    if (raw(i) != kNoProbe) sample.set(Field::kTemperature, raw(i), 2 + i);
  }
}

void read_alarms(const JkBlock& block, const Layout& layout, Sample& sample) noexcept {
  if (!block.has(layout.alarms_at, core::width(layout.alarms))) return;
  const auto bits = static_cast<std::uint32_t>(number(block, layout.alarms, layout.alarms_at));
  for (auto rest = bits; rest != 0; rest &= rest - 1) {
    const auto bit = static_cast<unsigned>(std::countr_zero(rest));
    const auto& alarm = kAlarmBits[bit];
    if (alarm.id != AlarmId::kWireResistance) sample.alarms.add({alarm.id, alarm.severity, 0, alarm.detail});
  }
  if ((bits & 1U) == 0) return;
  const bool names_cells = layout.cells == 32 && block.has(kWireAlarmAt, 4);
  auto cells = names_cells ? static_cast<std::uint32_t>(number(block, kU32le, kWireAlarmAt)) : 0U;
  if (cells == 0) sample.alarms.add({kAlarmBits[0].id, kAlarmBits[0].severity});
  for (; cells != 0; cells &= cells - 1) {
    sample.alarms.add({kAlarmBits[0].id, kAlarmBits[0].severity, static_cast<std::uint8_t>(std::countr_zero(cells) + 1)});
  }
}

template <std::size_t Capacity>
void read_text(const JkBlock& block, std::size_t offset, std::size_t size, core::FixedString<Capacity>& text) noexcept {
  if (block.has(offset, size)) assign_text(text, block.bytes.subspan(offset - block.first, size));
}

}  // namespace

core::Scan scan_jk_frame(std::span<const std::uint8_t> bytes) noexcept {
  using core::Verdict;
  const auto known = std::min(bytes.size(), kHeader.size());
  if (!std::equal(kHeader.begin(), kHeader.begin() + static_cast<std::ptrdiff_t>(known), bytes.begin())) return {Verdict::kNone};
  if (bytes.size() < kJkFrameSize) return {Verdict::kMore};
  const bool good = (core::byte_sum(bytes.first(kJkFrameSize - 1)) & 0xFFU) == bytes[kJkFrameSize - 1];
  return good ? core::Scan{Verdict::kFrame, kJkFrameSize} : core::Scan{Verdict::kBadCheck};
}

void read_jk_status(const JkBlock& block, JkLayout layout, Sample& sample) noexcept {
  const auto& where = layout_of(layout);
  SlotWriter writer{sample};
  apply(where.rows, block, writer);
  apply(where.more_rows, block, writer);
  read_cells(block, where, sample);
  if (layout == JkLayout::k32S) read_extra_probes(block, sample);
  read_alarms(block, where, sample);
}

void read_jk_settings(const JkBlock& block, core::BmsSettings& settings) noexcept {
  apply(std::span<const SettingRow>{kSettingRows}, block, settings);
}

// The secrets (kSecrets) have no place to go to.
void read_jk_about(const JkBlock& block, core::Identity& identity) noexcept {
  read_text(block, 6, 16, identity.model);
  read_text(block, 22, 8, identity.hardware);
  read_text(block, 30, 8, identity.software);
  read_text(block, 46, 16, identity.device_name);
  read_text(block, 78, 8, identity.production_date);
  read_text(block, 86, 16, identity.serial);
}

void hide_jk_secrets(std::span<std::uint8_t> about, std::size_t first) noexcept {
  for (const auto& secret : kSecrets) {
    const auto from = std::max(secret.at, first) - first;
    const auto to = std::max(secret.at + secret.size, first) - first;
    for (auto i = from; i < std::min(to, about.size()); ++i) about[i] = '*';
  }
}

bool jk_layout_fits(const JkBlock& block, JkLayout layout) noexcept {
  const auto& where = layout_of(layout);
  if (!block.has(where.mask_at, 4) || !block.has(where.pack_at, 4) || !block.has(kCellsAt, 2 * where.cells)) return false;
  const auto mask = static_cast<std::uint32_t>(number(block, kU32le, where.mask_at));
  const auto cells = static_cast<std::size_t>(std::countr_one(mask));
  if (cells == 0 || cells > where.cells || (cells < 32 && mask >> cells != 0)) return false;
  std::int64_t sum_mv = 0;
  for (std::size_t i = 0; i < cells; ++i) sum_mv += word(block, kCellsAt + 2 * i);
  const auto pack_mv = number(block, kU32le, where.pack_at);
  const auto apart_mv = sum_mv > pack_mv ? sum_mv - pack_mv : pack_mv - sum_mv;
  return pack_mv > 0 && apart_mv <= pack_mv / 100 + 50;
}

bool jk_third_probe_is_copy(const JkBlock& block) noexcept {
  return block.has(kMosAt, 2) && block.has(kT3At, 2) && number(block, kI16le, kMosAt) == number(block, kI16le, kT3At);
}

}  // namespace bmsgate::protocols
