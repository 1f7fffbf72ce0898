// SPDX-License-Identifier: Apache-2.0
// Backup and restore of all settings, as one file; history import of the original's CSV files.
import { useState } from 'preact/hooks';
import { api, apiUrl } from '../../api/client.ts';
import { number } from '../../lib/format.ts';
import { t } from '../../lib/i18n.ts';
import { loadBranding, loadPacks, loadSystem, packs } from '../../store.ts';
import { Button, Card, Notice, type Tone } from '../../ui/basics.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Icon } from '../../ui/icons.tsx';
import { errorText } from '../../ui/load.ts';

interface Said {
  tone: Tone;
  title: string;
  text?: string;
}

function Restore() {
  const [file, setFile] = useState<{ name: string; text: string } | null>(null);
  const [said, setSaid] = useState<Said | null>(null);
  const restore = async () => {
    const { text } = file!;
    setFile(null);
    try {
      const answer = await api<{ restart?: string[] }>('/backup', { method: 'POST', body: JSON.parse(text) as unknown });
      setSaid({ tone: 'good', title: t('backup.restored'), ...(answer?.restart?.length ? { text: t('settings.needs_restart') } : {}) });
      await Promise.allSettled([loadPacks(), loadSystem(), loadBranding()]);
    } catch (failure) {
      setSaid({
        tone: 'alarm',
        title: t('backup.failed'),
        text: failure instanceof SyntaxError ? t('backup.no_backup') : errorText(failure),
      });
    }
  };
  return (
    <>
      <label class="button">
        <Icon name="upload" size={18} />
        <span>{t('backup.restore')}</span>
        <input
          class="sr"
          type="file"
          accept="application/json,.json"
          onChange={(event) => {
            const chosen = event.currentTarget.files?.[0];
            if (chosen) void chosen.text().then((text) => setFile({ name: chosen.name, text }));
            event.currentTarget.value = '';
          }}
        />
      </label>
      {said && (
        <Notice tone={said.tone} title={said.title}>
          {said.text}
        </Notice>
      )}
      {file && (
        <Dialog title={t('backup.ask', { name: file.name })} onClose={() => setFile(null)}>
          <p>{t('backup.ask_text')}</p>
          <div class="dialog-buttons">
            <Button onClick={() => setFile(null)}>{t('cancel')}</Button>
            <Button kind="danger" onClick={() => void restore()}>
              {t('backup.restore')}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}

function Import() {
  const [pack, setPack] = useState(packs.value?.[0]?.id ?? '');
  const [said, setSaid] = useState<Said | null>(null);
  const send = async (files: FileList | null) => {
    let rows = 0;
    let skipped = 0;
    try {
      for (const file of files ?? []) {
        const answer = await api<{ rows: number; skipped: number }>(
          `/history/import?pack=${encodeURIComponent(pack)}&name=${encodeURIComponent(file.name)}`,
          { method: 'POST', body: file },
        );
        rows += answer.rows;
        skipped += answer.skipped;
      }
      setSaid({ tone: 'good', title: t('import.done', { rows: number(rows), skipped: number(skipped) }) });
    } catch (failure) {
      setSaid({ tone: 'alarm', title: t('import.failed'), text: errorText(failure) });
    }
  };
  return (
    <Card title={t('import.title')}>
      <p class="quiet settings-help">{t('import.help')}</p>
      <div class="form">
        <label class="field">
          <span>{t('events.pack')}</span>
          <select value={pack} onChange={(event) => setPack(event.currentTarget.value)}>
            {(packs.value ?? []).map((one) => (
              <option key={one.id} value={one.id}>
                {one.name || one.id}
              </option>
            ))}
          </select>
        </label>
        <div>
          <label class="button">
            <Icon name="upload" size={18} />
            <span>{t('import.choose')}</span>
            <input class="sr" type="file" multiple accept=".csv,text/csv" onChange={(event) => void send(event.currentTarget.files)} />
          </label>
        </div>
        {said && (
          <Notice tone={said.tone} title={said.title}>
            {said.text}
          </Notice>
        )}
      </div>
    </Card>
  );
}

export const BackupPage = () => (
  <>
    <Card title={t('group.backup')}>
      <p class="quiet settings-help">{t('backup.help')}</p>
      <div class="backup-buttons">
        <a class="button primary" href={apiUrl('/backup')} download="bmsgate-backup.json">
          <Icon name="download" size={18} />
          <span>{t('backup.save')}</span>
        </a>
        <a class="button" href={apiUrl('/files/config.txt')} download="config.txt">
          <Icon name="download" size={18} />
          <span>config.txt</span>
        </a>
        <Restore />
      </div>
    </Card>
    <Import />
  </>
);
