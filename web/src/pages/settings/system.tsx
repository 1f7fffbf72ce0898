// SPDX-License-Identifier: Apache-2.0
// System: version, clock, memory, services.
import { useEffect, useState } from 'preact/hooks';
import { api } from '../../api/client.ts';
import type { System } from '../../api/types.ts';
import { bytes, clockIn, duration, when } from '../../lib/format.ts';
import { t, tt } from '../../lib/i18n.ts';
import { loadSystem, system } from '../../store.ts';
import { Button, Card, Notice, Skeleton } from '../../ui/basics.tsx';
import { errorText } from '../../ui/load.ts';
import { Restart } from './restart.tsx';

const kClockSlackMs = 60_000;

/** Where no time service keeps the gateway's clock, this device can set it. */
function ClockNotice({ info }: { info: System }) {
  const [error, setError] = useState('');
  const off = Math.abs(Date.parse(info.time) - Date.now());
  if (info.time_set !== false && !(off > kClockSlackMs)) return null;
  const set = async () => {
    try {
      await api('/system/time', { method: 'POST', body: { time: new Date().toISOString() } });
      await loadSystem();
    } catch (failure) {
      setError(errorText(failure));
    }
  };
  return (
    <Notice
      tone="warning"
      title={error ? t('system.clock_failed') : t('system.clock_off')}
      action={<Button onClick={() => void set()}>{t('system.clock_set')}</Button>}
    >
      {error}
    </Notice>
  );
}

export function SystemPage() {
  useEffect(() => void loadSystem().catch(() => undefined), []);
  const info = system.value;
  if (!info) return <Skeleton height={320} class="card" />;
  const rows: readonly [string, string][] = [
    [t('system.version'), info.version],
    [t('system.host'), info.hostname ?? '–'],
    [t('system.uptime'), duration(info.uptime_s)],
    [t('system.time'), info.timezone ? clockIn(info.timezone, info.time) : when(info.time)],
    [t('system.memory'), bytes(info.memory_bytes)],
    [t('storage.free'), bytes(info.disk_free_bytes)],
  ];
  return (
    <>
      <Card title={t('group.system')}>
        <ClockNotice info={info} />
        <dl class="rows">
          {rows.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd class="num">{value}</dd>
            </div>
          ))}
        </dl>
        <Restart info={info} />
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
    </>
  );
}
