// SPDX-License-Identifier: Apache-2.0
// Branding: name, colours and logo, seen at once on the whole page, kept when saved.
import { useEffect, useRef, useState } from 'preact/hooks';
import { api } from '../../api/client.ts';
import type { Branding } from '../../api/types.ts';
import { t } from '../../lib/i18n.ts';
import { branding, loadBranding } from '../../store.ts';
import { Button, Card, Notice } from '../../ui/basics.tsx';
import { Icon } from '../../ui/icons.tsx';
import { errorText } from '../../ui/load.ts';

const kLogoBytes = 200_000;

export function BrandingPage() {
  const [draft, setDraft] = useState<Branding>(branding.peek());
  const saved = useRef(draft.logo);
  const [said, setSaid] = useState<{ tone: 'good' | 'alarm'; text: string } | null>(null);
  useEffect(() => {
    const before = branding.peek();
    return () => {
      branding.value = before;
      void loadBranding().catch(() => undefined);
    };
  }, []);
  const change = (part: Partial<Branding>) => {
    const next = { ...draft, ...part };
    setDraft(next);
    setSaid(null);
    branding.value = next;
  };
  const upload = async (file: File | undefined) => {
    if (!file) return;
    const name = { 'image/svg+xml': 'logo.svg', 'image/png': 'logo.png' }[file.type];
    if (!name || file.size > kLogoBytes) return setSaid({ tone: 'alarm', text: t('branding.logo_bad') });
    try {
      await api(`/files/${name}`, { method: 'PUT', body: file });
      saved.current = `/api/v1/files/${name}`;
      change({ logo: `/api/v1/files/${name}?v=${Date.now()}` });
    } catch (failure) {
      setSaid({ tone: 'alarm', text: errorText(failure) });
    }
    return undefined;
  };
  const save = async (event: Event) => {
    event.preventDefault();
    try {
      const { logo, ...kept } = draft;
      await api('/files/branding.json', { method: 'PUT', body: kept });
      const before = saved.current;
      if (before && !logo) await api(before.replace(/^\/api\/v1|\?.*$/g, ''), { method: 'DELETE' });
      saved.current = logo;
      setSaid({ tone: 'good', text: t('settings.saved') });
    } catch (failure) {
      setSaid({ tone: 'alarm', text: errorText(failure) });
    }
  };
  return (
    <Card title={t('group.branding')}>
      <p class="quiet settings-help">{t('branding.help')}</p>
      <form class="form" onSubmit={(event) => void save(event)}>
        <label class="field">
          <span>{t('branding.name')}</span>
          <input value={draft.name} maxLength={32} required onInput={(event) => change({ name: event.currentTarget.value })} />
        </label>
        <div class="colors">
          <label class="field">
            <span>{t('branding.accent')}</span>
            <input type="color" value={draft.accent} onInput={(event) => change({ accent: event.currentTarget.value })} />
          </label>
          <label class="field">
            <span>{t('branding.accent_dark')}</span>
            <input type="color" value={draft.accent_dark} onInput={(event) => change({ accent_dark: event.currentTarget.value })} />
          </label>
        </div>
        <div class="logo-row">
          {draft.logo && <img src={draft.logo} alt={t('branding.logo')} height={44} />}
          <label class="button">
            <Icon name="upload" size={18} />
            <span>{t('branding.logo')}</span>
            <input
              class="sr"
              type="file"
              accept="image/svg+xml,image/png"
              onChange={(event) => void upload(event.currentTarget.files?.[0])}
            />
          </label>
          {draft.logo && (
            <Button kind="quiet" onClick={() => change({ logo: null })}>
              {t('settings.remove')}
            </Button>
          )}
        </div>
        <label class="field">
          <span>{t('branding.footer')}</span>
          <input value={draft.footer} maxLength={64} onInput={(event) => change({ footer: event.currentTarget.value })} />
        </label>
        {said && <Notice tone={said.tone} title={said.text} />}
        <div class="form-buttons">
          <Button type="submit" kind="primary">
            {t('settings.submit')}
          </Button>
        </div>
      </form>
    </Card>
  );
}
