// SPDX-License-Identifier: Apache-2.0
// Puts the seller's colours on the page; the words on a coloured ground stay readable whatever the colour is.
import type { Branding } from '../api/types.ts';

function luminance(hex: string): number {
  const channel = (at: number) => {
    const c = parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

const contrast = (a: number, b: number) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);

const mix = (hex: string, other: number, part: number) =>
  `#${[1, 3, 5]
    .map((at) => Math.round(parseInt(hex.slice(at, at + 2), 16) * (1 - part) + other * part))
    .map((n) => n.toString(16).padStart(2, '0'))
    .join('')}`;

/** A shade of the colour that can be read on the ground: moved towards black (light theme) or white (dark) until 4.6:1. */
export function readable(hex: string, ground: string): string {
  const level = luminance(ground);
  const towards = level > 0.4 ? 0 : 255;
  for (let part = 0; part <= 1; part += 0.04) {
    const shade = mix(hex, towards, part);
    if (contrast(luminance(shade), level) >= 4.6) return shade;
  }
  return towards === 0 ? '#000000' : '#ffffff';
}

export function applyBranding(branding: Branding, dark: boolean): void {
  const accent = dark ? branding.accent_dark : branding.accent;
  if (!/^#[0-9a-f]{6}$/i.test(accent)) return;
  const style = document.documentElement.style;
  const text = readable(accent, dark ? '#171b21' : '#f6f7f9');
  style.setProperty('--accent', accent);
  style.setProperty('--accent-text', text);
  style.setProperty('--accent-fill', readable(accent, dark ? '#0f1216' : '#ffffff'));
  style.setProperty('--on-accent', dark ? '#0f1216' : '#ffffff');
}
