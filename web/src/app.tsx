// SPDX-License-Identifier: Apache-2.0
// The frame: navigation (side bar on desktops, bottom bar on phones), messages that concern every page, and the page itself.
import { useEffect } from 'preact/hooks';
import { loginWanted, session } from './api/client.ts';
import { applyBranding } from './lib/branding.ts';
import { t, type TextKey } from './lib/i18n.ts';
import { dark } from './lib/prefs.ts';
import { onLinkClick, path } from './lib/router.ts';
import { branding, started, stream, system } from './store.ts';
import { StatusPage } from './pages/status/index.tsx';
import { Notice, Skeleton } from './ui/basics.tsx';
import { Icon, type IconName } from './ui/icons.tsx';
import { lazy, Suspense } from './ui/lazy.tsx';
import { LoginDialog } from './ui/login.tsx';

const page = <K extends string>(load: () => Promise<Record<K, preact.ComponentType>>, name: K) =>
  lazy(() => load().then((module) => module[name]));

interface Place {
  path: string;
  text: TextKey;
  icon: IconName;
  view: preact.ComponentType;
  /** Shown in the bottom bar of phones. */
  first: boolean;
}

const kPlaces: readonly Place[] = [
  { path: '/', text: 'nav.status', icon: 'status', view: StatusPage, first: true },
  {
    path: '/battery',
    text: 'nav.battery',
    icon: 'battery',
    view: page(() => import('./pages/battery/index.tsx'), 'BatteryPage'),
    first: true,
  },
  {
    path: '/monitor',
    text: 'nav.monitor',
    icon: 'monitor',
    view: page(() => import('./pages/monitor/index.tsx'), 'MonitorPage'),
    first: true,
  },
  {
    path: '/history',
    text: 'nav.history',
    icon: 'history',
    view: page(() => import('./pages/history/index.tsx'), 'HistoryPage'),
    first: true,
  },
  { path: '/events', text: 'nav.events', icon: 'events', view: page(() => import('./pages/events/index.tsx'), 'EventsPage'), first: false },
  { path: '/bus', text: 'nav.bus', icon: 'bus', view: page(() => import('./pages/bus/index.tsx'), 'BusPage'), first: false },
  {
    path: '/settings',
    text: 'nav.settings',
    icon: 'settings',
    view: page(() => import('./pages/settings/index.tsx'), 'SettingsPage'),
    first: false,
  },
];
const kHidden: readonly Pick<Place, 'path' | 'text' | 'view'>[] = [
  { path: '/more', text: 'nav.more', view: page(() => import('./pages/more.tsx'), 'MorePage') },
  { path: '/setup', text: 'nav.setup', view: page(() => import('./pages/setup/index.tsx'), 'SetupPage') },
  { path: '/report', text: 'nav.report', view: page(() => import('./pages/report.tsx'), 'ReportPage') },
];

const within = (place: string) => (place === '/' ? path.value === '/' : path.value === place || path.value.startsWith(`${place}/`));

function Brand() {
  const { name, logo } = branding.value;
  return (
    <a class="brand" href="/">
      {logo ? <img src={logo} alt="" height={28} /> : <Icon name="bolt" size={24} />}
      <span>{name}</span>
    </a>
  );
}

function NavLink({ place, extra = '' }: { place: Pick<Place, 'path' | 'text' | 'icon'>; extra?: string }) {
  return (
    <a class={extra} href={place.path} aria-current={within(place.path) ? 'page' : undefined}>
      <Icon name={place.icon} />
      <span>{t(place.text)}</span>
    </a>
  );
}

function Nav() {
  const inMore = !kPlaces.some((place) => place.first && within(place.path));
  return (
    <nav class="nav" aria-label={t('nav')}>
      <Brand />
      {kPlaces.map((place) => (
        <NavLink key={place.path} place={place} extra={place.first ? '' : 'desk'} />
      ))}
      <a class="phone" href="/more" aria-current={inMore ? 'page' : undefined}>
        <Icon name="more" />
        <span>{t('nav.more')}</span>
      </a>
      <a class="nav-foot desk" href="/more">
        {system.value ? `${branding.value.footer || 'bmsgate'} ${system.value.version}` : 'bmsgate'}
      </a>
    </nav>
  );
}

function Messages() {
  const info = system.value;
  return (
    <>
      {stream.value === 'lost' && (
        <Notice tone="warning" title={t('lost.title')}>
          {t('lost.text')}
        </Notice>
      )}
      {info?.time_set === false && (
        <Notice tone="warning" title={t('clock.title')}>
          {t('clock.text')}
        </Notice>
      )}
      {session.value?.user &&
        (session.value.default_password || info?.default_password) &&
        !within('/setup') &&
        !within('/settings/users') && (
          <Notice tone="warning" title={t('password.default')} action={<a href="/settings/users">{t('password.change')}</a>}>
            {t('password.default_text')}
          </Notice>
        )}
    </>
  );
}

export function App() {
  useEffect(() => {
    document.addEventListener('click', onLinkClick);
    return () => document.removeEventListener('click', onLinkClick);
  }, []);
  useEffect(() => applyBranding(branding.value, dark.value), [branding.value, dark.value]);
  const place = [...kPlaces, ...kHidden].find((one) => within(one.path));
  const View = place?.view ?? StatusPage;
  useEffect(() => {
    document.title = place && place.path !== '/' ? `${t(place.text)} · ${branding.value.name}` : branding.value.name;
  });
  return (
    <div class="shell">
      <a class="skip" href="#main">
        {t('skip')}
      </a>
      <Nav />
      <main id="main" tabIndex={-1}>
        {started.value ? (
          <>
            <Messages />
            <Suspense fallback={<Skeleton height={480} class="card" />}>
              <View />
            </Suspense>
          </>
        ) : (
          <Skeleton height={480} class="card" />
        )}
      </main>
      {loginWanted.value && <LoginDialog />}
    </div>
  );
}
