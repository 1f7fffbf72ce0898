// SPDX-License-Identifier: Apache-2.0
// What flows are made of: where they run, and the steps that several of them take.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { openPage, type Look } from './browser.ts';
import type { Instance } from './programs.ts';
import type { Tally } from './tally.ts';

export const kDesk: Look = { size: 'desktop', theme: 'light', language: 'en' };
export const kPhone: Look = { size: 'phone', theme: 'dark', language: 'en' };

export interface Place {
  browser: Browser;
  url: string;
  password: string;
  /** A program of this machine, whose settings can be looked at from outside. */
  instance?: Instance;
}

export interface Flow {
  name: string;
  run: (page: Page, place: Place) => Promise<void>;
  look?: Look;
  loggedIn?: boolean;
}

const kPatience = 20_000;

export async function logIn(page: Page, password: string): Promise<void> {
  await page.goto('/settings/users');
  const form = page.locator('.login-form');
  await page.waitForSelector('.login-form, .add-user');
  if ((await form.count()) === 0) return;
  await form.getByLabel('User').fill('admin');
  await form.getByLabel('Password').fill(password);
  await form.getByRole('button', { name: 'Log in' }).click();
  await page.waitForSelector('.add-user');
}

/** A page for a person who may be logged in already; slow machines are waited for. */
export async function openFor(browser: Browser, url: string, look: Look = kDesk, password?: string) {
  const opened = await openPage(browser, look, url);
  opened.page.setDefaultTimeout(kPatience);
  if (password !== undefined) await logIn(opened.page, password);
  return opened;
}

export const firstPack = async (page: Page): Promise<string> =>
  ((await (await page.request.get('/api/v1/packs')).json()) as { id: string }[])[0]!.id;

export async function saveBackup(page: Page): Promise<Buffer> {
  await page.goto('/settings/backup');
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Save a backup' }).click()]);
  return readFileSync(await download.path());
}

export async function restoreBackup(page: Page, backup: Buffer): Promise<void> {
  await page.goto('/settings/backup');
  await page.locator('input[type=file]').first().setInputFiles({ name: 'backup.json', mimeType: 'application/json', buffer: backup });
  await page.getByRole('dialog').getByRole('button', { name: 'Restore' }).click();
  await page.getByText('Restored', { exact: true }).waitFor();
}

export async function rename(page: Page, name: string): Promise<void> {
  await page.goto('/settings/general');
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByRole('button', { name: 'Submit' }).click();
  await page.getByText('Saved', { exact: true }).waitFor();
}

export async function runFlows(flows: readonly Flow[], place: Place, tally: Tally): Promise<void> {
  for (const { name, run, look = kDesk, loggedIn = true } of flows) {
    if (process.env.FLOW && !name.includes(process.env.FLOW)) continue;
    await tally.test(name, async () => {
      const { page, complaints } = await openFor(place.browser, place.url, look, loggedIn ? place.password : undefined);
      try {
        await run(page, place);
      } finally {
        await page.context().close();
      }
      assert.deepEqual(
        complaints.filter((one) => one.startsWith('exception')),
        [],
      );
    });
  }
}
