// SPDX-License-Identifier: Apache-2.0
// Words in the reader's language. English is built in; the others are one file each, loaded when chosen.
import { effect, signal } from '@preact/signals';
import { en, type Texts } from '../lang/en.ts';
import { language, type Language } from './prefs.ts';

export type TextKey = keyof Texts;
export type Params = Readonly<Record<string, string | number>>;

const loaders: Record<Exclude<Language, 'en'>, () => Promise<{ texts: Texts; words: Readonly<Record<string, string>> }>> = {
  it: () => import('../lang/it.ts'),
  de: () => import('../lang/de.ts'),
};

const current = signal<{ language: Language; texts: Texts; words: Readonly<Record<string, string>> }>({
  language: 'en',
  texts: en,
  words: {},
});

/** The language whose words are shown now (it lags a choice until its file is here). */
export const shownLanguage = () => current.value.language;

export async function loadLanguage(wanted: Language): Promise<void> {
  if (wanted === 'en') current.value = { language: 'en', texts: en, words: {} };
  else {
    const { texts, words } = await loaders[wanted]();
    current.value = { language: wanted, texts, words };
  }
  document.documentElement.lang = wanted;
}

effect(() => {
  const wanted = language.value;
  if (wanted !== current.peek().language) void loadLanguage(wanted).catch(() => undefined);
});

const fill = (text: string, params?: Params) =>
  params ? text.replace(/\{(\w+)\}/g, (all, name: string) => String(params[name] ?? all)) : text;

/** The text of a key; `{name}` in it is replaced from `params`. */
export function t(key: TextKey, params?: Params): string {
  return fill(current.value.texts[key] ?? en[key], params);
}

/** The text of a key made at run time ("hint." + key); `fallback` where no language knows it. */
export function tt(key: string, fallback: string, params?: Params): string {
  const texts = current.value.texts as Record<string, string>;
  const text = texts[key] ?? (en as Record<string, string>)[key];
  return text === undefined ? word(fallback) : fill(text, params);
}

/** One text for one, another for many: keys end in `.one` and `.many`. */
export function count(key: string, n: number, shown: string = String(n)): string {
  return tt(`${key}.${n === 1 ? 'one' : 'many'}`, key, { n: shown });
}

/** An English phrase that the gateway sent (labels of the field table, of settings), in the reader's language where it is known. */
export function word(english: string): string {
  return current.value.words[english] ?? english;
}
