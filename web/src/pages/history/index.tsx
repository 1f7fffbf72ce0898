// SPDX-License-Identifier: Apache-2.0
// History: what the cells tell, days as a map of colour, kWh per month and year, statistics, CSV, and what is kept.
import { api } from '../../api/client.ts';
import type { Day, Findings } from '../../api/types.ts';
import { isoDay } from '../../lib/format.ts';
import { t } from '../../lib/i18n.ts';
import { packs } from '../../store.ts';
import { Button, Notice, PageHead, Skeleton } from '../../ui/basics.tsx';
import { useLoad } from '../../ui/load.ts';
import { chosenPack, PackChips } from '../../ui/packs.tsx';
import { NoPacks } from '../status/none.tsx';
import '../../styles/history.css';
import { CsvCard } from './csv.tsx';
import { DaysCard } from './days.tsx';
import { EnergyCard } from './energy.tsx';
import { FindingsCard } from './findings.tsx';
import { StatisticsCard } from './statistics.tsx';
import { StorageCard } from './storage.tsx';

const kBack = 366 * 86400000;

export function HistoryPage() {
  const pack = chosenPack();
  const id = pack ? encodeURIComponent(pack.id) : null;
  const days = useLoad(id && `days ${id}`, (abort) =>
    api<Day[]>(`/packs/${id}/days?from=${isoDay(Date.now() - kBack)}&to=${isoDay(Date.now())}`, { signal: abort }),
  );
  const findings = useLoad(id && `findings ${id}`, (abort) => api<Findings>(`/packs/${id}/findings`, { signal: abort }));
  if (packs.value !== null && !pack) return <NoPacks />;
  return (
    <>
      <PageHead title={t('nav.history')}>
        {pack && (
          <a class="button" href={`/report?pack=${id}`}>
            {t('nav.report')}
          </a>
        )}
      </PageHead>
      <PackChips />
      {days.error && (
        <Notice tone="alarm" title={t('error.history')} action={<Button onClick={days.again}>{t('again')}</Button>}>
          {days.error}
        </Notice>
      )}
      {findings.data && <FindingsCard pack={pack!.id} findings={findings.data} />}
      {days.data ? <DaysCard pack={pack!.id} days={days.data} /> : !days.error && <Skeleton height={420} class="card" />}
      {pack && (
        <div class="history-cols">
          <EnergyCard pack={pack.id} />
          <StatisticsCard pack={pack.id} />
          <CsvCard pack={pack.id} />
          <StorageCard />
        </div>
      )}
    </>
  );
}
