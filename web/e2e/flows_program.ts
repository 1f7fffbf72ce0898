// SPDX-License-Identifier: Apache-2.0
// What takes several programs: a pack that appears on a line of the demo, and a gateway out of the box, from its first password to the
// backup that makes a second one of it.
import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { everything } from '../scripts/size.ts';
import { firstPack, kDesk, kPhone, openFor, rename, restoreBackup, saveBackup } from './flow.ts';
import { settingOf, startFresh, startPack, type Instance } from './programs.ts';
import type { Tally } from './tally.ts';

const kOwnPassword = 'grey heron 7';

async function probeAndSave(page: Page, link: string, name: string): Promise<void> {
  await page.getByLabel('Where is it connected?').selectOption('other');
  await page.locator('.add').getByPlaceholder('tcp:', { exact: false }).fill(link);
  await page.getByRole('button', { name: 'Look what answers' }).click();
  await page.getByRole('heading', { name: 'Found' }).waitFor({ timeout: 90_000 });
  const found = page.locator('.found').first();
  await found.getByLabel('Name').fill(name);
  await found.getByRole('button', { name: 'Save' }).click();
}

/** A fifth pack appears on a line of its own, is found, saved, read, and taken out again. */
async function addPack(page: Page): Promise<void> {
  const pack = await startPack('shed', 'jk-nw', '--cells', '12');
  await page.goto('/bus');
  await page.getByRole('button', { name: 'Add a pack' }).click();
  await probeAndSave(page, pack.link, 'Shed');
  await page.locator('.found').waitFor({ state: 'detached' });
  await page.goto('/?pack=shed');
  await page.locator('.cell-grid li').nth(11).waitFor();
  assert.equal(await page.locator('.cell-grid li').count(), 12);
  await page.goto('/settings/pack');
  await page.getByText('Shed', { exact: true }).click();
  const form = page.locator('details[open]');
  await form.getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await page.getByText('Shed', { exact: true }).waitFor({ state: 'detached' });
  await pack.stop();
}

/** From "no pack yet" to the first reading, step by step as the guide says. */
async function firstRun(browser: Browser, fresh: Instance, link: string): Promise<void> {
  const { page } = await openFor(browser, fresh.url, kPhone);
  await page.goto('/');
  await page.getByRole('link', { name: 'Begin' }).click();
  await page.getByRole('heading', { name: 'Wire it' }).waitFor();
  const login = page.locator('.login-form');
  await login.getByLabel('Password').fill(fresh.password);
  await login.getByRole('button', { name: 'Log in' }).click();
  await page.getByLabel('Old password').fill(fresh.password);
  await page.getByLabel('New password (at least 8 characters)').fill(kOwnPassword);
  await page.getByLabel('New password again').fill(kOwnPassword);
  await page.getByRole('button', { name: 'Change it' }).click();
  await page.getByText('The password is your own.').waitFor();
  await probeAndSave(page, link, 'First light');
  await page.locator('.cell-grid li').nth(7).waitFor();
  await page.getByText('First light').first().waitFor();
  await page.context().close();

  const tryToLogIn = async (password: string) => {
    const { page: visitor } = await openFor(browser, fresh.url);
    const answer = await visitor.request.post('/api/v1/session', { data: { user: 'admin', password } });
    await visitor.context().close();
    return answer.status();
  };
  assert.equal(await tryToLogIn(fresh.password), 401, 'the first password still opens the door');
  assert.equal(await tryToLogIn(kOwnPassword), 200);
}

async function silence(browser: Browser, fresh: Instance, stopPack: () => Promise<void>): Promise<void> {
  const { page } = await openFor(browser, fresh.url, kPhone);
  await page.goto('/');
  await page.locator('.fresh').first().waitFor();
  await stopPack();
  await page.getByText('BMS data error').first().waitFor({ timeout: 90_000 });
  await page.locator('.fresh.stale').first().waitFor({ timeout: 90_000 });
  await page.context().close();
}

/** A second gateway becomes what the first one is, except for its password. */
async function restoreElsewhere(browser: Browser, fresh: Instance): Promise<void> {
  const { page } = await openFor(browser, fresh.url, kDesk, kOwnPassword);
  await rename(page, 'Boat house');
  const ids = await firstPack(page);
  const backup = await saveBackup(page);
  assert.equal(backup.toString().includes(kOwnPassword), false);
  await page.context().close();
  const second = await startFresh('second');
  const { page: other } = await openFor(browser, second.url, kDesk, second.password);
  await restoreBackup(other, backup);
  await other.reload();
  await other.goto('/settings/general');
  assert.equal(await other.getByLabel('Name', { exact: true }).inputValue(), 'Boat house');
  assert.equal(settingOf(second, 'general', 'name'), '"Boat house"');
  await other.goto('/settings/pack');
  await other.getByText('First light', { exact: true }).waitFor();
  assert.equal(await firstPack(other), ids);
  await other.context().close();
  await second.stop();
}

/** Installable, and its shell opens while the gateway is away. */
async function worksOffline(browser: Browser, fresh: Instance): Promise<void> {
  const context = await browser.newContext({ baseURL: fresh.url, serviceWorkers: 'allow' });
  const page = await context.newPage();
  await page.goto('/');
  const manifest = (await (await page.request.get((await page.locator('link[rel=manifest]').getAttribute('href'))!)).json()) as {
    name: string;
    display: string;
    icons: { src: string }[];
  };
  assert.equal(manifest.display, 'standalone');
  for (const icon of manifest.icons) assert.equal((await page.request.get(`/${icon.src.replace(/^\//, '')}`)).status(), 200, icon.src);
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await fresh.stop();
  await page.reload();
  await page.locator('.nav a').first().waitFor();
  await page.getByText('No connection', { exact: false }).first().waitFor();
  await context.close();
}

/** What the first view takes over the line: 60 kB at most; all files together: 150 kB. */
async function staysSmall(browser: Browser, instance: Instance): Promise<void> {
  const { page } = await openFor(browser, instance.url, kPhone);
  const sizes = new Map<string, Promise<number>>();
  page.on('requestfinished', (request) => {
    if (!request.url().includes('/api/'))
      sizes.set(
        request.url(),
        request.sizes().then((size) => size.responseBodySize),
      );
  });
  await page.goto('/');
  await page.locator('.pack-card, .hero').first().waitFor();
  await page.waitForLoadState('load');
  const total = (await Promise.all(sizes.values())).reduce((sum, size) => sum + size, 0);
  assert.ok(total > 10_000 && total <= 60_000, `the first view takes ${total} bytes`);
  assert.ok(everything() <= 150_000, `all files take ${everything()} bytes`);
  await page.context().close();
}

/** A setting that waits for a new start is named; the page makes the start and finds the gateway again. */
async function restart(browser: Browser, fresh: Instance): Promise<void> {
  const { page } = await openFor(browser, fresh.url, kDesk, kOwnPassword);
  await page.goto('/settings/web');
  await page.getByText('More settings').click();
  await page.getByLabel('Connections at most').fill('40');
  await page.getByRole('button', { name: 'Submit' }).click();
  await page.getByRole('link', { name: 'Restart' }).click();
  await page.getByText('These settings take effect at the next start: Network – Connections at most').waitFor();
  await page.getByRole('button', { name: 'Restart' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Restart' }).click();
  await page.locator('.login-form').waitFor({ timeout: 60_000 }); // a new program knows no sessions
  const system = (await (await page.request.get('/api/v1/system')).json()) as { restart_needed: string[] };
  assert.deepEqual(system.restart_needed, []);
  assert.equal(settingOf(fresh, 'web', 'max_clients'), '40');
  await page.context().close();
}

export async function runProgramFlows(browser: Browser, demo: Instance, tally: Tally): Promise<void> {
  const test = (name: string, run: () => Promise<void>) =>
    process.env.FLOW && !name.includes(process.env.FLOW) ? Promise.resolve() : tally.test(name, run);
  await test('a pack is found on a line, added and removed', async () => {
    const { page } = await openFor(browser, demo.url, kDesk, demo.password);
    await addPack(page);
    await page.context().close();
  });
  await test('the first view is small', () => staysSmall(browser, demo));
  const fresh = await startFresh('first');
  const pack = await startPack('first', 'jk-pb', '--address', '3', '--cells', '8');
  await test('a new gateway: password, probe, first reading', () => firstRun(browser, fresh, pack.link));
  await test('a new gateway: its pack falls silent', () => silence(browser, fresh, pack.stop));
  await test('a new gateway: its backup makes a second one', () => restoreElsewhere(browser, fresh));
  await test('a new gateway: it is started anew', () => restart(browser, fresh));
  await test('a new gateway: its pages open while it is away', () => worksOffline(browser, fresh));
}
