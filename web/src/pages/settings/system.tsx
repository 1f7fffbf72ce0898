// SPDX-License-Identifier: Apache-2.0
// System: version, clock, memory, services.
import { useEffect } from 'preact/hooks';
import { bytes, duration, when } from '../../lib/format.ts';
import { t, tt } from '../../lib/i18n.ts';
import { loadSystem, system } from '../../store.ts';
import { Card, Notice, Skeleton } from '../../ui/basics.tsx';

export function SystemPage() {
  useEffect(() => void loadSystem().catch(() => undefined), []);
  const info = system.value;
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
