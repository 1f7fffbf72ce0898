// SPDX-License-Identifier: Apache-2.0
// Settings of the mock: a schema in the gateway's form, values in memory, and the checks that the schema asks for.

import { readFileSync } from 'node:fs';
import { kSpecs } from './model.ts';

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

/** As `bmsgate config schema` prints it. */
export const schema = JSON.parse(readFileSync(new URL('./schema.json', import.meta.url), 'utf8')) as { properties: unknown };

type Values = Record<string, Record<string, unknown> | Record<string, unknown>[]>;
const properties = schema.properties as Record<
  string,
  { type: string; properties?: Record<string, Row>; items?: { properties: Record<string, Row> } }
>;

const defaultsOf = (rows: Record<string, Row>) => Object.fromEntries(Object.entries(rows).map(([key, row]) => [key, row.default]));

export const saved: { values: Values; secrets: Set<string> } = {
  values: {
    bus: kSpecs
      .map((spec) => spec.bus)
      .filter((id, i, all) => all.indexOf(id) === i)
      .map((id) => ({ id, link: `serial:/dev/${id}` })),
    pack: kSpecs.map(({ id, name, bus, protocol, address }, i) => ({ id, name, bus, protocol, address, unit: i + 1 })),
  },
  secrets: new Set(['mqtt.password']),
};

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

/** The keys of a change that take effect at the next start only. */
export const keysWaiting = (change: Values): string[] =>
  Object.entries(change).flatMap(([key, part]) =>
    Array.isArray(part)
      ? []
      : Object.keys(part)
          .filter((name) => properties[key]?.properties?.[name]?.['x-restart'])
          .map((name) => `${key}.${name}`),
  );
