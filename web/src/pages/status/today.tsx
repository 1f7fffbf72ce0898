// SPDX-License-Identifier: Apache-2.0
// The last 24 hours at a glance: small curves, each leading to its page.
import { api } from '../../api/client.ts';
import type { Envelope, HistoryAnswer } from '../../api/types.ts';
import { Field } from '../../gen/fields.ts';
import { fieldInfo, fieldLabel, fieldShown, join } from '../../lib/format.ts';
import { t } from '../../lib/i18n.ts';
import { Card, Skeleton } from '../../ui/basics.tsx';
import { useLoad } from '../../ui/load.ts';
import { Spark } from '../../ui/spark.tsx';

const kCurves = [
  { key: Field.soc, zero: false, page: '/monitor' },
  { key: Field.power, zero: true, page: '/monitor' },
  { key: Field.cellDeltaVoltage, zero: false, page: '/battery' },
  { key: Field.temperatureMax, zero: false, page: '/monitor' },
] as const;
const kDay = 86400;

const range = (series: Envelope, key: string) => {
  const field = fieldInfo(key);
  const low = series.min.filter((value): value is number => value !== null);
  const high = series.max.filter((value): value is number => value !== null);
  if (!field || low.length === 0) return '–';
  return `${fieldShown(field, Math.min(...low)).text} … ${join(fieldShown(field, Math.max(...high)))}`;
};

export function TodayCard({ pack }: { pack: string }) {
  const { data, error } = useLoad(
    pack,
    (abort) => {
      const to = Math.floor(Date.now() / 1000);
      const fields = kCurves.map((curve) => curve.key).join(',');
      return api<HistoryAnswer>(`/packs/${encodeURIComponent(pack)}/history?from=${to - kDay}&to=${to}&fields=${fields}&points=200`, {
        signal: abort,
      });
    },
    60000,
  );
  if (error && !data) return null;
  return (
    <Card title={t('today.title')}>
      <ul class="sparks">
        {kCurves.map((curve) => {
          const series = data?.series[curve.key] as Envelope | undefined;
          if (data && !series) return null;
          return (
            <li key={curve.key}>
              <a href={`${curve.page}?pack=${encodeURIComponent(pack)}`}>
                <span class="spark-head">
                  <span>{fieldLabel(curve.key)}</span>
                  <span class="quiet num">{series ? range(series, curve.key) : ' '}</span>
                </span>
                {series ? <Spark series={series} zero={curve.zero} /> : <Skeleton height={44} />}
              </a>
            </li>
          );
        })}
      </ul>
    </Card>
  );
}
