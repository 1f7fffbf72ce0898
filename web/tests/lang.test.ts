// SPDX-License-Identifier: Apache-2.0
// The languages say the same things: the same placeholders, nothing left in English, and a word for all that the gateway says.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ALARMS } from '../src/gen/alarms.ts';
import { COMMANDS } from '../src/gen/commands.ts';
import { FIELDS } from '../src/gen/fields.ts';
import * as de from '../src/lang/de.ts';
import { en } from '../src/lang/en.ts';
import * as it_ from '../src/lang/it.ts';
import type { Schema } from '../src/lib/schema.ts';
import { rowsOf } from '../src/lib/schema.ts';

const schema = JSON.parse(readFileSync('mock/schema.json', 'utf8')) as Schema;
const holes = (text: string) => [...text.matchAll(/\{\w+\}/g)].map((match) => match[0]).sort();

/** The same word in several languages. */
const kShared =
  /^(Status|Monitor|Balancer|Bus|Gateway|Backup|MQTT|Home Assistant|Modbus TCP|Display|Version|Name|Password|Energia|Start|System|Memory|Register|Alarm|Protocol|English|Italiano|Deutsch|master|normal|live|held|h|d|min|s|24 h|12 h|°C|°F|Information|Test|Pause|Demo|LOG & FILES|no)$/i;

describe.each([
  ['it', it_],
  ['de', de],
])('%s', (_, language) => {
  it('fills in the same placeholders', () => {
    for (const [key, text] of Object.entries(en)) expect([key, holes(language.texts[key as keyof typeof en])]).toEqual([key, holes(text)]);
  });

  it('leaves no sentence in English', () => {
    const same = Object.entries(en).filter(([key, text]) => language.texts[key as keyof typeof en] === text && !kShared.test(text));
    expect(same.map(([key, text]) => `${key}: ${text}`)).toEqual([]);
  });

  it('knows every label of the tables', () => {
    const said = [
      ...FIELDS.map((field) => field.label),
      ...Object.values(ALARMS),
      ...COMMANDS.flatMap((command) => [command.label, command.warning]),
    ];
    expect(said.filter((text) => !(text in language.words))).toEqual([]);
  });

  it('knows every phrase of the settings', () => {
    const said = Object.values(schema.properties).flatMap((group) => [
      group.title,
      group.description,
      ...Object.values(rowsOf(group)).flatMap((row) => [row.title, row.description, row['x-unit'], row['x-pattern-help']]),
    ]);
    expect([...new Set(said)].filter((text) => text && !(text in language.words))).toEqual([]);
  });
});
