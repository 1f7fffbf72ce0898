// SPDX-License-Identifier: Apache-2.0
// Which stretch of time is shown, and the buttons to move it: a day back and forth, zoom, back to the last 24 hours, any day.
import { isoDay, shortDate, timeOfDay } from '../lib/format.ts';
import { t } from '../lib/i18n.ts';
import { kDay, type Range } from '../lib/range.ts';
import { IconButton, Segments } from './basics.tsx';

function spanText({ from, to }: Range): string {
  const [a, b] = [new Date(from * 1000), new Date(to * 1000)];
  if (isoDay(a) === isoDay(b)) return `${shortDate(a)}, ${timeOfDay(a)} – ${timeOfDay(b)}`;
  return to - from > 7 * kDay ? `${shortDate(a)} – ${shortDate(b)}` : `${shortDate(a)}, ${timeOfDay(a)} – ${shortDate(b)}, ${timeOfDay(b)}`;
}

const kSpans = [
  { value: '1', days: 1 },
  { value: '7', days: 7 },
  { value: '30', days: 30 },
  { value: '180', days: 180 },
] as const;

export function RangeBar({ range }: { range: Range }) {
  const now = Math.floor(Date.now() / 1000);
  const width = range.to - range.from;
  const span = kSpans.find((one) => Math.abs(width - one.days * kDay) < 4000)?.value ?? '';
  const pick = (day: string) => {
    const start = new Date(`${day}T00:00:00`).getTime() / 1000;
    if (start > 0) range.set(start, Math.min(now, start + kDay));
  };
  return (
    <div class="range-bar">
      <div class="range-row">
        <IconButton icon="left" label={t('range.back')} onClick={() => range.move(-1)} />
        <label class="range-day">
          <span class="sr">{t('range.day')}</span>
          <input
            type="date"
            max={isoDay(Date.now())}
            value={isoDay(range.to * 1000 - 1)}
            onChange={(event) => pick(event.currentTarget.value)}
          />
        </label>
        <IconButton icon="right" label={t('range.forth')} disabled={range.to >= now - 90} onClick={() => range.move(1)} />
        <IconButton icon="zoomIn" label={t('range.zoom_in')} onClick={() => range.zoom(0.5)} />
        <IconButton icon="zoomOut" label={t('range.zoom_out')} onClick={() => range.zoom(2)} />
      </div>
      <Segments
        label={t('range.span')}
        value={span}
        options={kSpans.map(({ value, days }) => ({ value, label: days === 1 ? t('range.hours24') : t('range.days', { n: days }) }))}
        onChange={(value) => (value === '1' ? range.reset() : range.set(range.to - Number(value) * kDay, range.to))}
      />
      <p class="range-text quiet small" aria-live="polite">
        {range.rolling ? t('range.rolling') : spanText(range)}
      </p>
    </div>
  );
}
