// SPDX-License-Identifier: Apache-2.0
// Made from core/field.def by scripts/gen.ts. Do not edit.

export type Kind = 'number' | 'bool' | 'state' | 'clock';
export type Category = 'main' | 'cells' | 'temps' | 'switch' | 'energy' | 'detail';
export type Tier = 'never' | 'recent' | 'minute' | 'always';

export interface FieldInfo {
  key: string;
  label: string;
  unit: string;
  decimals: number;
  count: number;
  kind: Kind;
  precision: number;
  category: Category;
  tier: Tier;
}

export const FIELDS: readonly FieldInfo[] = [
  { key: 'pack_voltage', label: 'Pack voltage', unit: 'V', decimals: 3, count: 1, kind: 'number', precision: 2, category: 'main', tier: 'always' },
  { key: 'current', label: 'Current', unit: 'A', decimals: 3, count: 1, kind: 'number', precision: 1, category: 'main', tier: 'always' },
  { key: 'power', label: 'Power', unit: 'W', decimals: 1, count: 1, kind: 'number', precision: 0, category: 'main', tier: 'always' },
  { key: 'soc', label: 'State of charge', unit: '%', decimals: 1, count: 1, kind: 'number', precision: 0, category: 'main', tier: 'always' },
  { key: 'soh', label: 'State of health', unit: '%', decimals: 1, count: 1, kind: 'number', precision: 0, category: 'detail', tier: 'always' },
  { key: 'state', label: 'State', unit: '', decimals: 0, count: 1, kind: 'state', precision: 0, category: 'main', tier: 'minute' },
  { key: 'remaining_capacity', label: 'Remaining capacity', unit: 'Ah', decimals: 3, count: 1, kind: 'number', precision: 1, category: 'main', tier: 'always' },
  { key: 'full_capacity', label: 'Full-charge capacity', unit: 'Ah', decimals: 3, count: 1, kind: 'number', precision: 1, category: 'detail', tier: 'always' },
  { key: 'nominal_capacity', label: 'Nominal capacity', unit: 'Ah', decimals: 3, count: 1, kind: 'number', precision: 1, category: 'detail', tier: 'minute' },
  { key: 'cycles', label: 'Cycles', unit: '', decimals: 0, count: 1, kind: 'number', precision: 0, category: 'detail', tier: 'always' },
  { key: 'cycled_capacity', label: 'Cycled capacity', unit: 'Ah', decimals: 3, count: 1, kind: 'number', precision: 0, category: 'detail', tier: 'always' },
  { key: 'cell_count', label: 'Cells', unit: '', decimals: 0, count: 1, kind: 'number', precision: 0, category: 'detail', tier: 'never' },
  { key: 'cell_voltage', label: 'Cell voltage', unit: 'V', decimals: 3, count: 48, kind: 'number', precision: 3, category: 'cells', tier: 'always' },
  { key: 'wire_resistance', label: 'Wire resistance', unit: 'mΩ', decimals: 0, count: 32, kind: 'number', precision: 0, category: 'cells', tier: 'minute' },
  { key: 'cell_min_voltage', label: 'Lowest cell', unit: 'V', decimals: 3, count: 1, kind: 'number', precision: 3, category: 'cells', tier: 'always' },
  { key: 'cell_min_number', label: 'Lowest cell number', unit: '', decimals: 0, count: 1, kind: 'number', precision: 0, category: 'cells', tier: 'minute' },
  { key: 'cell_max_voltage', label: 'Highest cell', unit: 'V', decimals: 3, count: 1, kind: 'number', precision: 3, category: 'cells', tier: 'always' },
  { key: 'cell_max_number', label: 'Highest cell number', unit: '', decimals: 0, count: 1, kind: 'number', precision: 0, category: 'cells', tier: 'minute' },
  { key: 'cell_average_voltage', label: 'Average cell', unit: 'V', decimals: 3, count: 1, kind: 'number', precision: 3, category: 'cells', tier: 'always' },
  { key: 'cell_delta_voltage', label: 'Cell spread', unit: 'V', decimals: 3, count: 1, kind: 'number', precision: 3, category: 'cells', tier: 'always' },
  { key: 'temperature', label: 'Temperature', unit: '°C', decimals: 1, count: 8, kind: 'number', precision: 1, category: 'temps', tier: 'always' },
  { key: 'temperature_min', label: 'Lowest temperature', unit: '°C', decimals: 1, count: 1, kind: 'number', precision: 1, category: 'temps', tier: 'always' },
  { key: 'temperature_max', label: 'Highest temperature', unit: '°C', decimals: 1, count: 1, kind: 'number', precision: 1, category: 'temps', tier: 'always' },
  { key: 'mos_temperature', label: 'MOS temperature', unit: '°C', decimals: 1, count: 1, kind: 'number', precision: 1, category: 'temps', tier: 'always' },
  { key: 'board_temperature', label: 'Board temperature', unit: '°C', decimals: 1, count: 1, kind: 'number', precision: 1, category: 'temps', tier: 'minute' },
  { key: 'heater_temperature', label: 'Heater temperature', unit: '°C', decimals: 1, count: 1, kind: 'number', precision: 1, category: 'temps', tier: 'minute' },
  { key: 'balance_current', label: 'Balance current', unit: 'A', decimals: 3, count: 1, kind: 'number', precision: 2, category: 'cells', tier: 'minute' },
  { key: 'balancing', label: 'Balancing', unit: '', decimals: 0, count: 1, kind: 'bool', precision: 0, category: 'cells', tier: 'minute' },
  { key: 'balancing_cell', label: 'Balancing cell', unit: '', decimals: 0, count: 48, kind: 'bool', precision: 0, category: 'cells', tier: 'recent' },
  { key: 'charge_mos', label: 'Charge MOS', unit: '', decimals: 0, count: 1, kind: 'bool', precision: 0, category: 'switch', tier: 'minute' },
  { key: 'discharge_mos', label: 'Discharge MOS', unit: '', decimals: 0, count: 1, kind: 'bool', precision: 0, category: 'switch', tier: 'minute' },
  { key: 'charge_switch', label: 'Charge switch', unit: '', decimals: 0, count: 1, kind: 'bool', precision: 0, category: 'switch', tier: 'minute' },
  { key: 'discharge_switch', label: 'Discharge switch', unit: '', decimals: 0, count: 1, kind: 'bool', precision: 0, category: 'switch', tier: 'minute' },
  { key: 'balance_switch', label: 'Balance switch', unit: '', decimals: 0, count: 1, kind: 'bool', precision: 0, category: 'switch', tier: 'minute' },
  { key: 'precharge_mos', label: 'Precharge MOS', unit: '', decimals: 0, count: 1, kind: 'bool', precision: 0, category: 'switch', tier: 'recent' },
  { key: 'heating', label: 'Heating', unit: '', decimals: 0, count: 1, kind: 'bool', precision: 0, category: 'switch', tier: 'minute' },
  { key: 'fan', label: 'Fan', unit: '', decimals: 0, count: 1, kind: 'bool', precision: 0, category: 'switch', tier: 'recent' },
  { key: 'charger_connected', label: 'Charger connected', unit: '', decimals: 0, count: 1, kind: 'bool', precision: 0, category: 'switch', tier: 'recent' },
  { key: 'load_connected', label: 'Load connected', unit: '', decimals: 0, count: 1, kind: 'bool', precision: 0, category: 'switch', tier: 'recent' },
  { key: 'runtime', label: 'Running time', unit: 's', decimals: 0, count: 1, kind: 'number', precision: 0, category: 'detail', tier: 'never' },
  { key: 'energy_charged', label: 'Energy charged', unit: 'kWh', decimals: 3, count: 1, kind: 'number', precision: 2, category: 'energy', tier: 'always' },
  { key: 'energy_discharged', label: 'Energy discharged', unit: 'kWh', decimals: 3, count: 1, kind: 'number', precision: 2, category: 'energy', tier: 'always' },
  { key: 'charge_charged', label: 'Charge taken in', unit: 'Ah', decimals: 3, count: 1, kind: 'number', precision: 1, category: 'energy', tier: 'always' },
  { key: 'charge_discharged', label: 'Charge given out', unit: 'Ah', decimals: 3, count: 1, kind: 'number', precision: 1, category: 'energy', tier: 'always' },
  { key: 'time_to_full', label: 'Time to full', unit: 's', decimals: 0, count: 1, kind: 'number', precision: 0, category: 'main', tier: 'never' },
  { key: 'time_to_empty', label: 'Time to empty', unit: 's', decimals: 0, count: 1, kind: 'number', precision: 0, category: 'main', tier: 'never' },
  { key: 'soc_max_today', label: 'Highest SOC today', unit: '%', decimals: 1, count: 1, kind: 'number', precision: 0, category: 'detail', tier: 'never' },
  { key: 'soc_max_today_at', label: 'Highest SOC today at', unit: '', decimals: 0, count: 1, kind: 'clock', precision: 0, category: 'detail', tier: 'never' },
  { key: 'alarm', label: 'Alarm', unit: '', decimals: 0, count: 1, kind: 'bool', precision: 0, category: 'main', tier: 'minute' },
  { key: 'heartbeat', label: 'Heartbeat', unit: '', decimals: 0, count: 1, kind: 'number', precision: 0, category: 'detail', tier: 'never' },
];

/** Keys for the few places that are designed round one datum. */
export const Field = {
  packVoltage: 'pack_voltage',
  current: 'current',
  power: 'power',
  soc: 'soc',
  soh: 'soh',
  state: 'state',
  remainingCapacity: 'remaining_capacity',
  fullCapacity: 'full_capacity',
  nominalCapacity: 'nominal_capacity',
  cycles: 'cycles',
  cycledCapacity: 'cycled_capacity',
  cellCount: 'cell_count',
  cellVoltage: 'cell_voltage',
  wireResistance: 'wire_resistance',
  cellMinVoltage: 'cell_min_voltage',
  cellMinNumber: 'cell_min_number',
  cellMaxVoltage: 'cell_max_voltage',
  cellMaxNumber: 'cell_max_number',
  cellAverageVoltage: 'cell_average_voltage',
  cellDeltaVoltage: 'cell_delta_voltage',
  temperature: 'temperature',
  temperatureMin: 'temperature_min',
  temperatureMax: 'temperature_max',
  mosTemperature: 'mos_temperature',
  boardTemperature: 'board_temperature',
  heaterTemperature: 'heater_temperature',
  balanceCurrent: 'balance_current',
  balancing: 'balancing',
  balancingCell: 'balancing_cell',
  chargeMos: 'charge_mos',
  dischargeMos: 'discharge_mos',
  chargeSwitch: 'charge_switch',
  dischargeSwitch: 'discharge_switch',
  balanceSwitch: 'balance_switch',
  prechargeMos: 'precharge_mos',
  heating: 'heating',
  fan: 'fan',
  chargerConnected: 'charger_connected',
  loadConnected: 'load_connected',
  runtime: 'runtime',
  energyCharged: 'energy_charged',
  energyDischarged: 'energy_discharged',
  chargeCharged: 'charge_charged',
  chargeDischarged: 'charge_discharged',
  timeToFull: 'time_to_full',
  timeToEmpty: 'time_to_empty',
  socMaxToday: 'soc_max_today',
  socMaxTodayAt: 'soc_max_today_at',
  alarm: 'alarm',
  heartbeat: 'heartbeat',
} as const;
