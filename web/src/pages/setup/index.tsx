// SPDX-License-Identifier: Apache-2.0
// First steps: wire it, choose a password, find the pack, done. Each step says what to do and when it is done.
import type { ComponentChildren } from 'preact';
import { mayAdmin, session } from '../../api/client.ts';
import { t } from '../../lib/i18n.ts';
import { go } from '../../lib/router.ts';
import { packs, system } from '../../store.ts';
import { Notice, PageHead } from '../../ui/basics.tsx';
import { Icon } from '../../ui/icons.tsx';
import { LoginForm } from '../../ui/login.tsx';
import '../../styles/settings.css';
import '../../styles/bus.css';
import '../../styles/setup.css';
import { AddPack } from '../bus/add.tsx';
import { PasswordForm } from '../settings/users.tsx';

function Step({ n, title, done, children }: { n: number; title: string; done: boolean; children: ComponentChildren }) {
  return (
    <li class={`card step ${done ? 'done' : ''}`}>
      <span class="step-number" aria-hidden="true">
        {done ? <Icon name="check" size={20} /> : n}
      </span>
      <div>
        <h2>
          {title} {done && <span class="sr">({t('setup.done')})</span>}
        </h2>
        {children}
      </div>
    </li>
  );
}

const kWires = ['setup.wire_rs485', 'setup.wire_uart', 'setup.wire_isolated'] as const;

export function SetupPage() {
  const admin = mayAdmin();
  const ownPassword = admin && !(session.value?.default_password ?? system.value?.default_password);
  const count = packs.value?.length ?? 0;
  return (
    <>
      <PageHead title={t('nav.setup')} />
      <ol class="steps">
        <Step n={1} title={t('setup.wire')} done={count > 0}>
          <ul class="step-list">
            {kWires.map((key) => (
              <li key={key}>{t(key)}</li>
            ))}
          </ul>
        </Step>
        <Step n={2} title={t('setup.login')} done={admin}>
          {admin ? <p class="quiet">{t('setup.logged_in', { user: session.value!.user! })}</p> : <LoginForm />}
        </Step>
        <Step n={3} title={t('setup.password')} done={ownPassword}>
          {!admin ? (
            <p class="quiet">{t('setup.after_login')}</p>
          ) : ownPassword ? (
            <p class="quiet">{t('setup.password_done')}</p>
          ) : (
            <PasswordForm />
          )}
        </Step>
        <Step n={4} title={t('setup.probe')} done={count > 0}>
          {count > 0 && <Notice tone="good" title={t('setup.have', { n: count })} action={<a href="/">{t('nav.status')}</a>} />}
          {admin ? <AddPack done={() => go('/')} cancel={false} /> : <p class="quiet">{t('setup.after_login')}</p>}
        </Step>
      </ol>
    </>
  );
}
