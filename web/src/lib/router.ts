// SPDX-License-Identifier: Apache-2.0
// The address is the state: path = page, query = what is looked at. The original's paths lead to their pages here.
import { computed, signal } from '@preact/signals';

const kOldPaths: Readonly<Record<string, string>> = {
  '/batt': '/battery',
  '/graph': '/monitor',
  '/config': '/settings/network',
  '/misc': '/settings/misc',
  '/mqtt': '/settings/mqtt',
  '/modbustcp': '/settings/modbus',
  '/display': '/settings/display',
  '/pushsafer': '/settings/notify',
  '/vUart': '/settings/tunnel',
  '/upload': '/settings/files',
  '/bmsalarms': '/events?type=alarm',
  '/fwupgrade': '/settings/system',
};

const read = () => {
  const target = kOldPaths[location.pathname];
  if (target) history.replaceState(null, '', target);
  return { path: location.pathname.replace(/(.)\/$/, '$1').replace(/^\/index\.html$/, '/'), query: new URLSearchParams(location.search) };
};

const place = signal(read());
export const path = computed(() => place.value.path);
export const query = computed(() => place.value.query);

addEventListener('popstate', () => {
  place.value = read();
});

export function go(to: string, replace = false): void {
  if (to === location.pathname + location.search) return;
  history[replace ? 'replaceState' : 'pushState'](null, '', to);
  const before = place.peek().path;
  place.value = read();
  if (place.peek().path !== before) {
    scrollTo(0, 0);
    document.getElementById('main')?.focus({ preventScroll: true });
  }
}

/** The same page with other query values; null removes one. */
export function withQuery(changes: Readonly<Record<string, string | null>>, base: string = path.value): string {
  const next = new URLSearchParams(base === path.value ? query.value : undefined);
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) next.delete(key);
    else next.set(key, value);
  }
  const text = next.toString();
  return text ? `${base}?${text}` : base;
}

/** Lets plain links of the pages change the view without loading anew. */
export function onLinkClick(event: MouseEvent): void {
  const anchor = (event.target as Element | null)?.closest?.('a');
  if (!anchor || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (anchor.origin !== location.origin || anchor.target || anchor.hasAttribute('download') || anchor.pathname.startsWith('/api/')) return;
  if (anchor.hash && anchor.pathname === location.pathname) return;
  event.preventDefault();
  go(anchor.pathname + anchor.search);
}
