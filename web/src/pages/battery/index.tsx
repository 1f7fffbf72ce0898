// SPDX-License-Identifier: Apache-2.0
// Battery: every cell over the rolling last 24 hours, or any day of the history, in one chart; the spread below it.
import { useMemo, useRef, useState } from 'preact/hooks';
import { Field } from '../../gen/fields.ts';
import { axisText, fieldInfo, fieldLabel, millivolts, number, when, join } from '../../lib/format.ts';
import { extremes, nearest, seriesOf, useHistory } from '../../lib/history.ts';
import { t } from '../../lib/i18n.ts';
import { useRange } from '../../lib/range.ts';
import { query } from '../../lib/router.ts';
import { packs } from '../../store.ts';
import type { Envelope } from '../../api/types.ts';
import { Button, Card, Empty, Notice, PageHead, Skeleton } from '../../ui/basics.tsx';
import { Chart, type ChartSeries } from '../../ui/chart.tsx';
import { Chip } from '../../ui/chip.tsx';
import { chosenPack, PackChips } from '../../ui/packs.tsx';
import { RangeBar } from '../../ui/range_bar.tsx';
import { NoPacks } from '../status/none.tsx';

const kFields = [Field.cellVoltage, Field.cellDeltaVoltage];

/** One quiet hue, darker with the number. */
const rampOf = (i: number, count: number) => `hsl(212 24% ${Math.round(72 - (i / Math.max(1, count - 1)) * 30)}%)`;

const allBut = (count: number, kept: number): ReadonlySet<number> =>
  new Set(Array.from({ length: count }, (_, i) => i).filter((i) => i !== kept));

interface Marks {
  highest: number;
  lowest: number;
}

function marksOf(cells: readonly Envelope[]): Marks {
  let [highest, lowest, top, bottom] = [-1, -1, -Infinity, Infinity];
  cells.forEach((cell, i) => {
    const { low, high } = extremes(cell);
    if (high !== null && high > top) [top, highest] = [high, i];
    if (low !== null && low < bottom) [bottom, lowest] = [low, i];
  });
  return { highest, lowest };
}

export function chartSeries(cells: readonly Envelope[], hidden: ReadonlySet<number>, marks: Marks): ChartSeries[] {
  const drawn = cells.map((data, i): ChartSeries => {
    const marked = i === marks.highest ? '--alarm' : i === marks.lowest ? '--discharging' : null;
    const alone = cells.length - hidden.size === 1 && !hidden.has(i);
    return {
      key: String(i + 1),
      data,
      color: marked ?? rampOf(i, cells.length),
      width: marked || alone ? 2 : 1.1,
      band: Boolean(marked) || alone,
      shown: !hidden.has(i),
      ...(marked ? { end: `#${i + 1}` } : {}),
    };
  });
  // The marked ones are drawn last, over the others.
  return [...drawn.filter((one) => !one.end), ...drawn.filter((one) => one.end)];
}

export function BatteryPage() {
  const pack = chosenPack();
  const range = useRange();
  const [hidden, setHidden] = useState<ReadonlySet<number>>(() => new Set());
  const beforeToggle = useRef<ReadonlySet<number>>(new Set());
  const [cursor, setCursor] = useState<number | null>(null);
  const { data, error, loading, again } = useHistory(pack?.id ?? null, range.from, range.to, kFields);
  const cells = useMemo(() => seriesOf(data, Field.cellVoltage), [data]);
  const delta = useMemo(() => seriesOf(data, Field.cellDeltaVoltage)[0] ?? null, [data]);
  const marks = useMemo(() => marksOf(cells), [cells]);
  const wantedCell = Number(query.value.get('cell'));
  const shownHidden = useMemo(
    () => (hidden.size === 0 && wantedCell >= 1 && wantedCell <= cells.length ? allBut(cells.length, wantedCell - 1) : hidden),
    [hidden, wantedCell, cells],
  );
  const series = useMemo(() => chartSeries(cells, shownHidden, marks), [cells, shownHidden, marks]);
  const deltaSeries = useMemo(
    (): ChartSeries[] => (delta ? [{ key: 'delta', data: delta, color: '--balancing', band: true, fill: true }] : []),
    [delta],
  );
  if (packs.value !== null && !pack) return <NoPacks />;

  const times = data?.t ?? [];
  const last = times.length ? nearest(times, Math.min(range.to, Date.now() / 1000)) : null;
  const index = cursor ?? last;
  const empty = data !== null && !cells.some((cell) => cell.avg.some((value) => value !== null));
  const toggle = (i: number) => {
    beforeToggle.current = shownHidden;
    const next = new Set(shownHidden);
    if (!next.delete(i)) next.add(i);
    setHidden(next);
  };
  const isolate = (i: number, toggled: boolean) => {
    const before = toggled ? beforeToggle.current : shownHidden;
    setHidden(cells.length - before.size === 1 && !before.has(i) ? new Set() : allBut(cells.length, i));
  };

  return (
    <>
      <PageHead title={t('nav.battery')} />
      <PackChips />
      <RangeBar range={range} />
      {error && (
        <Notice tone="alarm" title={t('error.history')} action={<Button onClick={again}>{t('again')}</Button>}>
          {error}
        </Notice>
      )}
      <Card
        class={loading && data ? 'busy' : ''}
        title={t('battery.cells')}
        aside={
          shownHidden.size > 0 && (
            <Button kind="quiet" onClick={() => setHidden(new Set())}>
              {t('battery.all')}
            </Button>
          )
        }
      >
        <p class="readout quiet" aria-live="off">
          <span class="num">{index !== null && times[index] ? when(times[index]! * 1000) : ' '}</span>
          {delta && index !== null && <span class="num">Δ {join(millivolts(delta.avg[index] ?? null))}</span>}
          {data && data.step_s > 90 && <span>{t('battery.band')}</span>}
        </p>
        {!data ? (
          <Skeleton height={360} />
        ) : empty ? (
          <Empty title={t('chart.empty')}>{t('chart.first')}</Empty>
        ) : (
          <Chart
            label={t('battery.cells')}
            times={times}
            series={series}
            range={range}
            height={360}
            leastSpan={0.02}
            axis={(value) => number(value, 3)}
            sync="battery"
            onCursor={setCursor}
          />
        )}
        <div class="chips" role="group" aria-label={t('battery.legend')}>
          {cells.map((cell, i) => (
            <Chip
              key={i}
              name={`${i + 1}`}
              label={t('cell')}
              tone={i === marks.highest ? 'var(--alarm)' : i === marks.lowest ? 'var(--discharging)' : rampOf(i, cells.length)}
              value={number(index === null ? null : cell.avg[index], 3)}
              pressed={!shownHidden.has(i)}
              onToggle={() => toggle(i)}
              onIsolate={(toggled) => isolate(i, toggled)}
            />
          ))}
        </div>
        {cells.length > 0 && <p class="small quiet chips-help">{t('battery.help')}</p>}
      </Card>
      <Card
        title={fieldLabel(Field.cellDeltaVoltage)}
        aside={<span class="num">{index !== null && delta ? join(millivolts(delta.avg[index] ?? null)) : ' '}</span>}
      >
        {!data ? (
          <Skeleton height={150} />
        ) : (
          <Chart
            label={fieldLabel(Field.cellDeltaVoltage)}
            times={times}
            series={deltaSeries}
            range={range}
            height={150}
            leastSpan={0.01}
            zero
            axis={(value, step) => axisText(fieldInfo(Field.cellDeltaVoltage)!, value, step)}
            sync="battery"
            onCursor={setCursor}
          />
        )}
      </Card>
    </>
  );
}
