// SPDX-License-Identifier: Apache-2.0
// Looks at every page in every size, theme and language: no complaint in the console, nothing wider than the screen, nothing left
// untranslated, no fault that axe finds; takes a picture of each.
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { kSizes, type Look } from './browser.ts';
import { wordsOf, type Words } from './words.ts';

export const kShots = new URL('../../build/screenshots/', import.meta.url).pathname;
const kPatience = 30_000;
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export interface Stop {
  name: string;
  path: string;
  /** What is there when the page is done. */
  ready: string;
  layout?: string;
}

/** `groups`: the settings that have a form of their own. */
export const stopsOf = (pack: string, groups: readonly string[]): Stop[] => [
  { name: 'bank', path: '/', ready: '.pack-card, .hero' },
  { name: 'pack', path: `/?pack=${pack}`, ready: '.cell-grid li' },
  { name: 'pack-jk', path: `/?pack=${pack}`, ready: '.jk-cells li', layout: 'jk' },
  { name: 'pack-daly', path: `/?pack=${pack}`, ready: '.daly-cells li', layout: 'daly' },
  { name: 'battery', path: `/battery?pack=${pack}`, ready: '.chip .num' },
  { name: 'monitor', path: `/monitor?pack=${pack}`, ready: '.monitor-chart canvas' },
  { name: 'history', path: `/history?pack=${pack}`, ready: '.day-panel' },
  { name: 'events', path: '/events', ready: '.event, .empty' },
  { name: 'bus', path: '/bus', ready: '.bus-card table' },
  { name: 'settings', path: '/settings', ready: '.settings-list a' },
  ...groups.map((group): Stop => ({ name: `settings-${group}`, path: `/settings/${group}`, ready: '.settings-body .card h2' })),
  { name: 'settings-files', path: '/settings/files', ready: '.file' },
  { name: 'settings-users', path: '/settings/users', ready: '.add-user' },
  { name: 'settings-branding', path: '/settings/branding', ready: '.colors' },
  { name: 'settings-backup', path: '/settings/backup', ready: '.backup-buttons' },
  { name: 'settings-device', path: '/settings/device', ready: '.device-row' },
  { name: 'settings-system', path: '/settings/system', ready: '.rows' },
  { name: 'setup', path: '/setup', ready: '.step' },
  { name: 'more', path: '/more', ready: '.device-row' },
  { name: 'report', path: `/report?pack=${pack}`, ready: '.report-cells li' },
];

interface Violation {
  id: string;
  help: string;
  nodes: { target: string[]; failureSummary?: string }[];
}

export async function axeFaults(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const violations = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run: (context: Document, options: object) => Promise<{ violations: Violation[] }> } };
    const result = await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
    return result.violations;
  });
  return violations.map(
    (one) =>
      `axe ${one.id}: ${one.help}: ${one.nodes
        .slice(0, 2)
        .map((node) => `${node.target.join(' ')} ${(node.failureSummary ?? '').split('\n').slice(1, 3).join(' ').trim()}`)
        .join(' | ')}`,
  );
}

/** The whole page as if the screen were that long, so that the bar at the bottom is at the bottom. */
async function takePicture(page: Page, path: string, { size }: Look): Promise<void> {
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width: kSizes[size].width, height: Math.max(height, kSizes[size].height) });
  await page.screenshot({ path });
  await page.setViewportSize(kSizes[size]);
}

export async function look(page: Page, stop: Stop, how: Look, complaints: string[], words: Words): Promise<string[]> {
  complaints.length = 0;
  await page.goto(stop.path);
  await page.waitForSelector(stop.ready, { timeout: kPatience });
  await page.waitForFunction(() => !document.querySelector('.skeleton, .busy') && document.fonts.status === 'loaded', undefined, {
    timeout: kPatience,
  });
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  const faults: string[] = [];
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (wide > 0) {
    const culprit = await page.evaluate(() => {
      const edge = document.documentElement.clientWidth;
      return [...document.querySelectorAll('body *')]
        .filter((one) => one.getBoundingClientRect().right > edge + 1)
        .slice(-3)
        .map((one) => `${one.tagName}.${one.className}`)
        .join(' ');
    });
    faults.push(`wider than the screen by ${wide} px: ${culprit}`);
  }
  words.note(stop.name, how.language, await wordsOf(page));
  faults.push(...(await axeFaults(page)));
  mkdirSync(kShots, { recursive: true });
  await takePicture(page, `${kShots}${stop.name}-${how.size}-${how.theme}-${how.language}.png`, how);
  faults.push(...complaints.filter((one) => !one.includes('Service Worker')));
  return faults;
}
