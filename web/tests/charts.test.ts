// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { extremes, historyRoute, nearest, seriesOf } from '../src/lib/history.ts';
import { clampRange } from '../src/lib/range.ts';
import { levelOf, metricOf, monthGrid } from '../src/pages/history/days.tsx';
import { areaPath, linePath } from '../src/ui/spark.tsx';
import { pinched } from '../src/ui/chart_gestures.ts';
import { apart } from '../src/ui/chart_labels.ts';
import { clockChanges, timeLabels } from '../src/ui/chart_time.ts';

const kHour = 3600;

describe('history', () => {
  it('asks for what it needs', () => {
    expect(historyRoute('my pack', 1.4, 2, ['soc', 'power'], 200)).toBe('/packs/my%20pack/history?from=1&to=2&fields=soc,power&points=200');
  });
  it('takes a field of one or of many series', () => {
    const one = { min: [1], avg: [1], max: [1] };
    const answer = { from: 0, to: 1, step_s: 1, t: [0], series: { soc: one, cell_voltage: [one, one] } };
    expect(seriesOf(answer, 'soc')).toHaveLength(1);
    expect(seriesOf(answer, 'cell_voltage')).toHaveLength(2);
    expect(seriesOf(answer, 'none')).toHaveLength(0);
    expect(seriesOf(null, 'soc')).toHaveLength(0);
  });
  it('finds the nearest point and the extremes past gaps', () => {
    expect([nearest([0, 10, 20], 4), nearest([0, 10, 20], 6), nearest([0, 10, 20], 99)]).toEqual([0, 1, 2]);
    expect(extremes({ min: [null, 2, 1], avg: [], max: [null, 5, 4] })).toEqual({ low: 1, high: 5 });
    expect(extremes({ min: [null], avg: [null], max: [null] })).toEqual({ low: null, high: null });
  });
});

describe('range', () => {
  it('is never too short and never in the future', () => {
    expect(clampRange(100, 110, 10000)).toEqual([45, 165]);
    expect(clampRange(9900, 10900, 10000)).toEqual([9000, 10000]);
  });
  it('follows two fingers', () => {
    const [from, to] = pinched(0, 1000, 0.4, 0.6, 0.3, 0.7);
    expect([Math.round(from), Math.round(to)]).toEqual([250, 750]);
    const [a, b] = pinched(0, 1000, 0.4, 0.6, 0.5, 0.7);
    expect([Math.round(a), Math.round(b)]).toEqual([-100, 900]);
  });
});

describe('time axis', () => {
  it('names the day at its first label only', () => {
    const at = (day: number, hour: number) => new Date(2026, 10, day, hour).getTime() / 1000;
    expect(timeLabels([at(21, 20), at(22, 0), at(22, 4)], 4 * kHour)).toEqual(['20:00\n21 Nov', '00:00\n22 Nov', '04:00']);
    expect(timeLabels([at(21, 0), at(22, 0)], 86400)).toEqual(['21 Nov', '22 Nov']);
  });
  it('finds when the clocks change, to the second', () => {
    const change = 1_000_000;
    const found = clockChanges(0, 2_000_000, (at) => (at < change ? 60 : 120));
    expect(found).toEqual([{ at: change, words: 'clocks forward' }]);
    expect(clockChanges(0, 2_000_000, (at) => (at < change ? 120 : 60))[0]!.words).toBe('clocks back');
    expect(clockChanges(0, 2_000_000, () => 60)).toEqual([]);
  });
});

describe('small curves', () => {
  const box = { width: 100, height: 10, low: 0, high: 10 };
  it('lifts the pen at a gap', () => {
    expect(linePath([0, 10, null, 5, 5], box)).toBe('M0.0 10.0L25.0 0.0M75.0 5.0L100.0 5.0');
  });
  it('closes each area on its level', () => {
    expect(areaPath([10, null, 10, 10], 0, { ...box, width: 30 })).toBe(
      'M0.0 10.0L0.0 0.0L0.0 10.0ZM20.0 10.0L20.0 0.0L30.0 0.0L30.0 10.0Z',
    );
  });
});

describe('map of days', () => {
  it('begins weeks on Monday', () => {
    const grid = monthGrid('2026-11');
    expect(grid.indexOf('2026-11-01')).toBe(6);
    expect(grid.at(-1)).toBe('2026-11-30');
    expect(monthGrid('2028-02').filter(Boolean)).toHaveLength(29);
  });
  it('shades from least to most', () => {
    expect([levelOf(0, 0, 10), levelOf(5, 0, 10), levelOf(10, 0, 10), levelOf(3, 3, 3)]).toEqual([0, 2, 4, 2]);
    expect(metricOf({ date: '', soc_min: 20, soc_max: 95 }, 'soc_span')).toBe(75);
    expect(metricOf({ date: '' }, 'kwh_in')).toBe(null);
  });
});

describe('labels at the ends of lines', () => {
  it('do not lie on each other', () => {
    const placed: number[] = [];
    expect([apart(100, placed, 13), apart(140, placed, 13), apart(104, placed, 13), apart(139, placed, 13)]).toEqual([100, 140, 113, 127]);
  });
});
