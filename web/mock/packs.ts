// SPDX-License-Identifier: Apache-2.0
// Pack objects, buses and events as the API gives them, made from the model.
import { hash, kSpecs, momentAt, scalarsOf, type Spec } from './model.ts';

/** What a test changed: quality of a pack, an alarm, a switch that was set, whether commands are armed. */
export const changed = {
  quality: new Map<string, string>(),
  alarms: new Map<string, object[]>(),
  switches: new Map<string, boolean>(),
  armed: false,
};

const iso = (t: number) => new Date(t * 1000).toISOString();
const round = (value: number, decimals: number) => Math.round(value * 10 ** decimals) / 10 ** decimals;

export function packObject(spec: Spec, t: number, admin = false) {
  const m = momentAt(spec, t);
  const scalars = scalarsOf(spec, m);
  const full = spec.capacity * (spec.weakCell ? 0.95 : 0.99);
  const jk = spec.protocol.startsWith('jk');
  const on = (key: string) => changed.switches.get(`${spec.id}/${key}`) ?? true;
  const state = m.current > 0.3 ? 'charging' : m.current < -0.3 ? 'discharging' : 'idle';
  const quality = changed.quality.get(spec.id) ?? 'good';
  return {
    id: spec.id,
    name: spec.name,
    protocol: spec.protocol,
    bus: spec.bus,
    address: spec.address,
    quality,
    age_s: quality === 'good' ? 0.2 : quality === 'held' ? 14 : 126,
    time: iso(t),
    fields: {
      ...scalars,
      soh: spec.protocol === 'jk-pb' ? (spec.weakCell ? 95 : 99) : undefined,
      state,
      full_capacity: round(full, 1),
      nominal_capacity: spec.capacity,
      cycles: 212 + spec.address * 17,
      cell_count: spec.cells,
      cell_voltage: m.cells,
      wire_resistance: spec.protocol === 'jk-pb' ? m.cells.map((_, n) => 54 + Math.round(20 * hash(n, 12))) : undefined,
      temperature: m.temperatures.map((value) => round(value, 1)),
      balance_current: jk ? (m.balancing.some(Boolean) ? 0.62 : 0) : undefined,
      balancing: m.balancing.some(Boolean),
      balancing_cell: m.balancing,
      charge_mos: on('charge_mos'),
      discharge_mos: on('discharge_mos'),
      charge_switch: jk ? on('charge_mos') : undefined,
      discharge_switch: jk ? on('discharge_mos') : undefined,
      balance_switch: jk ? on('balance') : undefined,
      heating: spec.protocol === 'jk-pb' ? false : undefined,
      runtime: jk ? 18000000 + (Math.floor(t) % 1000000) : undefined,
      energy_charged: round(4120.4 * spec.share, 2),
      energy_discharged: round(3954.1 * spec.share, 2),
      time_to_full: state === 'charging' ? Math.round((((full * (100 - m.soc)) / 100 / m.current) * 3600) / 60) * 60 : undefined,
      time_to_empty: state === 'discharging' ? Math.round((((full * m.soc) / 100 / -m.current) * 3600) / 60) * 60 : undefined,
      soc_max_today: 100,
      soc_max_today_at: '13:12',
      alarm: (changed.alarms.get(spec.id)?.length ?? 0) > 0,
      heartbeat: spec.protocol === 'daly-a5' ? Math.floor(t) % 256 : undefined,
    },
    alarms: changed.alarms.get(spec.id) ?? [],
    info: {
      manufacturer: jk ? 'JK' : 'Daly',
      model: spec.model,
      hardware: jk ? '11.XW' : '',
      software: jk ? '11.54' : '2.1',
      serial: `40${spec.address}5012${spec.cells}`,
    },
    ...(changed.armed && admin ? { commands: ['charge_mos', 'discharge_mos', 'balance', 'set_soc', 'restart'] } : {}),
  };
}

function stats(seed: number, errors: number) {
  const requests = 86400 - seed * 311;
  const bad = Math.round(requests * errors);
  return {
    requests,
    replies: requests - bad * 2,
    success_pct: round(((requests - bad * 2) / requests) * 100, 2),
    timeouts: bad,
    bad_checks: bad,
    truncated: Math.round(bad / 9),
    bytes_skipped: bad * 14,
    echoes: 0,
    rejected: Math.round(bad / 30),
    unconfirmed: Math.round(bad / 11),
    latency_ms: {
      bounds: [5, 10, 20, 40, 60, 80, 120, 200, 350, 500, 1000],
      counts: [0, 4, 40, 52000, 30000, 2500, 310, 42, 8, 1, 0, 0],
      median: seed === 3 ? 66 : 39,
      p95: seed === 3 ? 88 : 52,
    },
  };
}

const kLinks: Record<string, { link: string; hints: object[]; errors: number }> = {
  rs485: { link: 'serial:/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0', hints: [], errors: 0.0004 },
  gps: { link: 'tcp:192.168.1.44:8899', hints: [], errors: 0.0021 },
  daly: {
    link: 'serial:/dev/ttyUSB1?baud=9600',
    hints: [{ key: 'noise', severity: 'warning', text: 'Many damaged answers: check ground, shield and the length of the cable.' }],
    errors: 0.018,
  },
};

export function busObjects() {
  return Object.entries(kLinks).map(([id, { link, hints, errors }], i) => ({
    id,
    link,
    role: 'master',
    state: 'open',
    message: '',
    polls_per_s: id === 'rs485' ? 2 : 1,
    stats: stats(i + 1, errors),
    hints,
    packs: kSpecs
      .filter((spec) => spec.bus === id)
      .map((spec) => ({
        id: spec.id,
        address: spec.address,
        protocol: spec.protocol,
        quality: changed.quality.get(spec.id) ?? 'good',
        accepted: true,
        stats: stats(i + 1, errors),
        hints: changed.quality.get(spec.id) === 'stale' ? [{ key: 'no_reply', severity: 'warning', text: 'Nothing answers.' }] : [],
      })),
  }));
}

const kKinds = [
  {
    type: 'alarm',
    severity: 'warning',
    pack: 'house-1',
    key: 'cell_ov',
    text: 'Cell over-voltage',
    cell: 7,
    value: 3.612,
    unit: 'V',
    worst: 3.618,
    lasts: 240,
  },
  {
    type: 'alarm',
    severity: 'hint',
    pack: 'house-1',
    key: 'cell_delta',
    text: 'Cell voltages too far apart',
    cell: 7,
    value: 0.082,
    unit: 'V',
    worst: 0.104,
    lasts: 900,
  },
  { type: 'link', severity: 'warning', pack: 'shed', key: 'stale', text: '', lasts: 95 },
  { type: 'command', severity: 'info', pack: 'boat', key: 'balance', text: 'Balancer on: done', user: 'admin', origin: 'web', lasts: 0 },
  {
    type: 'setting',
    severity: 'info',
    pack: null,
    key: 'mqtt',
    text: 'mqtt.enabled, mqtt.host changed',
    user: 'admin',
    origin: 'web',
    lasts: 0,
  },
  { type: 'system', severity: 'info', pack: null, key: 'start', text: 'Started', lasts: 0 },
  {
    type: 'alarm',
    severity: 'alarm',
    pack: 'boat',
    key: 'cell_uv',
    text: 'Cell under-voltage',
    cell: 3,
    value: 2.71,
    unit: 'V',
    worst: 2.684,
    lasts: 1800,
  },
] as const;

export const eventObjects = (() => {
  const start = Math.floor(Date.now() / 1000);
  return Array.from({ length: 180 }, (_, i) => {
    const kind = kKinds[Math.floor(hash(i, 21) * kKinds.length)]!;
    const time = start - 5400 - i * 26000 - Math.floor(hash(i, 22) * 20000);
    const { lasts, ...rest } = kind;
    return { id: 1000 - i, time: iso(time), end: lasts ? iso(time + lasts) : null, ...rest };
  });
})();
