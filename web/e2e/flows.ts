// SPDX-License-Identifier: Apache-2.0
// What people do with any gateway, the mock or a real one: change a setting, zoom into a day, save CSV, delete a file, go by keyboard.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { firstPack, kPhone, type Flow, type Place } from './flow.ts';
import { settingOf } from './programs.ts';

async function wrongPassword(page: Page): Promise<void> {
  await page.goto('/settings/users');
  const form = page.locator('.login-form');
  await form.getByLabel('Password').fill('wrong');
  await form.getByRole('button', { name: 'Log in' }).click();
  await page.getByText('That did not work').waitFor();
}

async function changeSetting(page: Page, { instance }: Place): Promise<void> {
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
  if (instance) assert.equal(settingOf(instance, 'mqtt', 'port'), '1884');
  await page.getByRole('button', { name: 'back to the default' }).first().click();
  await page.getByText('Saved', { exact: true }).waitFor();
  if (instance) assert.notEqual(settingOf(instance, 'mqtt', 'port'), '1884');
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

async function tryService(page: Page): Promise<void> {
  await page.goto('/settings/modbus');
  await page.getByRole('button', { name: 'Test', exact: true }).click();
  await page.getByText(/The server answers on port|is free: the server can have it/).waitFor();
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
  await page.waitForFunction(() => {
    const query = new URLSearchParams(location.search);
    const width = Number(query.get('to')) - Number(query.get('from'));
    return width > 0 && width < 16 * 3600;
  });
}

async function saveCsv(page: Page): Promise<void> {
  await page.goto(`/history?pack=${await firstPack(page)}`);
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download CSV' }).click()]);
  const lines = readFileSync(await download.path(), 'utf8')
    .trim()
    .split('\n');
  assert.ok(lines.length > 10, `only ${lines.length} lines`);
  const [head, ...rows] = lines.map((line) => line.split(','));
  assert.equal(head![0], 'time');
  assert.deepEqual(
    rows.filter((row) => row.length !== head!.length),
    [],
    'rows as wide as the head',
  );
  const times = rows.map((row) => Date.parse(row[0]!));
  assert.ok(
    times.every((time, i) => time > (times[i - 1] ?? 0)),
    'one row after the other',
  );
  const soc = rows.map((row) => Number(row[head!.indexOf('soc')]));
  assert.ok(Math.min(...soc) >= 0 && Math.max(...soc) <= 100 && Math.max(...soc) > Math.min(...soc), 'a state of charge that moves');
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
  assert.equal((await page.request.get(`/api/v1/files/${name}?pack=${await firstPack(page)}`)).status(), 404, 'the file is still served');
}

/** A daily file says the same in the page's list, in its download and on the chart that "Show" leads to. */
async function showFile(page: Page): Promise<void> {
  await page.goto('/settings/files');
  const row = page.locator('.file').nth(2);
  const name = (await row.locator('.file-name').textContent())!.match(/batt_(\d{4})(\d\d)(\d\d)\.csv/)!;
  const [download] = await Promise.all([page.waitForEvent('download'), row.getByRole('link', { name: `Download ${name[0]}` }).click()]);
  assert.equal(download.suggestedFilename(), name[0]);
  const lines = readFileSync(await download.path(), 'utf8')
    .trim()
    .split('\n');
  assert.match(lines[0]!, /^time,soc,b1,/);
  assert.match(lines[1]!, new RegExp(`^${name[1]}-${name[2]}-${name[3]}T00:`));
  await row.getByRole('link', { name: `Show ${name[0]}` }).click();
  await page.waitForURL(/\/battery\?.*from=\d+/);
  await page.locator('.chart canvas').first().waitFor();
}

/** The original's config.txt goes in, and is then what its own words say. */
async function uploadFile(page: Page, { instance }: Place): Promise<void> {
  await page.goto('/settings/files');
  const other = page.locator('.card', { has: page.getByRole('heading', { name: 'Other files' }) });
  const buffer = Buffer.from('{"mqtt_server":"192.0.2.7","mqtt_port":"1885"}');
  await other.locator('input[type=file]').setInputFiles({ name: 'config.txt', mimeType: 'text/plain', buffer });
  await page.getByText('config.txt is here').waitFor();
  if (instance) assert.equal(settingOf(instance, 'mqtt', 'host'), '"192.0.2.7"');
}

const kOldPaths = [
  ['/batt', '/battery'],
  ['/graph', '/monitor'],
  ['/config', '/settings/network'],
  ['/misc', '/settings/misc'],
  ['/mqtt', '/settings/mqtt'],
  ['/modbustcp', '/settings/modbus'],
  ['/display', '/settings/display'],
  ['/pushsafer', '/settings/notify'],
  ['/vUart', '/settings/tunnel'],
  ['/upload', '/settings/files'],
  ['/bmsalarms', '/events'],
  ['/fwupgrade', '/settings/system'],
] as const;

async function oldPaths(page: Page): Promise<void> {
  for (const [old, now] of kOldPaths) {
    await page.goto(old);
    await page.waitForFunction((path) => location.pathname === path, now);
    await page.locator('main h1').first().waitFor();
  }
}

/** Tab reaches everything that can be clicked, in the order of the page, and shows where it is. */
async function keyboardOnly(page: Page): Promise<void> {
  await page.goto('/');
  await page.locator('.pack-card').first().waitFor();
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement?.className), 'skip');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'main');
  const wanted = await page.evaluate(() => {
    const all = [
      ...document.querySelectorAll<HTMLElement>('main a[href], main button, main input, main select, main summary, main [tabindex="0"]'),
    ];
    const shown = all.filter((one) => one.checkVisibility() && !one.hasAttribute('disabled'));
    shown.forEach((one, i) => (one.dataset.stop = String(i)));
    return shown.length;
  });
  assert.ok(wanted > 5, `only ${wanted} places to go`);
  for (let i = 0; i < wanted; ++i) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const one = document.activeElement as HTMLElement;
      const style = getComputedStyle(one);
      return { stop: one.dataset.stop, words: one.innerText, seen: style.outlineStyle !== 'none' || style.boxShadow !== 'none' };
    });
    assert.equal(at.stop, String(i), `Tab ${i + 1} led to "${at.words}"`);
    assert.ok(at.seen, `nothing shows that "${at.words}" has the focus`);
  }
}

/** Waits until a pack has been read so many times more. */
const readings = (page: Page, pack: string, times: number): Promise<void> =>
  page.evaluate(
    ([id, wanted]) =>
      new Promise<void>((resolve) => {
        const stream = new EventSource('/api/v1/stream');
        let seen = 0;
        stream.addEventListener('reading', (event) => {
          if ((JSON.parse(event.data as string) as { id: string }).id !== id || ++seen < wanted) return;
          stream.close();
          resolve();
        });
      }),
    [pack, times] as const,
  );

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
    await page.locator('.hero, .chart canvas').first().waitFor();
    await readings(page, pack, 3);
    const moved = await page.evaluate(() => (window as unknown as { moved: number }).moved);
    assert.ok(moved < 0.05, `${path}: layout shift ${moved.toFixed(3)}`);
  }
}

/** A report on paper: dark on white even where the screen is dark, and nothing to click. */
async function printReport(page: Page): Promise<void> {
  await page.goto(`/report?pack=${await firstPack(page)}`);
  await page.locator('.report-cells li').first().waitFor();
  await page.emulateMedia({ media: 'print' });
  const paper = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  assert.equal(paper, 'rgb(255, 255, 255)');
  assert.equal(await page.locator('.nav').isVisible(), false);
  assert.equal(await page.getByRole('button', { name: 'Print' }).isVisible(), false);
}

async function units(page: Page): Promise<void> {
  await page.goto('/more');
  await page.getByRole('group', { name: 'Temperatures' }).getByRole('button', { name: '°F' }).click();
  await page.getByRole('link', { name: 'Status' }).first().click();
  await page.locator('.pack-chips a').nth(1).click();
  await page.getByText('°F').first().waitFor();
  assert.equal(await page.getByText('°C').count(), 0);
}

/** Hints in plain words, and what goes over the line, decoded. */
async function watchLine(page: Page): Promise<void> {
  await page.goto('/bus');
  const card = page.locator('.bus-card').first();
  await card.getByRole('button', { name: 'Watch the line' }).click();
  await card.locator('.traffic-list li.to').first().waitFor();
  await card.locator('.traffic-list li.from').first().waitFor();
  assert.match((await card.locator('.traffic-list li.from code').first().textContent())!, /^([0-9a-f]{2} ?)+/i);
  await card.getByRole('button', { name: 'Pause' }).click();
}

async function brandingPreview(page: Page): Promise<void> {
  await page.goto('/settings/branding');
  const brand = page.locator('.brand').first();
  const before = (await brand.textContent())!;
  await page.getByLabel('Name', { exact: true }).fill('Solar Smith');
  await page.waitForFunction(() => document.querySelector('.brand')?.textContent === 'Solar Smith');
  await page.reload();
  await page.locator('.colors').waitFor();
  assert.equal(await brand.textContent(), before, 'a preview must not stay');
}

export const kFlows: readonly Flow[] = [
  { name: 'a wrong password is refused', run: wrongPassword, loggedIn: false },
  { name: 'a setting is changed, checked and taken back', run: changeSetting },
  { name: 'a secret goes in and never comes back', run: secretStaysHidden },
  { name: 'a service is tried before it is saved', run: tryService },
  { name: 'a day is zoomed by mouse and keyboard', run: zoomDay },
  { name: 'two fingers zoom', run: pinch, look: kPhone },
  { name: 'CSV is saved', run: saveCsv },
  { name: 'a day of the map leads to its chart', run: chooseDay },
  { name: 'a daily file is shown and downloaded', run: showFile },
  { name: 'a file is deleted', run: deleteFile },
  { name: 'a file is uploaded', run: uploadFile },
  { name: 'a line is watched', run: watchLine },
  { name: 'a brand is tried', run: brandingPreview },
  { name: 'the old paths lead on', run: oldPaths },
  { name: 'the keyboard is enough', run: keyboardOnly },
  { name: 'nothing jumps', run: nothingJumps, look: kPhone },
  { name: 'a report is printed', run: printReport, look: kPhone },
  { name: 'degrees as chosen', run: units },
];
