// SPDX-License-Identifier: Apache-2.0
// Restarting the gateway: which settings wait for it, the question, and waiting until it is back.
import { useState } from 'preact/hooks';
import { api } from '../../api/client.ts';
import type { System } from '../../api/types.ts';
import { t, tt, word } from '../../lib/i18n.ts';
import type { Schema } from '../../lib/schema.ts';
import { Button, Notice } from '../../ui/basics.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { errorText, useLoad } from '../../ui/load.ts';

const kFirstLookMs = 1500;
const kLookMs = 1000;
const kLooks = 60;

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** Waits for a gateway that has just started. */
async function back(): Promise<boolean> {
  await pause(kFirstLookMs);
  for (let look = 0; look < kLooks; look++) {
    const seen = await fetch('/healthz', { cache: 'no-store' }).catch(() => null);
    if (seen) return true;
    await pause(kLookMs);
  }
  return false;
}

/** "web.port" as the form of its group calls it. */
const labelOf = (schema: Schema | null, key: string) => {
  const [group = '', name = ''] = key.split('.');
  const one = schema?.properties[group];
  const title = one?.properties?.[name]?.title;
  return title ? `${tt(`group.${group}`, one.title ?? group)} – ${word(title)}` : key;
};

export function Restart({ info }: { info: System }) {
  const { data: schema } = useLoad('schema', (abort) => api<Schema>('/settings/schema', { signal: abort }));
  const [asking, setAsking] = useState(false);
  const [state, setState] = useState<'idle' | 'busy' | 'lost'>('idle');
  const [moved, setMoved] = useState<string | null>(null);
  const [error, setError] = useState('');
  const waiting = info.restart_needed ?? [];
  const restart = async () => {
    setAsking(false);
    setError('');
    try {
      const { port } = await api<{ port: number | null }>('/system/restart', { method: 'POST', body: {} });
      setState('busy');
      if (port !== null) setMoved(`${location.protocol}//${location.hostname}:${port}/`);
      else if (await back()) location.reload();
      else setState('lost');
    } catch (failure) {
      setError(errorText(failure));
    }
  };
  if (moved) {
    return (
      <Notice title={t('system.moved')}>
        <a href={moved}>{moved}</a>
      </Notice>
    );
  }
  if (state !== 'idle')
    return <Notice tone={state === 'lost' ? 'alarm' : 'info'} title={t(state === 'lost' ? 'system.not_back' : 'system.restarting')} />;
  return (
    <>
      {waiting.length > 0 && (
        <Notice tone="warning" title={t('system.restart_for', { names: waiting.map((key) => labelOf(schema, key)).join(', ') })} />
      )}
      {error && (
        <Notice tone="alarm" title={t('system.restart_failed')}>
          {error}
        </Notice>
      )}
      <div class="form-buttons">
        <Button {...(waiting.length > 0 ? { kind: 'primary' as const } : {})} onClick={() => setAsking(true)}>
          {t('system.restart')}
        </Button>
      </div>
      {asking && (
        <Dialog title={t('system.restart_ask')} onClose={() => setAsking(false)}>
          <p>{t('system.restart_text')}</p>
          <div class="dialog-buttons">
            <Button onClick={() => setAsking(false)}>{t('cancel')}</Button>
            <Button kind="danger" onClick={() => void restart()}>
              {t('system.restart')}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}
