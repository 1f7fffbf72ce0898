// SPDX-License-Identifier: Apache-2.0
// Status: is it all right, how full, what is it doing. One pack, or all as a bank; in the layout that was chosen.
import { lazy, Suspense } from '../../ui/lazy.tsx';
import { layout } from '../../lib/prefs.ts';
import { t } from '../../lib/i18n.ts';
import { query } from '../../lib/router.ts';
import { branding, packById, packs } from '../../store.ts';
import { PageHead, Skeleton } from '../../ui/basics.tsx';
import { Freshness, PackChips } from '../../ui/packs.tsx';
import { BankView } from './bank.tsx';
import { NoPacks } from './none.tsx';
import { PackView } from './pack.tsx';

const JkView = lazy(() => import('./jk.tsx').then((module) => module.JkView));
const DalyView = lazy(() => import('./daly.tsx').then((module) => module.DalyView));

export function StatusPage() {
  const list = packs.value;
  if (list === null) return <StatusSkeleton />;
  if (list.length === 0) return <NoPacks />;
  const pack = list.length === 1 ? list[0]! : packById(query.value.get('pack'));
  const view = layout.value;
  return (
    <>
      <PageHead title={pack ? pack.name || pack.id : branding.value.name === 'bmsgate' ? t('bank') : branding.value.name}>
        {pack && <Freshness pack={pack} />}
      </PageHead>
      <PackChips bank />
      {!pack ? (
        <BankView packs={list} />
      ) : view === 'bmsgate' ? (
        <PackView pack={pack} />
      ) : (
        <Suspense fallback={<Skeleton height={480} />}>{view === 'jk' ? <JkView pack={pack} /> : <DalyView pack={pack} />}</Suspense>
      )}
    </>
  );
}

const StatusSkeleton = () => (
  <>
    <PageHead title={t('nav.status')} />
    <div class="status-cols" aria-busy="true">
      <div class="status-col">
        <Skeleton height={420} class="card" />
      </div>
      <div class="status-col">
        <Skeleton height={420} class="card" />
      </div>
      <div class="status-col">
        <Skeleton height={420} class="card" />
      </div>
    </div>
  </>
);
