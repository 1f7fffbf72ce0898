// SPDX-License-Identifier: Apache-2.0
// kWh in and out per month or year, as pairs of bars.
import { useState } from 'preact/hooks';
import { api } from '../../api/client.ts';
import type { EnergyPeriod } from '../../api/types.ts';
import { number, shortMonth } from '../../lib/format.ts';
import { t } from '../../lib/i18n.ts';
import { Card, Empty, Segments, Skeleton } from '../../ui/basics.tsx';
import { useLoad } from '../../ui/load.ts';

const nameOf = (period: string) => (period.length === 4 ? period : shortMonth(new Date(`${period}-15T12:00:00`)));

export function EnergyCard({ pack }: { pack: string }) {
  const [by, setBy] = useState<'month' | 'year'>('month');
  const { data } = useLoad(`${pack} ${by}`, (abort) =>
    api<EnergyPeriod[]>(`/packs/${encodeURIComponent(pack)}/energy?by=${by}`, { signal: abort }),
  );
  const shown = data?.slice(-12) ?? [];
  const most = Math.max(0.001, ...shown.flatMap((one) => [one.kwh_in ?? 0, one.kwh_out ?? 0]));
  return (
    <Card
      title={t('energy.title')}
      aside={
        <Segments
          label={t('energy.by')}
          value={by}
          onChange={setBy}
          options={[
            { value: 'month', label: t('energy.month') },
            { value: 'year', label: t('energy.year') },
          ]}
        />
      }
    >
      {!data ? (
        <Skeleton height={220} />
      ) : shown.length === 0 ? (
        <Empty title={t('chart.empty')} />
      ) : (
        <>
          <ol class="bars">
            {shown.map((one) => (
              <li key={one.period}>
                <span class="bar-pair" aria-hidden="true">
                  <i class="charging" style={{ height: `${((one.kwh_in ?? 0) / most) * 100}%` }} />
                  <i class="discharging" style={{ height: `${((one.kwh_out ?? 0) / most) * 100}%` }} />
                </span>
                <span class="bar-value num">
                  <span class="sr">{t('days.kwh_in')} </span>
                  {number(one.kwh_in, 0)}
                  <span class="sr">
                    {' '}
                    kWh, {t('days.kwh_out')} {number(one.kwh_out, 0)} kWh,{' '}
                  </span>
                </span>
                <span class="bar-name quiet">{nameOf(one.period)}</span>
              </li>
            ))}
          </ol>
          <p class="legend">
            <span class="swatch charging">{t('days.kwh_in')}</span>
            <span class="swatch discharging">{t('days.kwh_out')}</span>
            <span class="legend-end">kWh</span>
          </p>
        </>
      )}
    </Card>
  );
}
