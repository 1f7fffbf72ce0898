// SPDX-License-Identifier: Apache-2.0
// Asks who is there when something needs it.
import { useState } from 'preact/hooks';
import { logIn, loginWanted } from '../api/client.ts';
import { t } from '../lib/i18n.ts';
import { system } from '../store.ts';
import { Button, Notice } from './basics.tsx';
import { Dialog } from './dialog.tsx';
import { errorText } from './load.ts';

export function LoginForm({ done }: { done?: () => void }) {
  const [user, setUser] = useState('admin');
  const [password, setPassword] = useState('');
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError('');
    try {
      await logIn(user, password);
      done?.();
    } catch (failure) {
      setError(errorText(failure));
    }
    setBusy(false);
  };
  return (
    <form class="form login-form" onSubmit={(event) => void submit(event)}>
      {system.value?.demo && system.value.demo_password && <Notice title={t('login.demo', { password: system.value.demo_password })} />}
      {error && (
        <Notice tone="alarm" title={t('login.failed')}>
          {error}
        </Notice>
      )}
      <label class="field">
        <span>{t('login.user')}</span>
        <input name="user" autocomplete="username" value={user} onInput={(event) => setUser(event.currentTarget.value)} required />
      </label>
      <label class="field">
        <span>{t('login.password')}</span>
        <input
          name="password"
          type="password"
          autocomplete="current-password"
          value={password}
          onInput={(event) => setPassword(event.currentTarget.value)}
          required
        />
      </label>
      <div class="dialog-buttons">
        <Button type="submit" kind="primary" disabled={busy}>
          {t('login.go')}
        </Button>
      </div>
    </form>
  );
}

export const LoginDialog = () => (
  <Dialog title={t('login.title')} onClose={() => (loginWanted.value = false)}>
    <LoginForm />
  </Dialog>
);
