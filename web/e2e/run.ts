// SPDX-License-Identifier: Apache-2.0
// End-to-end tests in the system's Chromium: against the built program (`bmsgate demo` and others, started here), against a running gateway
// where BMSGATE_URL and BMSGATE_PASSWORD are set, against the mock where nothing is built or MOCK=1.
//   npm run e2e                  everything
//   npm run e2e -- walk|flows|sheets    a part of it;   LOOK=phone-light-en walks one look, STOP=battery one page, FLOW=CSV does one flow
import { startMock } from '../mock/server.ts';
import { kLanguages, kSizes, kThemes, openBrowser, openPage, type Look, type Size } from './browser.ts';
import { runFlows } from './flow.ts';
import { kFlows } from './flows.ts';
import { kMockFlows } from './flows_mock.ts';
import { runProgramFlows } from './flows_program.ts';
import { haveProgram, startDemo } from './programs.ts';
import { makeSheets } from './sheets.ts';
import { Tally } from './tally.ts';
import { look, stopsOf, type Stop } from './walk.ts';
import { Words } from './words.ts';

const parts = process.argv.slice(2);
const wanted = (part: string) => parts.length === 0 || parts.includes(part);
const running = process.env.BMSGATE_URL;
const demo = !running && !process.env.MOCK && haveProgram() && (wanted('walk') || wanted('flows')) ? await startDemo() : undefined;
const url = running ?? demo?.url ?? (await startMock()).url;
const password = process.env.BMSGATE_PASSWORD ?? demo?.password ?? 'admin!';
const tally = new Tally();
const browser = await openBrowser();

const nameOf = (how: Look) => `${how.size}-${how.theme}-${how.language}`;
const looks = (Object.keys(kSizes) as Size[])
  .flatMap((size) => kThemes.flatMap((theme) => kLanguages.map((language): Look => ({ size, theme, language }))))
  .filter((how) => nameOf(how).includes(process.env.LOOK ?? ''));

async function walkLook(how: Look, stops: readonly Stop[], words: Words): Promise<void> {
  for (const layout of [undefined, 'jk', 'daly']) {
    const { page, complaints } = await openPage(browser, { ...how, ...(layout ? { layout } : {}) }, url);
    await page.request.post('/api/v1/session', { data: { user: 'admin', password } });
    for (const stop of stops.filter((one) => one.layout === layout && one.name.includes(process.env.STOP ?? ''))) {
      await tally.test(`${stop.name} ${nameOf(how)}`, () => look(page, stop, how, complaints, words));
    }
    await page.context().close();
  }
}

/** Every page in every size, theme and language, two looks at a time. */
async function walk(): Promise<void> {
  const ask = async <T>(route: string) => (await (await fetch(`${url}/api/v1${route}`)).json()) as T;
  const packs = await ask<{ id: string }[]>('/packs');
  const schema = await ask<{ properties: Record<string, unknown> }>('/settings/schema');
  const stops = stopsOf(packs[0]?.id ?? '', Object.keys(schema.properties));
  const words = new Words(JSON.stringify([packs, await ask('/buses'), await ask('/system'), await ask('/branding')]));
  const waiting = [...looks];
  const worker = async () => {
    for (let how = waiting.shift(); how; how = waiting.shift()) await walkLook(how, stops, words);
  };
  const ended = await Promise.allSettled([worker(), worker()]);
  for (const end of ended) if (end.status === 'rejected') await tally.test('walk', () => Promise.reject(end.reason));
  for (const language of ['it', 'de'] as const)
    await tally.test(`everything is said in the reader's language: ${language}`, () => Promise.resolve(words.faults(language)));
}

if (wanted('walk')) await walk();
if (wanted('flows')) {
  await runFlows(kFlows, { browser, url, password, ...(demo ? { instance: demo } : {}) }, tally);
  if (demo) await runProgramFlows(browser, demo, tally);
  if (!running) await runFlows(kMockFlows, { browser, url: demo ? (await startMock()).url : url, password: 'admin!' }, tally);
}
if (wanted('sheets')) await makeSheets(browser);
await browser.close();
tally.close();
