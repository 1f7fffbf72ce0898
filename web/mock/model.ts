// SPDX-License-Identifier: Apache-2.0
// Made-up packs whose values at any moment follow from the moment alone: state of charge and current are simulated once in steps of five
// minutes over 200 days, cells follow from their capacity, resistance and a little noise.

export interface Spec {
  id: string;
  name: string;
  protocol: string;
  bus: string;
  address: number;
  cells: number;
  capacity: number;
  share: number;
  model: string;
  weakCell?: number;
  resistiveCell?: number;
}

export const kSpecs: readonly Spec[] = [
  {
    id: 'house-1',
    name: 'House 1',
    protocol: 'jk-pb',
    bus: 'rs485',
    address: 1,
    cells: 16,
    capacity: 280,
    share: 1,
    model: 'JK-PB2A16S20P',
    weakCell: 7,
  },
  {
    id: 'house-2',
    name: 'House 2',
    protocol: 'jk-pb',
    bus: 'rs485',
    address: 2,
    cells: 16,
    capacity: 280,
    share: 0.94,
    model: 'JK-PB2A16S20P',
  },
  { id: 'boat', name: 'Boat', protocol: 'jk-nw', bus: 'gps', address: 1, cells: 8, capacity: 230, share: 0.5, model: 'JK-B2A8S20P' },
  {
    id: 'shed',
    name: 'Shed',
    protocol: 'daly-a5',
    bus: 'daly',
    address: 1,
    cells: 16,
    capacity: 105,
    share: 0.3,
    model: 'Daly 16S 100A',
    resistiveCell: 12,
  },
];

const kStep = 300;
export const kDays = 200;
const kStart = Math.floor(Date.now() / 1000 / kStep) * kStep - kDays * 86400;

/** A number in [0, 1) that always is the same for the same input. */
export function hash(a: number, b: number, c = 0): number {
  let h = (a * 374761393 + b * 668265263 + c * 2147483647) | 0;
  h = Math.imul(h ^ (h >>> 13), 1274126177);
  h = Math.imul(h ^ (h >>> 16), 2246822519);
  return ((h ^ (h >>> 15)) >>> 0) / 4294967296;
}

const kOcv = [
  [0, 2.75],
  [4, 3.02],
  [9, 3.19],
  [18, 3.245],
  [40, 3.288],
  [62, 3.312],
  [80, 3.33],
  [94, 3.345],
  [98, 3.38],
  [100, 3.47],
  [101, 3.55],
] as const;

function ocv(soc: number): number {
  for (let i = 1; i < kOcv.length; ++i) {
    const [x1, y1] = kOcv[i]!;
    const [x0, y0] = kOcv[i - 1]!;
    if (soc <= x1) return y0 + ((Math.max(soc, 0) - x0) / (x1 - x0)) * (y1 - y0);
  }
  return 3.55;
}

/** What flows if the battery takes it: sun by day, a household by day and night. */
function wish(seconds: number): number {
  const hour = (seconds / 3600 + 1) % 24;
  const day = Math.floor(seconds / 86400);
  const sky = 0.45 + 0.55 * hash(day, 1);
  const cloud = 0.75 + 0.25 * hash(Math.floor(seconds / 1200), 2);
  const sun = hour > 7 && hour < 18 ? Math.sin(((hour - 7) / 11) * Math.PI) * 92 * sky * cloud : 0;
  const evening = hour > 17.5 && hour < 22.5 ? 14 : 0;
  const kettle = hash(Math.floor(seconds / 900), 3) > 0.93 ? 28 : 0;
  return sun - (9 + evening + kettle + 4 * hash(Math.floor(seconds / 600), 4));
}

interface Track {
  soc: number[];
  current: number[];
}
const tracks = new Map<string, Track>();

function extend(spec: Spec, until: number): Track {
  let track = tracks.get(spec.id);
  if (!track) {
    track = { soc: [62], current: [0] };
    tracks.set(spec.id, track);
  }
  const scale = (spec.share * spec.capacity) / 280;
  while (kStart + (track.soc.length - 1) * kStep <= until) {
    const t = kStart + track.soc.length * kStep;
    const before = track.soc.at(-1)!;
    let current = wish(t) * scale;
    if (current > 0 && before > 97.5) current *= Math.max(0, (100.2 - before) / 2.7);
    if (current < 0 && before < 34) current *= Math.max(0.05, (before - 18) / 16);
    if (Math.abs(current) < 0.2) current = 0;
    track.current.push(current);
    track.soc.push(Math.min(100, Math.max(0, before + ((current * kStep) / 3600 / spec.capacity) * 100)));
  }
  return track;
}

export interface Moment {
  soc: number;
  current: number;
  voltage: number;
  cells: number[];
  temperatures: number[];
  mos: number;
  balancing: boolean[];
}

/** The machine was off: gaps stay gaps. */
export const isGap = (t: number) => t < kStart || Math.abs((t % 432000) - 201600) < 1500;

export function momentAt(spec: Spec, t: number): Moment {
  const track = extend(spec, t + kStep);
  const at = Math.max(0, (t - kStart) / kStep);
  const i = Math.floor(at);
  const part = at - i;
  const soc = track.soc[i]! * (1 - part) + track.soc[i + 1]! * part;
  const ripple = (hash(Math.floor(t), 9, spec.address) - 0.5) * 0.6;
  const base = track.current[i]! * (1 - part) + track.current[i + 1]! * part;
  const current = base === 0 ? 0 : base + ripple;
  const ageing = 1 - (0.06 * (t - kStart)) / (kDays * 86400);
  const cells = Array.from({ length: spec.cells }, (_, n) => {
    const weak = spec.weakCell === n + 1;
    const capacity = weak ? 0.94 * ageing : 0.995 + 0.01 * hash(n, 5, spec.address);
    const own = 100 - (100 - soc) / capacity + (weak ? 0.6 : (hash(n, 6, spec.address) - 0.5) * 0.5);
    const ohm = (spec.resistiveCell === n + 1 ? 1.1 : 0.28 + 0.06 * hash(n, 7, spec.address)) / 1000;
    const noise = (hash(Math.floor(t / 3), n, 8) - 0.5) * 0.0014;
    return Math.round((ocv(own) + current * ohm + noise + (hash(n, 10, spec.address) - 0.5) * 0.004) * 1000) / 1000;
  });
  const high = Math.max(...cells);
  const low = Math.min(...cells);
  const hour = (t / 3600 + 1) % 24;
  const warm = 17 + 5 * Math.sin(((hour - 9) / 24) * 2 * Math.PI) + (Math.abs(current) / spec.capacity) * 22;
  return {
    soc,
    current,
    voltage: cells.reduce((sum, volts) => sum + volts, 0),
    cells,
    temperatures: [warm, warm - 1.3 + hash(Math.floor(t / 900), 11)].slice(0, spec.protocol === 'daly-a5' ? 1 : 2),
    mos: warm + 4 + (Math.abs(current) / spec.capacity) * 40,
    balancing: cells.map((volts) => high > 3.34 && high - low > 0.012 && volts >= high - 0.004),
  };
}

const round = (value: number, decimals: number) => Math.round(value * 10 ** decimals) / 10 ** decimals;

/** The scalar fields of a moment by public key; `cell_voltage` and `temperature` aside. */
export function scalarsOf(spec: Spec, m: Moment): Record<string, number> {
  const high = Math.max(...m.cells);
  const low = Math.min(...m.cells);
  return {
    pack_voltage: round(m.voltage, 2),
    current: round(m.current, 1),
    power: round(m.voltage * m.current, 1),
    soc: round(m.soc, 1),
    remaining_capacity: round((m.soc * spec.capacity) / 100, 1),
    cell_min_voltage: low,
    cell_min_number: m.cells.indexOf(low) + 1,
    cell_max_voltage: high,
    cell_max_number: m.cells.indexOf(high) + 1,
    cell_average_voltage: round(m.voltage / m.cells.length, 3),
    cell_delta_voltage: round(high - low, 3),
    temperature_min: round(Math.min(...m.temperatures), 1),
    temperature_max: round(Math.max(...m.temperatures), 1),
    mos_temperature: round(m.mos, 1),
  };
}
