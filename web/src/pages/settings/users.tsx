// SPDX-License-Identifier: Apache-2.0
// Users: the own password, who may do what, log out.
import { useState } from 'preact/hooks';
import { api, loadSession, logOut, session } from '../../api/client.ts';
import { t } from '../../lib/i18n.ts';
import { loadSystem } from '../../store.ts';
import { Button, Card, IconButton, Notice, Skeleton } from '../../ui/basics.tsx';
import { errorText, useLoad } from '../../ui/load.ts';

const kRoles = ['viewer', 'operator', 'admin'] as const;
interface User {
  name: string;
  role: (typeof kRoles)[number];
}

export function PasswordForm({ done }: { done?: () => void }) {
  const [old, setOld] = useState('');
  const [fresh, setFresh] = useState('');
  const [again, setAgain] = useState('');
  const [said, setSaid] = useState<{ tone: 'good' | 'alarm'; text: string } | null>(null);
  const differs = again !== '' && again !== fresh;
  const submit = async (event: Event) => {
    event.preventDefault();
    try {
      await api('/session/password', { method: 'POST', body: { old, new: fresh } });
      setSaid({ tone: 'good', text: t('users.changed') });
      setOld('');
      setFresh('');
      setAgain('');
      await Promise.all([loadSession(), loadSystem()]);
      done?.();
    } catch (failure) {
      setSaid({ tone: 'alarm', text: errorText(failure) });
    }
  };
  return (
    <form class="form" onSubmit={(event) => void submit(event)}>
      <input
        class="sr"
        name="username"
        autocomplete="username"
        value={session.value?.user ?? ''}
        readOnly
        tabIndex={-1}
        aria-hidden="true"
      />
      <label class="field">
        <span>{t('users.old')}</span>
        <input
          type="password"
          autocomplete="current-password"
          required
          value={old}
          onInput={(event) => setOld(event.currentTarget.value)}
        />
      </label>
      <label class="field">
        <span>{t('users.new')}</span>
        <input
          type="password"
          autocomplete="new-password"
          required
          minLength={8}
          value={fresh}
          onInput={(event) => setFresh(event.currentTarget.value)}
        />
      </label>
      <label class="field">
        <span>{t('users.again')}</span>
        <input
          type="password"
          autocomplete="new-password"
          required
          value={again}
          aria-invalid={differs}
          onInput={(event) => setAgain(event.currentTarget.value)}
        />
        {differs && <span class="field-error">{t('users.differs')}</span>}
      </label>
      {said && <Notice tone={said.tone} title={said.text} />}
      <div class="form-buttons">
        <Button type="submit" kind="primary" disabled={!old || !fresh || fresh !== again}>
          {t('password.change')}
        </Button>
      </div>
    </form>
  );
}

function AddUser({ done }: { done: () => void }) {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [role, setRole] = useState<User['role']>('viewer');
  const [error, setError] = useState('');
  const submit = async (event: Event) => {
    event.preventDefault();
    try {
      await api('/users', { method: 'POST', body: { name, role, password } });
      setName('');
      setPassword('');
      setError('');
      done();
    } catch (failure) {
      setError(errorText(failure));
    }
  };
  return (
    <form class="csv-form add-user" onSubmit={(event) => void submit(event)}>
      <label class="field">
        <span>{t('login.user')}</span>
        <input required value={name} autocomplete="off" onInput={(event) => setName(event.currentTarget.value)} />
      </label>
      <label class="field">
        <span>{t('login.password')}</span>
        <input
          type="password"
          required
          minLength={8}
          autocomplete="new-password"
          value={password}
          onInput={(event) => setPassword(event.currentTarget.value)}
        />
      </label>
      <label class="field">
        <span>{t('users.role')}</span>
        <select value={role} onChange={(event) => setRole(event.currentTarget.value as User['role'])}>
          {kRoles.map((one) => (
            <option key={one} value={one}>
              {t(`role.${one}`)}
            </option>
          ))}
        </select>
      </label>
      <Button type="submit" icon="plus">
        {t('settings.add')}
      </Button>
      {error && <Notice tone="alarm" title={error} />}
    </form>
  );
}

export function UsersPage() {
  const { data, again, error } = useLoad('users', (abort) => api<User[]>('/users', { signal: abort }));
  const [failed, setFailed] = useState('');
  const remove = async (name: string) => {
    try {
      await api(`/users/${encodeURIComponent(name)}`, { method: 'DELETE' });
      setFailed('');
      again();
    } catch (failure) {
      setFailed(errorText(failure));
    }
  };
  return (
    <>
      <Card title={t('users.own')} aside={<Button onClick={() => void logOut()}>{t('users.logout')}</Button>}>
        <PasswordForm />
      </Card>
      <Card title={t('group.users')}>
        {(error || failed) && <Notice tone="alarm" title={error ?? failed} />}
        {!data ? (
          !error && <Skeleton height={120} />
        ) : (
          <ul class="files">
            {data.map((user) => (
              <li key={user.name} class="file">
                <span class="file-name">
                  {user.name}
                  <span class="small quiet">{t(`role.${user.role}`)}</span>
                </span>
                {user.name !== session.value?.user && (
                  <IconButton icon="trash" label={`${t('settings.remove')} ${user.name}`} onClick={() => void remove(user.name)} />
                )}
              </li>
            ))}
          </ul>
        )}
        <AddUser done={again} />
      </Card>
    </>
  );
}
