// SPDX-License-Identifier: Apache-2.0
// History, days, energy, statistics and findings as the API gives them, made from the model.
import { hash, isGap, kDays, kSpecs, momentAt, scalarsOf, type Spec } from './model.ts';

const iso = (t: number) => new Date(t * 1000).toISOString();
const round = (value: number, decimals: number) => Math.round(value * 10 ** decimals) / 10 ** decimals;
export const specOf = (id: string) => kSpecs.find((spec) => spec.id === id);

export function seconds(text: string | null, fallback: number): number {
  if (!text) return fallback;
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : Date.parse(text) / 1000;
}

interface Series {
  min: (number | null)[];
  avg: (number | null)[];
  max: (number | null)[];
}

const kProbes = [0.15, 0.5, 0.85];

export function history(spec: Spec, from: number, to: number, fields: readonly string[], points: number) {
  const step = Math.max(1, Math.ceil((to - from) / Math.max(1, points)));
  const first = Math.ceil(from / step) * step;
  const t: number[] = [];
  const series: Record<string, Series | Series[]> = {};
  const fresh = (): Series => ({ min: [], avg: [], max: [] });
  for (const key of fields) {
    const many = key === 'cell_voltage' ? spec.cells : key === 'temperature' ? momentAt(spec, from).temperatures.length : 0;
    series[key] = many ? Array.from({ length: many }, fresh) : fresh();
  }
  const now = Date.now() / 1000;
  for (let at = first; at <= to; at += step) {
    t.push(at);
    const gone = at > now || isGap(at);
    const probes = gone ? [] : kProbes.map((part) => momentAt(spec, at + part * step));
    const put = (target: Series, values: number[], decimals: number) => {
      target.min.push(values.length ? Math.min(...values) : null);
      target.max.push(values.length ? Math.max(...values) : null);
      target.avg.push(values.length ? round(values.reduce((sum, value) => sum + value, 0) / values.length, decimals) : null);
    };
    const scalars = probes.map((m) => scalarsOf(spec, m));
    for (const key of fields) {
      const target = series[key]!;
      if (Array.isArray(target)) {
        target.forEach((one, i) =>
          put(
            one,
            probes.map((m) => (key === 'temperature' ? round(m.temperatures[i]!, 1) : m.cells[i]!)),
            4,
          ),
        );
      } else {
        put(
          target,
          scalars.map((values) => values[key]).filter((value): value is number => value !== undefined),
          3,
        );
      }
    }
  }
  return { from, to, step_s: step, t, series };
}

export function csv(spec: Spec, from: number, to: number, every: number): string {
  const keys = Object.keys(scalarsOf(spec, momentAt(spec, from)));
  const lines = [['time', ...keys, ...Array.from({ length: spec.cells }, (_, i) => `cell_voltage_${i + 1}`)].join(',')];
  for (let at = Math.ceil(from / every) * every; at <= to; at += every) {
    if (isGap(at)) continue;
    const m = momentAt(spec, at);
    lines.push([iso(at), ...Object.values(scalarsOf(spec, m)), ...m.cells].join(','));
  }
  return `${lines.join('\n')}\n`;
}

const localDay = (t: number) => {
  const date = new Date(t * 1000);
  return `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, '0')}-${String(date.getDate()).padStart(2, '0')}`;
};

export interface DayRow {
  date: string;
  kwh_in: number;
  kwh_out: number;
  [key: string]: number | string | boolean;
}

const kept = new Map<string, DayRow>();

function dayRow(spec: Spec, date: string): DayRow {
  const name = `${spec.id}/${date}`;
  const known = kept.get(name);
  if (known) return known;
  const start = new Date(`${date}T00:00:00`).getTime() / 1000;
  const end = Math.min(start + 86400, Date.now() / 1000);
  const row: DayRow = {
    date,
    kwh_in: 0,
    kwh_out: 0,
    ah_in: 0,
    ah_out: 0,
    soc_min: 101,
    soc_min_at: 0,
    soc_max: -1,
    soc_max_at: 0,
    cell_min: 9,
    cell_min_number: 1,
    cell_max: 0,
    cell_max_number: 1,
    delta_max: 0,
    temperature_min: 99,
    temperature_max: -99,
    hours_full: 0,
    cycles: 0,
    complete: true,
  };
  for (let t = start; t < end; t += 600) {
    const m = momentAt(spec, t);
    const s = scalarsOf(spec, m);
    const kwh = (m.voltage * m.current) / 6000;
    if (kwh > 0) row.kwh_in += kwh;
    else row.kwh_out -= kwh * 0.965;
    if (s.soc! < (row.soc_min as number)) [row.soc_min, row.soc_min_at] = [s.soc!, (t - start) / 60];
    if (s.soc! > (row.soc_max as number)) [row.soc_max, row.soc_max_at] = [s.soc!, (t - start) / 60];
    if (s.cell_min_voltage! < (row.cell_min as number)) [row.cell_min, row.cell_min_number] = [s.cell_min_voltage!, s.cell_min_number!];
    if (s.cell_max_voltage! > (row.cell_max as number)) [row.cell_max, row.cell_max_number] = [s.cell_max_voltage!, s.cell_max_number!];
    row.delta_max = Math.max(row.delta_max as number, s.cell_delta_voltage!);
    row.temperature_min = Math.min(row.temperature_min as number, s.temperature_min!);
    row.temperature_max = Math.max(row.temperature_max as number, s.temperature_max!);
    if (m.soc > 99.5) (row.hours_full as number) += 1 / 6;
  }
  const volts = spec.cells * 3.3;
  row.ah_in = round((row.kwh_in * 1000) / volts, 1);
  row.ah_out = round((row.kwh_out * 1000) / volts, 1);
  row.cycles = round((row.kwh_out * 1000) / volts / spec.capacity, 3);
  row.kwh_in = round(row.kwh_in, 3);
  row.kwh_out = round(row.kwh_out, 3);
  row.hours_full = round(row.hours_full as number, 1);
  row.complete = end === start + 86400;
  if (row.complete) kept.set(name, row);
  return row;
}

export function days(spec: Spec, from: string | null, to: string | null): DayRow[] {
  const now = Math.floor(Date.now() / 1000);
  const all: DayRow[] = [];
  for (let i = kDays - 1; i >= 0; --i) {
    const date = localDay(now - i * 86400);
    if ((from && date < from) || (to && date > to)) continue;
    if (hash(i, 31) > 0.985) continue;
    all.push(dayRow(spec, date));
  }
  return all;
}

export function energy(spec: Spec, by: string) {
  const sums = new Map<
    string,
    { period: string; kwh_in: number; kwh_out: number; ah_in: number; ah_out: number; efficiency_pct: number; cycles: number }
  >();
  for (const day of days(spec, null, null)) {
    const period = day.date.slice(0, by === 'year' ? 4 : 7);
    const sum = sums.get(period) ?? { period, kwh_in: 0, kwh_out: 0, ah_in: 0, ah_out: 0, efficiency_pct: 0, cycles: 0 };
    sum.kwh_in += day.kwh_in;
    sum.kwh_out += day.kwh_out;
    sum.cycles += day.cycles as number;
    sum.efficiency_pct = round((sum.kwh_out / sum.kwh_in) * 100, 1);
    sums.set(period, sum);
  }
  return [...sums.values()].map((sum) => ({
    ...sum,
    kwh_in: round(sum.kwh_in, 1),
    kwh_out: round(sum.kwh_out, 1),
    cycles: round(sum.cycles, 2),
  }));
}

export function statistics(spec: Spec) {
  const all = days(spec, null, null);
  const best = (key: string, sign: 1 | -1) => all.reduce((a, b) => (sign * (b[key] as number) > sign * (a[key] as number) ? b : a));
  const sum = (key: string) =>
    round(
      all.reduce((total, day) => total + (day[key] as number), 0),
      1,
    );
  const at = (day: DayRow, key?: string) =>
    new Date(new Date(`${day.date}T00:00:00`).getTime() + (key ? (day[key] as number) : 720) * 60000).toISOString();
  const socMin = best('soc_min', -1);
  const socMax = best('soc_max', 1);
  const cellMin = best('cell_min', -1);
  const cellMax = best('cell_max', 1);
  const delta = best('delta_max', 1);
  const cold = best('temperature_min', -1);
  const hot = best('temperature_max', 1);
  return {
    since: all[0]!.date,
    kwh_in: sum('kwh_in'),
    kwh_out: sum('kwh_out'),
    ah_in: sum('ah_in'),
    ah_out: sum('ah_out'),
    efficiency_pct: round((sum('kwh_out') / sum('kwh_in')) * 100, 1),
    cycles: sum('cycles'),
    soc_min: socMin.soc_min,
    soc_min_time: at(socMin, 'soc_min_at'),
    soc_max: socMax.soc_max,
    soc_max_time: at(socMax, 'soc_max_at'),
    cell_min: cellMin.cell_min,
    cell_min_number: cellMin.cell_min_number,
    cell_min_time: at(cellMin),
    cell_max: cellMax.cell_max,
    cell_max_number: cellMax.cell_max_number,
    cell_max_time: at(cellMax),
    delta_max: delta.delta_max,
    delta_max_time: at(delta),
    temperature_min: cold.temperature_min,
    temperature_min_time: at(cold),
    temperature_max: hot.temperature_max,
    temperature_max_time: at(hot),
    hours_full: sum('hours_full'),
  };
}

export function findings(spec: Spec) {
  const now = Math.floor(Date.now() / 1000);
  const chart = (cell: number) => ({ from: now - 7 * 86400, to: now, fields: ['cell_voltage'], cells: [cell] });
  const list = [];
  if (spec.weakCell) {
    list.push({
      key: 'low_capacity',
      severity: 'warning',
      cell: spec.weakCell,
      score: 0.82,
      params: { cell: spec.weakCell, times: 41, of: 50, amount: 6.2 },
      text: `cell ${spec.weakCell} is the lowest at the end of 41 of 50 discharges: it holds about 6 % less`,
      chart: chart(spec.weakCell),
    });
  }
  if (spec.resistiveCell) {
    list.push({
      key: 'high_resistance',
      severity: 'warning',
      cell: spec.resistiveCell,
      score: 0.61,
      params: { cell: spec.resistiveCell, times: 212, of: 212, amount: 1.1 },
      text: `cell ${spec.resistiveCell} answers load steps like 1.1 mΩ`,
      chart: chart(spec.resistiveCell),
    });
  }
  return { computed: iso(now - 3600), based_on_days: kDays, findings: list };
}

export function storage() {
  const now = Math.floor(Date.now() / 1000);
  return {
    tiers: [
      {
        key: 'recent',
        label: 'Every reading',
        retention_days: 14,
        size_limit_mb: 500,
        used_bytes: 118_400_000,
        from: iso(now - 14 * 86400),
        to: iso(now),
        lasts_days: 14,
      },
      {
        key: 'minute',
        label: '1 minute',
        retention_days: 400,
        size_limit_mb: null,
        used_bytes: 96_200_000,
        from: iso(now - kDays * 86400),
        to: iso(now),
        lasts_days: 400,
      },
      {
        key: 'always',
        label: '20 minutes',
        retention_days: null,
        size_limit_mb: null,
        used_bytes: 5_300_000,
        from: iso(now - kDays * 86400),
        to: iso(now),
        lasts_days: 9000,
      },
    ],
    used_bytes: 219_900_000,
    free_bytes: 24_800_000_000,
    written_bytes_per_day: 9_400_000,
    message: '',
  };
}
