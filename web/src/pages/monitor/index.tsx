// SPDX-License-Identifier: Apache-2.0
// Monitor: charge and discharge over 24 hours, or any time: power by sign, current, voltage, SOC, spread, one below the other with one crosshair.
import { useMemo, useState } from 'preact/hooks';
import type { Envelope, HistoryAnswer } from '../../api/types.ts';
import { FIELDS, Field } from '../../gen/fields.ts';
import { axisText, fieldInfo, fieldLabel, fieldShown, join, when } from '../../lib/format.ts';
import { nearest, seriesOf, useHistory } from '../../lib/history.ts';
import { t } from '../../lib/i18n.ts';
import { useRange, type Range } from '../../lib/range.ts';
import { go, query, withQuery } from '../../lib/router.ts';
import { packs } from '../../store.ts';
import { Button, Card, Empty, Notice, PageHead, Skeleton } from '../../ui/basics.tsx';
import { Chart, type ChartSeries } from '../../ui/chart.tsx';
import { chosenPack, PackChips } from '../../ui/packs.tsx';
import { RangeBar } from '../../ui/range_bar.tsx';
import { NoPacks } from '../status/none.tsx';

const kFirst: readonly string[] = [Field.power, Field.current, Field.packVoltage, Field.soc, Field.cellDeltaVoltage];
const kSigned: readonly string[] = [Field.power, Field.current];
const kHeights: Readonly<Record<string, number>> = { [Field.power]: 212 };
const kLeast: Readonly<Record<string, number>> = { V: 0.2, A: 2, W: 50, '%': 4, '°C': 2 };

const cut = (values: readonly (number | null)[], keep: (value: number) => number) =>
  values.map((value) => (value === null ? null : keep(value)));
const part = (series: Envelope, keep: (value: number) => number): Envelope => ({
  min: cut(series.min, keep),
  avg: cut(series.avg, keep),
  max: cut(series.max, keep),
});

/** A signed quantity as two areas; anything else as a line with its band. */
export function monitorSeries(key: string, series: readonly Envelope[]): ChartSeries[] {
  if (kSigned.includes(key) && series[0]) {
    return [
      { key: `${key}+`, data: part(series[0], (value) => Math.max(0, value)), color: '--charging', fill: true, width: 1 },
      { key: `${key}-`, data: part(series[0], (value) => Math.min(0, value)), color: '--discharging', fill: true, width: 1 },
    ];
  }
  return series.map((data, i) => ({ key: key + i, data, color: key === Field.cellDeltaVoltage ? '--balancing' : '--accent', band: true }));
}

function OneChart({
  name,
  answer,
  range,
  index,
  onCursor,
}: {
  name: string;
  answer: HistoryAnswer;
  range: Range;
  index: number | null;
  onCursor: (index: number | null) => void;
}) {
  const field = fieldInfo(name)!;
  const series = useMemo(() => monitorSeries(name, seriesOf(answer, name)), [answer, name]);
  const raw = seriesOf(answer, name);
  if (raw.length === 0) return null;
  const shown = index === null ? ' ' : raw.map((one) => join(fieldShown(field, one.avg[index] ?? null))).join(' · ');
  return (
    <div class="monitor-chart">
      <p class="monitor-head">
        <strong>{fieldLabel(name)}</strong>
        <span class="num">{shown}</span>
      </p>
      <Chart
        label={fieldLabel(name)}
        times={answer.t}
        series={series}
        range={range}
        height={kHeights[name] ?? 142}
        leastSpan={name === Field.cellDeltaVoltage ? 0.01 : (kLeast[field.unit] ?? 0)}
        zero={kSigned.includes(name) || name === Field.cellDeltaVoltage}
        axis={(value, step) => axisText(field, value, step)}
        sync="monitor"
        onCursor={onCursor}
      />
    </div>
  );
}

export function MonitorPage() {
  const pack = chosenPack();
  const range = useRange();
  const [cursor, setCursor] = useState<number | null>(null);
  const asked = query.value.get('fields');
  const fields = useMemo(() => (asked ? asked.split(',').filter((key) => fieldInfo(key)) : [...kFirst]), [asked]);
  const { data, error, loading, again } = useHistory(pack?.id ?? null, range.from, range.to, fields);
  if (packs.value !== null && !pack) return <NoPacks />;

  const offered = FIELDS.filter(
    (field) =>
      field.tier !== 'never' &&
      field.kind === 'number' &&
      (fields.includes(field.key) || (pack && field.key in pack.fields)) &&
      field.key !== Field.cellVoltage,
  );
  const choose = (key: string) => {
    const next = fields.includes(key) ? fields.filter((one) => one !== key) : [...fields, key];
    go(withQuery({ fields: next.join(',') || null }), true);
  };
  const times = data?.t ?? [];
  const index = cursor ?? (times.length ? nearest(times, Math.min(range.to, Date.now() / 1000)) : null);
  const empty = data !== null && times.length === 0;
  return (
    <>
      <PageHead title={t('nav.monitor')} />
      <PackChips />
      <RangeBar range={range} />
      {error && (
        <Notice tone="alarm" title={t('error.history')} action={<Button onClick={again}>{t('again')}</Button>}>
          {error}
        </Notice>
      )}
      <Card
        class={loading && data ? 'busy' : ''}
        title={t('monitor.title')}
        aside={<span class="num quiet">{index !== null && times[index] ? when(times[index]! * 1000) : ' '}</span>}
      >
        {!data ? (
          <Skeleton height={760} />
        ) : empty ? (
          <Empty title={t('chart.empty')}>{t('chart.first')}</Empty>
        ) : (
          fields.map((key) => <OneChart key={key} name={key} answer={data} range={range} index={index} onCursor={setCursor} />)
        )}
      </Card>
      <Card>
        <details>
          <summary>
            <h2>{t('monitor.choose')}</h2>
          </summary>
          <div class="chips" role="group" aria-label={t('monitor.choose')}>
            {offered.map((field) => (
              <button
                key={field.key}
                class="chip"
                type="button"
                aria-pressed={fields.includes(field.key)}
                onClick={() => choose(field.key)}
              >
                {fieldLabel(field.key)}
              </button>
            ))}
          </div>
        </details>
      </Card>
    </>
  );
}
