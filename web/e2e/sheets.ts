// SPDX-License-Identifier: Apache-2.0
// Puts all pictures of a look together on one sheet, so that they can be looked at in one go.
import { readdirSync, readFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { kShots } from './walk.ts';

export async function makeSheets(browser: Browser): Promise<void> {
  const names = readdirSync(kShots).filter((name) => name.endsWith('.png') && !name.startsWith('sheet-'));
  const looks = [...new Set(names.map((name) => name.replace(/^.*?-(phone|desktop)-/, '$1-').replace('.png', '')))];
  for (const look of looks) {
    const width = look.startsWith('phone') ? 260 : 560;
    const page = await browser.newPage({ viewport: { width: width * (look.startsWith('phone') ? 7 : 3) + 40, height: 600 } });
    const cells = names
      .filter((name) => name.endsWith(`-${look}.png`))
      .map(
        (name) =>
          `<figure><img src="data:image/png;base64,${readFileSync(kShots + name).toString('base64')}"><figcaption>${name}</figcaption></figure>`,
      );
    await page.setContent(
      `<style>body{margin:8px;background:#777;display:flex;flex-wrap:wrap;gap:6px;align-items:start}figure{margin:0;width:${width - 8}px}img{width:100%;display:block;max-height:1100px;object-fit:cover;object-position:top}figcaption{font:11px sans-serif;color:#fff}</style>${cells.join('')}`,
    );
    await page.waitForTimeout(300);
    await page.screenshot({ path: `${kShots}sheet-${look}.png`, fullPage: true });
    await page.close();
  }
}
