// SPDX-License-Identifier: Apache-2.0
// A datum that is added to the field table shows up by itself: in the list of a pack and in what Monitor offers.
import { readFileSync } from 'node:fs';
import { render } from 'preact';
import { expect, it, vi } from 'vitest';
import { fieldsOf } from '../scripts/gen.ts';
import type { LivePack } from '../src/store.ts';

/** The line that the tests of the gateway add to core/field.def, too. */
vi.mock('../src/gen/fields.ts', async (original) => {
  const real = await original<typeof import('../src/gen/fields.ts')>();
  const extra = fieldsOf(readFileSync('../tests/extra_field/extra.def', 'utf8'));
  return { ...real, FIELDS: [...real.FIELDS, ...extra] };
});

const pack: LivePack = {
  id: 'a',
  name: 'A',
  protocol: 'jk-pb',
  bus: 'b',
  address: 1,
  quality: 'good',
  age_s: 0,
  time: null,
  received: 0,
  fields: { humidity: 47.5, soc: 50, wire_resistance: [51, null] },
  alarms: [],
  info: { model: 'JK' },
};

it('shows in the detail list with label, unit and precision', async () => {
  const { DetailsCard } = await import('../src/pages/status/details.tsx');
  const box = document.createElement('div');
  render(<DetailsCard pack={pack} open />, box);
  const rows = [...box.querySelectorAll('.rows > div')].map((row) => row.textContent!.replace(/\s+/g, ' ').trim());
  expect(rows).toContain('Humidity47.5 %');
  expect(rows.some((row) => row.startsWith('Wire resistance') && row.includes('–'))).toBe(true);
  expect(rows.some((row) => row.startsWith('Pack voltage'))).toBe(false);
});
