// SPDX-License-Identifier: Apache-2.0
// Any stretch of time, in any step, as CSV.
import { useState } from 'preact/hooks';
import { apiUrl } from '../../api/client.ts';
import { isoDay } from '../../lib/format.ts';
import { t } from '../../lib/i18n.ts';
import { kDay } from '../../lib/range.ts';
import { Card } from '../../ui/basics.tsx';
import { Icon } from '../../ui/icons.tsx';

const kSteps = ['10s', '1m', '5m', '20m', '1h'] as const;

export function CsvCard({ pack }: { pack: string }) {
  const [from, setFrom] = useState(isoDay(Date.now() - 30 * kDay * 1000));
  const [to, setTo] = useState(isoDay(Date.now()));
  const [every, setEvery] = useState<string>('20m');
  const start = new Date(`${from}T00:00:00`).getTime() / 1000;
  const end = new Date(`${to}T00:00:00`).getTime() / 1000 + kDay;
  const fine = start > 0 && end > start;
  return (
    <Card title={t('csv.title')}>
      <div class="csv-form">
        <label class="field">
          <span>{t('csv.from')}</span>
          <input type="date" value={from} max={to} onChange={(event) => setFrom(event.currentTarget.value)} />
        </label>
        <label class="field">
          <span>{t('csv.to')}</span>
          <input type="date" value={to} min={from} onChange={(event) => setTo(event.currentTarget.value)} />
        </label>
        <label class="field">
          <span>{t('csv.every')}</span>
          <select value={every} onChange={(event) => setEvery(event.currentTarget.value)}>
            {kSteps.map((step) => (
              <option key={step} value={step}>
                {step.replace(
                  /(\d+)([smh])/,
                  (_, n: string, unit: string) => `${n} ${t(unit === 's' ? 'unit.s' : unit === 'm' ? 'unit.min' : 'unit.h')}`,
                )}
              </option>
            ))}
          </select>
        </label>
      </div>
      {fine && (
        <a
          class="button primary"
          href={apiUrl(
            `/packs/${encodeURIComponent(pack)}/history.csv?from=${start}&to=${Math.min(end, Math.floor(Date.now() / 1000))}&every=${every}`,
          )}
          download={`${pack}_${from}_${to}.csv`}
        >
          <Icon name="download" size={18} />
          <span>{t('csv.get')}</span>
        </a>
      )}
    </Card>
  );
}
