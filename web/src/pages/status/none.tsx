// SPDX-License-Identifier: Apache-2.0
// No pack yet: what to do next.
import { t } from '../../lib/i18n.ts';
import { PageHead } from '../../ui/basics.tsx';

export const NoPacks = () => (
  <>
    <PageHead title={t('none.title')} />
    <section class="card none-card">
      <p>{t('none.text')}</p>
      <a class="button primary" href="/setup">
        {t('none.start')}
      </a>
    </section>
  </>
);
