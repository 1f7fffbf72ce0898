// SPDX-License-Identifier: Apache-2.0
// Settings: the groups of the gateway's schema and a few pages of their own, as a list beside (phones: before) the chosen one.
import type { ComponentType } from 'preact';
import { api, mayAdmin, session } from '../../api/client.ts';
import { t, tt, word } from '../../lib/i18n.ts';
import { path } from '../../lib/router.ts';
import type { Schema, Settings } from '../../lib/schema.ts';
import { Button, Card, Notice, PageHead, Skeleton } from '../../ui/basics.tsx';
import { Icon } from '../../ui/icons.tsx';
import { useLoad, type Loaded } from '../../ui/load.ts';
import { LoginForm } from '../../ui/login.tsx';
import '../../styles/settings.css';
import { BackupPage } from './backup.tsx';
import { BrandingPage } from './branding.tsx';
import { DevicePage } from './device.tsx';
import { FilesPage } from './files.tsx';
import { GroupForm } from './group.tsx';
import { ListForm } from './list.tsx';
import { SystemPage } from './system.tsx';
import { UsersPage } from './users.tsx';

/** Words of the original for groups that have another name here. */
const kAliases: Readonly<Record<string, string>> = { misc: 'general', network: 'web', modbustcp: 'modbus' };
const kOrder = ['network', 'web', 'general', 'mqtt', 'home_assistant', 'modbus', 'tunnel', 'display', 'notify', 'history'];

const kOwn: readonly { key: string; view: ComponentType; open?: boolean }[] = [
  { key: 'files', view: FilesPage },
  { key: 'users', view: UsersPage },
  { key: 'branding', view: BrandingPage },
  { key: 'backup', view: BackupPage },
  { key: 'system', view: SystemPage },
  { key: 'device', view: DevicePage, open: true },
];

const rank = (key: string) => (kOrder.includes(key) ? kOrder.indexOf(key) : kOrder.length);

interface Entry {
  key: string;
  title: string;
  open?: boolean;
}

export function entriesOf(schema: Schema | null): Entry[] {
  const groups = Object.entries(schema?.properties ?? {}).map(([key, group]) => ({ key, title: tt(`group.${key}`, group.title ?? key) }));
  groups.sort((a, b) => rank(a.key) - rank(b.key));
  return [...groups, ...kOwn.map(({ key, open }) => ({ key, title: tt(`group.${key}`, key), open }))];
}

function Chosen({ name, schema, settings }: { name: string; schema: Schema | null; settings: Loaded<Settings> }) {
  const own = kOwn.find((one) => one.key === name);
  const admin = mayAdmin();
  if (own && (own.open || admin)) {
    const View = own.view;
    return <View />;
  }
  if (!admin) {
    return (
      <Card title={t('settings.login')}>
        <LoginForm />
      </Card>
    );
  }
  const group = schema?.properties[name];
  if (settings.error)
    return (
      <Notice tone="alarm" title={t('settings.failed')} action={<Button onClick={settings.again}>{t('again')}</Button>}>
        {settings.error}
      </Notice>
    );
  if (!group || !settings.data) return <Skeleton height={420} class="card" />;
  const title = tt(`group.${name}`, group.title ?? name);
  const help = group.description ? word(group.description) : '';
  return group.type === 'array' ? (
    <ListForm key={name} name={name} title={title} help={help} group={group} settings={settings.data} again={settings.again} />
  ) : (
    <GroupForm key={name} name={name} title={title} help={help} group={group} settings={settings.data} again={settings.again} />
  );
}

export function SettingsPage() {
  const admin = mayAdmin();
  const schema = useLoad('schema', (abort) => api<Schema>('/settings/schema', { signal: abort }));
  const settings = useLoad(admin ? `settings ${session.value?.user}` : null, (abort) => api<Settings>('/settings', { signal: abort }));
  const asked = path.value.split('/')[2] ?? '';
  const entries = entriesOf(schema.data);
  const known = (key: string) => entries.some((entry) => entry.key === key);
  const name = known(asked) ? asked : known(kAliases[asked] ?? '') ? kAliases[asked]! : '';
  const shown = name || (schema.data ? entries[0]!.key : '');
  return (
    <div class={`settings ${name ? 'chosen' : ''}`}>
      <PageHead title={t('nav.settings')} />
      <nav class="settings-list" aria-label={t('nav.settings')}>
        {entries.map((entry) => (
          <a key={entry.key} href={`/settings/${entry.key}`} aria-current={entry.key === shown ? 'page' : undefined}>
            <span>{entry.title}</span>
            <Icon name="right" size={18} />
          </a>
        ))}
      </nav>
      <div class="settings-body">
        {name && (
          <a class="settings-back button quiet" href="/settings">
            <Icon name="left" size={18} /> <span>{t('nav.settings')}</span>
          </a>
        )}
        {schema.error && !schema.data && (
          <Notice tone="alarm" title={t('settings.failed')}>
            {schema.error}
          </Notice>
        )}
        {shown ? <Chosen name={shown} schema={schema.data} settings={settings} /> : !schema.error && <Skeleton height={420} class="card" />}
      </div>
    </div>
  );
}
