// SPDX-License-Identifier: Apache-2.0
// Opens the system's Chromium with a page set up as a person would have it: size, theme, language.
import { chromium, type Browser, type Page } from 'playwright-core';

export const kSizes = { phone: { width: 390, height: 844 }, desktop: { width: 1440, height: 900 } } as const;
export const kThemes = ['light', 'dark'] as const;
export const kLanguages = ['en', 'it', 'de'] as const;
export type Size = keyof typeof kSizes;
export type Theme = (typeof kThemes)[number];
export type Language = (typeof kLanguages)[number];

export interface Look {
  size: Size;
  theme: Theme;
  language: Language;
  layout?: string;
}

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--js-flags=--expose-gc'],
  });

/** A page that gathers what the console complains about. */
export async function openPage(browser: Browser, look: Look, url: string): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({
    viewport: kSizes[look.size],
    deviceScaleFactor: 1,
    colorScheme: look.theme,
    locale: look.language,
    timezoneId: 'Europe/Rome',
    hasTouch: look.size === 'phone',
    isMobile: look.size === 'phone',
    serviceWorkers: 'block',
    reducedMotion: 'reduce',
    acceptDownloads: true,
    baseURL: url,
  });
  const { language, theme, layout } = look;
  await context.addInitScript((chosen) => localStorage.setItem('bmsgate.prefs', JSON.stringify(chosen)), {
    language,
    theme,
    ...(layout ? { layout } : {}),
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning')
      complaints.push(`${message.type()}: ${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`));
  return { page, complaints };
}
