// SPDX-License-Identifier: Apache-2.0
// More: what has no place in the bottom bar of phones, this device's choices, and who is logged in.
import { logOut, loginWanted, session } from '../api/client.ts';
import { t, type TextKey } from '../lib/i18n.ts';
import { branding, system } from '../store.ts';
import { Button, Card, PageHead } from '../ui/basics.tsx';
import { Icon, type IconName } from '../ui/icons.tsx';
import '../styles/settings.css';
import { DeviceRows } from './settings/device.tsx';

const kLinks: readonly { path: string; text: TextKey; icon: IconName }[] = [
  { path: '/events', text: 'nav.events', icon: 'events' },
  { path: '/bus', text: 'nav.bus', icon: 'bus' },
  { path: '/settings', text: 'nav.settings', icon: 'settings' },
  { path: '/report', text: 'nav.report', icon: 'print' },
  { path: '/setup', text: 'nav.setup', icon: 'plus' },
];

export function MorePage() {
  const user = session.value?.user;
  return (
    <>
      <PageHead title={t('nav.more')} />
      <nav class="settings-list" aria-label={t('nav.more')}>
        {kLinks.map((link) => (
          <a key={link.path} href={link.path}>
            <span class="more-link">
              <Icon name={link.icon} /> {t(link.text)}
            </span>
            <Icon name="right" size={18} />
          </a>
        ))}
      </nav>
      <Card title={t('group.device')}>
        <DeviceRows />
      </Card>
      <Card title={t('more.who')}>
        <p class="more-user">
          <span>{user ? `${user} · ${t(`role.${session.value?.role ?? 'viewer'}`)}` : t('more.nobody')}</span>
          {user ? (
            <Button onClick={() => void logOut()}>{t('users.logout')}</Button>
          ) : (
            <Button onClick={() => (loginWanted.value = true)}>{t('login.go')}</Button>
          )}
        </p>
      </Card>
      <p class="small quiet">
        {branding.value.footer} bmsgate {system.value?.version} · {t('more.free')}
      </p>
    </>
  );
}
