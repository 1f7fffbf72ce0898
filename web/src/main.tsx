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
import { loadBranding, loadPacks, loadSystem, openStream } from './store.ts';

await loadLanguage(language.value).catch(() => undefined);
render(<App />, document.getElementById('app')!);
void loadPacks().catch(() => undefined);
void loadSystem().catch(() => undefined);
void loadBranding().catch(() => undefined);
void loadSession();
openStream();

if ('serviceWorker' in navigator && import.meta.env.PROD) void navigator.serviceWorker.register('/sw.js').catch(() => undefined);
