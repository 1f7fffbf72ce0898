// SPDX-License-Identifier: Apache-2.0
// Writes src/gen/*.ts from the tables of core/ (field.def, alarm.def, command.def). Run by `npm run gen`; `--check` only compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const core = (name: string) => fileURLToPath(new URL(`../../core/${name}`, import.meta.url));
const target = (name: string) => fileURLToPath(new URL(`../src/gen/${name}`, import.meta.url));

/** The arguments of every `MACRO(…)` line of a table, strings without their quotes. */
function rows(file: string, macro: string): string[][] {
  return readFileSync(core(file), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(`${macro}(`))
    .map((line) => {
      const inside = line.slice(macro.length + 1, line.lastIndexOf(')'));
      return [...inside.matchAll(/\s*("(?:[^"\\]|\\.)*"|[^,]+)\s*(?:,|$)/g)].map((m) => m[1]!.trim().replace(/^"(.*)"$/, '$1'));
    });
}

const camel = (key: string) => key.replace(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase());
const plain = (name: string) => name.replace(/^k/, '').toLowerCase();
const text = (value: string) => `'${value.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`;
const head = (from: string) => `// SPDX-License-Identifier: Apache-2.0\n// Made from core/${from} by scripts/gen.ts. Do not edit.\n`;

function fields(): string {
  const table = rows('field.def', 'FIELD');
  const lines = table.map(
    ([, key, label, unit, decimals, count, kind, , , , , precision, category, tier]) =>
      `  { key: ${text(key!)}, label: ${text(label!)}, unit: ${text(unit!)}, decimals: ${decimals}, count: ${count}, kind: '${plain(kind!)}', ` +
      `precision: ${precision}, category: '${plain(category!)}', tier: '${plain(tier!)}' },`,
  );
  return `${head('field.def')}
export type Kind = 'number' | 'bool' | 'state' | 'clock';
export type Category = 'main' | 'cells' | 'temps' | 'switch' | 'energy' | 'detail';
export type Tier = 'never' | 'recent' | 'minute' | 'always';

export interface FieldInfo {
  key: string;
  label: string;
  unit: string;
  decimals: number;
  count: number;
  kind: Kind;
  precision: number;
  category: Category;
  tier: Tier;
}

export const FIELDS: readonly FieldInfo[] = [
${lines.join('\n')}
];

/** Keys for the few places that are designed round one datum. */
export const Field = {
${table.map(([, key]) => `  ${camel(key!)}: '${key}',`).join('\n')}
} as const;
`;
}

function alarms(): string {
  const table = rows('alarm.def', 'ALARM');
  return `${head('alarm.def')}
export const ALARMS: Readonly<Record<string, string>> = {
${table.map(([, key, words]) => `  ${key}: ${text(words!)},`).join('\n')}
};
`;
}

function commands(): string {
  const table = rows('command.def', 'COMMAND');
  return `${head('command.def')}
export interface CommandInfo {
  key: string;
  label: string;
  argument: 'switch' | 'percent' | 'none';
  min: number;
  max: number;
  warning: string;
}

export const COMMANDS: readonly CommandInfo[] = [
${table
  .map(
    ([, key, label, argument, min, max, warning]) =>
      `  { key: '${key}', label: ${text(label!)}, argument: '${plain(argument!)}', min: ${min}, max: ${max}, warning: ${text(warning!)} },`,
  )
  .join('\n')}
];
`;
}

const check = process.argv.includes('--check');
let differs = false;
for (const [name, content] of [
  ['fields.ts', fields()],
  ['alarms.ts', alarms()],
  ['commands.ts', commands()],
] as const) {
  if (!check) writeFileSync(target(name), content);
  else if (readFileSync(target(name), 'utf8') !== content) {
    console.error(`web/src/gen/${name} is not what core/ says: run npm run gen in web/`);
    differs = true;
  }
}
process.exit(differs ? 1 : 0);
