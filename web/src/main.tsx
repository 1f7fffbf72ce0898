// SPDX-License-Identifier: Apache-2.0
// Starts the pages: words, what is public about this gateway, then the stream.
import { render } from 'preact';
import './styles/tokens.css';
import './styles/base.css';
import './styles/status.css';
import { App } from './app.tsx';
import { loadSession } from './api/client.ts';
import { loadLanguage } from './lib/i18n.ts';
import { language } from './lib/prefs.ts';
import { loadBranding, loadPacks, loadSystem, openStream, started } from './store.ts';

await loadLanguage(language.value).catch(() => undefined);
render(<App />, document.getElementById('app')!);

// What decides about the top of the page is awaited together, so that nothing is pushed down later; not for long.
const first = Promise.allSettled([loadPacks(), loadSystem(), loadBranding(), loadSession()]);
void Promise.race([first, new Promise((resolve) => setTimeout(resolve, 2500))]).then(() => (started.value = true));
openStream();

if ('serviceWorker' in navigator && import.meta.env.PROD) void navigator.serviceWorker.register('/sw.js').catch(() => undefined);
