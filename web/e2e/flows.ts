// SPDX-License-Identifier: Apache-2.0
// What people do: log in, change a setting, add a pack, zoom into a day, save CSV, delete a file, back up and restore, switch, print.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { startMock } from '../mock/server.ts';
import { openPage, type Look } from './browser.ts';
import type { Tally } from './tally.ts';

const kDesk: Look = { size: 'desktop', theme: 'light', language: 'en' };
const kPhone: Look = { size: 'phone', theme: 'dark', language: 'en' };

interface Place {
  browser: Browser;
  url: string;
  password: string;
  /** A running gateway: what changes the mock's world is left out. */
  real: boolean;
}

async function logIn(page: Page, password: string): Promise<void> {
  await page.goto('/settings/users');
  const form = page.locator('.login-form');
  await page.waitForSelector('.login-form, .add-user');
  if ((await form.count()) === 0) return;
  await form.getByLabel('User').fill('admin');
  await form.getByLabel('Password').fill(password);
  await form.getByRole('button', { name: 'Log in' }).click();
  await page.waitForSelector('.add-user');
}

const mock = (page: Page, wish: object) => page.request.post('/api/v1/mock', { data: wish });
const firstPack = async (page: Page): Promise<string> =>
  ((await (await page.request.get('/api/v1/packs')).json()) as { id: string }[])[0]!.id;

async function wrongPassword(page: Page): Promise<void> {
  await page.goto('/settings/users');
  const form = page.locator('.login-form');
  await form.getByLabel('Password').fill('wrong');
  await form.getByRole('button', { name: 'Log in' }).click();
  await page.getByText('That did not work').waitFor();
}

async function changeSetting(page: Page): Promise<void> {
  await page.goto('/settings/mqtt');
  const port = page.getByLabel('Port', { exact: true });
  await port.fill('70000');
  await page.getByText('Allowed: 1 to 65,535.').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Submit' }).isDisabled(), true, 'a wrong value can be submitted');
  await port.fill('1884');
  await page.getByRole('button', { name: 'Submit' }).click();
  await page.getByText('Saved', { exact: true }).waitFor();
  await page.reload();
  assert.equal(await page.getByLabel('Port', { exact: true }).inputValue(), '1884');
  await page.getByRole('button', { name: 'back to the default' }).first().click();
  await page.getByText('Saved', { exact: true }).waitFor();
}

async function secretStaysHidden(page: Page): Promise<void> {
  await page.goto('/settings/mqtt');
  const field = page.getByLabel('Password', { exact: true });
  await field.fill('tiger');
  assert.equal(await field.getAttribute('type'), 'password');
  await page.getByLabel('Show what I type').check();
  assert.equal(await field.getAttribute('type'), 'text');
  await page.getByRole('button', { name: 'Submit' }).click();
  await page.getByText('Saved', { exact: true }).waitFor();
  await page.reload();
  assert.equal(await page.getByLabel('Password', { exact: true }).inputValue(), '');
  assert.equal(
    (await page.request.get('/api/v1/settings').then((answer) => answer.text())).includes('tiger'),
    false,
    'the secret came back',
  );
}

async function addPack(page: Page): Promise<void> {
  await page.goto('/bus');
  await page.getByRole('button', { name: 'Add a pack' }).click();
  await page.getByLabel('Where is it connected?').selectOption({ index: 2 });
  await page.getByRole('button', { name: 'Look what answers' }).click();
  await page.getByRole('heading', { name: 'Found' }).waitFor({ timeout: 20000 });
  await page.locator('.found').getByLabel('Name').fill('Van');
  await page.locator('.found').getByRole('button', { name: 'Save' }).click();
  await page.locator('.found').waitFor({ state: 'detached' });
  await page.goto('/settings/pack');
  await page.getByText('Van', { exact: true }).waitFor();
}

async function zoomDay(page: Page): Promise<void> {
  await page.goto(`/battery?pack=${await firstPack(page)}`);
  await page.locator('.chart canvas').first().waitFor();
  const over = page.locator('.u-over').first();
  const box = (await over.boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.4, box.y + 50);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 60, { steps: 6 });
  await page.mouse.up();
  await page.waitForURL(/from=\d+&to=\d+/);
  const query = new URL(page.url()).searchParams;
  const width = Number(query.get('to')) - Number(query.get('from'));
  assert.ok(width > 4 * 3600 && width < 6 * 3600, `zoomed to ${width} s, about 4.8 h was drawn`);
  await page.locator('.chart').first().focus();
  await page.keyboard.press('ArrowLeft');
  await page.waitForFunction((from) => Number(new URLSearchParams(location.search).get('from')) < from, Number(query.get('from')));
  await page.keyboard.press('0');
  await page.waitForFunction(() => !location.search.includes('from='));
  await page.locator('.chip').first().click();
  assert.equal(await page.locator('.chip').first().getAttribute('aria-pressed'), 'false');
  await page.locator('.chip').nth(4).dblclick();
  assert.equal(await page.locator('.chip[aria-pressed=true]').count(), 1, 'double click shows one alone');
}

async function pinch(page: Page): Promise<void> {
  await page.goto(`/battery?pack=${await firstPack(page)}`);
  await page.locator('.chart canvas').first().waitFor();
  const box = (await page.locator('.u-over').first().boundingBox())!;
  const client = await page.context().newCDPSession(page);
  const at = (part: number) => ({ x: box.x + box.width * part, y: box.y + 80 });
  await client.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [at(0.4), at(0.6)] });
  for (const spread of [0.15, 0.2, 0.3]) {
    await client.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: [at(0.5 - spread), at(0.5 + spread)] });
  }
  await client.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await page.waitForURL(/from=\d+&to=\d+/);
  const query = new URL(page.url()).searchParams;
  assert.ok(Number(query.get('to')) - Number(query.get('from')) < 16 * 3600, 'two fingers apart show less time');
}

async function saveCsv(page: Page): Promise<void> {
  await page.goto(`/history?pack=${await firstPack(page)}`);
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download CSV' }).click()]);
  const lines = readFileSync(await download.path(), 'utf8')
    .trim()
    .split('\n');
  assert.ok(lines.length > 10, `only ${lines.length} lines`);
  assert.match(lines[0]!, /^time,/);
  assert.equal(lines[1]!.split(',').length, lines[0]!.split(',').length);
}

async function chooseDay(page: Page): Promise<void> {
  await page.goto(`/history?pack=${await firstPack(page)}`);
  await page.locator('.month button.day').nth(1).click();
  await page.locator('.day-panel').getByRole('link', { name: 'Cells' }).click();
  await page.waitForURL(/\/battery\?.*from=\d+/);
  await page.locator('.chart canvas').first().waitFor();
}

async function deleteFile(page: Page): Promise<void> {
  await page.goto('/settings/files');
  const name = (await page.locator('.file-name').nth(1).textContent())!.match(/batt_\d+\.csv/)![0];
  await page.getByRole('button', { name: `Delete ${name}` }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByText(name).waitFor({ state: 'detached' });
}

async function backupAndRestore(page: Page, { browser, password, real }: Place): Promise<void> {
  await page.goto('/settings/general');
  await page.getByLabel('Name', { exact: true }).fill('Boat house');
  await page.getByRole('button', { name: 'Submit' }).click();
  await page.getByText('Saved', { exact: true }).waitFor();
  await page.goto('/settings/backup');
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Save a backup' }).click()]);
  const path = await download.path();
  assert.match(readFileSync(path, 'utf8'), /Boat house/);
  const second = process.env.BMSGATE_SECOND_URL ?? (real ? null : (await startMock()).url);
  if (second === null) return;
  const { page: other } = await openPage(browser, kDesk, second);
  await logIn(other, password);
  await other.goto('/settings/backup');
  await other
    .locator('input[type=file]')
    .first()
    .setInputFiles({ name: 'backup.json', mimeType: 'application/json', buffer: readFileSync(path) });
  await other.getByRole('dialog').getByRole('button', { name: 'Restore' }).click();
  await other.getByText('Restored', { exact: true }).waitFor();
  await other.goto('/settings/general');
  assert.equal(await other.getByLabel('Name', { exact: true }).inputValue(), 'Boat house');
  await other.context().close();
}

async function switchMos(page: Page): Promise<void> {
  await mock(page, { armed: true });
  await page.goto(`/?pack=${await firstPack(page)}`);
  const toggle = page.getByRole('switch', { name: 'Discharge' });
  await toggle.click();
  await page.getByText('everything fed by this pack loses its supply', { exact: false }).waitFor();
  await page.getByRole('button', { name: 'Turn off' }).click();
  await page.getByText('Done: the BMS confirmed it').waitFor();
  await page.locator('[role=switch][aria-label=Discharge][aria-checked=false]').waitFor({ timeout: 8000 });
  await mock(page, { armed: false });
}

async function staleSaysSo(page: Page): Promise<void> {
  const pack = await firstPack(page);
  await mock(page, { quality: { [pack]: 'stale' } });
  await page.goto(`/?pack=${pack}`);
  await page.getByText('BMS data error').waitFor();
  await page.locator('.fresh.stale').first().waitFor();
  await page.goto('/');
  await page.getByText('no answer', { exact: false }).first().waitFor();
  await mock(page, { quality: { [pack]: 'good' } });
}

async function firstRun(page: Page): Promise<void> {
  await mock(page, { firstRun: true });
  await page.goto('/');
  await page.getByRole('link', { name: 'Begin' }).click();
  await page.getByRole('heading', { name: 'Wire it' }).waitFor();
  await page.getByRole('heading', { name: 'Find the pack' }).waitFor();
  await mock(page, { firstRun: false });
}

async function oldPaths(page: Page): Promise<void> {
  for (const [old, now] of [
    ['/batt', '/battery'],
    ['/graph', '/monitor'],
    ['/modbustcp', '/settings/modbus'],
    ['/bmsalarms', '/events'],
  ] as const) {
    await page.goto(old);
    await page.waitForFunction((path) => location.pathname === path, now);
  }
}

async function keyboardOnly(page: Page): Promise<void> {
  await page.goto('/');
  await page.locator('.nav a').first().waitFor();
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement?.className), 'skip');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'main');
}

async function nothingJumps(page: Page): Promise<void> {
  await page.addInitScript(() => {
    (window as unknown as { moved: number }).moved = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number })[])
        (window as unknown as { moved: number }).moved += entry.value;
    }).observe({ type: 'layout-shift', buffered: true });
  });
  const pack = await firstPack(page);
  for (const path of [`/?pack=${pack}`, `/battery?pack=${pack}`]) {
    await page.goto(path);
    await page.waitForTimeout(3000);
    const moved = await page.evaluate(() => (window as unknown as { moved: number }).moved);
    assert.ok(moved < 0.05, `${path}: layout shift ${moved.toFixed(3)}`);
  }
}

async function units(page: Page): Promise<void> {
  await page.goto('/more');
  await page.getByRole('group', { name: 'Temperatures' }).getByRole('button', { name: '°F' }).click();
  await page.getByRole('link', { name: 'Status' }).first().click();
  await page.locator('.pack-chips a').nth(1).click();
  await page.getByText('°F').first().waitFor();
  assert.equal(await page.getByText('°C').count(), 0);
}

export async function runFlows(browser: Browser, url: string, password: string, tally: Tally, real: boolean): Promise<void> {
  const place: Place = { browser, url, password, real };
  const flow = (name: string, run: (page: Page, place: Place) => Promise<void>, how: Look = kDesk, loggedIn = true) =>
    tally.test(name, async () => {
      if (process.env.FLOW && !name.includes(process.env.FLOW)) return;
      const { page, complaints } = await openPage(browser, how, url);
      page.setDefaultTimeout(8000);
      if (loggedIn) await logIn(page, password);
      try {
        await run(page, place);
      } finally {
        await page.context().close();
      }
      const serious = complaints.filter((one) => one.startsWith('exception'));
      assert.deepEqual(serious, []);
    });
  if (!real)
    await tally.test(
      'reset',
      async () => void (await fetch(`${url}/api/v1/mock`, { method: 'POST', body: '{"user":null,"password":"admin!"}' })),
    );
  await flow('a wrong password is refused', wrongPassword, kDesk, false);
  await flow('a setting is changed, checked and taken back', changeSetting);
  await flow('a secret goes in and never comes back', secretStaysHidden);
  if (!real) await flow('a pack is found and added', addPack);
  await flow('a day is zoomed by mouse and keyboard', zoomDay);
  await flow('two fingers zoom', pinch, kPhone);
  await flow('CSV is saved', saveCsv);
  await flow('a day of the map leads to its chart', chooseDay);
  await flow('a file is deleted', deleteFile);
  await flow('a backup is restored elsewhere', backupAndRestore);
  if (!real) {
    await flow('a MOS is switched and read back', switchMos, kPhone);
    await flow('a silent pack says so', staleSaysSo, kPhone);
    await flow('the first run is guided', firstRun, kPhone);
  }
  await flow('the old paths lead on', oldPaths);
  await flow('the keyboard is enough', keyboardOnly);
  await flow('nothing jumps', nothingJumps, kPhone);
  await flow('degrees as chosen', units);
}
