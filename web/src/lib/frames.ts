// SPDX-License-Identifier: Apache-2.0
// Lines of a capture file, and in plain words what a frame is: by its first bytes, for people who watch a line.
import { number } from './format.ts';
import { t } from './i18n.ts';

export interface Frame {
  /** Microseconds since 1970, or since the capture began where the clock was not set. */
  at: number;
  toBms: boolean;
  bytes: readonly number[];
}

/** Reads `# start_utc_ms: N` and lines of `t_us > hex`. */
export function parseCapture(text: string): Frame[] {
  let start = 0;
  const frames: Frame[] = [];
  for (const line of text.split('\n')) {
    const head = /^#\s*start_utc_ms:\s*(\d+)/.exec(line);
    if (head) start = Number(head[1]) * 1000;
    const piece = /^(\d+) ([<>]) ([0-9a-fA-F ]+)/.exec(line);
    if (!piece) continue;
    const hex = piece[3]!.replace(/ /g, '');
    frames.push({
      at: start + Number(piece[1]),
      toBms: piece[2] === '>',
      bytes: (hex.match(/../g) ?? []).map((byte) => parseInt(byte, 16)),
    });
  }
  return frames;
}

const kA5: Readonly<Record<number, string>> = {
  0x90: 'frame.summary',
  0x91: 'frame.cell_range',
  0x92: 'frame.temperature_range',
  0x93: 'frame.mos',
  0x94: 'frame.status',
  0x95: 'frame.cells',
  0x96: 'frame.temperatures',
  0x97: 'frame.balancing',
  0x98: 'frame.alarms',
};
const kPb: Readonly<Record<number, string>> = { 0x1e: 'frame.settings', 0x20: 'frame.live', 0x1c: 'frame.identity' };
const kPbAnswer: Readonly<Record<number, string>> = { 1: 'frame.settings', 2: 'frame.live', 3: 'frame.identity' };

interface Known {
  fits: (b: readonly number[]) => boolean;
  name: string;
  address: (b: readonly number[]) => number | undefined;
  what: (b: readonly number[]) => string;
}

const kKnown: readonly Known[] = [
  {
    name: 'JK-PB',
    fits: (b) => b[0] === 0x55 && b[1] === 0xaa && b[2] === 0xeb && b[3] === 0x90,
    address: () => undefined,
    what: (b) => kPbAnswer[b[4] ?? 0] ?? 'frame.answer',
  },
  {
    name: 'JK-PB',
    fits: (b) => b[1] === 0x10 && b[2] === 0x16,
    address: (b) => b[0],
    what: (b) => (b.length <= 8 ? 'frame.ack' : (kPb[b[3] ?? 0] ?? 'frame.request')),
  },
  {
    name: 'JK',
    fits: (b) => b[0] === 0x4e && b[1] === 0x57,
    address: () => undefined,
    what: (b) => (b.length < 24 ? 'frame.request' : 'frame.live'),
  },
  { name: 'Daly', fits: (b) => b[0] === 0xa5, address: (b) => b[1], what: (b) => kA5[b[2] ?? 0] ?? 'frame.answer' },
  { name: 'Daly', fits: (b) => b[0] === 0xd2, address: () => 1, what: (b) => (b[1] === 3 ? 'frame.live' : 'frame.request') },
  { name: 'Modbus', fits: (b) => b.length > 4 && (b[1] === 3 || b[1] === 4), address: (b) => b[0], what: () => 'frame.registers' },
];

export function frameWords(frame: Frame): string {
  const size = t('frame.bytes', { n: number(frame.bytes.length) });
  const known = kKnown.find((one) => one.fits(frame.bytes));
  if (!known) return `${t('frame.unknown')}, ${size}`;
  const address = known.address(frame.bytes);
  return [known.name, address === undefined ? '' : `#${address}`, t(known.what(frame.bytes) as 'frame.answer'), size]
    .filter(Boolean)
    .join(' · ');
}

export const hexText = (bytes: readonly number[], most = 48): string =>
  bytes
    .slice(0, most)
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join(' ') + (bytes.length > most ? ' …' : '');
