// SPDX-License-Identifier: Apache-2.0
// The settings schema as forms read it, and the checks that can be made while one types. The gateway checks everything again.
import { number } from './format.ts';
import { t, tt, word } from './i18n.ts';

export interface Row {
  type: 'boolean' | 'integer' | 'number' | 'string' | readonly string[];
  title?: string;
  description?: string;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  enum?: readonly string[];
  'x-unit'?: string;
  'x-secret'?: boolean;
  'x-restart'?: boolean;
  'x-advanced'?: boolean;
  'x-pattern-help'?: string;
  'x-order'?: number;
  /** The list whose ids are the choices. */
  'x-refers-to'?: string;
}

export interface Group {
  type: 'object' | 'array';
  title?: string;
  description?: string;
  /** POST /test/{group} tries it. */
  'x-test'?: boolean;
  properties?: Readonly<Record<string, Row>>;
  items?: { properties: Readonly<Record<string, Row>>; required?: readonly string[] };
}

export interface Schema {
  properties: Readonly<Record<string, Group>>;
}

export type Item = Readonly<Record<string, unknown>>;
export interface Settings {
  values: Readonly<Record<string, Item | readonly Item[]>>;
  origin?: Readonly<Record<string, string>>;
  where?: Readonly<Record<string, string>>;
  secrets?: readonly string[];
  restart?: readonly string[];
}

/** The rows of a group in the order in which the gateway lists them. */
export function rowsOf(group: Group): Readonly<Record<string, Row>> {
  const rows = Object.entries(group.properties ?? group.items?.properties ?? {});
  return Object.fromEntries(rows.sort(([, a], [, b]) => (a['x-order'] ?? 0) - (b['x-order'] ?? 0)));
}

export const typeOf = (row: Row) => (typeof row.type === 'string' ? row.type : (row.type.find((one) => one !== 'null') ?? 'string'));

/** What a person typed, as the value to send; undefined while it is no value at all. */
export function parse(row: Row, text: string): unknown {
  const type = typeOf(row);
  if (type !== 'integer' && type !== 'number') return text;
  const value = Number(text.trim().replace(',', '.'));
  return text.trim() === '' || Number.isNaN(value) ? undefined : value;
}

function checkNumber(row: Row, value: unknown): string {
  if (typeof value !== 'number') return t('check.number');
  if (typeOf(row) === 'integer' && !Number.isInteger(value)) return t('check.whole');
  const { minimum, maximum } = row;
  if ((minimum !== undefined && value < minimum) || (maximum !== undefined && value > maximum)) {
    return t('check.range', { from: number(minimum ?? -Infinity), to: number(maximum ?? Infinity) });
  }
  return '';
}

/** What is wrong with a value, in a sentence; empty: nothing. */
export function check(row: Row, value: unknown): string {
  const type = typeOf(row);
  if (type === 'boolean') return '';
  if (type === 'integer' || type === 'number') return checkNumber(row, value);
  const text = String(value ?? '');
  if (row.minLength && text.length < row.minLength) return t('check.empty');
  if (row.maxLength && text.length > row.maxLength) return t('check.long', { n: row.maxLength });
  if (row.pattern && !new RegExp(`^(?:${row.pattern})$`).test(text))
    return row['x-pattern-help'] ? `${t('check.expected')} ${word(row['x-pattern-help'])}` : t('check.pattern');
  return '';
}

export const choiceText = (group: string, key: string, value: string) =>
  tt(`choice.${group}.${key}.${value}`, tt(`choice.${value}`, value));
