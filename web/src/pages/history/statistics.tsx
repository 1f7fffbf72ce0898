// SPDX-License-Identifier: Apache-2.0
// Totals and extremes since the record began.
import { api } from '../../api/client.ts';
import { join, longDate, millivolts, number, shortDate, temperature } from '../../lib/format.ts';
import { t } from '../../lib/i18n.ts';
import { Card, Skeleton } from '../../ui/basics.tsx';
import { useLoad } from '../../ui/load.ts';

type Answer = Readonly<Record<string, number | string | null | undefined>>;

export function statisticRows(data: Answer): readonly [string, string][] {
  const num = (key: string) => (typeof data[key] === 'number' ? (data[key] as number) : null);
  const day = (key: string) => (typeof data[key] === 'string' ? `, ${shortDate(data[key] as string)}` : '');
  const cell = (key: string) => (num(key) ? ` (#${num(key)})` : '');
  const of = (key: string, decimals: number, unit: string) => join({ text: number(num(key), decimals), unit });
  return [
    [t('stats.in'), `${of('kwh_in', 0, 'kWh')} · ${of('ah_in', 0, 'Ah')}`],
    [t('stats.out'), `${of('kwh_out', 0, 'kWh')} · ${of('ah_out', 0, 'Ah')}`],
    [t('stats.efficiency'), of('efficiency_pct', 1, '%')],
    [t('stats.cycles'), of('cycles', 1, '')],
    [t('days.full'), of('hours_full', 0, 'h')],
    [t('stats.soc_min'), of('soc_min', 0, '%') + day('soc_min_time')],
    [t('days.cell_low'), of('cell_min', 3, 'V') + cell('cell_min_number') + day('cell_min_time')],
    [t('days.cell_high'), of('cell_max', 3, 'V') + cell('cell_max_number') + day('cell_max_time')],
    [t('days.delta'), join(millivolts(num('delta_max'))) + day('delta_max_time')],
    [t('stats.coldest'), join(temperature(num('temperature_min'))) + day('temperature_min_time')],
    [t('stats.hottest'), join(temperature(num('temperature_max'))) + day('temperature_max_time')],
  ];
}

export function StatisticsCard({ pack }: { pack: string }) {
  const { data, error } = useLoad(pack, (abort) => api<Answer>(`/packs/${encodeURIComponent(pack)}/statistics`, { signal: abort }));
  if (error && !data) return null;
  return (
    <Card
      title={t('stats.title')}
      aside={<span class="quiet">{data?.since ? t('since', { time: longDate(`${String(data.since).slice(0, 10)}T12:00:00`) }) : ''}</span>}
    >
      {!data ? (
        <Skeleton height={320} />
      ) : (
        <dl class="rows">
          {statisticRows(data).map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd class="num">{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </Card>
  );
}
