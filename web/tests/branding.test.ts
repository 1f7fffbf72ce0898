// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { readable } from '../src/lib/branding.ts';

function contrast(a: string, b: string): number {
  const level = (hex: string) => {
    const [r, g, bl] = [1, 3, 5]
      .map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * bl!;
  };
  const [x, y] = [level(a), level(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

describe('a seller may choose any colour', () => {
  it.each(['#1f7ae0', '#ffee00', '#000000', '#ffffff', '#ff0000', '#7f7f7f'])('%s can be read on both grounds', (color) => {
    for (const ground of ['#ffffff', '#f6f7f9', '#171b21', '#0f1216'])
      expect(contrast(readable(color, ground), ground)).toBeGreaterThanOrEqual(4.5);
  });
});
