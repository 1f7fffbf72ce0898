// SPDX-License-Identifier: Apache-2.0
// Daly P81: Modbus-like frames, asked at 80 + board, answered as 50 + board; H/K/M/S ("HKMS") and ESS boards, 100Balance.
// Facts: docs/protocols/daly.md (PATAG, ANTON, SYSSI, AIO; captures p81-*).
#include <algorithm>
#include <new>

#include "protocols/daly_modbus.hpp"
#include "protocols/registry.hpp"

namespace bmsgate::protocols {
namespace {

using core::BmsSetting;
using core::Field;
using core::MapRow;
using core::Part;
using enum core::Encoding;

constexpr std::uint16_t kUptime = 0xA9;

// Not taken: 3B (a running counter, not the SOH), 59 (energy of what?), 64 (fits nothing), 66-69 (older fault words, wrong on most boards).
constexpr auto kLiveRows = std::to_array<MapRow<Field>>({
    register_row(0x38, Field::kPackVoltage, 100),
    register_row(0x3A, Field::kSoc),
    register_row(0x3E, Field::kCellMaxVoltage),
    register_row(0x3F, Field::kCellMaxNumber),
    register_row(0x40, Field::kCellMinVoltage),
    register_row(0x41, Field::kCellMinNumber),
    register_row(0x42, Field::kCellDeltaVoltage),
    register_row(0x4B, Field::kRemainingCapacity, 100),
    register_row(0x4C, Field::kCycles),
    register_row(0x57, Field::kCellAverageVoltage),
    register_row(0x58, Field::kPower, 10),
    {2 * kUptime, kU32be, Field::kRuntime, 1, 1, 0, 0xFFFFFFFF},
});
static_assert(core::rows_fit<Field>(kLiveRows, register_bytes(0xAB)));

constexpr auto kTemperatures = std::to_array<RegisterField>({
    {0x43, Field::kTemperatureMax},
    {0x45, Field::kTemperatureMin},
    {0x5A, Field::kMosTemperature},
    {0x5B, Field::kBoardTemperature},
    {0x5C, Field::kHeaterTemperature},
});
constexpr auto kSwitches = std::to_array<RegisterField>({
    {0x52, Field::kChargeMos},
    {0x53, Field::kDischargeMos},
    {0x54, Field::kPrechargeMos},
    {0x55, Field::kHeating},
    {0x56, Field::kFan},
});
constexpr LiveMap kLive{
    .cells = 0x00,
    .cell_slots = 48,
    .temperatures = 0x30,
    .pack = 0x38,
    .current = 0x39,
    .soc = 0x3A,
    .state = 0x48,
    .cell_count = 0x3C,
    .sensor_count = 0x3D,
    .balance_state = 0x4D,
    .balance_current = 0x4E,
    .balance_masks = 0x4F,
    .mask_words = 3,
    .rows = kLiveRows,
    .single_temperatures = kTemperatures,
    .switches = kSwitches,
};
constexpr std::uint16_t kLowestCell = 0x40;  // between the two blocks that Daly's app reads
constexpr std::uint16_t kFaults = 0x6D;
constexpr std::size_t kFaultWords = 7;

// Thresholds come in fours: warning, protection, release, delay in ms; current limits as warning, protection, delay and a third level.
constexpr auto kSettingRows = std::to_array<MapRow<BmsSetting>>({
    register_row(0x100, BmsSetting::kAddress),
    register_row(0x101, BmsSetting::kCellCount),
    register_row(0x106, BmsSetting::kTemperatureSensors),
    {2 * 0x109, kU32be, BmsSetting::kCapacity, 1, 1, 0, 0xFFFFFFFF},
    register_row(0x114, BmsSetting::kNominalCellVoltage),
    register_row(0x117, BmsSetting::kBalanceCurrentMax),
    register_row(0x11A, BmsSetting::kBalanceStart),
    register_row(0x11B, BmsSetting::kBalanceDelta),
    register_row(0x130, BmsSetting::kCellOvWarning),
    register_row(0x131, BmsSetting::kCellOv),
    register_row(0x132, BmsSetting::kCellOvRelease),
    register_row(0x133, BmsSetting::kCellOvDelay),
    register_row(0x134, BmsSetting::kCellUvWarning),
    register_row(0x135, BmsSetting::kCellUv),
    register_row(0x136, BmsSetting::kCellUvRelease),
    register_row(0x137, BmsSetting::kCellUvDelay),
    register_row(0x138, BmsSetting::kPackOvWarning, 100),
    register_row(0x139, BmsSetting::kPackOv, 100),
    register_row(0x13C, BmsSetting::kPackUvWarning, 100),
    register_row(0x13D, BmsSetting::kPackUv, 100),
    register_row(0x142, BmsSetting::kChargeOcDelay),
    register_row(0x147, BmsSetting::kDischargeOcDelay),
    register_row(0x14A, BmsSetting::kChargeOtWarning, 10, -400),
    register_row(0x14B, BmsSetting::kChargeOt, 10, -400),
    register_row(0x14C, BmsSetting::kChargeOtRelease, 10, -400),
    register_row(0x14E, BmsSetting::kChargeUtWarning, 10, -400),
    register_row(0x14F, BmsSetting::kChargeUt, 10, -400),
    register_row(0x150, BmsSetting::kChargeUtRelease, 10, -400),
    register_row(0x152, BmsSetting::kDischargeOtWarning, 10, -400),
    register_row(0x153, BmsSetting::kDischargeOt, 10, -400),
    register_row(0x154, BmsSetting::kDischargeOtRelease, 10, -400),
    register_row(0x156, BmsSetting::kDischargeUtWarning, 10, -400),
    register_row(0x157, BmsSetting::kDischargeUt, 10, -400),
    register_row(0x158, BmsSetting::kDischargeUtRelease, 10, -400),
    register_row(0x15A, BmsSetting::kCellDeltaWarning),
    register_row(0x15B, BmsSetting::kCellDelta),
    register_row(0x15E, BmsSetting::kTempDeltaWarning, 10),
    register_row(0x15F, BmsSetting::kTempDelta, 10),
    register_row(0x162, BmsSetting::kSocLowWarning),
    register_row(0x163, BmsSetting::kSocLow),
    register_row(0x167, BmsSetting::kMosOt, 10, -400),
    register_row(0x168, BmsSetting::kMosOtRelease, 10, -400),
    register_row(0x16E, BmsSetting::kShortCircuit, 1000),
});
static_assert(core::rows_fit<BmsSetting>(kSettingRows, register_bytes(0x178)));
constexpr auto kCurrentRows = std::to_array<RegisterSetting>({
    {0x140, BmsSetting::kChargeOcWarning},
    {0x141, BmsSetting::kChargeOc},
    {0x145, BmsSetting::kDischargeOcWarning},
    {0x146, BmsSetting::kDischargeOc},
});
constexpr std::uint16_t kSettings = 0x100;
constexpr std::uint16_t kSettingsCount = 0x51;
constexpr std::uint16_t kThresholds = 0x151;
constexpr std::uint16_t kThresholdsCount = 0x27;
constexpr std::uint16_t kConfiguredCells = 0x101;
constexpr std::uint16_t kSleep = 0x115;  // x 10 s; FFFF means never and is passed on
constexpr std::uint16_t kBalanceRegister = 0x119;
constexpr std::uint16_t kChargeRegister = 0x121;
constexpr std::uint16_t kDischargeRegister = 0x122;
constexpr std::uint16_t kVersion = 0x178;
constexpr std::uint16_t kVersionCount = 0x4A;

constexpr auto kMarks =
    std::to_array<BlockMark>({{kLive.pack, ModbusBoard::kMain}, {kLive.state, ModbusBoard::kExtra}, {kUptime, ModbusBoard::kAside}});
constexpr auto kPlan = std::to_array<ModbusBlock>({
    {Part::kLive, 0x00, 0x41},
    {Part::kLive, 0x41, 0x3E},
    {Part::kSettings, kSettings, kSettingsCount},
    {Part::kSettings, kThresholds, kThresholdsCount, true},
    {Part::kIdentity, kVersion, kVersionCount},
});
constexpr auto kListed = std::to_array<ListedBlock>({
    {128, 0x00},
    {130, 0x00},
    {124, 0x41},
    {162, kSettings},
    {240, kSettings},
    {78, kThresholds},
    {148, kVersion},
});
constexpr auto kCommands = std::to_array<ModbusCommand>({
    {core::CommandId::kChargeMos, kChargeRegister},
    {core::CommandId::kDischargeMos, kDischargeRegister},
    {core::CommandId::kBalance, 0xF6},
    {core::CommandId::kSetSoc, 0x116},
    {core::CommandId::kRestart, 0xF0},  // the board starts anew before it could answer
});

constexpr ModbusTraits kTraits{
    .info = daly_info("daly-p81", "Daly H/K/M/S (P81)", 16),
    .addressing = {.request = 0x81, .reply = 0x51, .boards = 16},
    .secret = {.first = 0x126, .last = 0x128},
    .extra_fields = mask_of({Field::kCellMinNumber,
                             Field::kCellDeltaVoltage,
                             Field::kTemperatureMax,
                             Field::kTemperatureMin,
                             Field::kState,
                             Field::kRemainingCapacity,
                             Field::kCycles,
                             Field::kBalancing,
                             Field::kBalanceCurrent,
                             Field::kBalancingCell,
                             Field::kChargeMos,
                             Field::kDischargeMos,
                             Field::kPrechargeMos,
                             Field::kHeating,
                             Field::kFan,
                             Field::kCellAverageVoltage,
                             Field::kPower,
                             Field::kMosTemperature,
                             Field::kBoardTemperature,
                             Field::kHeaterTemperature}),
    .aside_fields = mask_of({Field::kRuntime}),
    .required = ModbusBoard::kMain | ModbusBoard::kExtra,
    .marks = kMarks,
    .plan = kPlan,
    .listed = kListed,
    .commands = kCommands,
};

class DalyP81 final : public ModbusDialect {
 public:
  DalyP81() noexcept : ModbusDialect{kTraits} {}

 private:
  void take_block(ModbusBoard& board, std::uint16_t reg, Bytes data) noexcept override {
    const Registers registers{reg, data};
    if (reg < kSettings) {
      take_live_block(board, registers);
    } else if (reg == kVersion && data.size() == register_bytes(kVersionCount)) {
      take_version(board, data);
    } else {
      take_settings(board, registers);
    }
  }

  static void take_live_block(ModbusBoard& board, const Registers& registers) noexcept {
    if (!take_live(board, kLive, registers)) return;
    if (registers.has(kLive.pack) && !registers.has(kLowestCell)) find_lowest_cell(board.live);
    if (!registers.has(kFaults) || !registers.has(kFaults + kFaultWords - 1)) return;
    std::array<std::uint16_t, kFaultWords> words{};
    for (unsigned i = 0; i < kFaultWords; ++i) words[i] = registers[kFaults + i];
    board.live.alarms.clear();
    add_fault_words(words, board.live.alarms);
  }

  /// The app reads up to 3F and from 41 on.
  static void find_lowest_cell(core::Sample& live) noexcept {
    live.clear(Field::kCellMinVoltage);
    for (std::size_t i = 0; i < core::kMaxCells; ++i) {
      const auto mv = live.value(Field::kCellVoltage, i);
      const auto lowest = live.value(Field::kCellMinVoltage);
      if (mv && (!lowest || *mv < *lowest)) live.set(Field::kCellMinVoltage, *mv);
    }
  }

  static void take_settings(ModbusBoard& board, const Registers& registers) noexcept {
    // One description puts the D2 settings here; the captures do not, and the configured cell count tells.
    if (registers.has(kConfiguredCells)) {
      const auto cells = registers[kConfiguredCells];
      board.settings_checked = cells >= 1 && cells <= core::kMaxCells && (board.cells == 0 || cells == board.cells);
    }
    if (!board.settings_checked) return;
    auto& settings = board.settings;
    apply_from(std::span<const MapRow<BmsSetting>>{kSettingRows}, registers.data, register_bytes(registers.first), settings);
    take_current_limits(settings, registers, kCurrentRows);
    if (registers.has(kSleep)) {
      const auto raw = registers[kSleep];
      settings.set(BmsSetting::kSleepTime, raw == kNoValue ? raw : raw * 10);
    }
    take_switch(settings, registers, kChargeRegister, BmsSetting::kSwitchCharge);
    take_switch(settings, registers, kDischargeRegister, BmsSetting::kSwitchDischarge);
    take_switch(settings, registers, kBalanceRegister, BmsSetting::kActiveBalancer);
    take_switch(settings, registers, kBalanceRegister, BmsSetting::kSwitchBalance);
    board.settings_new = true;
  }

  /// Software in two halves of 14 characters of which the first may be full, hardware, serial number, production date.
  static void take_version(ModbusBoard& board, Bytes data) noexcept {
    constexpr std::size_t kHalf = 14;
    auto& identity = board.identity;
    const auto first = daly_text(data.subspan(0, kHalf));
    const auto second = daly_text(data.subspan(kHalf, kHalf));
    std::array<char, 2 * kHalf> software{};
    const auto end = std::ranges::copy(second, std::ranges::copy(first, software.begin()).out).out;
    identity.software = std::string_view{software.data(), static_cast<std::size_t>(end - software.begin())};
    identity.hardware = daly_text(data.subspan(2 * kHalf, kHalf));
    identity.serial = daly_text(data.subspan(3 * kHalf, 24));
    identity.production_date = daly_text(data.subspan(register_bytes(0x19B - kVersion), 8));
    board.identity_new = true;
  }
};
static_assert(sizeof(DalyP81) <= kProtocolSize && alignof(DalyP81) <= alignof(std::max_align_t));

}  // namespace

core::Protocol* make_daly_p81(ProtocolStorage storage) noexcept { return new (storage.data()) DalyP81{}; }

}  // namespace bmsgate::protocols
