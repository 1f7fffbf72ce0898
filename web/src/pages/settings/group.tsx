// SPDX-License-Identifier: Apache-2.0
// The form of one group of settings: edit, submit, try.
import { useState } from 'preact/hooks';
import { api, ApiError, type FormError } from '../../api/client.ts';
import type { Trial } from '../../api/types.ts';
import { t, tt } from '../../lib/i18n.ts';
import { rowsOf, type Group, type Item, type Settings } from '../../lib/schema.ts';
import { loadSystem, system } from '../../store.ts';
import { Button, Card, Notice, type Tone } from '../../ui/basics.tsx';
import { errorText } from '../../ui/load.ts';
import { invalid, Rows } from './form.tsx';

export interface GroupProps {
  name: string;
  title: string;
  help: string;
  group: Group;
  settings: Settings;
  again: () => void;
}

interface Said {
  tone: Tone;
  title: string;
  text?: string;
  /** Some of it waits for a restart. */
  restart?: boolean;
}

export function useSave(again: () => void) {
  const [errors, setErrors] = useState<readonly FormError[]>([]);
  const [said, setSaid] = useState<Said | null>(null);
  const [busy, setBusy] = useState(false);
  const save = async (change: Record<string, unknown>): Promise<boolean> => {
    setBusy(true);
    setErrors([]);
    try {
      const answer = await api<Settings>('/settings', { method: 'PATCH', body: change });
      setSaid({
        tone: 'good',
        title: t('settings.saved'),
        ...(answer.restart?.length ? { text: t('settings.needs_restart'), restart: true } : {}),
      });
      void loadSystem().catch(() => undefined);
      again();
      setBusy(false);
      return true;
    } catch (failure) {
      if (failure instanceof ApiError) setErrors(failure.errors);
      setSaid({ tone: 'alarm', title: t('settings.not_saved'), text: errorText(failure) });
      setBusy(false);
      return false;
    }
  };
  return { errors, setErrors, said, setSaid, busy, save };
}

export const SaidNotice = ({ said }: { said: Said | null }) =>
  said ? (
    <Notice
      tone={said.tone}
      title={said.title}
      action={
        said.restart && (
          <a class="button" href="/settings/system">
            {t('system.restart')}
          </a>
        )
      }
    >
      {said.text}
    </Notice>
  ) : null;

function Service({ name }: { name: string }) {
  const service = system.value?.services?.find((one) => one.key === name);
  if (!service) return null;
  return (
    <span class={`service ${service.state}`}>
      <span class={`dot ${service.state === 'active' ? 'live' : service.state === 'error' ? 'alarm' : 'asleep'}`} aria-hidden="true" />
      {t(`service.${service.state}`)} {service.message && <span class="quiet">{service.message}</span>}
    </span>
  );
}

export function GroupForm({ name, title, help, group, settings, again }: GroupProps) {
  const [edits, setEdits] = useState<Item>({});
  const { errors, setErrors, said, setSaid, busy, save } = useSave(again);
  const [testing, setTesting] = useState(false);
  const rows = rowsOf(group);
  const values = (settings.values[name] as Item | undefined) ?? {};
  const dirty = Object.keys(edits).length > 0;
  const submit = async (event: Event) => {
    event.preventDefault();
    if (await save({ [name]: edits })) setEdits({});
  };
  const test = async () => {
    setTesting(true);
    setSaid(null);
    setErrors([]);
    try {
      const trial = await api<Trial>(`/test/${name}`, { method: 'POST', body: { [name]: edits } });
      setSaid({ tone: trial.ok ? 'good' : 'alarm', title: tt(`trial.${trial.key}`, trial.message, trial.params) });
    } catch (failure) {
      if (failure instanceof ApiError) setErrors(failure.errors);
      setSaid({ tone: 'alarm', title: t('settings.test_failed'), text: errorText(failure) });
    }
    setTesting(false);
  };
  return (
    <Card title={title} aside={<Service name={name} />}>
      {help && <p class="quiet settings-help">{help}</p>}
      <form class="form" noValidate onSubmit={(event) => void submit(event)}>
        <Rows
          group={name}
          prefix={`${name}.`}
          rows={rows}
          values={values}
          edits={edits}
          settings={settings}
          errors={errors}
          onEdit={(key, value) => {
            setSaid(null);
            setEdits({ ...edits, [key]: value });
          }}
          onReset={(key) => void save({ [name]: { [key]: null } })}
        />
        <SaidNotice said={said} />
        <div class="form-buttons">
          <Button type="submit" kind="primary" disabled={!dirty || busy || invalid(rows, edits)}>
            {t('settings.submit')}
          </Button>
          {group['x-test'] && (
            <Button disabled={testing || invalid(rows, edits)} onClick={() => void test()}>
              {t(testing ? 'settings.testing' : 'settings.test')}
            </Button>
          )}
          {dirty && (
            <Button kind="quiet" onClick={() => setEdits({})}>
              {t('settings.undo')}
            </Button>
          )}
        </div>
      </form>
    </Card>
  );
}
