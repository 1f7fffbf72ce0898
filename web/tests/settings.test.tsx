// SPDX-License-Identifier: Apache-2.0
import { render } from 'preact';
import { act } from 'preact/test-utils';
import { describe, expect, it } from 'vitest';
import { check, parse, rowsOf, type Row } from '../src/lib/schema.ts';
import { additionOf, freeId } from '../src/pages/bus/add.tsx';
import { SettingField } from '../src/pages/settings/field.tsx';
import { dayOf } from '../src/pages/settings/files.tsx';

const port: Row = { type: 'integer', title: 'Port', minimum: 1, maximum: 65535 };

describe('checks while one types', () => {
  it.each([
    [port, 1883, ''],
    [port, 0, 'Allowed: 1 to 65,535.'],
    [port, 1.5, 'A whole number, please.'],
    [port, undefined, 'A number, please.'],
    [{ type: 'number' }, 0.5, ''],
    [{ type: 'string', minLength: 1 }, '', 'This must not be empty.'],
    [{ type: 'string', maxLength: 3 }, 'abcd', 'At most 3 characters.'],
    [{ type: 'string', pattern: '[a-z]+' }, 'A1', 'Some of these characters are not allowed.'],
    [{ type: 'string', pattern: '^(?:[a-z]+)$', 'x-pattern-help': 'letters' }, 'a b', 'Expected: letters'],
    [{ type: 'boolean' }, false, ''],
  ] as [Row, unknown, string][])('%o takes %o', (row, value, message) => expect(check(row, value)).toBe(message));

  it('reads numbers with comma or point', () => {
    expect(parse({ type: 'number' }, ' 1,5 ')).toBe(1.5);
    expect(parse(port, '1883')).toBe(1883);
    expect(parse(port, '')).toBe(undefined);
    expect(parse({ type: 'string' }, '12')).toBe('12');
  });

  it('lists rows as the gateway does', () => {
    expect(
      Object.keys(rowsOf({ type: 'object', properties: { b: { type: 'string', 'x-order': 1 }, a: { type: 'string', 'x-order': 0 } } })),
    ).toEqual(['a', 'b']);
  });
});

describe('a field of a form', () => {
  const draw = (props: Partial<Parameters<typeof SettingField>[0]>) => {
    const box = document.createElement('div');
    const changes: unknown[] = [];
    act(() =>
      render(
        <SettingField
          group="mqtt"
          name="port"
          row={port}
          value={1883}
          edited={false}
          onChange={(value) => changes.push(value)}
          {...props}
        />,
        box,
      ),
    );
    return { box, changes };
  };

  it('tells a change as a value', () => {
    const { box, changes } = draw({});
    const input = box.querySelector('input')!;
    input.value = '99';
    act(() => void input.dispatchEvent(new Event('input', { bubbles: true })));
    expect(changes).toEqual([99]);
  });

  it('says what is wrong beside it', () => {
    const { box } = draw({ value: 0, edited: true });
    expect(box.querySelector('[role=alert]')!.textContent).toContain('Allowed');
    expect(box.querySelector('input')!.getAttribute('aria-invalid')).toBe('true');
  });

  it('hides a secret and never shows a value that is set', () => {
    const { box } = draw({ row: { type: 'string', title: 'Password', 'x-secret': true }, value: 'never sent', secretSet: true });
    const input = box.querySelector('input')!;
    expect([input.type, input.value, input.placeholder]).toEqual(['password', '', 'set, not shown']);
  });

  it('forgets a secret that was saved here, and no other', () => {
    const secret: Row = { type: 'string', title: 'Password', 'x-secret': true };
    const forget = (box: Element) => [...box.querySelectorAll('button')].find((one) => one.textContent === 'forget it');
    expect(forget(draw({ row: secret, secretSet: true, origin: 'file' }).box)).toBe(undefined);
    const { box, changes } = draw({ row: secret, secretSet: true, origin: 'saved' });
    act(() => forget(box)!.click());
    expect(changes).toEqual([null]);
    expect(draw({ row: secret, secretSet: true, origin: 'saved', edited: true, value: null }).box.querySelector('input')!.placeholder).toBe(
      '',
    );
  });

  it('tells where a value comes from', () => {
    const origin = (props: object) => draw(props).box.querySelector('.origin')?.textContent ?? '';
    expect(origin({ origin: 'file', where: '/etc/bmsgate/bmsgate.toml:12' })).toContain('/etc/bmsgate/bmsgate.toml:12');
    expect(origin({ origin: 'environment', where: 'environment BMSGATE_MQTT_PORT' })).toBe('from the environment BMSGATE_MQTT_PORT');
    expect(origin({ origin: 'saved', where: '/var/lib/bmsgate/settings.json', onReset: () => undefined })).toContain('back to the default');
    expect(origin({ origin: 'default' })).toBe('');
  });

  it('warns where something outside decides', () => {
    expect(draw({ origin: 'environment' }).box.textContent).toContain('Fixed from outside');
  });
});

describe('adding a pack', () => {
  const found = { protocol: 'jk-pb', address: 3, baud: 115200, link: 'serial:/dev/ttyUSB0' };
  it('finds free names', () => {
    expect(freeId('Mein Akku!', [])).toBe('mein-akku');
    expect(freeId('Boat', ['boat', 'boat-2'])).toBe('boat-3');
    expect(freeId('€', [])).toBe('pack');
    expect(freeId('a very very very long name', [])).toMatch(/^[a-z0-9-]{1,16}$/);
  });
  it('adds bus and pack, or uses the bus that is there', () => {
    expect(additionOf(found, 'Van', [], [])).toEqual({
      bus: [{ id: 'bus', link: 'serial:/dev/ttyUSB0?baud=115200' }],
      pack: [{ id: 'van', name: 'Van', bus: 'bus', protocol: 'jk-pb', address: 3 }],
    });
    expect(additionOf(found, 'Van', [{ id: 'b1', link: 'serial:/dev/ttyUSB0?baud=115200' }], ['van'])).toEqual({
      pack: [{ id: 'van-2', name: 'Van', bus: 'b1', protocol: 'jk-pb', address: 3 }],
    });
  });
});

it('knows the day of a daily file', () => {
  expect(dayOf('batt_20261122.csv')).toBe('2026-11-22');
  expect(dayOf('config.txt')).toBe(null);
});
