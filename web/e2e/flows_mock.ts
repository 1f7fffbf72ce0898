// SPDX-License-Identifier: Apache-2.0
// What only the mock's world can show at will: an armed pack, a silent one, a gateway without packs.
import type { Page } from 'playwright-core';
import assert from 'node:assert/strict';
import { startMock } from '../mock/server.ts';
import { firstPack, kPhone, openFor, rename, restoreBackup, saveBackup, kDesk, type Flow, type Place } from './flow.ts';

const mock = (page: Page, wish: object) => page.request.post('/api/v1/mock', { data: wish });

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

async function backupAndRestore(page: Page, { browser, password }: Place): Promise<void> {
  await rename(page, 'Boat house');
  const backup = await saveBackup(page);
  const { page: other } = await openFor(browser, (await startMock()).url, kDesk, password);
  await restoreBackup(other, backup);
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

export const kMockFlows: readonly Flow[] = [
  { name: 'a pack is found and added', run: addPack },
  { name: 'a backup is restored elsewhere', run: backupAndRestore },
  { name: 'a MOS is switched and read back', run: switchMos, look: kPhone },
  { name: 'a silent pack says so', run: staleSaysSo, look: kPhone },
  { name: 'the first run is guided', run: firstRun, look: kPhone },
];
