// SPDX-License-Identifier: Apache-2.0
import { afterEach, describe, expect, it } from 'vitest';
import { FIELDS, Field } from '../src/gen/fields.ts';
import {
  axisText,
  bytes,
  clockIn,
  clockOf,
  duration,
  fieldInfo,
  fieldShown,
  fieldText,
  isoDay,
  join,
  millivolts,
  number,
  power,
  temperature,
  when,
} from '../src/lib/format.ts';
import { loadLanguage } from '../src/lib/i18n.ts';
import { setPref } from '../src/lib/prefs.ts';

const plain = (text: string) => text.replace(/[\u202f\u00a0]/g, ' ');
const shown = (key: string, value: number | boolean | string | null) => plain(join(fieldShown(fieldInfo(key)!, value)));

afterEach(async () => {
  setPref('temperature', 'auto');
  setPref('clock', 'auto');
  await loadLanguage('en');
});

describe('numbers', () => {
  it.each([
    [53.274, 2, false, '53.27'],
    [-18.7, 1, true, '−18.7'],
    [18.7, 1, true, '+18.7'],
    [0, 1, true, '0.0'],
    [-0.04, 1, false, '0.0'],
    [0.04, 1, true, '0.0'],
    [1234, 0, false, '1234'],
    [12345, 0, false, '12,345'],
    [null, 1, false, '–'],
    [undefined, 1, false, '–'],
    [Number.NaN, 1, false, '–'],
  ])('%s with %i decimals', (value, decimals, signed, text) => expect(number(value, decimals, signed)).toBe(text));

  it('takes the comma of the language', async () => {
    await loadLanguage('de');
    expect(number(3.352, 3)).toBe('3,352');
    await loadLanguage('it');
    expect(number(-0.5, 1)).toBe('−0,5');
  });
});

describe('quantities as people say them', () => {
  it.each([
    [996, '+996 W'],
    [1240, '+1.24 kW'],
    [-18700, '−18.70 kW'],
    [0, '0 W'],
  ])('%s W', (watts, text) => expect(plain(join(power(watts, true)))).toBe(text));

  it('says millivolts between cells', () => {
    expect(plain(join(millivolts(0.011)))).toBe('11 mV');
    expect(shown(Field.cellDeltaVoltage, 0.011)).toBe('11 mV');
  });

  it.each([
    [Field.packVoltage, 53.274, '53.27 V'],
    [Field.current, 18.74, '+18.7 A'],
    [Field.soc, 87.4, '87 %'],
    [Field.cellVoltage, 3.352, '3.352 V'],
    [Field.remainingCapacity, 205.04, '205.0 Ah'],
    [Field.timeToFull, 6000, '1 h 40 min'],
    [Field.chargeMos, true, 'On'],
    [Field.state, 'idle', 'Resting'],
    [Field.socMaxTodayAt, '13:12', '13:12'],
    [Field.socMaxTodayAt, 792, '13:12'],
  ])('%s', (key, value, text) => expect(shown(key, value)).toBe(text));

  it('shows every field of the table as missing, never as zero', () => {
    for (const field of FIELDS) expect(fieldShown(field, null).text).toBe('–');
  });

  it('joins the elements of an array and keeps holes', () => {
    expect(fieldText(fieldInfo(Field.cellVoltage)!, [3.3, null, 3.301])).toBe('3.300 · – · 3.301');
  });
});

describe('temperature', () => {
  it('follows the choice of unit', () => {
    expect(plain(join(temperature(22.5)))).toBe('22.5 °C');
    setPref('temperature', 'F');
    expect(plain(join(temperature(22.5)))).toBe('72.5 °F');
    expect(shown(Field.mosTemperature, 0)).toBe('32.0 °F');
  });
});

describe('time', () => {
  it.each([
    [0, '0 s'],
    [59, '59 s'],
    [60, '1 min'],
    [6000, '1 h 40 min'],
    [7200, '2 h'],
    [200000, '2 d 8 h'],
    [8640000, '100 d'],
    [null, '–'],
  ])('%s s', (seconds, text) => expect(plain(duration(seconds))).toBe(text));

  it('writes 12 or 24 hours', () => {
    expect(clockOf(792)).toBe('13:12');
    setPref('clock', '12h');
    expect(plain(clockOf(792))).toBe('1:12 pm');
    expect(plain(clockOf(0))).toBe('12:00 am');
  });

  it('leaves the date out today', () => {
    const now = new Date(2026, 10, 22, 18, 0).getTime();
    expect(when(new Date(2026, 10, 22, 14, 2), now)).toBe('14:02');
    expect(when(new Date(2026, 10, 21, 14, 2), now)).toBe('Sat 21 Nov, 14:02');
    expect(isoDay(new Date(2026, 10, 2, 23, 59))).toBe('2026-11-02');
  });

  it("reads the gateway's clock, not the browser's", () => {
    expect(plain(clockIn('Australia/Lord_Howe', '2026-11-22T14:02:00Z'))).toBe('Mon 23 Nov, 01:02 (Australia/Lord_Howe)');
    expect(plain(clockIn('CET-1CEST,M3.5.0', '2026-11-22T14:02:00Z'))).toBe('Sun 22 Nov, 14:02 (UTC)');
  });
});

describe('axis', () => {
  const axis = (key: string, value: number, step: number) => plain(axisText(fieldInfo(key)!, value, step));
  it('has as many decimals as its steps need', () => {
    expect(axis(Field.power, 2000, 1000)).toBe('2 kW');
    expect(axis(Field.power, 500, 500)).toBe('0.5 kW');
    expect(axis(Field.power, -250, 250)).toBe('−0.25 kW');
    expect(axis(Field.power, 50, 50)).toBe('50 W');
    expect(axis(Field.packVoltage, 53.5, 0.5)).toBe('53.5 V');
    expect(axis(Field.cellDeltaVoltage, 0.01, 0.005)).toBe('10 mV');
  });
});

describe('bytes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [7810, '7.8 kB'],
    [219_900_000, '220 MB'],
    [null, '–'],
  ])('%s', (value, text) => expect(plain(bytes(value))).toBe(text));
});
