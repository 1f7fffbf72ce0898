// SPDX-License-Identifier: Apache-2.0
// The stretch of time that charts show: the rolling last 24 hours, or what the address says (?from=&to=, seconds), so that a view can be sent.
import { useEffect, useState } from 'preact/hooks';
import { go, query, withQuery } from './router.ts';

export const kDay = 86400;
const kShortest = 120;
const kLongest = 800 * kDay;

export interface Range {
  from: number;
  to: number;
  rolling: boolean;
  set: (from: number, to: number) => void;
  reset: () => void;
  /** Moves by a part of its width; not beyond now. */
  move: (part: number) => void;
  /** Makes it longer (> 1) or shorter (< 1) round `at` (a part of its width). */
  zoom: (factor: number, at?: number) => void;
}

/** Cuts a wish to what makes sense: not too short, not too long, not into the future. */
export function clampRange(from: number, to: number, now: number): [number, number] {
  const width = Math.min(kLongest, Math.max(kShortest, to - from));
  const end = Math.min(now, (from + to + width) / 2);
  return [Math.round(end - width), Math.round(end)];
}

export function useRange(): Range {
  const given = [Number(query.value.get('from')), Number(query.value.get('to'))] as const;
  const rolling = !(given[0] > 0 && given[1] > given[0]);
  const [minute, setMinute] = useState(() => Math.floor(Date.now() / 60000));
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === 'visible' && setMinute(Math.floor(Date.now() / 60000)), 15000);
    return () => clearInterval(timer);
  }, []);
  const now = minute * 60;
  const [from, to] = rolling ? [now - kDay, now] : given;
  const set = (a: number, b: number) => {
    const [first, last] = clampRange(a, b, Math.floor(Date.now() / 1000));
    go(withQuery({ from: String(first), to: String(last) }), true);
  };
  return {
    from,
    to,
    rolling,
    set,
    reset: () => go(withQuery({ from: null, to: null }), true),
    move: (part) => set(from + (to - from) * part, to + (to - from) * part),
    zoom: (factor, at = 0.5) => {
      const width = (to - from) * factor;
      const anchor = from + (to - from) * at;
      set(anchor - width * at, anchor + width * (1 - at));
    },
  };
}
