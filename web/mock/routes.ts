// SPDX-License-Identifier: Apache-2.0
// The routes of the mock as rows: method, path, what is answered. Routes under /mock let a test change the made-up world.
import { csv, days, energy, findings, history, seconds, specOf, statistics, storage } from './history.ts';
import { isGap, kSpecs, momentAt } from './model.ts';
import { busObjects, changed, eventObjects, packObject } from './packs.ts';
import { apply, keysWaiting, problemsOf, saved, schema, settingsAnswer } from './settings.ts';

export interface Call {
  args: string[];
  query: URLSearchParams;
  body: string;
  admin: boolean;
  answer: (status: number, data?: unknown, headers?: Record<string, string>) => void;
}

interface Row {
  method: string;
  path: RegExp;
  role: 'open' | 'admin';
  run: (call: Call) => void;
}

const rows: Row[] = [];
const route = (method: string, path: string, role: Row['role'], run: Row['run']) =>
  rows.push({ method, path: new RegExp(`^${path.replace(/\{\w+\}/g, '([^/]+)')}$`), role, run });
const json = <T>(call: Call) => JSON.parse(call.body || '{}') as T;
const now = () => Date.now() / 1000;

export const world = { user: null as string | null, password: 'admin!', firstRun: false, csrf: 'mock-csrf', restartNeeded: [] as string[] };
const sent: object[] = [];
export const outbox = sent;

const session = () => ({
  user: world.user,
  role: world.user ? 'admin' : 'viewer',
  csrf: world.csrf,
  default_password: world.password === 'admin!',
  login_required: false,
});

route('GET', '/session', 'open', ({ answer }) => answer(200, session()));
route('POST', '/session', 'open', (call) => {
  const { user, password } = json<{ user: string; password: string }>(call);
  if (user !== 'admin' || password !== world.password)
    return call.answer(401, { title: 'Unauthorized', detail: 'User or password is wrong.', status: 401 });
  world.user = user;
  return call.answer(200, session());
});
route('DELETE', '/session', 'open', ({ answer }) => {
  world.user = null;
  answer(204);
});
route('POST', '/session/password', 'admin', (call) => {
  const { old, new: fresh } = json<{ old: string; new: string }>(call);
  if (old !== world.password) return call.answer(401, { title: 'Unauthorized', detail: 'The old password is wrong.', status: 401 });
  world.password = fresh;
  changed.armed = true;
  return call.answer(204);
});

const users = [{ name: 'admin', role: 'admin' }];
route('GET', '/users', 'admin', ({ answer }) => answer(200, users));
route('POST', '/users', 'admin', (call) => {
  const { name, role } = json<{ name: string; role: string }>(call);
  const known = users.find((user) => user.name === name);
  if (known) known.role = role;
  else users.push({ name, role });
  call.answer(201, { name, role });
});
route('DELETE', '/users/{name}', 'admin', ({ args, answer }) => {
  users.splice(
    users.findIndex((user) => user.name === args[0]),
    1,
  );
  answer(204);
});

const packList = (admin: boolean) => (world.firstRun ? [] : kSpecs.map((spec) => packObject(spec, now(), admin)));
route('GET', '/packs', 'open', ({ answer, admin }) => answer(200, packList(admin)));
const withPack = (run: (spec: (typeof kSpecs)[number], call: Call) => void) => (call: Call) => {
  const spec = specOf(call.args[0]!);
  if (!spec) return call.answer(404, { title: 'Not Found', detail: `There is no pack ${call.args[0]}.`, status: 404 });
  return run(spec, call);
};
route(
  'GET',
  '/packs/{id}',
  'open',
  withPack((spec, { answer, admin }) => answer(200, packObject(spec, now(), admin))),
);
route(
  'POST',
  '/packs/{id}/commands',
  'admin',
  withPack((spec, call) => {
    const { command, value } = json<{ command: string; value: boolean }>(call);
    changed.switches.set(`${spec.id}/${command}`, value);
    setTimeout(
      () => call.answer(200, { id: Date.now(), pack: spec.id, command, result: 'done', message: 'Read back from the BMS.', value }),
      300,
    );
  }),
);
route(
  'GET',
  '/packs/{id}/settings',
  'open',
  withPack((_, { answer }) =>
    answer(200, [
      { key: 'cell_ov', label: 'Cell over-voltage', unit: 'V', value: 3.6 },
      { key: 'cell_uv', label: 'Cell under-voltage', unit: 'V', value: 2.6 },
      { key: 'charge_oc', label: 'Charge over-current', unit: 'A', value: 150 },
      { key: 'balance_start', label: 'Balancing starts at', unit: 'V', value: 3.4 },
    ]),
  ),
);

const span = (query: URLSearchParams): [number, number] => [seconds(query.get('from'), now() - 86400), seconds(query.get('to'), now())];
route(
  'GET',
  '/packs/{id}/history',
  'open',
  withPack((spec, { query, answer }) => {
    const [from, to] = span(query);
    answer(200, history(spec, from, to, (query.get('fields') ?? 'soc').split(','), Math.min(5000, Number(query.get('points') ?? 1440))));
  }),
);
route(
  'GET',
  '/packs/{id}/history.csv',
  'open',
  withPack((spec, { query, answer }) => {
    const [from, to] = span(query);
    const [, n, unit] = /^(\d+)([smh])$/.exec(query.get('every') ?? '20m') ?? ['', '20', 'm'];
    answer(200, csv(spec, from, to, Number(n) * (unit === 's' ? 1 : unit === 'm' ? 60 : 3600)), {
      'Content-Type': 'text/csv; charset=utf-8',
      'Content-Disposition': `attachment; filename="${spec.id}.csv"`,
    });
  }),
);
route(
  'GET',
  '/packs/{id}/days',
  'open',
  withPack((spec, { query, answer }) => answer(200, days(spec, query.get('from'), query.get('to')))),
);
route(
  'GET',
  '/packs/{id}/energy',
  'open',
  withPack((spec, { query, answer }) => answer(200, energy(spec, query.get('by') ?? 'month'))),
);
route(
  'GET',
  '/packs/{id}/statistics',
  'open',
  withPack((spec, { answer }) => answer(200, statistics(spec))),
);
route(
  'GET',
  '/packs/{id}/findings',
  'open',
  withPack((spec, { answer }) => answer(200, findings(spec))),
);
route('GET', '/history/storage', 'open', ({ answer }) => answer(200, storage()));
route('POST', '/history/import', 'admin', ({ body, answer }) =>
  answer(200, { rows: body.split('\n').length, skipped: 1, from: null, to: null }),
);
route('GET', '/events', 'open', ({ query, answer }) => {
  const [from, to] = [seconds(query.get('from'), 0), seconds(query.get('to'), 9e9)];
  const before = Number(query.get('before') ?? 1e9);
  const wanted = eventObjects.filter(
    (event) =>
      (!query.get('pack') || event.pack === query.get('pack')) &&
      (!query.get('type') || event.type === query.get('type')) &&
      Date.parse(event.time) / 1000 >= from &&
      Date.parse(event.time) / 1000 <= to &&
      event.id < before,
  );
  answer(200, wanted.slice(0, Number(query.get('limit') ?? 200)));
});

route('GET', '/buses', 'open', ({ answer }) => answer(200, world.firstRun ? [] : busObjects()));
const kFrames = [
  '> 0110162000010200 00d6f1',
  '< 55aaeb9002050b0d0b0d0c0d0b0d0a0d0b0d0b0d0b0d0b0d0b0d0b0d0b0d0b0d0b0d0b0d0b0d',
  '< 01101620000104 4b',
];
route('GET', '/buses/{id}/capture', 'admin', ({ args, query, answer }) => {
  const last = Number(query.get('seconds') ?? 600);
  const start = Math.floor(now() - last);
  const lines = Array.from({ length: last }, (_, i) => kFrames.map((frame, n) => `${i * 1000000 + n * 41000} ${frame}`)).flat();
  answer(200, `# link: ${args[0]}\n# start_utc_ms: ${start * 1000}\n${lines.join('\n')}\n`, {
    'Content-Type': 'text/plain; charset=utf-8',
  });
});
route('GET', '/ports', 'admin', ({ answer }) =>
  answer(200, [
    {
      link: 'serial:/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0',
      name: 'FT232R USB UART',
      used_by: world.firstRun ? null : 'rs485',
    },
    { link: 'serial:/dev/serial/by-id/usb-1a86_USB_Serial-if00-port0', name: 'USB Serial (CH340)', used_by: null },
  ]),
);

let probe: { id: string; started: number; link: string } | null = null;
route('POST', '/probe', 'admin', (call) => {
  probe = { id: `p${Date.now()}`, started: now(), link: json<{ link: string }>(call).link };
  call.answer(202, { id: probe.id });
});
route('GET', '/probe/{id}', 'admin', ({ args, answer }) => {
  if (!probe || probe.id !== args[0]) return answer(404, { title: 'Not Found', status: 404 });
  const progress = Math.min(1, (now() - probe.started) / 3);
  const found = [
    {
      protocol: 'jk-pb',
      address: 3,
      baud: 115200,
      link: probe.link,
      cells: 16,
      pack_voltage: 53.12,
      model: 'JK-PB2A16S20P',
      known_as: null,
    },
  ];
  return answer(200, {
    state: progress < 1 ? 'running' : 'done',
    progress,
    step: progress < 0.5 ? 'Listening at 115200' : 'Asking address 3',
    found: progress > 0.6 ? found : [],
    message: '',
  });
});
route('DELETE', '/probe/{id}', 'admin', ({ answer }) => answer(204));

const files = new Map<string, { kind: string; size: number; modified: string; pack: string | null; body?: string }>();
for (let i = 0; i < 190; ++i) {
  const t = now() - i * 86400;
  if (isGap(t)) continue;
  const date = new Date(t * 1000).toISOString().slice(0, 10).replace(/-/g, '');
  files.set(`batt_${date}.csv`, { kind: 'log', size: 7800 + (i % 13) * 21, modified: new Date(t * 1000).toISOString(), pack: 'house-1' });
}
for (const name of ['config.txt', 'IoTMqttPanel.json'])
  files.set(name, {
    kind: name.endsWith('txt') ? 'config' : 'panel',
    size: 2140,
    modified: new Date().toISOString(),
    pack: null,
    body: '{}',
  });

route('GET', '/files', 'open', ({ query, answer }) => {
  const month = query.get('month')?.replace('-', '');
  const names = [...files.keys()].sort().reverse();
  if (query.get('months'))
    return answer(
      200,
      [...new Set(names.filter((name) => name.startsWith('batt_')).map((name) => `${name.slice(5, 9)}-${name.slice(9, 11)}`))].sort(),
    );
  const wanted = names.filter((name) => (month ? name.startsWith(`batt_${month}`) : !name.startsWith('batt_')));
  return answer(
    200,
    wanted.map((name) => ({ name, ...files.get(name), body: undefined })),
  );
});
route('GET', '/files/{name}', 'open', ({ args, answer }) => {
  const name = args[0]!;
  const day = /^batt_(\d{4})(\d\d)(\d\d)\.csv$/.exec(name);
  if (day) {
    const start = new Date(`${day[1]}-${day[2]}-${day[3]}T00:00:00`).getTime() / 1000;
    const spec = kSpecs[0]!;
    const lines = [`time,soc,${Array.from({ length: spec.cells }, (_, i) => `b${i + 1}`).join(',')}`];
    for (let t = start; t < Math.min(start + 86400, now()); t += 1200) {
      const m = momentAt(spec, t);
      lines.push(
        [new Date(t * 1000).toTimeString().slice(0, 5), Math.round(m.soc), ...m.cells.map((volts) => Math.round(volts * 1000))].join(','),
      );
    }
    return answer(200, `${lines.join('\n')}\n`, { 'Content-Type': 'text/csv; charset=utf-8' });
  }
  if (/^batt_\d{6}\.tar\.gz$/.test(name)) return answer(200, 'archive', { 'Content-Type': 'application/gzip' });
  const file = files.get(name);
  return file
    ? answer(200, file.body ?? '', { 'Content-Type': name.endsWith('.svg') ? 'image/svg+xml' : 'text/plain; charset=utf-8' })
    : answer(404, { title: 'Not Found', detail: `There is no file ${name}.`, status: 404 });
});
route('PUT', '/files/{name}', 'admin', ({ args, body, answer }) => {
  files.set(args[0]!, { kind: 'other', size: body.length, modified: new Date().toISOString(), pack: null, body });
  if (args[0] === 'branding.json') branding = { ...branding, ...(JSON.parse(body) as object) };
  if (args[0]!.startsWith('logo.')) branding = { ...branding, logo: `/api/v1/files/${args[0]}` };
  answer(204);
});
route('DELETE', '/files/{name}', 'admin', ({ args, answer }) => {
  files.delete(args[0]!);
  if (args[0]!.startsWith('logo.')) branding = { ...branding, logo: null };
  answer(204);
});

let branding: Record<string, string | null> = { name: 'bmsgate', accent: '#1f7ae0', accent_dark: '#5aa5ff', logo: null, footer: '' };
route('GET', '/branding', 'open', ({ answer }) => answer(200, branding));
route('GET', '/backup', 'admin', ({ answer }) =>
  answer(
    200,
    { bmsgate: 1, saved: new Date().toISOString(), settings: saved.values, branding },
    { 'Content-Disposition': 'attachment; filename="bmsgate-backup.json"' },
  ),
);
route('POST', '/backup', 'admin', (call) => {
  const { settings } = json<{ settings?: Parameters<typeof apply>[0] }>(call);
  if (!settings) return call.answer(422, { title: 'Unprocessable', detail: 'This is not a backup of bmsgate.', status: 422 });
  const errors = problemsOf(settings);
  if (errors.length) return call.answer(422, { title: 'Unprocessable', detail: errors[0]!.message, status: 422, errors });
  return call.answer(200, { restart: apply(settings), changed: Object.keys(settings).length });
});

route('GET', '/settings/schema', 'open', ({ answer }) => answer(200, schema));
route('GET', '/settings', 'admin', ({ answer }) => answer(200, settingsAnswer()));
const change = (call: Call, save: boolean) => {
  const wanted = json<Parameters<typeof apply>[0]>(call);
  const errors = problemsOf(wanted);
  if (errors.length)
    return call.answer(422, { title: 'Unprocessable', detail: `${errors[0]!.key} ${errors[0]!.message}`, status: 422, errors });
  if (!save) return call.answer(200, { errors: [] });
  const restart = apply(wanted);
  if (restart.length) world.restartNeeded = [...new Set([...world.restartNeeded, ...keysWaiting(wanted)])];
  if (world.firstRun && saved.values.pack) world.firstRun = false;
  return call.answer(200, { ...settingsAnswer(), restart });
};
route('PATCH', '/settings', 'admin', (call) => change(call, true));
route('POST', '/settings/check', 'admin', (call) => change(call, false));
route('POST', '/test/{service}', 'admin', ({ args, answer }) =>
  answer(
    200,
    args[0] === 'mqtt'
      ? { ok: true, key: 'connected', message: 'Connected.', params: { host: 'localhost', port: '1883', ms: '12' } }
      : { ok: true, key: 'serving', message: 'The server answers.', params: { port: '1502' } },
  ),
);
route('POST', '/system/restart', 'admin', ({ answer }) => {
  world.restartNeeded = [];
  answer(202, { port: null });
});
route('POST', '/system/time', 'admin', ({ answer }) => answer(200, { time: new Date().toISOString() }));
route('GET', '/system', 'open', ({ answer }) => {
  const general = settingsAnswer().values.general as Record<string, string>;
  answer(200, {
    version: '0.1.0',
    uptime_s: 93784,
    time: new Date().toISOString(),
    time_set: true,
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    hostname: 'bmsgate',
    demo: true,
    demo_password: world.password,
    first_run: world.firstRun,
    commands_enabled: changed.armed,
    default_password: world.password === 'admin!',
    restart_needed: world.restartNeeded,
    memory_bytes: 14_200_000,
    disk_free_bytes: 24_800_000_000,
    services: [
      { key: 'mqtt', state: 'active', message: 'localhost:1883' },
      { key: 'modbus', state: 'active', message: '2 clients' },
      { key: 'history', state: 'active', message: '' },
      { key: 'tunnel', state: 'off', message: '' },
    ],
    ui: { layout: general.layout, language: general.language, temperature_unit: general.temperature_unit, clock: general.clock },
  });
});
route('POST', '/mock', 'open', (call) => {
  const wish = json<{
    quality?: Record<string, string>;
    alarms?: Record<string, object[]>;
    armed?: boolean;
    firstRun?: boolean;
    user?: string | null;
    password?: string;
  }>(call);
  for (const [id, quality] of Object.entries(wish.quality ?? {})) changed.quality.set(id, quality);
  for (const [id, alarms] of Object.entries(wish.alarms ?? {})) changed.alarms.set(id, alarms);
  if (wish.armed !== undefined) changed.armed = wish.armed;
  if (wish.firstRun !== undefined) world.firstRun = wish.firstRun;
  if (wish.user !== undefined) world.user = wish.user;
  if (wish.password !== undefined) world.password = wish.password;
  call.answer(204);
});

export function dispatch(method: string, path: string, call: Call): boolean {
  for (const row of rows) {
    const match = row.method === method ? row.path.exec(path) : null;
    if (!match) continue;
    if (row.role === 'admin' && !call.admin) call.answer(401, { title: 'Unauthorized', detail: 'Log in first.', status: 401 });
    else row.run({ ...call, args: match.slice(1).map(decodeURIComponent) });
    return true;
  }
  return false;
}
