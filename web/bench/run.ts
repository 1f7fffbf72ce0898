// SPDX-License-Identifier: Apache-2.0
// Measures the pages: size, Lighthouse (median of three), time to draw a day of 16 cells, growth of the heap under 3,600 events.
// Prints a table and writes build/bench/web.json. Against the mock, or a running gateway where BMSGATE_URL is set.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { startMock } from '../mock/server.ts';
import { everything, kDist, zipped } from '../scripts/size.ts';

interface Row {
  name: string;
  value: number;
  unit: string;
  reference: string | null;
  reference_value: number | null;
  ratio: number | null;
  limit: number;
  ok: boolean;
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const rows: Row[] = [];
const round = (value: number) => Math.round(value * 100) / 100;
const add = (name: string, value: number, unit: string, limit: number, most = true) =>
  rows.push({
    name,
    value: round(value),
    unit,
    reference: null,
    reference_value: null,
    ratio: null,
    limit,
    ok: most ? value <= limit : value >= limit,
  });

const sizes = () => add('everything, gzip', everything() / 1000, 'kB', 150);

async function firstView(browser: Browser, url: string): Promise<void> {
  const page = await browser.newPage();
  let bytes = 0;
  page.on('response', (response) => {
    const { pathname } = new URL(response.url());
    if (pathname.startsWith('/api/')) return;
    const path = kDist + (pathname === '/' ? 'index.html' : pathname.slice(1));
    if (existsSync(path) && !path.includes('icon') && !path.endsWith('sw.js')) bytes += zipped(path);
  });
  await page.goto(url);
  await page.waitForTimeout(1500);
  add('first view, gzip', bytes / 1000, 'kB', 60);
  await page.close();
}

/** Notes when the history's answer was read and when the last line was drawn. */
async function drawTime(browser: Browser, url: string): Promise<void> {
  const pack = await packOf(url);
  const times: number[] = [];
  for (let i = 0; i < 5; ++i) {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.addInitScript(() => {
      const noted = { data: 0, drawn: 0 };
      (window as unknown as { noted: typeof noted }).noted = noted;
      const { json } = Response.prototype;
      Response.prototype.json = async function (this: Response) {
        const data: unknown = await json.call(this);
        if (this.url.includes('/history?')) noted.data = performance.now();
        return data;
      };
      const prototype = CanvasRenderingContext2D.prototype as unknown as { stroke: (...path: unknown[]) => void };
      const { stroke } = prototype;
      prototype.stroke = function (...path) {
        stroke.apply(this, path);
        noted.drawn = performance.now();
      };
    });
    await page.goto(`${url}/battery?pack=${pack}`);
    await page.waitForSelector('.chart canvas');
    await page.waitForTimeout(600);
    const { data, drawn } = await page.evaluate(() => (window as unknown as { noted: { data: number; drawn: number } }).noted);
    times.push(drawn - data);
    await page.close();
  }
  add('24 h of cells drawn after data, median', times.sort((a, b) => a - b)[2]!, 'ms', 100);
}

const packOf = async (url: string) => ((await (await fetch(`${url}/api/v1/packs`)).json()) as { id: string }[])[0]!.id;

async function heap(browser: Browser, url: string): Promise<void> {
  const page = await browser.newPage();
  await page.addInitScript(() => {
    class Driven extends EventTarget {
      onopen: (() => void) | null = null;
      onerror: (() => void) | null = null;
      constructor() {
        super();
        (window as unknown as { driven: Driven }).driven = this;
        setTimeout(() => this.onopen?.(), 50);
      }
      close() {}
    }
    (window as unknown as { EventSource: unknown }).EventSource = Driven;
  });
  await page.goto(url);
  await page.waitForSelector('.hero');
  const client = await page.context().newCDPSession(page);
  const used = async () => {
    await client.send('HeapProfiler.collectGarbage');
    await client.send('HeapProfiler.collectGarbage');
    return ((await client.send('Runtime.getHeapUsage')) as { usedSize: number }).usedSize;
  };
  await replay(page, 200);
  const before = await used();
  await replay(page, 3600);
  add('heap after 3,600 events of 4 packs', ((await used()) - before) / 1e6, 'MB', 5);
  await page.close();
}

async function replay(page: Page, events: number): Promise<void> {
  await page.evaluate(async (count) => {
    const packs = (await (await fetch('/api/v1/packs')).json()) as { fields: { cell_voltage?: number[]; current: number } }[];
    const { driven } = window as unknown as { driven: EventTarget };
    for (let i = 0; i < count; ++i) {
      const pack = packs[i % packs.length]!;
      pack.fields.current = Math.sin(i) * 20;
      pack.fields.cell_voltage = pack.fields.cell_voltage?.map((volts, n) => volts + Math.sin(i * n) / 1000);
      driven.dispatchEvent(new MessageEvent('reading', { data: JSON.stringify(pack) }));
      if (i % 20 === 19) await new Promise((resolve) => requestAnimationFrame(resolve));
    }
  }, events);
}

interface Lighthouse {
  default: (
    url: string,
    flags: object,
  ) => Promise<{
    lhr: { categories: Record<string, { score: number | null }>; audits: Record<string, { score: number | null; title: string }> };
  }>;
}

async function lighthouse(url: string, port: number): Promise<void> {
  if (!existsSync(here('node_modules/lighthouse')))
    execFileSync('npm', ['ci', '--silent', '--no-fund', '--no-audit'], { cwd: here('.'), stdio: 'inherit' });
  const { default: run } = (await import('lighthouse' as string)) as Lighthouse;
  const pack = await packOf(url);
  for (const [name, path] of [
    ['Status', '/'],
    ['Battery', `/battery?pack=${pack}`],
  ] as const) {
    const results = [];
    for (let i = 0; i < 3; ++i) {
      const { lhr } = await run(url + path, {
        port,
        output: 'json',
        logLevel: 'error',
        onlyCategories: ['performance', 'accessibility', 'best-practices'],
      });
      results.push(lhr);
    }
    for (const [category, limit] of [
      ['performance', 95],
      ['accessibility', 100],
      ['best-practices', 100],
    ] as const) {
      const scores = results.map((lhr) => Math.round((lhr.categories[category]?.score ?? 0) * 100)).sort((a, b) => a - b);
      add(`Lighthouse ${name}, ${category}`, scores[1]!, 'points', limit, false);
      if (scores[1]! < limit && process.env.VERBOSE) {
        for (const [id, audit] of Object.entries(results[0]!.audits))
          if (audit.score !== null && audit.score < 0.9) console.log(`  ${name}: ${id} ${audit.score} ${audit.title}`);
      }
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 9222));
    });
  });
}

const url = process.env.BMSGATE_URL ?? (await startMock()).url;
const port = await freePort();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage', `--remote-debugging-port=${port}`],
});
sizes();
await firstView(browser, url);
await drawTime(browser, url);
await heap(browser, url);
if (!process.env.NO_LIGHTHOUSE) await lighthouse(url, port);
await browser.close();

console.log(`${'what'.padEnd(44)} ${'value'.padStart(9)} ${'limit'.padStart(9)}`);
for (const row of rows)
  console.log(
    `${row.name.padEnd(44)} ${String(row.value).padStart(9)} ${String(row.limit).padStart(9)} ${row.unit.padEnd(7)} ${row.ok ? 'ok' : 'NOT REACHED'}`,
  );
mkdirSync(here('../../build/bench'), { recursive: true });
writeFileSync(here('../../build/bench/web.json'), `${JSON.stringify(rows, null, 1)}\n`);
process.exit(rows.every((row) => row.ok) ? 0 : 1);
