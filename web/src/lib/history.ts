// SPDX-License-Identifier: Apache-2.0
// Asks for history as charts need it: some fields over a range, no more points than the picture is wide.
import { api } from '../api/client.ts';
import type { Envelope, HistoryAnswer } from '../api/types.ts';
import { useLoad, type Loaded } from '../ui/load.ts';

export function historyRoute(pack: string, from: number, to: number, fields: readonly string[], points: number): string {
  return `/packs/${encodeURIComponent(pack)}/history?from=${Math.round(from)}&to=${Math.round(to)}&fields=${fields.join(',')}&points=${points}`;
}

export function useHistory(pack: string | null, from: number, to: number, fields: readonly string[], points = 1440): Loaded<HistoryAnswer> {
  const route = pack === null ? null : historyRoute(pack, from, to, fields, points);
  return useLoad(route, (abort) => api<HistoryAnswer>(route!, { signal: abort }));
}

/** The series of a field: one, or one per element. */
export function seriesOf(answer: HistoryAnswer | null, key: string): readonly Envelope[] {
  const series = answer?.series[key];
  return series === undefined ? [] : Array.isArray(series) ? (series as readonly Envelope[]) : [series as Envelope];
}

export function extremes(series: Envelope): { low: number | null; high: number | null } {
  let low: number | null = null;
  let high: number | null = null;
  series.min.forEach((value) => {
    if (value !== null && (low === null || value < low)) low = value;
  });
  series.max.forEach((value) => {
    if (value !== null && (high === null || value > high)) high = value;
  });
  return { low, high };
}

/** The index of the point nearest to a time, in a rising list. */
export function nearest(times: readonly number[], at: number): number {
  let low = 0;
  let high = times.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (times[middle]! <= at) low = middle;
    else high = middle;
  }
  return Math.abs((times[high] ?? 0) - at) < Math.abs((times[low] ?? 0) - at) ? high : low;
}
