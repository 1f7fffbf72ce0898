// SPDX-License-Identifier: Apache-2.0
// Keeps the shell of the pages, so that they open without the gateway; live data are never kept.
const kCache = 'bmsgate-shell-1';
const kShell = ['/', '/icon.svg', '/manifest.webmanifest'];

self.addEventListener('install', (event) => {
  event.waitUntil(keepShell().then(() => self.skipWaiting()));
});

/** The first page with the files that it names: they were loaded before this worker could keep them. */
async function keepShell() {
  const cache = await caches.open(kCache);
  await cache.addAll(kShell);
  const page = await (await cache.match('/')).text();
  await cache.addAll([...new Set(page.match(/\/assets\/[\w.-]+/g) ?? [])]);
}

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((keys) => Promise.all(keys.filter((key) => key !== kCache).map((key) => caches.delete(key))))
      .then(() => self.clients.claim()),
  );
});

/** Hashed files never change: the kept copy is right. Everything else: the gateway first, the kept copy when it is away. */
self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== 'GET' || url.origin !== location.origin || url.pathname.startsWith('/api/')) return;
  if (url.pathname.startsWith('/assets/')) {
    event.respondWith(fromCache(event.request));
  } else if (event.request.mode === 'navigate') {
    event.respondWith(fromGateway(event.request));
  }
});

async function fromCache(request) {
  const cache = await caches.open(kCache);
  const kept = await cache.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}

async function fromGateway(request) {
  const cache = await caches.open(kCache);
  try {
    const answer = await fetch(request);
    if (answer.ok) await cache.put('/', answer.clone());
    return answer;
  } catch {
    return (await cache.match('/')) ?? Response.error();
  }
}
