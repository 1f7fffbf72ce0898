// SPDX-License-Identifier: Apache-2.0
// Finds what was left untranslated: words of a page that read the same in English and in another language, although neither the language
// files nor the gateway's own data (names, ids, addresses) say so.
import type { Page } from 'playwright-core';
import * as de from '../src/lang/de.ts';
import { en } from '../src/lang/en.ts';
import * as it from '../src/lang/it.ts';
import type { Language } from './browser.ts';

const kLanguageFiles = { de, it };

/** The same in all languages: units, names of files, protocols and paths. */
const kShared = /^(kWh|Ah|CSV|DALY|admin|daly-\w|config\.txt|batt_|\/.*|# \([\w/]+\))$/;

/** Names of months, long and short, as the language has them. */
const monthsOf = (language: string): string[] =>
  (['long', 'short'] as const).flatMap((month) =>
    Array.from({ length: 12 }, (_, i) => new Intl.DateTimeFormat(language, { month }).format(new Date(2024, i, 15))),
  );

/** What can be read or heard on a page, with every number as "#". */
export const wordsOf = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const found = new Set<string>();
    const add = (text: string | null | undefined) => {
      const plain = (text ?? '')
        .replace(/\s+/g, ' ')
        .replace(/[\d.,:]*\d/g, '#')
        .trim();
      if (/\p{L}{3}/u.test(plain)) found.add(plain);
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const parent = node.parentElement!;
      if (!parent.closest('script, style, code, [lang]:not(html)')) add(node.textContent);
    }
    for (const one of document.querySelectorAll('[aria-label], [title], [placeholder], [alt]'))
      for (const name of ['aria-label', 'title', 'placeholder', 'alt']) add(one.getAttribute(name));
    return [...found];
  });

export class Words {
  private readonly seen = new Map<string, Map<Language, Set<string>>>();
  private readonly names: string;

  /** `names`: what the gateway calls its things, as JSON; found in any language. */
  constructor(names: string) {
    this.names = names;
  }

  note(stop: string, language: Language, words: readonly string[]): void {
    const languages = this.seen.get(stop) ?? new Map<Language, Set<string>>();
    this.seen.set(stop, languages);
    languages.set(language, new Set([...(languages.get(language) ?? []), ...words]));
  }

  /** One line for each text that a language shows in English. */
  faults(language: 'it' | 'de'): string[] {
    const file = kLanguageFiles[language];
    const meant = new Set<string>([
      ...Object.entries(en).flatMap(([key, text]) => (file.texts[key as keyof typeof en] === text ? [text] : [])),
      ...Object.entries(file.words).flatMap(([english, own]) => (english === own ? [english] : [])),
      ...[...Object.values(file.texts), ...Object.values(file.words)].filter((own) => own in file.words),
      ...monthsOf(language),
    ]);
    const faults: string[] = [];
    for (const [stop, languages] of this.seen) {
      const english = languages.get('en');
      for (const text of languages.get(language) ?? []) {
        if (!english?.has(text) || meant.has(text) || this.isName(text, meant)) continue;
        faults.push(`${stop}: "${text}"`);
      }
    }
    return faults;
  }

  private isName(text: string, meant: ReadonlySet<string>): boolean {
    const parts = kShared.test(text) ? [] : text.split(/ [/·–—()]+ |[#,]|\.csv$/).map((part) => part.trim());
    return parts.every((part) => !/\p{L}{3}/u.test(part) || kShared.test(part) || meant.has(part) || this.names.includes(part));
  }
}
