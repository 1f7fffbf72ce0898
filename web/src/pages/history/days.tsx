// SPDX-License-Identifier: Apache-2.0
// Days as months of coloured squares; the chosen day in words, with the ways into its charts.
import { useMemo, useState } from 'preact/hooks';
import type { Day } from '../../api/types.ts';
import { apiUrl } from '../../api/client.ts';
import { clockOf, isoDay, join, longDate, millivolts, monthName, number, temperature, weekdays } from '../../lib/format.ts';
import { t, type TextKey } from '../../lib/i18n.ts';
import { Button, Card, Empty, Segments } from '../../ui/basics.tsx';

type Metric = 'kwh_in' | 'kwh_out' | 'soc_span' | 'delta_max';
const kMetrics: readonly { value: Metric; text: TextKey }[] = [
  { value: 'kwh_in', text: 'days.kwh_in' },
  { value: 'kwh_out', text: 'days.kwh_out' },
  { value: 'soc_span', text: 'days.soc_span' },
  { value: 'delta_max', text: 'days.delta' },
];

export function metricOf(day: Day, metric: Metric): number | null {
  if (metric !== 'soc_span') return day[metric] ?? null;
  return day.soc_min === null || day.soc_min === undefined || day.soc_max === null || day.soc_max === undefined
    ? null
    : day.soc_max - day.soc_min;
}

function metricText(metric: Metric, value: number | null): string {
  if (metric === 'delta_max') return join(millivolts(value));
  return join(metric === 'soc_span' ? { text: number(value), unit: '%' } : { text: number(value, 1), unit: 'kWh' });
}

/** One of five shades between the least and the most of what is shown. */
export const levelOf = (value: number, least: number, most: number) =>
  most > least ? Math.min(4, Math.floor(((value - least) / (most - least)) * 5)) : 2;

/** The days of a month in weeks that begin on Monday; null where the square is of another month. */
export function monthGrid(month: string): (string | null)[] {
  const [year, number1] = month.split('-').map(Number) as [number, number];
  const first = (new Date(year, number1 - 1, 1).getDay() + 6) % 7;
  const count = new Date(year, number1, 0).getDate();
  return [...Array<null>(first).fill(null), ...Array.from({ length: count }, (_, i) => `${month}-${String(i + 1).padStart(2, '0')}`)];
}

interface MonthProps {
  month: string;
  byDate: ReadonlyMap<string, Day>;
  metric: Metric;
  least: number;
  most: number;
  chosen: string | null;
  choose: (date: string) => void;
}

function Month({ month, byDate, metric, least, most, chosen, choose }: MonthProps) {
  const today = isoDay(Date.now());
  return (
    <div class="month">
      <h3>{monthName(new Date(`${month}-15T12:00:00`))}</h3>
      <div class="month-grid">
        {weekdays().map((day, i) => (
          <span key={`w${i}`} class="weekday" aria-hidden="true">
            {day}
          </span>
        ))}
        {monthGrid(month).map((date, i) => {
          if (date === null) return <span key={`e${i}`} />;
          const day = byDate.get(date);
          const value = day ? metricOf(day, metric) : null;
          if (!day || value === null) {
            return (
              <span key={date} class={`day none ${date > today ? 'future' : ''}`}>
                {Number(date.slice(8))}
              </span>
            );
          }
          const level = levelOf(value, least, most);
          return (
            <button
              key={date}
              type="button"
              class={`day level-${level} ${metric}`}
              aria-pressed={chosen === date}
              aria-label={`${longDate(new Date(`${date}T12:00:00`))}: ${metricText(metric, value)}`}
              onClick={() => choose(date)}
            >
              {Number(date.slice(8))}
            </button>
          );
        })}
      </div>
    </div>
  );
}

function DayPanel({ pack, day }: { pack: string; day: Day }) {
  const start = new Date(`${day.date}T00:00:00`);
  const from = start.getTime() / 1000;
  const to = Math.min(
    Math.floor(Date.now() / 1000),
    Math.floor(new Date(start.getFullYear(), start.getMonth(), start.getDate() + 1).getTime() / 1000),
  );
  const query = `pack=${encodeURIComponent(pack)}&from=${from}&to=${to}`;
  const at = (minutes: number | null | undefined) => (minutes === null || minutes === undefined ? '' : ` (${clockOf(minutes)})`);
  const cell = (number1: number | null | undefined) => (number1 ? ` (#${number1})` : '');
  const rows: readonly [string, string][] = [
    [t('days.in_out'), `${number(day.kwh_in, 2)} / ${join({ text: number(day.kwh_out, 2), unit: 'kWh' })}`],
    [t('days.soc_low'), join({ text: number(day.soc_min), unit: '%' }) + at(day.soc_min_at)],
    [t('days.soc_high'), join({ text: number(day.soc_max), unit: '%' }) + at(day.soc_max_at)],
    [t('days.cell_low'), join({ text: number(day.cell_min, 3), unit: 'V' }) + cell(day.cell_min_number)],
    [t('days.cell_high'), join({ text: number(day.cell_max, 3), unit: 'V' }) + cell(day.cell_max_number)],
    [t('days.delta'), join(millivolts(day.delta_max))],
    [t('temps.title'), `${temperature(day.temperature_min).text} … ${join(temperature(day.temperature_max))}`],
    [t('days.full'), join({ text: number(day.hours_full, 1), unit: 'h' })],
  ];
  return (
    <div class="day-panel">
      <h3>{longDate(new Date(`${day.date}T12:00:00`))}</h3>
      <dl class="rows">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="num">{value}</dd>
          </div>
        ))}
      </dl>
      <div class="day-links">
        <a class="button" href={`/battery?${query}`}>
          {t('days.cells')}
        </a>
        <a class="button" href={`/monitor?${query}`}>
          {t('nav.monitor')}
        </a>
        <a
          class="button"
          href={apiUrl(`/packs/${encodeURIComponent(pack)}/history.csv?from=${from}&to=${to}&every=1m`)}
          download={`${pack}-${day.date}.csv`}
        >
          CSV
        </a>
      </div>
    </div>
  );
}

export function DaysCard({ pack, days }: { pack: string; days: readonly Day[] }) {
  const [metric, setMetric] = useState<Metric>('kwh_in');
  const [chosen, setChosen] = useState<string | null>(null);
  const [count, setCount] = useState(() => (innerWidth < 700 ? 2 : 6));
  const byDate = useMemo(() => new Map(days.map((day) => [day.date, day])), [days]);
  const months = useMemo(() => [...new Set(days.map((day) => day.date.slice(0, 7)))].sort().reverse(), [days]);
  const [least, most] = useMemo(() => {
    const values = days.map((day) => metricOf(day, metric)).filter((value): value is number => value !== null);
    return values.length ? [Math.min(...values), Math.max(...values)] : [0, 0];
  }, [days, metric]);
  const day = byDate.get(chosen ?? days.at(-1)?.date ?? '');
  if (days.length === 0) {
    return (
      <Card title={t('days.title')}>
        <Empty title={t('chart.empty')}>{t('days.first')}</Empty>
      </Card>
    );
  }
  return (
    <Card
      title={t('days.title')}
      class="days-card"
      aside={
        <Segments
          label={t('days.metric')}
          options={kMetrics.map(({ value, text }) => ({ value, label: t(text) }))}
          value={metric}
          onChange={setMetric}
        />
      }
    >
      <div class="days-body">
        <div>
          <div class="months">
            {months.slice(0, count).map((month) => (
              <Month
                key={month}
                month={month}
                byDate={byDate}
                metric={metric}
                least={least}
                most={most}
                chosen={day?.date ?? null}
                choose={setChosen}
              />
            ))}
          </div>
          <p class="heat-legend small quiet">
            <span class="num">{metricText(metric, least)}</span>
            {[0, 1, 2, 3, 4].map((level) => (
              <i key={level} class={`day level-${level} ${metric}`} />
            ))}
            <span class="num">{metricText(metric, most)}</span>
            {months.length > count && (
              <Button kind="quiet" onClick={() => setCount(count + 6)}>
                {t('days.earlier')}
              </Button>
            )}
          </p>
        </div>
        {day && <DayPanel pack={pack} day={day} />}
      </div>
    </Card>
  );
}
