// SPDX-License-Identifier: Apache-2.0
// Puts the pictures of a look together on sheets that can still be read, so that they can be looked at in a few goes.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { kShots } from './walk.ts';

const kLayouts = { phone: { width: 300, columns: 5, each: 5 }, desktop: { width: 760, columns: 2, each: 4 } } as const;
const kLongest = 1500;

export async function makeSheets(browser: Browser): Promise<void> {
  const all = readdirSync(kShots).filter((name) => name.endsWith('.png'));
  all.filter((name) => name.startsWith('sheet-')).forEach((name) => rmSync(kShots + name));
  const names = all.filter((name) => !name.startsWith('sheet-'));
  const looks = [...new Set(names.map((name) => name.replace(/^.*?-(phone|desktop)-/, '$1-').replace('.png', '')))];
  for (const look of looks) {
    const { width, columns, each } = kLayouts[look.startsWith('phone') ? 'phone' : 'desktop'];
    const own = names.filter((name) => name.endsWith(`-${look}.png`));
    for (let first = 0; first < own.length; first += each) {
      const page = await browser.newPage({ viewport: { width: (width + 6) * columns + 16, height: 600 } });
      const figures = own.slice(first, first + each).map((name) => {
        const picture = readFileSync(kShots + name).toString('base64');
        return `<figure><figcaption>${name}</figcaption><img src="data:image/png;base64,${picture}"></figure>`;
      });
      const piles = Array.from({ length: columns }, (_, column) => figures.filter((__, i) => i % columns === column).join(''));
      await page.setContent(
        `<!doctype html><style>body{margin:8px;background:#777;display:flex;gap:6px;align-items:start}div{width:${width}px}figure{margin:0 0 6px}img{width:100%;display:block;max-height:${kLongest}px;object-fit:cover;object-position:top}figcaption{font:11px sans-serif;color:#fff}</style>${piles.map((pile) => `<div>${pile}</div>`).join('')}`,
      );
      await page.waitForFunction(() => [...document.images].every((image) => image.complete));
      await page.screenshot({ path: `${kShots}sheet-${look}-${first / each + 1}.png`, fullPage: true });
      await page.close();
    }
  }
}
