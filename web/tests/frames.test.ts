// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { frameWords, hexText, parseCapture } from '../src/lib/frames.ts';
import { newFrames } from '../src/pages/bus/traffic.tsx';

const words = (line: string) => frameWords(parseCapture(`0 ${line}`)[0]!);

describe('captures', () => {
  it('are read line by line, with or without the time of day', () => {
    const [first, second] = parseCapture('# link: tcp:x:1\n# start_utc_ms: 1000\n0 > a5 40\n250 < A5 01\nrubbish\n');
    expect(first).toEqual({ at: 1_000_000, toBms: true, bytes: [0xa5, 0x40] });
    expect(second).toMatchObject({ at: 1_000_250, toBms: false });
    expect(parseCapture('')).toEqual([]);
  });
  it('add only what is new', () => {
    const frames = parseCapture('0 > 01\n9000 > 02\n');
    expect(newFrames([], frames)).toHaveLength(2);
    expect(newFrames(frames.slice(0, 1), frames)).toHaveLength(1);
    expect(newFrames(frames, frames)).toHaveLength(0);
  });
});

describe('frames in words', () => {
  it.each([
    ['> a58090080000000000000000bd', 'Daly · #128 · voltage, current, SOC · 13 bytes'],
    ['< a50195080d0ccb0ccb0ccb0000', 'Daly · #1 · cell voltages · 13 bytes'],
    ['> 02101620000102000000', 'JK-PB · #2 · live values · 10 bytes'],
    ['< 0110162000010 44b', 'JK-PB · #1 · acknowledged · 8 bytes'],
    ['< 55aaeb900105', 'JK-PB · settings · 6 bytes'],
    ['> 4e5700130000000006030000000000006800000129', 'JK · request · 21 bytes'],
    ['> d203000000', 'Daly · #1 · live values · 5 bytes'],
    ['< ffff', 'Not known, 2 bytes'],
  ])('%s', (line, text) => expect(words(line)).toBe(text));

  it('are cut short', () => expect(hexText([1, 255, 3], 2)).toBe('01 ff …'));
});
