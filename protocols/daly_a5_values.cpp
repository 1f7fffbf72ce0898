// SPDX-License-Identifier: Apache-2.0
// Daly A5: what the data of each id mean.
#include <algorithm>
#include <bit>

#include "protocols/daly_a5.hpp"

namespace bmsgate::protocols::a5 {
namespace {

using core::BmsSetting;
using core::Field;
using core::MapRow;
using enum core::Encoding;

constexpr auto kPackRows = std::to_array<MapRow<Field>>({
    {0, kU16be, Field::kPackVoltage, 100},
    {6, kU16be, Field::kSoc},
});
constexpr auto kCellExtremeRows = std::to_array<MapRow<Field>>({
    {0, kU16be, Field::kCellMaxVoltage},
    {2, kU8, Field::kCellMaxNumber},
    {3, kU16be, Field::kCellMinVoltage},
    {5, kU8, Field::kCellMinNumber},
});
constexpr auto kTemperatureExtremeRows = std::to_array<MapRow<Field>>({
    {0, kU8, Field::kTemperatureMax, 10, 1, -400, 0xFF},
    {2, kU8, Field::kTemperatureMin, 10, 1, -400, 0xFF},
});
constexpr auto kSwitchRows = std::to_array<MapRow<Field>>({
    {0, kU8, Field::kState},
    {1, kU8, Field::kChargeMos},
    {2, kU8, Field::kDischargeMos},
    {3, kU8, Field::kHeartbeat},
    {4, kU32be, Field::kRemainingCapacity},
});
constexpr auto kStatusRows = std::to_array<MapRow<Field>>({
    {0, kU8, Field::kCellCount},
    {2, kU8, Field::kChargerConnected},
    {3, kU8, Field::kLoadConnected},
    {5, kU16be, Field::kCycles},  // byte 7 is a leftover, or a temperature on newer boards
});
constexpr auto kTotalRows = std::to_array<MapRow<Field>>({
    {0, kU32be, Field::kChargeCharged, 1000},
    {4, kU32be, Field::kChargeDischarged, 1000},
});

std::span<const MapRow<Field>> live_rows(std::uint8_t id) noexcept {
  switch (id) {
    case kPack: return kPackRows;
    case kCellExtremes: return kCellExtremeRows;
    case kTemperatureExtremes: return kTemperatureExtremeRows;
    case kSwitches: return kSwitchRows;
    case kStatus: return kStatusRows;
    case kTotals: return kTotalRows;
    default: return {};
  }
}

struct SettingRow {
  std::uint8_t id;
  MapRow<BmsSetting> row;
};
constexpr SettingRow volts(std::uint8_t id, std::uint16_t offset, BmsSetting setting, std::int32_t multiply) noexcept {
  return {id, {offset, kU16be, setting, multiply}};
}
constexpr SettingRow degrees(std::uint16_t offset, BmsSetting setting) noexcept { return {0x5C, {offset, kU8, setting, 10, 1, -400}}; }

constexpr auto kSettingRows = std::to_array<SettingRow>({
    {0x50, {0, kU32be, BmsSetting::kCapacity}},
    {0x50, {6, kU16be, BmsSetting::kNominalCellVoltage}},
    {0x53, {0, kU8, BmsSetting::kChemistry}},
    {0x53, {5, kU16be, BmsSetting::kSleepTime}},
    volts(0x59, 0, BmsSetting::kCellOvWarning, 1),
    volts(0x59, 2, BmsSetting::kCellOv, 1),
    volts(0x59, 4, BmsSetting::kCellUvWarning, 1),
    volts(0x59, 6, BmsSetting::kCellUv, 1),
    volts(0x5A, 0, BmsSetting::kPackOvWarning, 100),
    volts(0x5A, 2, BmsSetting::kPackOv, 100),
    volts(0x5A, 4, BmsSetting::kPackUvWarning, 100),
    volts(0x5A, 6, BmsSetting::kPackUv, 100),
    degrees(0, BmsSetting::kChargeOtWarning),
    degrees(1, BmsSetting::kChargeOt),
    degrees(2, BmsSetting::kChargeUtWarning),
    degrees(3, BmsSetting::kChargeUt),
    degrees(4, BmsSetting::kDischargeOtWarning),
    degrees(5, BmsSetting::kDischargeOt),
    degrees(6, BmsSetting::kDischargeUtWarning),
    degrees(7, BmsSetting::kDischargeUt),
    {0x5D, {0, kU16be, BmsSetting::kSocHighWarning}},
    {0x5D, {2, kU16be, BmsSetting::kSocHigh}},
    {0x5D, {4, kU16be, BmsSetting::kSocLowWarning}},
    {0x5D, {6, kU16be, BmsSetting::kSocLow}},
    {0x5E, {0, kU16be, BmsSetting::kCellDeltaWarning}},
    {0x5E, {2, kU16be, BmsSetting::kCellDelta}},
    {0x5E, {4, kU8, BmsSetting::kTempDeltaWarning, 10}},
    {0x5E, {5, kU8, BmsSetting::kTempDelta, 10}},
    volts(0x5F, 0, BmsSetting::kBalanceStart, 1),
    volts(0x5F, 2, BmsSetting::kBalanceDelta, 1),
    {0x60, {0, kU16be, BmsSetting::kShortCircuit, 1000}},
});
constexpr bool rows_fit() noexcept {
  for (const auto& row : kSettingRows) {
    if (row.row.offset + core::width(row.row.encoding) > kDataSize) return false;
  }
  return true;
}
static_assert(rows_fit());
static_assert(core::rows_fit<Field>(kPackRows, kDataSize) && core::rows_fit<Field>(kCellExtremeRows, kDataSize) &&
              core::rows_fit<Field>(kTemperatureExtremeRows, kDataSize) && core::rows_fit<Field>(kSwitchRows, kDataSize) &&
              core::rows_fit<Field>(kStatusRows, kDataSize) && core::rows_fit<Field>(kTotalRows, kDataSize));

constexpr std::uint8_t kFirstSetting = 0x50;
constexpr std::uint8_t kLastSetting = 0x60;
constexpr std::uint8_t kBoards = 0x51;
constexpr std::uint8_t kTypeAndDate = 0x53;
constexpr std::uint8_t kFirmwareIndex = 0x54;
constexpr std::uint8_t kMaker = 0x55;
constexpr std::uint8_t kName = 0x56;
constexpr std::uint8_t kCode = 0x57;
constexpr std::uint8_t kCurrentLimits = 0x5B;
constexpr std::uint8_t kSoftware = 0x62;
constexpr std::uint8_t kHardware = 0x63;
constexpr std::uint8_t kSerial = 0x6A;
constexpr std::uint16_t kMostMv = 6000;  // no cell has this; 65.28 V and the like come right after waking
constexpr std::uint32_t kMostMah = 20'000'000;

/// Only the boards that the first byte announces count.
void take_boards(core::BmsSettings& settings, Bytes data) noexcept {
  const unsigned boards = data[0];
  if (boards < 1 || boards > 3) return;
  unsigned cells = 0;
  unsigned sensors = 0;
  for (unsigned i = 0; i < boards; ++i) {
    cells += data[1 + i];
    sensors += data[4 + i];
  }
  if (cells >= 1 && cells <= core::kMaxCells) settings.set(BmsSetting::kCellCount, static_cast<std::int32_t>(cells));
  settings.set(BmsSetting::kTemperatureSensors, static_cast<std::int32_t>(sensors));
}

void take_current_limits(core::BmsSettings& settings, Bytes data) noexcept {
  using enum BmsSetting;
  constexpr std::array kOrder{kChargeOcWarning, kChargeOc, kDischargeOcWarning, kDischargeOc};
  for (std::size_t i = 0; i < kOrder.size(); ++i) settings.set(kOrder[i], limit_ma(core::u16be(data, 2 * i)));
}

/// YYMMDD of three bytes, if that is what they are.
void take_date(core::Identity& identity, Bytes date) noexcept {
  if (date[0] > 99 || date[1] < 1 || date[1] > 12 || date[2] < 1 || date[2] > 31) return;
  std::array<char, 6> text{};
  for (std::size_t i = 0; i < 3; ++i) {
    text[2 * i] = static_cast<char>('0' + date[i] / 10);
    text[2 * i + 1] = static_cast<char>('0' + date[i] % 10);
  }
  identity.production_date = std::string_view{text.data(), text.size()};
}

/// The slots of the frames that came. false: no voltages at all (the measuring part is down), or impossible ones.
bool gather_cells(const Board& board, CellSlots& slots) noexcept {
  const auto& frames = board.frames;
  bool any = false;
  for (unsigned n = 0; n < frames.extent(); ++n) {
    if (!frames.has(n)) continue;
    for (std::size_t i = 0; i < kCellsPerFrame; ++i) {
      const std::size_t slot = n * kCellsPerFrame + i;
      if (board.cells != 0 && slot >= board.cells) continue;
      const auto mv = core::u16be(frames.frame(n), 2 * i);
      if (mv > kMostMv) return false;
      any = any || mv != 0;
      slots.mv[slot] = mv;
      slots.held |= std::uint64_t{1} << slot;
    }
  }
  return any;
}

/// A slower id that says something new is asked again in the next poll: the gate believes a jump only with a second answer.
void note_change(Board& board, std::uint8_t id, Bytes said) noexcept {
  std::uint32_t sum = 1;
  for (const auto byte : said) sum = sum * 31 + byte;
  auto& last = board.last_said[id == kStatus ? 0 : id - kTemperatures + 1U];
  if (last != 0 && last != sum) board.again = id;
  last = sum;
}

void take_temperatures(Board& board) noexcept {
  const auto frames = std::min<unsigned>(board.frames.run(), kMaxSensors / kSensorsPerFrame);
  for (unsigned n = 0; n < frames; ++n) std::ranges::copy(board.frames.frame(n), board.temperatures.begin() + n * kSensorsPerFrame);
  board.temperatures_held = static_cast<std::uint8_t>(frames * kSensorsPerFrame);
  note_change(board, kTemperatures, Bytes{board.temperatures}.first(board.temperatures_held));
}

void take_text(Board& board) noexcept {
  std::array<std::uint8_t, kMaxFrames * kTextPerFrame> chars{};
  const unsigned frames = board.frames.run();
  for (unsigned n = 0; n < frames; ++n) std::ranges::copy(board.frames.frame(n), chars.begin() + n * kTextPerFrame);
  const auto text = daly_text(Bytes{chars}.first(frames * kTextPerFrame));
  auto& identity = board.identity;
  switch (board.frames_id) {
    case kMaker: identity.manufacturer = text; break;
    case kName: identity.device_name = text; break;
    case kCode:
      if (identity.serial.empty()) identity.serial = text;
      break;
    case kSerial: identity.serial = text; break;
    case kSoftware: identity.software = text; break;
    case kHardware: identity.hardware = text; break;
    default: return;
  }
  board.identity_new = true;
}

/// Boards that count the frames of one answer from 0 may count those of another from 1.
constexpr std::size_t numbering(std::uint8_t id) noexcept { return id == kCells ? 0 : id == kTemperatures ? 1 : 2; }

void complete_cells(Board& board) noexcept {
  auto& live = board.live;
  live.clear_all(Field::kCellVoltage);
  auto held = board.slots.held;
  if (board.cells != 0 && board.cells < core::kMaxCells) held &= (std::uint64_t{1} << board.cells) - 1;
  for (; held != 0; held &= held - 1) {
    const auto slot = static_cast<std::size_t>(std::countr_zero(held));
    // Where nobody said how many cells there are, a zero is a slot without a cell.
    if (board.slots.mv[slot] != 0 || board.cells != 0) live.set(Field::kCellVoltage, board.slots.mv[slot], slot);
  }
}

void complete_temperatures(Board& board) noexcept {
  board.live.clear_all(Field::kTemperature);
  const std::size_t held = board.temperatures_held;
  const std::size_t count = std::min({held, core::kMaxTemperatures, board.status_known ? board.sensors : kMaxSensors + 0UL});
  for (std::size_t i = 0; i < count; ++i) {
    const auto tenths = daly_temperature(board.temperatures[i]);
    if (tenths) board.live.set(Field::kTemperature, *tenths, i);
    // Without a count the first empty slot ends the list: what follows may be a leftover. 28 hex (0 °C) also stands for empty.
    if (!board.status_known && (!tenths || (i > 0 && *tenths == 0))) {
      board.live.clear(Field::kTemperature, i);
      return;
    }
  }
}

void complete_balance(Board& board) noexcept {
  auto& live = board.live;
  live.clear_all(Field::kBalancingCell);
  const std::size_t cells = board.cells != 0 ? board.cells : live.extent(Field::kCellVoltage);
  if (cells == 0) {
    live.set(Field::kBalancing, board.balance_bits != 0 ? 1 : 0);
    return;
  }
  std::int32_t any = 0;
  for (std::size_t i = 0; i < cells; ++i) {
    const auto on = static_cast<std::int32_t>((board.balance_bits >> i) & 1U);
    live.set(Field::kBalancingCell, on, i);
    any |= on;
  }
  live.set(Field::kBalancing, any);
}

}  // namespace

unsigned text_frames(std::uint8_t id) noexcept {
  switch (id) {
    case kSoftware:
    case kHardware: return 2;
    case kMaker: return 3;
    case kName:
    case kCode:
    case kSerial: return 5;
    default: return 0;
  }
}

bool in_frames(std::uint8_t id) noexcept { return id == kCells || id == kTemperatures || text_frames(id) != 0; }

bool plausible(std::uint8_t id, Bytes data) noexcept {
  switch (id) {
    case kCellExtremes:
      return core::u16be(data, 0) <= kMostMv && core::u16be(data, 3) <= core::u16be(data, 0) && data[2] <= core::kMaxCells &&
             data[5] <= core::kMaxCells;
    case kSwitches: return data[0] <= 2 && data[1] <= 1 && data[2] <= 1 && core::u32be(data, 4) <= kMostMah;
    case kStatus: return data[0] >= 1 && data[0] <= core::kMaxCells && data[1] <= kMaxSensors && data[2] <= 1 && data[3] <= 1;
    default: return true;
  }
}

void take_single(Board& board, std::uint8_t id, Bytes data) noexcept {
  core::apply(live_rows(id), data, board.live);
  board.known |= bit(id);
  switch (id) {
    case kPack:
      board.current_tenths = core::u16be(data, 4) - kDalyCurrentZero;
      board.bad = !awake(core::u16be(data, 0), core::u16be(data, 4), core::u16be(data, 6), board.cells);
      return;
    case kStatus:
      if (board.cells == 0 || board.cells_said == data[0]) board.cells = data[0];
      board.cells_said = data[0];
      board.sensors = data[1];
      board.status_known = true;
      note_change(board, id, data.first(7));
      return;
    case kBalance:
      board.balance_bits = static_cast<std::uint64_t>(core::u32le(data, 0)) | static_cast<std::uint64_t>(core::u16le(data, 4)) << 32U;
      note_change(board, id, data.first(6));
      return;
    case kFailures:
      board.live.alarms.clear();
      add_failure_bits(data, board.live.alarms);
      return;
    case kFirmwareIndex:
      if (board.identity.software.empty()) board.identity.software = daly_text(data);
      board.identity_new = true;
      return;
    case kTemperatureExtremes:  // 0 as well as FF: no sensor
      if (data[0] == 0) board.live.clear(Field::kTemperatureMax);
      if (data[2] == 0) board.live.clear(Field::kTemperatureMin);
      return;
    default: break;
  }
  if (id < kFirstSetting || id > kLastSetting || id == kTotals) return;
  for (const auto& row : kSettingRows) {
    if (row.id == id) core::apply(std::span<const MapRow<BmsSetting>>{&row.row, 1}, data, board.settings);
  }
  if (id == kBoards) take_boards(board.settings, data);
  if (id == kCurrentLimits) take_current_limits(board.settings, data);
  if (id == kTypeAndDate) {
    take_date(board.identity, data.subspan(2, 3));
    board.identity_new = true;
  }
  board.settings_new = true;
}

bool frames_suffice(const Board& board) noexcept {
  const auto& frames = board.frames;
  if (board.from_zero[numbering(board.frames_id)] && !frames.from_zero()) return false;  // the first one is missing
  const unsigned run = frames.run();
  switch (board.frames_id) {
    case kCells:
      if (board.cells == 0) return run > 0 && run == frames.extent();
      return run >= (board.cells + kCellsPerFrame - 1) / kCellsPerFrame;
    case kTemperatures: return run >= std::max<std::size_t>(1, (board.sensors + kSensorsPerFrame - 1) / kSensorsPerFrame);
    default: return run > 0 && run == frames.extent() && (run >= text_frames(board.frames_id) || frames.frame(run - 1).back() <= ' ');
  }
}

bool take_frames(Board& board) noexcept {
  const bool whole = frames_suffice(board);
  board.from_zero[numbering(board.frames_id)] = board.frames.from_zero();
  if (!whole) return false;
  if (board.frames_id == kCells) {
    CellSlots slots;
    if (!gather_cells(board, slots)) return false;
    board.slots = slots;
  } else if (board.frames_id == kTemperatures) {
    take_temperatures(board);
  } else {
    take_text(board);
  }
  board.known |= bit(board.frames_id);
  return true;
}

void keep_partial_cells(Board& board) noexcept {
  CellSlots slots;
  if (gather_cells(board, slots)) board.partial_slots = slots;
}

FieldMask fields_of(std::uint8_t id) noexcept {
  FieldMask fields = 0;
  for (const auto& row : live_rows(id)) fields |= mask_of({row.target});
  switch (id) {
    case kPack: return fields | mask_of({Field::kCurrent});
    case kCells: return mask_of({Field::kCellVoltage});
    case kTemperatures: return mask_of({Field::kTemperature});
    case kBalance: return mask_of({Field::kBalancing, Field::kBalancingCell});
    default: return fields;
  }
}

FieldMask carried(const Board& board, std::uint16_t mask) noexcept {
  FieldMask fields = 0;
  const auto old = static_cast<std::uint16_t>(board.known & ~mask);
  for (std::uint8_t id = kPack; id <= kFailures; ++id) {
    if ((old & bit(id)) != 0) fields |= fields_of(id);
  }
  if ((old & bit(kTotals)) != 0) fields |= fields_of(kTotals);
  return fields;
}

void forget(Board& board, std::uint8_t id) noexcept {
  board.known &= static_cast<std::uint16_t>(~bit(id));
  board.polled &= static_cast<std::uint16_t>(~bit(id));
  clear_fields(board.live, fields_of(id));
  if (id == kCells) board.slots = {};
  if (id == kFailures) board.live.alarms.clear();
}

void complete(Board& board, std::uint16_t mask) noexcept {
  auto& live = board.live;
  const auto state = live.value(Field::kState);
  if ((mask & bit(kPack)) != 0 && (mask & bit(kSwitches)) != 0 && state) board.sign.observe(board.current_tenths, *state);
  if ((board.known & bit(kPack)) != 0) {
    live.set(Field::kCurrent, board.sign.factor(board.options.current_sign) * board.current_tenths * 100);
  }
  if ((board.known & bit(kCells)) != 0) complete_cells(board);
  if ((board.known & bit(kTemperatures)) != 0) complete_temperatures(board);
  if ((board.known & bit(kBalance)) != 0) complete_balance(board);
}

}  // namespace bmsgate::protocols::a5
