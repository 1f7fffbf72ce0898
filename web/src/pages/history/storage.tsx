// SPDX-License-Identifier: Apache-2.0
// What the record takes, how long it will last, and how much is written to the disk each day.
import { api } from '../../api/client.ts';
import type { HistoryStorage, StorageTier } from '../../api/types.ts';
import { bytes, duration, number } from '../../lib/format.ts';
import { t, tt } from '../../lib/i18n.ts';
import { Card, Notice, Skeleton } from '../../ui/basics.tsx';
import { useLoad } from '../../ui/load.ts';

const kDaysAYear = 365.25;

/** How long the disk takes more of it at this pace; nothing where it is kept for less than that. */
function room({ lasts_days: days, retention_days: kept }: StorageTier): string {
  if (days === null || days === undefined || (kept && days >= kept)) return '';
  const years = Math.round(days / kDaysAYear);
  if (years >= 100) return t('storage.room_century');
  return years >= 2 ? t('storage.room_years', { n: number(years) }) : t('storage.room', { time: duration(days * 86400) });
}

export function StorageCard() {
  const { data, error } = useLoad('storage', (abort) => api<HistoryStorage>('/history/storage', { signal: abort }));
  if (error && !data) return null;
  return (
    <Card title={t('storage.title')}>
      {!data ? (
        <Skeleton height={180} />
      ) : (
        <>
          {data.message && <Notice tone="warning" title={data.message} />}
          <dl class="rows">
            {data.tiers.map((tier) => (
              <div key={tier.key}>
                <dt>
                  {tt(`tier.${tier.key}`, tier.label ?? tier.key)}
                  <span class="storage-kept small">
                    {[
                      tier.retention_days ? t('storage.kept', { time: duration(tier.retention_days * 86400) }) : t('storage.forever'),
                      room(tier),
                    ]
                      .filter(Boolean)
                      .join('; ')}
                  </span>
                </dt>
                <dd class="num">{bytes(tier.used_bytes)}</dd>
              </div>
            ))}
            <div>
              <dt>{t('storage.free')}</dt>
              <dd class="num">{bytes(data.free_bytes)}</dd>
            </div>
            <div>
              <dt>{t('storage.written')}</dt>
              <dd class="num">{bytes(data.written_bytes_per_day)}</dd>
            </div>
          </dl>
        </>
      )}
    </Card>
  );
}
