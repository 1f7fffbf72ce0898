// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Alarm, Pack, Quality } from '../src/api/types.ts';
import { bankOf, capacityOf } from '../src/lib/bank.ts';
import { cellsOf, stateOf, trouble } from '../src/lib/values.ts';
import { alarmValue } from '../src/pages/status/alarms.tsx';

const pack = (id: string, fields: Pack['fields'], quality: Quality = 'good', alarms: Alarm[] = []): Pack => ({
  id,
  name: id,
  protocol: 'jk-pb',
  bus: 'b',
  address: 1,
  quality,
  age_s: 0,
  time: null,
  fields,
  alarms,
  info: {},
});

describe('cells', () => {
  it('marks the highest, the lowest and those that are balanced', () => {
    const view = cellsOf({ fields: { cell_voltage: [3.3, 3.304, 3.296], balancing_cell: [false, true, false] } });
    expect(view.cells.map((cell) => [cell.highest, cell.lowest, cell.balancing])).toEqual([
      [false, false, false],
      [true, false, true],
      [false, true, false],
    ]);
    expect(view.average).toBeCloseTo(3.3);
    expect(view.delta).toBeCloseTo(0.008);
  });

  it('grows its scale in steps', () => {
    const scale = (spread: number) => cellsOf({ fields: { cell_voltage: [3.3 - spread, 3.3 + spread] } }).scale;
    expect([scale(0.001), scale(0.006), scale(0.015), scale(0.08)]).toEqual([0.005, 0.01, 0.02, 0.1]);
  });

  it('leaves a hole a hole', () => {
    const view = cellsOf({ fields: { cell_voltage: [3.3, null, 3.31] } });
    expect(view.cells[1]).toMatchObject({ voltage: null, deviation: null, highest: false, lowest: false });
    expect(view.average).toBeCloseTo(3.305);
  });

  it('marks nothing while all are equal or missing', () => {
    expect(cellsOf({ fields: { cell_voltage: [3.3, 3.3] } }).cells.some((cell) => cell.highest || cell.lowest)).toBe(false);
    expect(cellsOf({ fields: { cell_voltage: [null, null] } })).toMatchObject({ average: null, delta: null });
    expect(cellsOf({ fields: {} }).cells).toEqual([]);
  });
});

describe('state', () => {
  it('believes the pack, else the sign of its current', () => {
    expect(stateOf({ fields: { state: 'idle', current: 5 } })).toBe('idle');
    expect(stateOf({ fields: { current: -0.2 } })).toBe('discharging');
    expect(stateOf({ fields: {} })).toBe(null);
  });
});

describe('bank', () => {
  const fields = (soc: number, capacity: number, volts = 53, current = 10) => ({
    soc,
    full_capacity: capacity,
    pack_voltage: volts,
    current,
    power: volts * current,
    remaining_capacity: (capacity * soc) / 100,
    cell_voltage: [volts / 16, volts / 16 - 0.01 * (soc / 100)],
  });

  it('weighs the SOC by capacity', () => {
    expect(bankOf([pack('a', fields(80, 300)), pack('b', fields(20, 100))]).soc).toBeCloseTo(65);
  });

  it('leaves out what is not heard and says why', () => {
    const bank = bankOf([pack('a', fields(80, 100)), pack('b', fields(20, 100), 'stale'), pack('c', { pack_voltage: 53 })]);
    expect(bank).toMatchObject({ total: 3, online: 2 });
    expect(bank.soc).toBeCloseTo(80);
    expect(bank.leftOut).toEqual([
      { pack: 'b', name: 'b', reason: 'stale' },
      { pack: 'c', name: 'c', reason: 'no_soc' },
    ]);
  });

  it('adds currents of packs of one voltage only', () => {
    expect(bankOf([pack('a', fields(80, 100)), pack('b', fields(80, 100))])).toMatchObject({ parallel: true, current: 20 });
    expect(bankOf([pack('a', fields(80, 100)), pack('b', fields(80, 100, 26))])).toMatchObject({
      parallel: false,
      current: null,
      voltage: null,
    });
  });

  it('finds the weakest cell anywhere', () => {
    expect(bankOf([pack('a', fields(10, 100)), pack('b', fields(90, 100))]).weakest).toMatchObject({ pack: 'b', cell: 2 });
  });

  it('has no numbers without packs', () => {
    expect(bankOf([])).toMatchObject({ soc: null, power: null, weakest: null, timeToFull: null, shares: [] });
  });

  it('says how long until full or empty', () => {
    const bank = bankOf([pack('a', fields(50, 100, 50, 10))]);
    expect(bank.state).toBe('charging');
    expect(bank.timeToFull).toBeCloseTo(5 * 3600);
    expect(bank.timeToEmpty).toBe(null);
  });
});

describe('trouble', () => {
  it('sorts alarms before silence before warnings before calm', () => {
    const list = [
      pack('calm', {}),
      pack('warning', {}, 'good', [{ key: 'cell_delta', severity: 'warning' }]),
      pack('alarm', {}, 'good', [{ key: 'cell_ov', severity: 'alarm' }]),
      pack('silent', {}, 'stale'),
    ];
    expect(list.sort((a, b) => trouble(b) - trouble(a)).map((one) => one.id)).toEqual(['alarm', 'silent', 'warning', 'calm']);
  });
});

describe('alarm values', () => {
  it.each([
    ['cell_uv', 2.662, '2.662 V'],
    ['cell_delta', 0.082, '82 mV'],
    ['soc_low', 8, '8 %'],
    ['charge_oc', 151.25, '+151.3 A'],
    ['mos_ot', 96, '96.0 °C'],
    ['other', 3, '3.0'],
    ['cell_ov', null, ''],
  ])('%s', (key, value, text) => expect(alarmValue({ key, value }).replace(/\u202f/g, ' ')).toBe(text));
});

it('guesses a capacity that is not named', () => {
  expect(capacityOf({ fields: { full_capacity: 266, nominal_capacity: 280 } })).toBe(266);
  expect(capacityOf({ fields: { remaining_capacity: 50, soc: 50 } })).toBe(100);
  expect(capacityOf({ fields: { remaining_capacity: 0.1, soc: 1 } })).toBe(0);
});
