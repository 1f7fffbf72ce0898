// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Pack } from '../src/api/types.ts';
import { ageOf, openStream, packById, packs, stream, takePack } from '../src/store.ts';

const pack = (id: string, age = 0): Pack => ({
  id,
  name: id,
  protocol: 'jk-pb',
  bus: 'b',
  address: 1,
  quality: 'good',
  age_s: age,
  time: null,
  fields: {},
  alarms: [],
  info: {},
});

class FakeSource {
  static made: FakeSource[] = [];
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  closed = false;
  private readonly hear = new Map<string, (event: MessageEvent<string>) => void>();
  readonly url: string;
  constructor(url: string) {
    this.url = url;
    FakeSource.made.push(this);
  }
  addEventListener(name: string, take: (event: MessageEvent<string>) => void) {
    this.hear.set(name, take);
  }
  send(name: string, data: unknown) {
    this.hear.get(name)?.(new MessageEvent(name, { data: JSON.stringify(data) }));
  }
  close() {
    this.closed = true;
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('EventSource', FakeSource);
  FakeSource.made = [];
  packs.value = null;
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('packs', () => {
  it('keep their order and are replaced in place', () => {
    takePack(pack('a'));
    takePack(pack('b'));
    takePack({ ...pack('a'), name: 'A' });
    expect(packs.value?.map((one) => one.name)).toEqual(['A', 'b']);
    expect(packById('b')?.id).toBe('b');
    expect(packById('none')).toBe(null);
  });

  it('grow older by the clock of this device', () => {
    takePack(pack('a', 3), 1000);
    expect(ageOf(packs.value![0]!, 6000)).toBe(8);
    takePack({ ...pack('a'), age_s: null }, 1000);
    expect(ageOf(packs.value![0]!, 6000)).toBe(null);
  });
});

describe('stream', () => {
  it('brings readings, comes back after a loss, and ends when told', () => {
    const end = openStream();
    const [first] = FakeSource.made;
    first!.onopen!();
    first!.send('reading', pack('a'));
    expect(stream.value).toBe('live');
    expect(packs.value).toHaveLength(1);

    first!.onerror!();
    expect(stream.value).toBe('lost');
    expect(first!.closed).toBe(true);
    vi.advanceTimersByTime(1000);
    expect(FakeSource.made).toHaveLength(2);
    FakeSource.made[1]!.onerror!();
    vi.advanceTimersByTime(1000);
    expect(FakeSource.made).toHaveLength(2);
    vi.advanceTimersByTime(1000);
    expect(FakeSource.made).toHaveLength(3);

    end();
    vi.advanceTimersByTime(60000);
    expect(FakeSource.made).toHaveLength(3);
    expect(FakeSource.made[2]!.closed).toBe(true);
  });
});
