// SPDX-License-Identifier: Apache-2.0
// Writes src/gen/*.ts from the tables of core/ (field.def, alarm.def, command.def). Run by `npm run gen` and each build; `--check` only compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const core = (name: string) => join(root, 'core', name);
const target = (name: string) => join(root, 'web/src/gen', name);

/** The arguments of every `MACRO(…)` line of a table, strings without their quotes. */
function rows(source: string, macro: string): string[][] {
  return source
    .split('\n')
    .filter((line) => line.startsWith(`${macro}(`))
    .map((line) => {
      const inside = line.slice(macro.length + 1, line.lastIndexOf(')'));
      return [...inside.matchAll(/\s*("(?:[^"\\]|\\.)*"|[^,]+)\s*(?:,|$)/g)].map((m) => m[1]!.trim().replace(/^"(.*)"$/, '$1'));
    });
}
const table = (file: string, macro: string) => rows(readFileSync(core(file), 'utf8'), macro);

const camel = (key: string) => key.replace(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase());
const plain = (name: string) => name.replace(/^k/, '').toLowerCase();
const text = (value: string) => `'${value.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`;
const head = (from: string) => `// SPDX-License-Identifier: Apache-2.0\n// Made from core/${from} by scripts/gen.ts. Do not edit.\n`;

/** The rows of a field table as the pages read them. */
export const fieldsOf = (source: string) =>
  rows(source, 'FIELD').map(([, key, label, unit, decimals, count, kind, , , , , precision, category, tier]) => ({
    key: key!,
    label: label!,
    unit: unit!,
    decimals: Number(decimals),
    count: Number(count),
    kind: plain(kind!),
    precision: Number(precision),
    category: plain(category!),
    tier: plain(tier!),
  }));

function fields(): string {
  const all = fieldsOf(readFileSync(core('field.def'), 'utf8'));
  const shown = (value: string | number) => (typeof value === 'string' ? text(value) : value);
  const lines = all.map(
    (field) =>
      `  { ${Object.entries(field)
        .map(([name, value]) => `${name}: ${shown(value)}`)
        .join(', ')} },`,
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
${all.map(({ key }) => `  ${camel(key)}: '${key}',`).join('\n')}
} as const;
`;
}

function alarms(): string {
  const all = table('alarm.def', 'ALARM');
  return `${head('alarm.def')}
export const ALARMS: Readonly<Record<string, string>> = {
${all.map(([, key, words]) => `  ${key}: ${text(words!)},`).join('\n')}
};
`;
}

function commands(): string {
  const all = table('command.def', 'COMMAND');
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
${all
  .map(
    ([, key, label, argument, min, max, warning]) =>
      `  { key: '${key}', label: ${text(label!)}, argument: '${plain(argument!)}', min: ${min}, max: ${max}, warning: ${text(warning!)} },`,
  )
  .join('\n')}
];
`;
}

function main(): void {
  const check = process.argv.includes('--check');
  for (const [name, content] of [
    ['fields.ts', fields()],
    ['alarms.ts', alarms()],
    ['commands.ts', commands()],
  ] as const) {
    if (readFileSync(target(name), 'utf8') === content) continue;
    if (!check) writeFileSync(target(name), content);
    else {
      console.error(`web/src/gen/${name} is not what core/ says: run npm run gen in web/`);
      process.exitCode = 1;
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
