// SPDX-License-Identifier: Apache-2.0
// Daly D2: Modbus-like frames with the address D2 in both directions; boards with Bluetooth or WiFi from about 2020 on, active balancers.
// Facts: docs/protocols/daly.md (SYSSI, AIO, ANTON, BATMON; captures d2-*).
#include <new>

#include "protocols/daly_modbus.hpp"
#include "protocols/registry.hpp"

namespace bmsgate::protocols {
namespace {

using core::BmsSetting;
using core::Field;
using core::MapRow;
using core::Part;

constexpr auto kLiveRows = std::to_array<MapRow<Field>>({
    register_row(0x28, Field::kPackVoltage, 100),
    register_row(0x2A, Field::kSoc),
    register_row(0x2B, Field::kCellMaxVoltage),
    register_row(0x2C, Field::kCellMinVoltage),
    register_row(0x30, Field::kRemainingCapacity, 100),
    register_row(0x33, Field::kCycles),
    register_row(0x37, Field::kCellAverageVoltage),
    register_row(0x38, Field::kCellDeltaVoltage),
    register_row(0x39, Field::kPower, 10),
});
static_assert(core::rows_fit<Field>(kLiveRows, register_bytes(0x3E)));

constexpr auto kTemperatures = std::to_array<RegisterField>({
    {0x2D, Field::kTemperatureMax},
    {0x2E, Field::kTemperatureMin},
    {0x42, Field::kMosTemperature},
    {0x43, Field::kBoardTemperature},
});
constexpr std::uint16_t kChargeMos = 0x35;
constexpr std::uint16_t kDischargeMos = 0x36;
constexpr auto kSwitches = std::to_array<RegisterField>({{kChargeMos, Field::kChargeMos}, {kDischargeMos, Field::kDischargeMos}});

constexpr LiveMap kLive{
    .cells = 0x00,
    .cell_slots = 32,
    .temperatures = 0x20,
    .pack = 0x28,
    .current = 0x29,
    .soc = 0x2A,
    .state = 0x2F,
    .cell_count = 0x31,
    .sensor_count = 0x32,
    .balance_state = 0x34,
    .balance_current = 0x40,
    .balance_masks = 0x3E,
    .mask_words = 2,
    .rows = kLiveRows,
    .single_temperatures = kTemperatures,
    .switches = kSwitches,
};
constexpr std::uint16_t kRemaining = 0x30;
constexpr std::uint16_t kCycles = 0x33;
constexpr std::uint16_t kAlarms = 0x3A;
constexpr std::uint16_t kLastAlarms = 0x3D;

constexpr auto kSettingRows = std::to_array<MapRow<BmsSetting>>({
    register_row(0x80, BmsSetting::kCapacity, 100),
    register_row(0x81, BmsSetting::kNominalCellVoltage),
    register_row(0x89, BmsSetting::kChemistry),
    register_row(0x8B, BmsSetting::kCellOvWarning),
    register_row(0x8C, BmsSetting::kCellOv),
    register_row(0x8D, BmsSetting::kCellUvWarning),
    register_row(0x8E, BmsSetting::kCellUv),
    register_row(0x97, BmsSetting::kChargeOtWarning, 10, -400),
    register_row(0x98, BmsSetting::kChargeOt, 10, -400),
    register_row(0x99, BmsSetting::kChargeUtWarning, 10, -400),
    register_row(0x9A, BmsSetting::kChargeUt, 10, -400),
    register_row(0x9B, BmsSetting::kDischargeOtWarning, 10, -400),
    register_row(0x9C, BmsSetting::kDischargeOt, 10, -400),
    register_row(0x9D, BmsSetting::kDischargeUtWarning, 10, -400),
    register_row(0x9E, BmsSetting::kDischargeUt, 10, -400),
    register_row(0x9F, BmsSetting::kCellDeltaWarning),
    register_row(0xA0, BmsSetting::kCellDelta),
    register_row(0xA1, BmsSetting::kTempDeltaWarning, 10),
    register_row(0xA2, BmsSetting::kTempDelta, 10),
    register_row(0xA3, BmsSetting::kBalanceStart),
    register_row(0xA4, BmsSetting::kBalanceDelta),
    register_row(0xA8, BmsSetting::kMosOt, 10, -400),
});
static_assert(core::rows_fit<BmsSetting>(kSettingRows, register_bytes(0xA9)));
// An active balancer has no such limits and fills them with zeros and 500 V.
constexpr auto kPackRows = std::to_array<MapRow<BmsSetting>>({
    register_row(0x8F, BmsSetting::kPackOvWarning, 100),
    register_row(0x90, BmsSetting::kPackOv, 100),
    register_row(0x91, BmsSetting::kPackUvWarning, 100),
    register_row(0x92, BmsSetting::kPackUv, 100),
});
constexpr std::uint16_t kPackLimit = 0x90;
constexpr auto kCurrentRows = std::to_array<RegisterSetting>({
    {0x93, BmsSetting::kChargeOcWarning},
    {0x94, BmsSetting::kChargeOc},
    {0x95, BmsSetting::kDischargeOcWarning},
    {0x96, BmsSetting::kDischargeOc},
});
constexpr std::uint16_t kBoards = 0x82;
constexpr std::uint16_t kCellsOfBoards = 0x83;
constexpr std::uint16_t kSensorsOfBoards = 0x86;
constexpr std::uint16_t kSleep = 0x8A;  // FFFF means never and is passed on
constexpr std::uint16_t kChargeRegister = 0xA5;
constexpr std::uint16_t kDischargeRegister = 0xA6;
constexpr std::uint16_t kVersion = 0xA9;
constexpr std::uint16_t kVersionCount = 0x20;
constexpr std::uint16_t kBalanceRegister = 0xCF;

constexpr auto kMarks = std::to_array<BlockMark>({{kLive.pack, ModbusBoard::kMain}, {kLive.balance_current, ModbusBoard::kExtra}});
constexpr auto kPlan = std::to_array<ModbusBlock>({
    {Part::kLive, 0x00, 0x3E},
    {Part::kLive, 0x3E, 9, true},  // boards of 62 registers are silent here
    {Part::kSettings, 0x80, 0x29},
    {Part::kSettings, kBalanceRegister, 1, true},
    {Part::kIdentity, kVersion, kVersionCount},
});
constexpr auto kListed = std::to_array<ListedBlock>({{124, 0x00}, {160, 0x00}, {18, 0x3E}, {82, 0x80}, {64, kVersion}});
constexpr auto kCommands = std::to_array<ModbusCommand>({
    {core::CommandId::kChargeMos, kChargeRegister},
    {core::CommandId::kDischargeMos, kDischargeRegister},
    {core::CommandId::kBalance, kBalanceRegister},
    {core::CommandId::kSetSoc, 0xA7},
    {core::CommandId::kRestart, 0xF0},
});

constexpr ModbusTraits kTraits{
    .info = daly_info("daly-d2", "Daly D2", 1),
    .addressing = {.request = 0xD2, .reply = 0xD2, .boards = 1},
    .secret = {.first = 0xC9, .last = 0xCB},
    .extra_fields = mask_of({Field::kBalanceCurrent, Field::kBalancingCell, Field::kMosTemperature, Field::kBoardTemperature}),
    .aside_fields = 0,
    .required = ModbusBoard::kMain,
    .marks = kMarks,
    .plan = kPlan,
    .listed = kListed,
    .commands = kCommands,
};

class DalyD2 final : public ModbusDialect {
 public:
  DalyD2() noexcept : ModbusDialect{kTraits} {}

 private:
  void take_block(ModbusBoard& board, std::uint16_t reg, Bytes data) noexcept override {
    const Registers registers{reg, data};
    if (reg < 0x80) {
      take_live_block(board, registers);
    } else {
      take_settings(board, registers);
      if (reg == kVersion && data.size() == register_bytes(kVersionCount)) take_version(board, data);
    }
  }

  static void take_live_block(ModbusBoard& board, const Registers& registers) noexcept {
    if (!take_live(board, kLive, registers)) return;
    if (!registers.has(kAlarms) || !registers.has(kLastAlarms)) return;
    std::array<std::uint8_t, 7> failure{};  // byte 0 of a word is its low byte; the last high byte is reserved
    for (unsigned i = 0; i < failure.size(); ++i) {
      failure[i] = static_cast<std::uint8_t>(registers[kAlarms + i / 2] >> (i % 2 == 0 ? 0U : 8U));
    }
    board.live.alarms.clear();
    add_failure_bits(failure, board.live.alarms);
    if (is_balancer(registers) && board.live.alarms.empty()) hide_placeholders(board);
  }

  /// An active balancer answers like a BMS but has neither shunt nor MOS: zeros everywhere, which a BMS at 0 % would raise alarms for.
  static bool is_balancer(const Registers& registers) noexcept {
    if (!registers.has(kLive.soc)) return false;
    for (const auto reg : {kLive.soc, kLive.state, kRemaining, kCycles, kChargeMos, kDischargeMos}) {
      if (registers[reg] != 0) return false;
    }
    return registers[kLive.current] == kDalyCurrentZero;
  }

  static void hide_placeholders(ModbusBoard& board) noexcept {
    using enum Field;
    board.has_current = false;
    for (const auto field : {kCurrent, kSoc, kState, kRemainingCapacity, Field::kCycles, Field::kChargeMos, Field::kDischargeMos, kPower}) {
      board.live.clear(field);
    }
  }

  static void take_settings(ModbusBoard& board, const Registers& registers) noexcept {
    using enum BmsSetting;
    auto& settings = board.settings;
    const std::size_t first_byte = register_bytes(registers.first);
    apply_from(std::span<const MapRow<BmsSetting>>{kSettingRows}, registers.data, first_byte, settings);
    const bool limits = !registers.has(kPackLimit) || registers[kPackLimit] != 0;
    if (limits) apply_from(std::span<const MapRow<BmsSetting>>{kPackRows}, registers.data, first_byte, settings);
    take_current_limits(settings, registers, kCurrentRows);
    if (registers.has(kSleep)) settings.set(kSleepTime, registers[kSleep]);
    if (registers.has(kBoards) && registers.has(kSensorsOfBoards + 2U)) take_counts(settings, registers);
    if (limits) {
      take_switch(settings, registers, kChargeRegister, kSwitchCharge);
      take_switch(settings, registers, kDischargeRegister, kSwitchDischarge);
    }
    take_switch(settings, registers, kBalanceRegister, kSwitchBalance);
    take_switch(settings, registers, kBalanceRegister, kActiveBalancer);
    board.settings_new = board.settings_new || registers.first < kVersion || registers.has(kBalanceRegister);
  }

  /// Only the boards that register 82 announces count; the places of the others hold leftovers.
  static void take_counts(core::BmsSettings& settings, const Registers& registers) noexcept {
    const unsigned boards = registers[kBoards];
    if (boards < 1 || boards > 3) return;
    unsigned cells = 0;
    unsigned sensors = 0;
    for (unsigned i = 0; i < boards; ++i) {
      cells += registers[kCellsOfBoards + i];
      sensors += registers[kSensorsOfBoards + i];
    }
    if (cells >= 1 && cells <= core::kMaxCells) settings.set(BmsSetting::kCellCount, static_cast<std::int32_t>(cells));
    if (sensors <= core::kMaxCells) settings.set(BmsSetting::kTemperatureSensors, static_cast<std::int32_t>(sensors));
  }

  static void take_version(ModbusBoard& board, Bytes data) noexcept {
    auto& identity = board.identity;
    const auto late = daly_text(data.subspan(32, 32));
    identity.software = daly_text(data.subspan(0, 16));
    identity.hardware = daly_text(data.subspan(16, 16));
    if (identity.hardware.empty()) {  // older firmware
      identity.hardware = late;
    } else if (late.find_first_not_of("0123456789") == std::string_view::npos) {
      identity.production_date = late;
    } else {
      identity.serial = late;
    }
    board.identity_new = true;
  }
};
static_assert(sizeof(DalyD2) <= kProtocolSize && alignof(DalyD2) <= alignof(std::max_align_t));

}  // namespace

core::Protocol* make_daly_d2(ProtocolStorage storage) noexcept { return new (storage.data()) DalyD2{}; }

}  // namespace bmsgate::protocols
