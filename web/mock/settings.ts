// SPDX-License-Identifier: Apache-2.0
// Settings of the mock: a schema in the gateway's form, values in memory, and the checks that the schema asks for.

interface Row {
  type: 'boolean' | 'integer' | 'number' | 'string';
  title: string;
  description: string;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  enum?: string[];
  'x-unit'?: string;
  'x-secret'?: boolean;
  'x-restart'?: boolean;
  'x-advanced'?: boolean;
}

const flag = (title: string, description: string, value = false): Row => ({ type: 'boolean', title, description, default: value });
const whole = (title: string, description: string, value: number, minimum: number, maximum: number, unit?: string): Row => ({
  type: 'integer',
  title,
  description,
  default: value,
  minimum,
  maximum,
  ...(unit ? { 'x-unit': unit } : {}),
});
const text = (title: string, description: string, value = '', extra: Partial<Row> = {}): Row => ({
  type: 'string',
  title,
  description,
  default: value,
  ...extra,
});
const choice = (title: string, description: string, ...options: string[]): Row => ({
  type: 'string',
  title,
  description,
  default: options[0],
  enum: options,
});
const group = (title: string, description: string, properties: Record<string, Row>) => ({ type: 'object', title, description, properties });

const bus = {
  id: text('Id', 'Short name of the bus.', '', { minLength: 1, maxLength: 19, pattern: '[a-z0-9_-]{1,19}' }),
  link: text('Link', 'serial:/dev/ttyUSB0, tcp:HOST:PORT, rfc2217:HOST:PORT or pty:PATH.', '', { minLength: 5 }),
  role: choice('Role', 'listener: never transmits.', 'master', 'listener'),
};
const pack = {
  id: text('Id', 'Used in addresses, topics and files.', '', { minLength: 1, maxLength: 19, pattern: '[a-z0-9_-]{1,19}' }),
  name: text('Name', 'What people call it.', '', { maxLength: 32 }),
  bus: text('Bus', 'Which line it is on.'),
  protocol: choice('Protocol', 'auto: found out.', 'auto', 'jk-nw', 'jk-pb', 'daly-a5', 'daly-d2', 'daly-p81'),
  address: whole('Address', 'On its bus; -1: the usual one.', -1, -1, 255),
  poll_s: whole('Poll every', 'Time between two readings.', 5, 1, 300, 's'),
  unit: whole('Modbus unit', 'Assigned once and kept.', 0, 0, 247),
};

export const schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  properties: {
    general: group('General', 'Name, language and units.', {
      name: text('Name', 'What this gateway is called in the pages and in the network.', 'bmsgate', { minLength: 1, maxLength: 32 }),
      time_zone: text('Time zone', "Name of the zone that days and times are shown in, such as Europe/Rome. Empty: the machine's own."),
      language: choice('Language', 'Language of the pages. auto: what the browser asks for.', 'auto', 'en', 'it', 'de'),
      temperature_unit: choice(
        'Temperatures in',
        'Unit in the pages, and of the temperature register of the Modbus block 100-157.',
        'C',
        'F',
      ),
      clock: choice('Clock', 'How the pages write the time of day.', '24h', '12h'),
      layout: choice('Layout', "Look of the status page: bmsgate's own, JK style or DALY style.", 'bmsgate', 'jk', 'daly'),
      log_level: {
        ...choice('Log', 'The least important messages that are still written to the log.', 'error', 'warning', 'info', 'debug'),
        default: 'info',
        'x-advanced': true,
      },
    }),
    web: group('Web server', 'Pages and API.', {
      port: {
        ...whole(
          'HTTP port',
          'Port of the pages and the API. Where 80 is not allowed or taken, 8080 is used and the log says so.',
          80,
          1,
          65535,
        ),
        'x-restart': true,
      },
      require_login: flag('Log in to look', 'Pages and values only for users who are logged in. Changes always need a log-in.'),
      session_h: {
        ...whole('Log-in lasts', 'Time without a request after which a user is logged out.', 24, 1, 8760, 'h'),
        'x-advanced': true,
      },
    }),
    mqtt: group('MQTT', 'Publish the packs to an MQTT broker.', {
      enabled: flag('MQTT', 'Publish the packs to an MQTT broker.'),
      host: text('Server', 'Name or address of the broker.', 'localhost', { minLength: 1, pattern: '[^ /]+' }),
      port: whole('Port', 'Usually 1883, with TLS 8883.', 1883, 1, 65535),
      tls: flag('TLS', 'Encrypt the connection.'),
      username: text('User', 'Empty: no log-in.'),
      password: text('Password', 'Of the user at the broker.', '', { 'x-secret': true }),
      base_topic: text('Base topic', 'First part of every topic.', 'bmsgate', { minLength: 1, maxLength: 64 }),
      full_s: whole('Full set every', 'All values are sent this often, even if none has changed.', 300, 5, 3600, 's'),
      dead_band: {
        type: 'number',
        title: 'Dead band',
        description: 'A reading is sent at once if a value has moved by this many steps of its last shown digit. 0: any change.',
        default: 1,
        minimum: 0,
        maximum: 1000,
        'x-advanced': true,
      },
    }),
    modbus: group('Modbus TCP', 'Let Modbus TCP clients read the packs.', {
      enabled: flag('Modbus TCP server', 'Let Modbus TCP clients read the packs.'),
      port: whole('Port', 'Usually 502.', 502, 1, 65535),
      max_clients: {
        ...whole('Clients at most', 'A further client takes the place of the one that has been silent the longest.', 64, 1, 512),
        'x-advanced': true,
      },
      swap_floats: flag('Swap floats', 'Floats of the block 100-157: off, low word first (CDAB); on, high word first (ABCD).'),
    }),
    history: group('History', 'What is kept, and for how long.', {
      enabled: flag('History', 'Keep every value of every pack in the data folder.', true),
      recent_days: whole('Every reading for', 'How long each single reading is kept. 0: for ever.', 14, 0, 36500, 'days'),
      minute_days: whole(
        'Minutes for',
        'How long the least, mean and greatest value of each minute are kept. 0: for ever.',
        400,
        0,
        36500,
        'days',
      ),
      commit_s: {
        ...whole(
          'Write every',
          'Time between two writes to the disk. Longer spares a memory card; a power cut loses up to this much.',
          60,
          1,
          3600,
          's',
        ),
        'x-advanced': true,
      },
    }),
    bus: {
      type: 'array',
      title: 'Buses',
      description: 'Lines to battery packs.',
      items: { type: 'object', properties: bus, required: ['id', 'link'] },
    },
    pack: {
      type: 'array',
      title: 'Packs',
      description: 'Battery packs.',
      items: { type: 'object', properties: pack, required: ['id', 'bus'] },
    },
  },
} as const;

type Values = Record<string, Record<string, unknown> | Record<string, unknown>[]>;
const properties = schema.properties as unknown as Record<
  string,
  { type: string; properties?: Record<string, Row>; items?: { properties: Record<string, Row> } }
>;

const defaultsOf = (rows: Record<string, Row>) => Object.fromEntries(Object.entries(rows).map(([key, row]) => [key, row.default]));

export const saved: { values: Values; secrets: Set<string> } = { values: {}, secrets: new Set(['mqtt.password']) };

function merged(): Values {
  const all: Values = {};
  for (const [key, one] of Object.entries(properties)) {
    if (one.type === 'array')
      all[key] = ((saved.values[key] as Record<string, unknown>[]) ?? []).map((item) => ({
        ...defaultsOf(one.items!.properties),
        ...item,
      }));
    else all[key] = { ...defaultsOf(one.properties!), ...(saved.values[key] as object) };
  }
  return all;
}

export function settingsAnswer() {
  const values = merged();
  const origin: Record<string, string> = { 'web.port': 'command line' };
  for (const [key, one] of Object.entries(saved.values)) {
    if (!Array.isArray(one)) for (const name of Object.keys(one)) origin[`${key}.${name}`] = 'saved';
  }
  (values.mqtt as Record<string, unknown>).password = undefined;
  return { values, origin, secrets: [...saved.secrets] };
}

function check(path: string, row: Row | undefined, value: unknown): { key: string; message: string }[] {
  const bad = (message: string) => [{ key: path, message }];
  if (!row) return bad('is not a setting');
  if (value === null) return [];
  if (row.type === 'boolean') return typeof value === 'boolean' ? [] : bad('must be on or off');
  if (row.type === 'string') {
    if (typeof value !== 'string') return bad('must be a text');
    if (row.enum && !row.enum.includes(value)) return bad(`must be one of ${row.enum.join(', ')}`);
    if (row.minLength && value.length < row.minLength) return bad('must not be empty');
    if (row.pattern && !new RegExp(`^(?:${row.pattern})$`).test(value)) return bad('has characters that are not allowed');
    return [];
  }
  if (typeof value !== 'number' || (row.type === 'integer' && !Number.isInteger(value))) return bad('must be a number');
  if (row.minimum !== undefined && value < row.minimum) return bad(`${value} is below ${row.minimum}`);
  return row.maximum !== undefined && value > row.maximum ? bad(`${value} is above ${row.maximum}`) : [];
}

export function problemsOf(change: Values): { key: string; message: string }[] {
  return Object.entries(change).flatMap(([key, part]) => {
    const one = properties[key];
    if (!one) return [{ key, message: 'is not a group of settings' }];
    if (Array.isArray(part)) {
      return part.flatMap((item) =>
        Object.entries(item)
          .filter(([name]) => name !== 'remove')
          .flatMap(([name, value]) => check(`${key}.${String(item.id)}.${name}`, one.items?.properties[name], value)),
      );
    }
    return Object.entries(part).flatMap(([name, value]) => check(`${key}.${name}`, one.properties?.[name], value));
  });
}

export function apply(change: Values): string[] {
  const restart: string[] = [];
  for (const [key, part] of Object.entries(change)) {
    if (Array.isArray(part)) {
      const list = [...((saved.values[key] as Record<string, unknown>[]) ?? [])];
      for (const item of part) {
        const at = list.findIndex((one) => one.id === item.id);
        if (item.remove) list.splice(at, at < 0 ? 0 : 1);
        else if (at < 0) list.push(item);
        else list[at] = { ...list[at], ...item };
      }
      saved.values[key] = list;
      continue;
    }
    const target: Record<string, unknown> = { ...(saved.values[key] as object) };
    for (const [name, value] of Object.entries(part)) {
      const row = properties[key]!.properties![name]!;
      if (row['x-secret']) {
        if (value) saved.secrets.add(`${key}.${name}`);
        else saved.secrets.delete(`${key}.${name}`);
        continue;
      }
      if (value === null) delete target[name];
      else target[name] = value;
      if (row['x-restart'] && !restart.includes(key)) restart.push(key);
    }
    saved.values[key] = target;
  }
  return restart;
}
