// SPDX-License-Identifier: Apache-2.0
// LOG & FILES: the daily files of a month (show, download, delete, all at once) and the other files (download, upload).
import { useState } from 'preact/hooks';
import { api, apiUrl } from '../../api/client.ts';
import type { FileInfo } from '../../api/types.ts';
import { bytes, isoDay, monthName, shortDate } from '../../lib/format.ts';
import { t } from '../../lib/i18n.ts';
import { packs } from '../../store.ts';
import { Button, Card, Empty, IconButton, Notice, Skeleton } from '../../ui/basics.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Icon } from '../../ui/icons.tsx';
import { errorText, useLoad } from '../../ui/load.ts';

const fileUrl = (file: FileInfo) =>
  apiUrl(`/files/${encodeURIComponent(file.name)}${file.pack ? `?pack=${encodeURIComponent(file.pack)}` : ''}`);

/** The day of a daily file, or null. */
export function dayOf(name: string): string | null {
  const match = /^batt_(\d{4})(\d\d)(\d\d)\.csv$/.exec(name);
  return match ? `${match[1]}-${match[2]}-${match[3]}` : null;
}

function chartOf(file: FileInfo): string | null {
  const day = dayOf(file.name);
  if (!day) return null;
  const from = new Date(`${day}T00:00:00`).getTime() / 1000;
  return `/battery?${file.pack ? `pack=${encodeURIComponent(file.pack)}&` : ''}from=${from}&to=${Math.min(from + 86400, Math.floor(Date.now() / 1000))}`;
}

function FileRow({ file, remove }: { file: FileInfo; remove: (file: FileInfo) => void }) {
  const chart = chartOf(file);
  const day = dayOf(file.name);
  return (
    <li class="file">
      <span class="file-name">
        {file.name}
        <span class="small quiet num">
          {day ? `${shortDate(`${day}T12:00:00`)} · ` : ''}
          {bytes(file.size)}
        </span>
      </span>
      <span class="file-tools">
        {chart && (
          <a class="button icon-only" href={chart} aria-label={`${t('files.show')} ${file.name}`} title={t('files.show')}>
            <Icon name="chart" size={20} />
          </a>
        )}
        <a
          class="button icon-only"
          href={fileUrl(file)}
          download={file.name}
          aria-label={`${t('files.download')} ${file.name}`}
          title={t('files.download')}
        >
          <Icon name="download" size={20} />
        </a>
        {file.kind !== 'config' && <IconButton icon="trash" label={`${t('files.delete')} ${file.name}`} onClick={() => remove(file)} />}
      </span>
    </li>
  );
}

function Files({ month, pack }: { month: string | null; pack: string }) {
  const [asked, setAsked] = useState<FileInfo | null>(null);
  const [error, setError] = useState('');
  const search = new URLSearchParams({ ...(month ? { month } : {}), ...(month && pack ? { pack } : {}) }).toString();
  const { data, again } = useLoad(`files ${search}`, (abort) => api<FileInfo[]>(`/files?${search}`, { signal: abort }));
  const remove = async () => {
    const file = asked!;
    setAsked(null);
    try {
      await api(`/files/${encodeURIComponent(file.name)}${file.pack ? `?pack=${encodeURIComponent(file.pack)}` : ''}`, {
        method: 'DELETE',
      });
      setError('');
      again();
    } catch (failure) {
      setError(errorText(failure));
    }
  };
  if (!data) return <Skeleton height={300} />;
  return (
    <>
      {error && <Notice tone="alarm" title={error} />}
      {data.length === 0 ? (
        <Empty title={t('files.none')} />
      ) : (
        <ul class="files">
          {data.map((file) => (
            <FileRow key={file.name + (file.pack ?? '')} file={file} remove={setAsked} />
          ))}
        </ul>
      )}
      {asked && (
        <Dialog title={t('files.delete_ask', { name: asked.name })} onClose={() => setAsked(null)}>
          <p>{dayOf(asked.name) ? t('files.delete_day') : t('files.delete_file')}</p>
          <div class="dialog-buttons">
            <Button onClick={() => setAsked(null)}>{t('cancel')}</Button>
            <Button kind="danger" onClick={() => void remove()}>
              {t('files.delete')}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}

function Upload({ done }: { done: () => void }) {
  const [said, setSaid] = useState<{ tone: 'good' | 'alarm'; text: string } | null>(null);
  const send = async (file: File | undefined) => {
    if (!file) return;
    try {
      await api(`/files/${encodeURIComponent(file.name)}`, { method: 'PUT', body: file });
      setSaid({ tone: 'good', text: t('files.uploaded', { name: file.name }) });
      done();
    } catch (failure) {
      setSaid({ tone: 'alarm', text: errorText(failure) });
    }
  };
  return (
    <>
      <label class="button">
        <Icon name="upload" size={18} />
        <span>{t('files.upload')}</span>
        <input class="sr" type="file" onChange={(event) => void send(event.currentTarget.files?.[0])} />
      </label>
      {said && <Notice tone={said.tone} title={said.text} />}
    </>
  );
}

export function FilesPage() {
  const [month, setMonth] = useState(isoDay(Date.now()).slice(0, 7));
  const [pack, setPack] = useState(packs.value?.[0]?.id ?? '');
  const [turn, setTurn] = useState(0);
  const months = useLoad('months', (abort) => api<string[]>('/files?months=1', { signal: abort }));
  const known = [...new Set([...(months.data ?? []), month])].sort().reverse();
  return (
    <>
      <Card title={t('group.files')}>
        <div class="csv-form">
          <label class="field files-month">
            <span>{t('files.month')}</span>
            <select value={month} onChange={(event) => setMonth(event.currentTarget.value)}>
              {known.map((one) => (
                <option key={one} value={one}>
                  {monthName(`${one}-15T12:00:00`)}
                </option>
              ))}
            </select>
          </label>
          {(packs.value?.length ?? 0) > 1 && (
            <label class="field">
              <span>{t('events.pack')}</span>
              <select value={pack} onChange={(event) => setPack(event.currentTarget.value)}>
                {packs.value!.map((one) => (
                  <option key={one.id} value={one.id}>
                    {one.name || one.id}
                  </option>
                ))}
              </select>
            </label>
          )}
          <a
            class="button files-all"
            href={apiUrl(`/files/batt_${month.replace('-', '')}.tar.gz${pack ? `?pack=${encodeURIComponent(pack)}` : ''}`)}
            download
          >
            <Icon name="download" size={18} />
            <span>{t('files.all')}</span>
          </a>
        </div>
        <Files month={month} pack={pack} />
      </Card>
      <Card title={t('files.other')} aside={<Upload done={() => setTurn(turn + 1)} />}>
        <Files key={turn} month={null} pack="" />
      </Card>
    </>
  );
}
