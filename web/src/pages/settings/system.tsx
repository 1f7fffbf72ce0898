// SPDX-License-Identifier: Apache-2.0
// System: version, clock, memory, services; clock from this device; restart.
import { useEffect, useState } from 'preact/hooks';
import { api } from '../../api/client.ts';
import { bytes, duration, when } from '../../lib/format.ts';
import { t, tt } from '../../lib/i18n.ts';
import { loadSystem, system } from '../../store.ts';
import { Button, Card, Notice, Skeleton } from '../../ui/basics.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { errorText } from '../../ui/load.ts';

export function SystemPage() {
  const [asking, setAsking] = useState(false);
  const [said, setSaid] = useState<{ tone: 'good' | 'alarm'; text: string } | null>(null);
  useEffect(() => void loadSystem().catch(() => undefined), []);
  const info = system.value;
  const act = async (route: string, body: unknown, done: string) => {
    setAsking(false);
    try {
      await api(route, { method: 'POST', body });
      setSaid({ tone: 'good', text: done });
    } catch (failure) {
      setSaid({ tone: 'alarm', text: errorText(failure) });
    }
  };
  if (!info) return <Skeleton height={320} class="card" />;
  const rows: readonly [string, string][] = [
    [t('system.version'), info.version],
    [t('system.host'), info.hostname ?? '–'],
    [t('system.uptime'), duration(info.uptime_s)],
    [t('system.time'), `${when(info.time)}${info.timezone ? ` (${info.timezone})` : ''}`],
    [t('system.memory'), bytes(info.memory_bytes)],
    [t('storage.free'), bytes(info.disk_free_bytes)],
  ];
  return (
    <>
      <Card title={t('group.system')}>
        {info.restart_needed && info.restart_needed.length > 0 && <Notice tone="warning" title={t('settings.needs_restart')} />}
        <dl class="rows">
          {rows.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd class="num">{value}</dd>
            </div>
          ))}
        </dl>
        {said && <Notice tone={said.tone} title={said.text} />}
        <div class="form-buttons">
          <Button onClick={() => void act('/system/time', { time: new Date().toISOString() }, t('system.synced'))}>
            {t('system.sync')}
          </Button>
          <Button kind="danger" onClick={() => setAsking(true)}>
            {t('system.restart')}
          </Button>
        </div>
      </Card>
      {info.services && (
        <Card title={t('system.services')}>
          <dl class="rows">
            {info.services.map((service) => (
              <div key={service.key}>
                <dt>{tt(`group.${service.key}`, service.key)}</dt>
                <dd>
                  {t(`service.${service.state}`)} <span class="quiet">{service.message}</span>
                </dd>
              </div>
            ))}
          </dl>
        </Card>
      )}
      {asking && (
        <Dialog title={t('system.restart_ask')} onClose={() => setAsking(false)}>
          <p>{t('system.restart_text')}</p>
          <div class="dialog-buttons">
            <Button onClick={() => setAsking(false)}>{t('cancel')}</Button>
            <Button kind="danger" onClick={() => void act('/system/restart', {}, t('system.restarting'))}>
              {t('system.restart')}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}
