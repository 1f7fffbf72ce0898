// SPDX-License-Identifier: Apache-2.0
// End-to-end tests in the system's Chromium, against the mock or, where BMSGATE_URL is set, against a running gateway.
//   npm run e2e                  everything
//   npm run e2e -- walk|flows|sheets    a part of it;   LOOK=phone-light-en walks one look only
import { startMock } from '../mock/server.ts';
import { kLanguages, kSizes, kThemes, openBrowser, openPage, type Look, type Size } from './browser.ts';
import { runFlows } from './flows.ts';
import { makeSheets } from './sheets.ts';
import { Tally } from './tally.ts';
import { look, stopsOf, type Stop } from './walk.ts';

const parts = process.argv.slice(2);
const wanted = (part: string) => parts.length === 0 || parts.includes(part);
const gateway = process.env.BMSGATE_URL;
const url = gateway ?? (await startMock()).url;
const password = process.env.BMSGATE_PASSWORD ?? 'admin!';
const tally = new Tally();
const browser = await openBrowser();

const looks = (Object.keys(kSizes) as Size[]).flatMap((size) =>
  kThemes.flatMap((theme) => kLanguages.map((language): Look => ({ size, theme, language }))),
);

async function walkLook(how: Look, stops: readonly Stop[]): Promise<void> {
  const name = `${how.size}-${how.theme}-${how.language}`;
  for (const layout of [undefined, 'jk', 'daly']) {
    const { page, complaints } = await openPage(browser, { ...how, ...(layout ? { layout } : {}) }, url);
    await page.request.post('/api/v1/session', { data: { user: 'admin', password } });
    for (const stop of stops.filter((one) => one.layout === layout)) {
      if (process.env.STOP && !stop.name.includes(process.env.STOP)) continue;
      await tally.test(`${stop.name} ${name}`, () => look(page, stop, how, complaints));
    }
    await page.context().close();
  }
}

/** Two looks at a time. Dark pages in Italian and German differ from others in nothing new: with FULL=1 only. */
async function walk(): Promise<void> {
  const list = (await (await fetch(`${url}/api/v1/packs`)).json()) as { id: string }[];
  const stops = stopsOf(list[0]?.id ?? '');
  const waiting = looks.filter((how) => {
    const name = `${how.size}-${how.theme}-${how.language}`;
    if (process.env.LOOK) return name.includes(process.env.LOOK);
    return process.env.FULL !== undefined || how.theme === 'light' || how.language === 'en';
  });
  const worker = async () => {
    for (let how = waiting.shift(); how; how = waiting.shift()) await walkLook(how, stops);
  };
  const ended = await Promise.allSettled([worker(), worker()]);
  for (const end of ended) if (end.status === 'rejected') await tally.test('walk', () => Promise.reject(end.reason));
}

if (wanted('walk')) await walk();
if (wanted('flows')) await runFlows(browser, url, password, tally, Boolean(gateway));
if (wanted('sheets')) await makeSheets(browser);
await browser.close();
tally.close();
