// SPDX-License-Identifier: Apache-2.0
// What a person chose on this device (kept in this browser only), over what the gateway's settings say, over defaults.
import { computed, effect, signal } from '@preact/signals';

export type Language = 'en' | 'it' | 'de';
export type Layout = 'bmsgate' | 'jk' | 'daly';
export interface Prefs {
  theme: 'auto' | 'light' | 'dark';
  language: 'auto' | Language;
  temperature: 'auto' | 'C' | 'F';
  clock: 'auto' | '24h' | '12h';
  layout: 'auto' | Layout;
}

const kStore = 'bmsgate.prefs';
const kDefaults: Prefs = { theme: 'auto', language: 'auto', temperature: 'auto', clock: 'auto', layout: 'auto' };

function saved(): Prefs {
  try {
    return { ...kDefaults, ...(JSON.parse(localStorage.getItem(kStore) ?? '{}') as Partial<Prefs>) };
  } catch {
    return { ...kDefaults };
  }
}

export const prefs = signal<Prefs>(saved());

/** What the gateway's settings say for everybody; filled from /system. */
export const gatewayPrefs = signal<{ layout?: string; language?: string; temperature_unit?: string; clock?: string }>({});

export function setPref<K extends keyof Prefs>(key: K, value: Prefs[K]): void {
  prefs.value = { ...prefs.value, [key]: value };
  try {
    localStorage.setItem(kStore, JSON.stringify(prefs.value));
  } catch {
    // A browser that keeps nothing still shows what was chosen until it is closed.
  }
}

const kLanguages: readonly string[] = ['en', 'it', 'de'];

export const language = computed<Language>(() => {
  const wishes = [prefs.value.language, gatewayPrefs.value.language, ...(navigator.languages ?? []).map((tag) => tag.slice(0, 2))];
  return (wishes.find((wish) => wish && kLanguages.includes(wish)) ?? 'en') as Language;
});

export const fahrenheit = computed(() => {
  const { temperature } = prefs.value;
  return (temperature === 'auto' ? gatewayPrefs.value.temperature_unit : temperature)?.toUpperCase() === 'F';
});

export const clock12 = computed(() => {
  const { clock } = prefs.value;
  return (clock === 'auto' ? gatewayPrefs.value.clock : clock)?.startsWith('12') ?? false;
});

export const layout = computed<Layout>(() => {
  const wish = prefs.value.layout === 'auto' ? gatewayPrefs.value.layout : prefs.value.layout;
  return wish === 'jk' || wish === 'daly' ? wish : 'bmsgate';
});

const systemDark = typeof matchMedia === 'function' ? matchMedia('(prefers-color-scheme: dark)') : null;
const systemIsDark = signal(systemDark?.matches ?? false);
systemDark?.addEventListener('change', (event) => {
  systemIsDark.value = event.matches;
});

export const dark = computed(() => (prefs.value.theme === 'auto' ? systemIsDark.value : prefs.value.theme === 'dark'));

effect(() => {
  document.documentElement.dataset.theme = dark.value ? 'dark' : 'light';
});
