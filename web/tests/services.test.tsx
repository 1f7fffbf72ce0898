// SPDX-License-Identifier: Apache-2.0
// Trying a service from its form, and restarting the gateway.
import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Group, Settings } from '../src/lib/schema.ts';
import { GroupForm } from '../src/pages/settings/group.tsx';
import { SystemPage } from '../src/pages/settings/system.tsx';
import { system } from '../src/store.ts';

interface Sent {
  url: string;
  method: string;
  body: unknown;
}

/** Answers requests by their route, and keeps what was asked. */
function gateway(answers: Record<string, [number, unknown]>): Sent[] {
  const sent: Sent[] = [];
  vi.stubGlobal('fetch', (url: string, { method = 'GET', body }: { method?: string; body?: string } = {}) => {
    const route = url.replace('/api/v1', '');
    sent.push({ url: route, method, body: body === undefined ? undefined : JSON.parse(body) });
    const [status, data] = answers[`${method} ${route}`] ?? [404, { detail: `nothing at ${route}` }];
    return Promise.resolve(new Response(JSON.stringify(data), { status }));
  });
  return sent;
}

const press = (box: Element, name: string) =>
  act(() => {
    const buttons = [...box.querySelectorAll('button'), ...document.body.querySelectorAll('button')];
    buttons
      .filter((one) => one.textContent === name)
      .pop()!
      .click();
  });
/** Waits until something is shown. */
const shown = (box: Element, selector: string) =>
  vi.waitFor(() => {
    const found = box.querySelector(selector);
    expect(found, selector).not.toBe(null);
    return found!;
  });

afterEach(() => vi.unstubAllGlobals());

const group: Group = {
  type: 'object',
  'x-test': true,
  properties: { host: { type: 'string', title: 'Server' }, port: { type: 'integer', title: 'Port', minimum: 1, maximum: 65535 } },
};
const settings: Settings = { values: { mqtt: { host: 'localhost', port: 1883 } } };

const drawForm = (shown: Group) => {
  const box = document.createElement('div');
  act(() => render(<GroupForm name="mqtt" title="MQTT" help="" group={shown} settings={settings} again={() => undefined} />, box));
  return box;
};

describe('the form of a service', () => {
  it('tries what was typed and says what came of it', async () => {
    const trial = { ok: false, key: 'nobody', message: 'as the gateway says it', params: { host: 'boat', port: '1884' } };
    const sent = gateway({ 'POST /test/mqtt': [200, trial] });
    const box = drawForm(group);
    const port = box.querySelectorAll('input')[1]!;
    port.value = '1884';
    act(() => void port.dispatchEvent(new Event('input', { bubbles: true })));
    press(box, 'Test');
    expect((await shown(box, '.notice.alarm')).textContent).toContain('Nobody listens at boat port 1884.');
    expect(sent).toEqual([{ url: '/test/mqtt', method: 'POST', body: { mqtt: { port: 1884 } } }]);
  });

  it('shows the words of the gateway where it knows none', async () => {
    gateway({ 'POST /test/mqtt': [200, { ok: true, key: 'brand_new', message: 'It sings.', params: {} }] });
    const box = drawForm(group);
    press(box, 'Test');
    expect((await shown(box, '.notice.good')).textContent).toContain('It sings.');
  });

  it('puts refusals beside their fields', async () => {
    gateway({ 'POST /test/mqtt': [422, { detail: 'mqtt.host no', errors: [{ key: 'mqtt.host', message: 'is no host' }] }] });
    const box = drawForm(group);
    press(box, 'Test');
    expect((await shown(box, '.field-error')).textContent).toBe('is no host');
  });

  it('has no button where the schema names none', () => {
    const { 'x-test': _, ...silent } = group;
    expect([...drawForm(silent).querySelectorAll('button')].map((one) => one.textContent)).not.toContain('Test');
  });
});

describe('a restart', () => {
  const info = { version: '1', uptime_s: 5, time: new Date().toISOString(), restart_needed: ['web.port'] };
  const schema = { properties: { web: { type: 'object', title: 'Web', properties: { port: { type: 'integer', title: 'HTTP port' } } } } };

  it('names what waits for it, asks first, and leads to the new address', async () => {
    const sent = gateway({
      'GET /system': [200, info],
      'GET /settings/schema': [200, schema],
      'POST /system/restart': [202, { port: 8099 }],
    });
    system.value = info;
    const box = document.createElement('div');
    act(() => render(<SystemPage />, box));
    await vi.waitFor(() => expect(box.querySelector('.notice.warning')?.textContent).toContain('Network – HTTP port'));
    press(box, 'Restart');
    expect(sent.some((one) => one.method === 'POST')).toBe(false);
    press(box, 'Restart');
    expect((await shown(box, '.notice a')).getAttribute('href')).toMatch(/:8099\/$/);
    expect(sent.filter((one) => one.method === 'POST').map((one) => one.url)).toEqual(['/system/restart']);
  });
});
