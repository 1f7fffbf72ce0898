// SPDX-License-Identifier: Apache-2.0
// Words along the time axis, and the moments when the clocks change.
import { locale, timeOfDay } from '../lib/format.ts';
import { t } from '../lib/i18n.ts';

/** Labels of an axis: times of day, the date under each midnight; dates only when the steps are days. */
export function timeLabels(splits: readonly number[], step: number): string[] {
  const day = new Intl.DateTimeFormat(locale(), { day: 'numeric', month: 'short' });
  let before = '';
  return splits.map((at) => {
    const date = new Date(at * 1000);
    const words = day.format(date);
    if (step >= 86400) return words;
    const first = words !== before;
    before = words;
    return first ? `${timeOfDay(date)}\n${words}` : timeOfDay(date);
  });
}

const offsetAt = (at: number) => -new Date(at * 1000).getTimezoneOffset();

/** When the local clocks change between two times (at most a year apart), found by halving. */
export function clockChanges(from: number, to: number, offset: (at: number) => number = offsetAt): { at: number; words: string }[] {
  if (to - from > 400 * 86400) return [];
  const found: { at: number; words: string }[] = [];
  const kStep = 6 * 3600;
  for (let start = from; start < to; start += kStep) {
    const end = Math.min(to, start + kStep);
    if (offset(start) === offset(end)) continue;
    let [low, high] = [start, end];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (offset(middle) === offset(start)) low = middle;
      else high = middle;
    }
    found.push({ at: high, words: t(offset(end) > offset(start) ? 'chart.clock_forward' : 'chart.clock_back') });
  }
  return found;
}
