// SPDX-License-Identifier: Apache-2.0
// Daly boards that speak Modbus RTU: D2 (one board a line, the same address both ways) and P81 (asked as 80+board, answers as 50+board).
// Source: syssi/esphome-daly-bms (register maps and captures), antonkostryukov/daly-bms-protocol, patagonaa/esphome-daly-hkms-bms.
#include <fmt/format.h>

#include <optional>

#include "sim/daly_alarms.hpp"
#include "sim/families.hpp"

namespace bmsgate::sim {
namespace {

constexpr core::Duration kDelay{65'000};
constexpr std::uint16_t kMaxRegisters = 0x78;
constexpr std::uint16_t kNoProbe = 255;

using Register = std::optional<std::uint16_t>;

Register reg16(std::int64_t value) { return static_cast<std::uint16_t>(value); }

Register characters(std::string_view text, std::size_t at, char fill) {
  const auto one = [&](std::size_t i) { return static_cast<std::uint8_t>(i < text.size() ? text[i] : fill); };
  return static_cast<std::uint16_t>(one(at) << 8U | one(at + 1));
}

std::int16_t extreme_probe(const PackState& s, bool high) {
  const auto begin = s.temperature_dc.begin();
  const auto end = begin + std::max<std::uint8_t>(s.probes, 1);
  return high ? *std::max_element(begin, end) : *std::min_element(begin, end);
}

std::int64_t probe(const PackState& s, std::size_t i) {
  return i < s.probes ? static_cast<std::int64_t>(daly_temperature(s.temperature_dc[i])) : kNoProbe;
}

std::int64_t power_w(const PackState& s) { return std::int64_t{s.pack_mv} * std::abs(s.current_ma) / 1'000'000; }

struct View {
  const PackModel& model;
  const PackState& s;
  const Limits& l;
  bool inverted;
  std::uint8_t cells;  // as reported
};

std::int64_t balance_mode(const View& v) { return v.s.balancing_cells == 0 ? 0 : v.model.profile().balancer == Balancer::kActive ? 2 : 1; }

// ---- D2

Register d2_live(const View& v, std::uint16_t reg) {
  const auto& s = v.s;
  if (reg < 0x20) return reg16(reg < s.cells ? s.cell_mv[reg] : 0);
  if (reg < 0x28) return reg16(probe(s, reg - 0x20U));
  const auto alarms = alarm_bits(kDalyAlarmBits, s.alarms);
  switch (reg) {
    case 0x28: return reg16(rounded(s.pack_mv, 100));
    case 0x29: return reg16(static_cast<std::int64_t>(daly_current(s.current_ma, v.inverted)));
    case 0x2A: return reg16(s.soc_permille);
    case 0x2B: return reg16(s.max_mv);
    case 0x2C: return reg16(s.min_mv);
    case 0x2D: return reg16(static_cast<std::int64_t>(daly_temperature(extreme_probe(s, true))));
    case 0x2E: return reg16(static_cast<std::int64_t>(daly_temperature(extreme_probe(s, false))));
    case 0x2F: return reg16(static_cast<std::int64_t>(s.state));
    case 0x30: return reg16(rounded(s.remaining_mah, 100));
    case 0x31: return reg16(v.cells);
    case 0x32: return reg16(s.probes);
    case 0x33: return reg16(s.cycles);
    case 0x34: return reg16(balance_mode(v));
    case 0x35: return reg16(s.charge_mos);
    case 0x36: return reg16(s.discharge_mos);
    case 0x37: return reg16(s.average_mv);
    case 0x38: return reg16(s.max_mv - s.min_mv);
    case 0x39: return reg16(power_w(s));
    case 0x3A:
    case 0x3B:
    case 0x3C: return reg16(static_cast<std::int64_t>(alarms >> (16 * (reg - 0x3AU)) & 0xFFFFU));
    case 0x3D: return reg16(static_cast<std::int64_t>(alarms >> 48U & 0xFFU));
    case 0x3E:
    case 0x3F: return reg16(static_cast<std::int64_t>(s.balancing_cells >> (16 * (reg - 0x3EU)) & 0xFFFFU));
    case 0x40: return reg16(30000 + s.balance_ma);
    case 0x42: return reg16(static_cast<std::int64_t>(daly_temperature(s.mos_temperature_dc)));
    case 0x41:
    case 0x43: return reg16(0);
    default: return reg < 0x50 ? reg16(0xFFFF) : std::nullopt;
  }
}

Register d2_settings(const View& v, std::uint16_t reg) {
  const auto& l = v.l;
  const auto& p = v.model.profile();
  const std::int64_t n = v.s.cells;
  const auto temp = [](int dc) { return reg16(static_cast<std::int64_t>(daly_temperature(dc))); };
  switch (reg) {
    case 0x80: return reg16(v.s.nominal_mah / 100);
    case 0x81: return reg16(p.chemistry == Chemistry::kLfp ? 3200 : 3650);
    case 0x82: return reg16(1);
    case 0x83: return reg16(n);
    case 0x86: return reg16(v.s.probes);
    case 0x89: return reg16(p.chemistry == Chemistry::kLfp ? 0 : 1);
    case 0x8A: return reg16(3600);
    case 0x8B: return reg16(l.cell_ov_mv - 50);
    case 0x8C: return reg16(l.cell_ov_mv);
    case 0x8D: return reg16(l.cell_uv_mv + 200);
    case 0x8E: return reg16(l.cell_uv_mv);
    case 0x8F: return reg16((l.cell_ov_mv - 50) * n / 100);
    case 0x90: return reg16(l.cell_ov_mv * n / 100);
    case 0x91: return reg16((l.cell_uv_mv + 200) * n / 100);
    case 0x92: return reg16(l.cell_uv_mv * n / 100);
    case 0x93: return reg16(30000 - std::int64_t{l.charge_oc_ma} * 9 / 1000);
    case 0x94: return reg16(30000 - std::int64_t{l.charge_oc_ma} / 100);
    case 0x95: return reg16(30000 + std::int64_t{l.discharge_oc_ma} * 9 / 1000);
    case 0x96: return reg16(30000 + std::int64_t{l.discharge_oc_ma} / 100);
    case 0x97: return temp(l.charge_ot_dc - 50);
    case 0x98: return temp(l.charge_ot_dc);
    case 0x99: return temp(l.charge_ut_dc + 50);
    case 0x9A: return temp(l.charge_ut_dc);
    case 0x9B: return temp(l.discharge_ot_dc - 50);
    case 0x9C: return temp(l.discharge_ot_dc);
    case 0x9D: return temp(l.discharge_ut_dc + 50);
    case 0x9E: return temp(l.discharge_ut_dc);
    case 0x9F: return reg16(l.cell_delta_mv / 2);
    case 0xA0: return reg16(l.cell_delta_mv);
    case 0xA1: return reg16(10);
    case 0xA2: return reg16(15);
    case 0xA3: return reg16(static_cast<std::int64_t>(p.balance_start_v * 1000 + 0.5));
    case 0xA4: return reg16(static_cast<std::int64_t>(p.balance_delta_v * 1000 + 0.5));
    case 0xA5: return reg16(v.s.charge_switch);
    case 0xA6: return reg16(v.s.discharge_switch);
    case 0xA7: return reg16(v.s.soc_permille);
    case 0xA8: return temp(l.mos_ot_dc);
    case 0xCC: return reg16(0x1806);
    case 0xCD: return reg16(0x0C00);
    case 0xCF: return reg16(v.s.balance_switch);
    default: break;
  }
  if (reg >= 0xA9 && reg < 0xB1) return characters("A2001-92701202", 2U * (reg - 0xA9U), '\0');
  if (reg >= 0xB1 && reg < 0xB9) return characters("E303-030TS-SMB", 2U * (reg - 0xB1U), '\0');
  if (reg >= 0xB9 && reg < 0xC9) return characters("20240612", 2U * (reg - 0xB9U), ' ');
  if (reg >= 0xC9 && reg < 0xCC) return characters("123456", 2U * (reg - 0xC9U), '\0');
  return reg >= 0x80 && reg < 0xA9 ? reg16(0) : std::nullopt;
}

Register d2_register(const View& v, std::uint16_t reg) { return reg < 0x50 ? d2_live(v, reg) : d2_settings(v, reg); }

bool d2_write(PackModel& model, std::uint16_t reg, std::uint16_t value) {
  switch (reg) {
    case 0xA5: model.set_charge_switch(value != 0); return value <= 1;
    case 0xA6: model.set_discharge_switch(value != 0); return value <= 1;
    case 0xA7: model.set_soc(value); return value <= 1000;
    case 0xCF: model.set_balance_switch(value != 0); return value <= 1;
    case 0xF0: model.restart(); return true;
    default: return false;
  }
}

// ---- P81

/// The levels and flags of the fault words 6D-73 as one number of 112 bits would be; here word by word.
std::uint16_t p81_faults(const core::AlarmList& alarms, std::uint16_t word) {
  struct Place {
    core::AlarmId id;
    std::uint16_t word;
    std::uint8_t bit;
    bool level;  // three bits: 1 warning, 2 protection
  };
  constexpr auto kPlaces = std::to_array<Place>({
      {core::AlarmId::kCellOv, 0x6D, 0, true},
      {core::AlarmId::kCellUv, 0x6D, 3, true},
      {core::AlarmId::kCellDelta, 0x6D, 8, true},
      {core::AlarmId::kChargeOt, 0x6D, 11, true},
      {core::AlarmId::kChargeUt, 0x6E, 0, true},
      {core::AlarmId::kDischargeOt, 0x6E, 3, true},
      {core::AlarmId::kDischargeUt, 0x6E, 8, true},
      {core::AlarmId::kTempDelta, 0x6E, 11, true},
      {core::AlarmId::kPackOv, 0x6F, 0, true},
      {core::AlarmId::kPackUv, 0x6F, 3, true},
      {core::AlarmId::kShortCircuit, 0x6F, 6, false},
      {core::AlarmId::kChargeOc, 0x6F, 8, true},
      {core::AlarmId::kDischargeOc, 0x6F, 11, true},
      {core::AlarmId::kSocLow, 0x70, 0, true},
      {core::AlarmId::kMosOt, 0x70, 8, true},
      {core::AlarmId::kAfeFault, 0x72, 8, false},
      {core::AlarmId::kCurrentSensorFault, 0x72, 14, false},
      {core::AlarmId::kSensorFault, 0x72, 15, false},
      {core::AlarmId::kMemoryFault, 0x73, 1, false},
      {core::AlarmId::kChargeMosFault, 0x73, 4, false},
      {core::AlarmId::kDischargeMosFault, 0x73, 5, false},
      {core::AlarmId::kPrechargeFault, 0x73, 7, false},
  });
  unsigned bits = 0;
  for (const auto& alarm : alarms) {
    for (const auto& place : kPlaces) {
      if (place.id != alarm.id || place.word != word) continue;
      const unsigned level = !place.level || alarm.severity != core::Severity::kAlarm ? 1U : 2U;
      bits |= level << place.bit;
    }
  }
  return static_cast<std::uint16_t>(bits);
}

Register p81_live(const View& v, std::uint16_t reg) {
  const auto& s = v.s;
  if (reg < 0x30) return reg16(reg < s.cells ? s.cell_mv[reg] : 0);
  if (reg < 0x38) return reg16(probe(s, reg - 0x30U));
  if (reg >= 0x6D && reg <= 0x73) return p81_faults(s.alarms, reg);
  const auto local_s = s.utc_ms / 1000;
  switch (reg) {
    case 0x38: return reg16(rounded(s.pack_mv, 100));
    case 0x39: return reg16(static_cast<std::int64_t>(daly_current(s.current_ma, v.inverted)));
    case 0x3A: return reg16(s.soc_permille);
    case 0x3B: return reg16(local_s & 0xFF);
    case 0x3C: return reg16(v.cells);
    case 0x3D: return reg16(s.probes);
    case 0x3E: return reg16(s.max_mv);
    case 0x3F: return reg16(s.max_number);
    case 0x40: return reg16(s.min_mv);
    case 0x41: return reg16(s.min_number);
    case 0x42: return reg16(s.max_mv - s.min_mv);
    case 0x43: return reg16(static_cast<std::int64_t>(daly_temperature(extreme_probe(s, true))));
    case 0x44: return reg16(1);
    case 0x45: return reg16(static_cast<std::int64_t>(daly_temperature(extreme_probe(s, false))));
    case 0x46: return reg16(1);
    case 0x47: return reg16(rounded(extreme_probe(s, true) - extreme_probe(s, false), 10));
    case 0x48: return reg16(static_cast<std::int64_t>(s.state));
    case 0x4B: return reg16(rounded(s.remaining_mah, 100));
    case 0x4C: return reg16(s.cycles);
    case 0x4D: return reg16(balance_mode(v));
    case 0x4E: return reg16(30000 + s.balance_ma);
    case 0x4F:
    case 0x50:
    case 0x51: return reg16(static_cast<std::int64_t>(s.balancing_cells >> (16 * (reg - 0x4FU)) & 0xFFFFU));
    case 0x52: return reg16(s.charge_mos);
    case 0x53: return reg16(s.discharge_mos);
    case 0x54: return reg16(0);
    case 0x55: return reg16(s.heating);
    case 0x56: return reg16(0);
    case 0x57: return reg16(s.average_mv);
    case 0x58: return reg16(power_w(s));
    case 0x59: return reg16(std::int64_t{s.remaining_mah} / 1000 * s.pack_mv / 1000);
    case 0x5A: return reg16(static_cast<std::int64_t>(daly_temperature(s.mos_temperature_dc)));
    case 0x5B:
    case 0x5C: return reg16(kNoProbe);
    case 0xA9: return reg16(s.runtime_s >> 16U);
    case 0xAA: return reg16(s.runtime_s & 0xFFFFU);
    case 0xF6: return reg16(s.balance_switch);
    default: return reg < 0x7C ? reg16(0) : std::nullopt;
  }
}

Register p81_settings(const View& v, std::uint8_t board, std::uint16_t reg) {
  const auto& p = v.model.profile();
  switch (reg) {
    case 0x100: return reg16(board);
    case 0x101: return reg16(v.s.cells);
    case 0x106: return reg16(v.s.probes);
    case 0x109: return reg16(v.s.nominal_mah >> 16U);
    case 0x10A: return reg16(v.s.nominal_mah & 0xFFFFU);
    case 0x114: return reg16(p.chemistry == Chemistry::kLfp ? 3200 : 3650);
    case 0x115: return reg16(360);
    case 0x116: return reg16(v.s.soc_permille);
    case 0x117: return reg16(static_cast<std::int64_t>(p.balance_a * 1000 + 0.5));
    case 0x119: return reg16(v.s.balance_switch);
    case 0x11A: return reg16(static_cast<std::int64_t>(p.balance_start_v * 1000 + 0.5));
    case 0x11B: return reg16(static_cast<std::int64_t>(p.balance_delta_v * 1000 + 0.5));
    case 0x121: return reg16(v.s.charge_switch);
    case 0x122: return reg16(v.s.discharge_switch);
    default: break;
  }
  if (reg >= 0x126 && reg < 0x129) return characters("123456", 2U * (reg - 0x126U), '\0');
  if (reg >= 0x178 && reg < 0x186) return characters("12_240612_K00TH2.1_103E_30XF", 2U * (reg - 0x178U), '\0');
  if (reg >= 0x186 && reg < 0x18D) return characters("DL_HKMS_3.2.E", 2U * (reg - 0x186U), '\0');
  if (reg >= 0x18D && reg < 0x199) return characters("221LD24061201", 2U * (reg - 0x18DU), '\0');
  return reg >= 0x100 && reg < 0x200 ? reg16(0) : std::nullopt;
}

bool p81_write(PackModel& model, std::uint16_t reg, std::uint16_t value) {
  switch (reg) {
    case 0x121: model.set_charge_switch(value != 0); return value <= 1;
    case 0x122: model.set_discharge_switch(value != 0); return value <= 1;
    case 0x119:
    case 0xF6: model.set_balance_switch(value != 0); return value <= 1;
    case 0x116: model.set_soc(value); return value <= 1000;
    case 0x174: return true;
    case 0xF0: model.restart(); return false;  // no echo
    default: return false;
  }
}

// ---- the line

class DalyModbus final : public Device {
 public:
  enum class Dialect : std::uint8_t { kD2, kP81 };
  DalyModbus(Dialect dialect, std::vector<Pack> packs, const DeviceOptions& options)
      : dialect_{dialect}, packs_{std::move(packs)}, options_{options} {}

  std::size_t hear(std::span<const std::uint8_t> heard, std::vector<Answer>& answers) override;
  std::string_view last_request() const override { return last_; }
  bool mirrors_in_sleep() const override { return true; }

 private:
  [[nodiscard]] const Pack* find(std::uint8_t request_address) const;
  [[nodiscard]] bool is_address(std::uint8_t byte) const { return dialect_ == Dialect::kD2 ? byte == 0xD2 : byte > 0x80 && byte <= 0x91; }
  [[nodiscard]] Bytes read(const Pack& pack, std::uint16_t reg, std::uint16_t count) const;
  [[nodiscard]] Register value(const Pack& pack, std::uint16_t reg) const;
  [[nodiscard]] std::uint8_t reply_address(const Pack& pack) const {
    const unsigned right = dialect_ == Dialect::kD2 ? 0xD2U : 0x50U + pack.address;
    return static_cast<std::uint8_t>(right + (faults.wrong_address ? 1U : 0U));
  }

  Dialect dialect_;
  std::vector<Pack> packs_;
  DeviceOptions options_;
  std::string last_;
};

const Pack* DalyModbus::find(std::uint8_t request_address) const {
  if (dialect_ == Dialect::kD2) return &packs_[0];
  for (const auto& pack : packs_) {
    if (pack.address == request_address - 0x80) return &pack;
  }
  return nullptr;
}

std::size_t DalyModbus::hear(std::span<const std::uint8_t> heard, std::vector<Answer>& answers) {
  constexpr std::size_t kRequestSize = 8;
  if (!is_address(heard[0])) return 1;
  if (heard.size() < kRequestSize) return 0;
  const auto request = heard.first(kRequestSize);
  if (!core::crc16_modbus_ok(request)) return 1;
  const auto* pack = find(request[0]);
  if (pack == nullptr) return kRequestSize;
  const auto reg = static_cast<std::uint16_t>(request[2] << 8U | request[3]);
  const auto argument = static_cast<std::uint16_t>(request[4] << 8U | request[5]);
  Bytes reply;
  if (request[1] == 0x03) {
    last_ = fmt::format("board {}: read {:04X}+{}", pack->address, reg, argument);
    reply = read(*pack, reg, argument);
  } else if (request[1] == 0x06) {
    last_ = fmt::format("board {}: write {:04X} = {}", pack->address, reg, argument);
    const bool echoed = dialect_ == Dialect::kD2 ? d2_write(*pack->model, reg, argument) : p81_write(*pack->model, reg, argument);
    if (echoed) {
      reply.assign(request.begin(), request.end() - 2);
      reply[0] = reply_address(*pack);
      put_crc16(reply);
    }
  }
  if (!reply.empty()) answers.push_back({std::move(reply), kDelay, pack->address, true});
  return kRequestSize;
}

Register DalyModbus::value(const Pack& pack, std::uint16_t reg) const {
  const auto& model = *pack.model;
  const auto cells = faults.wrong_cell_count != 0 ? faults.wrong_cell_count : model.state().cells;
  const View view{model, model.state(), model.limits(), options_.inverted_current, cells};
  if (dialect_ == Dialect::kD2) return d2_register(view, reg);
  const auto value = reg < 0x100 ? p81_live(view, reg) : p81_settings(view, pack.address, reg);
  return value ? value : Register{0xFFFF};  // what a P81 board lacks reads as FFFF; a D2 board stays silent
}

Bytes DalyModbus::read(const Pack& pack, std::uint16_t reg, std::uint16_t count) const {
  if (count == 0 || count > kMaxRegisters) return {};
  Bytes frame{reply_address(pack), 0x03, static_cast<std::uint8_t>(2 * count)};
  for (std::uint16_t i = 0; i < count; ++i) {
    const auto register_value = value(pack, static_cast<std::uint16_t>(reg + i));
    if (!register_value) return {};
    put_be(frame, *register_value, 2);
  }
  put_crc16(frame);
  return frame;
}

}  // namespace

std::unique_ptr<Device> make_daly_d2(std::vector<Pack> packs, const DeviceOptions& options) {
  return std::make_unique<DalyModbus>(DalyModbus::Dialect::kD2, std::move(packs), options);
}

std::unique_ptr<Device> make_daly_p81(std::vector<Pack> packs, const DeviceOptions& options) {
  return std::make_unique<DalyModbus>(DalyModbus::Dialect::kP81, std::move(packs), options);
}

}  // namespace bmsgate::sim
