// SPDX-License-Identifier: Apache-2.0
// What is live: packs, links, events and commands as the stream brings them, and a clock that ticks each second.
import { computed, signal } from '@preact/signals';
import { api } from './api/client.ts';
import type { Branding, Bus, CommandResult, LogEvent, Pack, System } from './api/types.ts';
import { gatewayPrefs } from './lib/prefs.ts';

/** A pack and when it came, by this device's clock: ages grow without asking the gateway again. */
export interface LivePack extends Pack {
  received: number;
}

export const packs = signal<readonly LivePack[] | null>(null);
export const buses = signal<readonly Bus[] | null>(null);
export const system = signal<System | null>(null);
export const branding = signal<Branding>({ name: 'bmsgate', accent: '#1f7ae0', accent_dark: '#5aa5ff', logo: null, footer: '' });
export const stream = signal<'connecting' | 'live' | 'lost'>('connecting');
export const lastEvent = signal<LogEvent | null>(null);
export const lastCommand = signal<CommandResult | null>(null);
export const tunnel = signal<Record<string, unknown> | null>(null);
export const now = signal(Date.now());

/** The first answers are here, or have been waited for long enough. */
export const started = signal(false);

export const packById = (id: string | null | undefined) => packs.value?.find((pack) => pack.id === id) ?? null;

/** Seconds since the last good reading, or null where there was none. */
export function ageOf(pack: LivePack, at: number = now.value): number | null {
  return pack.age_s === null || pack.age_s === undefined ? null : Math.max(0, pack.age_s + (at - pack.received) / 1000);
}

export const troubled = computed(() => (packs.value ?? []).filter((pack) => pack.quality !== 'good' || pack.alarms.length > 0).length);

export function takePack(pack: Pack, received: number = Date.now()): void {
  const live: LivePack = { ...pack, received };
  const list = packs.peek() ?? [];
  const at = list.findIndex((one) => one.id === pack.id);
  packs.value = at < 0 ? [...list, live] : list.map((one, i) => (i === at ? live : one));
}

function takeBus(bus: Bus): void {
  const list = buses.peek();
  if (!list) return;
  buses.value = list.some((one) => one.id === bus.id) ? list.map((one) => (one.id === bus.id ? bus : one)) : [...list, bus];
}

export async function loadPacks(): Promise<void> {
  const list = await api<Pack[]>('/packs');
  const received = Date.now();
  packs.value = list.map((pack) => ({ ...pack, received }));
}

export async function loadBuses(): Promise<void> {
  buses.value = await api<Bus[]>('/buses');
}

export async function loadSystem(): Promise<void> {
  system.value = await api<System>('/system');
  gatewayPrefs.value = system.value.ui ?? {};
}

export async function loadBranding(): Promise<void> {
  branding.value = { ...branding.value, ...(await api<Partial<Branding>>('/branding')) };
}

const kRetryMs = [1000, 2000, 5000, 10000];

/** Opens the stream and keeps it open; returns what closes it. */
export function openStream(): () => void {
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let tries = 0;
  let ended = false;

  const on = <T>(name: string, take: (data: T) => void) =>
    source!.addEventListener(name, (event) => take(JSON.parse((event as MessageEvent<string>).data) as T));

  const connect = () => {
    source = new EventSource('/api/v1/stream');
    source.onopen = () => {
      tries = 0;
      stream.value = 'live';
    };
    source.onerror = () => {
      source?.close();
      stream.value = 'lost';
      if (!ended) timer = setTimeout(connect, kRetryMs[Math.min(tries++, kRetryMs.length - 1)]);
    };
    on<Pack>('reading', (pack) => takePack(pack));
    on<Bus>('link', takeBus);
    on<LogEvent>('event', (event) => (lastEvent.value = event));
    on<CommandResult>('command', (result) => (lastCommand.value = result));
    on<Record<string, unknown>>('tunnel', (state) => (tunnel.value = state));
  };

  connect();
  const tick = setInterval(() => (now.value = Date.now()), 1000);
  return () => {
    ended = true;
    clearTimeout(timer);
    clearInterval(tick);
    source?.close();
  };
}
