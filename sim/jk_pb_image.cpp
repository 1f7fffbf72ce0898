// SPDX-License-Identifier: Apache-2.0
// Layouts of the JK-PB blocks. Source: vendor "BMS RS485 ModBus" V1.0/V1.1 (mirrored in mr-manuel/venus-os_dbus-serialbattery), captures of
// firmware 14.20 and 15.41.
#include "sim/jk_pb_image.hpp"

#include <cstdlib>

#include "sim/wire.hpp"

namespace bmsgate::sim {
namespace {

constexpr std::int16_t kNotFitted = -2000;
constexpr core::UtcMs kYear2020Ms = 1'577'836'800'000;

constexpr auto kAlarmBits = std::to_array<AlarmBit>({
    {core::AlarmId::kWireResistance, core::Severity::kHint, 0},
    {core::AlarmId::kMosOt, core::Severity::kHint, 1},
    {core::AlarmId::kCellCountMismatch, core::Severity::kHint, 2},
    {core::AlarmId::kCurrentSensorFault, core::Severity::kHint, 3},
    {core::AlarmId::kCellOv, core::Severity::kHint, 4},
    {core::AlarmId::kPackOv, core::Severity::kHint, 5},
    {core::AlarmId::kChargeOc, core::Severity::kHint, 6},
    {core::AlarmId::kChargeOt, core::Severity::kHint, 8},
    {core::AlarmId::kChargeUt, core::Severity::kHint, 9},
    {core::AlarmId::kCommFault, core::Severity::kHint, 10},
    {core::AlarmId::kCellUv, core::Severity::kHint, 11},
    {core::AlarmId::kPackUv, core::Severity::kHint, 12},
    {core::AlarmId::kDischargeOc, core::Severity::kHint, 13},
    {core::AlarmId::kShortCircuit, core::Severity::kHint, 14},
    {core::AlarmId::kDischargeOt, core::Severity::kHint, 15},
    {core::AlarmId::kChargeMosFault, core::Severity::kHint, 16},
    {core::AlarmId::kDischargeMosFault, core::Severity::kHint, 17},
    {core::AlarmId::kDefaultPassword, core::Severity::kHint, 19},
    {core::AlarmId::kBatteryOt, core::Severity::kHint, 21},
    {core::AlarmId::kSensorFault, core::Severity::kHint, 22},
});

std::uint64_t raw(std::int64_t value) { return static_cast<std::uint64_t>(value); }

void fill_cells(JkPbImage& image, const PackState& s, std::uint8_t cell_count) {
  for (std::size_t i = 0; i < s.cells && i < 32; ++i) {
    image.put16(6 + 2 * i, s.cell_mv[i]);
    image.put16(80 + 2 * i, s.wire_mohm[i]);
  }
  image.put32(70, cell_count >= 32 ? 0xFFFFFFFFU : (std::uint64_t{1} << cell_count) - 1);
  image.put16(74, s.average_mv);
  image.put16(76, static_cast<std::uint64_t>(s.max_mv - s.min_mv));
  image.put8(78, s.max_number - 1U);
  image.put8(79, s.min_number - 1U);
}

void fill_temperatures(JkPbImage& image, const PackState& s) {
  const auto probe = [&s](std::size_t i) { return raw(i < s.probes ? s.temperature_dc[i] : kNotFitted); };
  image.put16(144, raw(s.mos_temperature_dc));
  image.put16(162, probe(0));
  image.put16(164, probe(1));
  image.put16(254, raw(s.mos_temperature_dc));
  image.put16(256, probe(2));
  image.put16(258, probe(3));
  image.put8(214, 0xFF);
}

}  // namespace

void fill_live(JkPbImage& image, const PackModel& model, std::uint8_t cell_count) {
  const auto& s = model.state();
  fill_cells(image, s, cell_count);
  fill_temperatures(image, s);
  image.put32(150, s.pack_mv);
  image.put32(154, raw(std::int64_t{s.pack_mv} * std::abs(s.current_ma) / 1000));
  image.put32(158, raw(s.current_ma));
  image.put32(166, alarm_bits(kAlarmBits, s.alarms));
  const bool charging_low_cell = s.utc_ms / 4000 % 2 == 0;  // an active balancer takes and gives in turn
  image.put16(170, raw(charging_low_cell ? s.balance_ma : -s.balance_ma));
  image.put8(172, s.balancing_cells == 0 ? 0U : charging_low_cell ? 1U : 2U);
  image.put8(173, raw(rounded(s.soc_permille, 10)));
  image.put32(174, s.remaining_mah);
  image.put32(178, s.full_mah);
  image.put32(182, s.cycles);
  image.put32(186, s.cycled_mah);
  image.put8(190, raw(rounded(s.soh_permille, 10)));
  image.put32(194, s.runtime_s);
  image.put8(198, s.charge_mos ? 1 : 0);
  image.put8(199, s.discharge_mos ? 1 : 0);
  image.put8(215, s.heating ? 1 : 0);
  image.put16(234, s.pack_mv / 10);
  image.put16(236, s.heating ? 900 : 0);
  image.put8(245, s.state == core::State::kCharging ? 1 : 0);
  image.put32(246, std::uint64_t{s.runtime_s} * 10);
  image.put32(262, raw((s.utc_ms - kYear2020Ms) / 1000 + static_cast<std::int64_t>(model.profile().utc_offset_h * 3600)));
  image.put32(270, 86400);
}

void fill_settings(JkPbImage& image, const PackModel& model, std::uint8_t address) {
  const auto& s = model.state();
  const auto& l = model.limits();
  const auto& p = model.profile();
  const struct {
    std::uint16_t at;
    std::int64_t value;
  } rows[] = {
      {6, 3500},
      {10, l.cell_uv_mv},
      {14, l.cell_uv_release_mv},
      {18, l.cell_ov_mv},
      {22, l.cell_ov_release_mv},
      {26, static_cast<std::int64_t>(p.balance_delta_v * 1000 + 0.5)},
      {30, l.cell_full_mv},
      {34, l.cell_empty_mv},
      {38, 3450},
      {42, 3350},
      {46, 2500},
      {50, l.charge_oc_ma},
      {54, 3},
      {58, 60},
      {62, l.discharge_oc_ma},
      {66, 300},
      {70, 60},
      {74, 5},
      {78, static_cast<std::int64_t>(p.balance_a * 1000 + 0.5)},
      {82, l.charge_ot_dc},
      {86, l.charge_ot_dc - 50},
      {90, l.discharge_ot_dc},
      {94, l.discharge_ot_dc - 50},
      {98, l.charge_ut_dc},
      {102, l.charge_ut_dc + 50},
      {106, l.mos_ot_dc},
      {110, l.mos_ot_dc - 200},
      {114, s.cells},
      {118, s.charge_switch},
      {122, s.discharge_switch},
      {126, s.balance_switch},
      {130, s.nominal_mah},
      {134, 1500},
      {138, static_cast<std::int64_t>(p.balance_start_v * 1000 + 0.5)},
      {270, address},
      {278, 1'500'000},
  };
  for (const auto& row : rows) image.put32(row.at, raw(row.value));
  image.put16(282, 0x0010);
  image.put8(284, 60);
  image.put8(285, 50);
  image.put8(286, 24);
}

void fill_about(JkPbImage& image, const PackModel& model, std::uint8_t address) {
  image.put_text(6, "JK_PB2A16S20P", 16);
  image.put_text(22, "15A", 8);
  image.put_text(30, "15.41", 8);
  image.put32(38, model.state().runtime_s);
  image.put32(42, 22);
  const char name[] = {'P', 'a', 'c', 'k', ' ', static_cast<char>('A' + address), '\0'};
  image.put_text(46, name, 16);
  image.put_text(62, "1234", 16);
  image.put_text(78, "240914", 8);
  const char serial[] = {
      '4', '0', '1', '1', '9', '4', '9', '1', '4', static_cast<char>('0' + address / 10), static_cast<char>('0' + address % 10), '\0'};
  image.put_text(86, serial, 16);
  image.put_text(102, "JK-BMS", 16);
  image.put_text(118, "123456", 16);
  image.put8(184, 1);
}

}  // namespace bmsgate::sim
