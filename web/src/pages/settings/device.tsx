// SPDX-License-Identifier: Apache-2.0
// How the pages look on this device only.
import type { JSX } from 'preact';
import { t } from '../../lib/i18n.ts';
import { prefs, setPref, type Prefs } from '../../lib/prefs.ts';
import { Card, Segments } from '../../ui/basics.tsx';

type Row = { [K in keyof Prefs]: { key: K; label: string; options: { value: Prefs[K]; label: string }[] } }[keyof Prefs];

const rows = (): Row[] => [
  {
    key: 'theme',
    label: t('device.theme'),
    options: [
      { value: 'auto', label: t('device.auto') },
      { value: 'light', label: t('device.light') },
      { value: 'dark', label: t('device.dark') },
    ],
  },
  {
    key: 'language',
    label: t('device.language'),
    options: [
      { value: 'auto', label: t('device.auto') },
      { value: 'en', label: 'English' },
      { value: 'it', label: 'Italiano' },
      { value: 'de', label: 'Deutsch' },
    ],
  },
  {
    key: 'temperature',
    label: t('device.temperature'),
    options: [
      { value: 'auto', label: t('device.gateway') },
      { value: 'C', label: '°C' },
      { value: 'F', label: '°F' },
    ],
  },
  {
    key: 'clock',
    label: t('device.clock'),
    options: [
      { value: 'auto', label: t('device.gateway') },
      { value: '24h', label: '24 h' },
      { value: '12h', label: '12 h' },
    ],
  },
  {
    key: 'layout',
    label: t('device.layout'),
    options: [
      { value: 'auto', label: t('device.gateway') },
      { value: 'bmsgate', label: 'bmsgate' },
      { value: 'jk', label: 'JK' },
      { value: 'daly', label: 'DALY' },
    ],
  },
];

export function DeviceRows(): JSX.Element {
  return (
    <div class="device-rows">
      {rows().map((row) => (
        <div key={row.key} class="device-row">
          <span>{row.label}</span>
          <Segments
            label={row.label}
            options={row.options as { value: string; label: string }[]}
            value={prefs.value[row.key]}
            onChange={(value) => setPref(row.key, value as never)}
          />
        </div>
      ))}
    </div>
  );
}

export const DevicePage = () => (
  <Card title={t('group.device')}>
    <p class="quiet settings-help">{t('device.help')}</p>
    <DeviceRows />
  </Card>
);
