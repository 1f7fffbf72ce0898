// SPDX-License-Identifier: Apache-2.0
// Adds a pack in four steps: choose the port, look what answers, see its values, save it with a name.
import { useEffect, useState } from 'preact/hooks';
import { api, mayAdmin } from '../../api/client.ts';
import type { Port, ProbeFound, ProbeState } from '../../api/types.ts';
import { number } from '../../lib/format.ts';
import { t } from '../../lib/i18n.ts';
import { buses, loadBuses, loadPacks, packs } from '../../store.ts';
import { Button, Notice } from '../../ui/basics.tsx';
import { errorText, useLoad } from '../../ui/load.ts';
import { LoginForm } from '../../ui/login.tsx';

/** An id that is free: of the words of a name, or with a number behind. */
export function freeId(name: string, taken: readonly string[]): string {
  const base =
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '')
      .slice(0, 16) || 'pack';
  for (let n = 1; ; ++n) {
    const id = n === 1 ? base : `${base}-${n}`;
    if (!taken.includes(id)) return id;
  }
}

/** The change of the settings that adds what was found; an open bus with the same link is used again. */
export function additionOf(found: ProbeFound, name: string, known: readonly { id: string; link: string }[], packIds: readonly string[]) {
  const bus = known.find((one) => one.link.split('?')[0] === found.link.split('?')[0]);
  const busId =
    bus?.id ??
    freeId(
      'bus',
      known.map((one) => one.id),
    );
  const pack = { id: freeId(name, packIds), name, bus: busId, protocol: found.protocol, address: found.address };
  const link =
    found.baud && found.link.startsWith('serial:') && !found.link.includes('baud=')
      ? `${found.link}${found.link.includes('?') ? '&' : '?'}baud=${found.baud}`
      : found.link;
  return { ...(bus ? {} : { bus: [{ id: busId, link }] }), pack: [pack] };
}

const kPollMs = 700;

function useProbe() {
  const [id, setId] = useState<string | null>(null);
  const [state, setState] = useState<ProbeState | null>(null);
  const [error, setError] = useState('');
  useEffect(() => {
    if (id === null) return undefined;
    const timer = setInterval(() => {
      api<ProbeState>(`/probe/${id}`).then(
        (now) => {
          setState(now);
          if (now.state !== 'running') clearInterval(timer);
        },
        (failure: unknown) => {
          setError(errorText(failure));
          clearInterval(timer);
        },
      );
    }, kPollMs);
    return () => clearInterval(timer);
  }, [id]);
  const start = async (link: string, all: boolean) => {
    setError('');
    setState({ state: 'running', found: [] });
    try {
      setId((await api<{ id: string }>('/probe', { method: 'POST', body: { link, all } })).id);
    } catch (failure) {
      setError(errorText(failure));
      setState(null);
    }
  };
  const stop = () => {
    if (id !== null) void api(`/probe/${id}`, { method: 'DELETE' }).catch(() => undefined);
    setId(null);
    setState(null);
  };
  return { state, error, start, stop };
}

function FoundForm({ found, done }: { found: ProbeFound; done: () => void }) {
  const [name, setName] = useState(found.model ?? `${found.protocol} ${found.address}`);
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const save = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      const known = buses.value ?? [];
      await api('/settings', {
        method: 'PATCH',
        body: additionOf(
          found,
          name.trim(),
          known,
          (packs.value ?? []).map((pack) => pack.id),
        ),
      });
      await Promise.all([loadPacks(), loadBuses()]);
      done();
    } catch (failure) {
      setError(errorText(failure));
    }
    setBusy(false);
  };
  return (
    <form class="found" onSubmit={(event) => void save(event)}>
      <p>
        <strong>{found.model ?? found.protocol}</strong>{' '}
        <span class="quiet">
          {found.protocol} · {t('pack.address')} {found.address}
          {found.baud ? ` · ${number(found.baud)} Bd` : ''}
          {found.cells ? ` · ${t('add.cells', { n: found.cells })}` : ''}
          {found.pack_voltage ? ` · ${number(found.pack_voltage, 2)} V` : ''}
        </span>
      </p>
      {found.known_as ? (
        <p class="quiet">{t('add.known', { name: found.known_as })}</p>
      ) : (
        <div class="found-save">
          <label class="field">
            <span>{t('add.name')}</span>
            <input value={name} maxLength={32} required onInput={(event) => setName(event.currentTarget.value)} />
          </label>
          <Button type="submit" kind="primary" disabled={busy}>
            {t('add.save')}
          </Button>
        </div>
      )}
      {error && <Notice tone="alarm" title={error} />}
    </form>
  );
}

/** `cancel`: there is something to go back to. */
export function AddPack({ done, cancel = true }: { done: () => void; cancel?: boolean }) {
  const admin = mayAdmin();
  const ports = useLoad(admin ? 'ports' : null, (abort) => api<Port[]>('/ports', { signal: abort }));
  const [link, setLink] = useState('');
  const [typed, setTyped] = useState('');
  const [all, setAll] = useState(false);
  const { state, error, start, stop } = useProbe();
  useEffect(() => {
    if (buses.peek() === null) void loadBuses().catch(() => undefined);
  }, []);
  if (!admin) {
    return (
      <>
        <p>{t('add.login')}</p>
        <LoginForm />
      </>
    );
  }
  const chosen = link === 'other' ? typed : link;
  const running = state?.state === 'running';
  return (
    <div class="form add">
      <label class="field">
        <span>1. {t('add.port')}</span>
        <select value={link} disabled={running} onChange={(event) => setLink(event.currentTarget.value)}>
          <option value="">{t('add.choose')}</option>
          {(ports.data ?? []).map((port) => (
            <option key={port.link} value={port.link}>
              {port.name} {port.used_by ? `(${t('add.used', { bus: port.used_by })})` : ''}
            </option>
          ))}
          <option value="other">{t('add.other')}</option>
        </select>
        {ports.data?.length === 0 && <span class="small quiet">{t('add.no_ports')}</span>}
      </label>
      {link === 'other' && (
        <label class="field">
          <span>{t('add.link')}</span>
          <input
            value={typed}
            placeholder="tcp:192.168.1.44:8899"
            spellcheck={false}
            autocapitalize="off"
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
          <span class="small quiet">{t('add.link_help')}</span>
        </label>
      )}
      <label class="check">
        <input type="checkbox" checked={all} disabled={running} onChange={(event) => setAll(event.currentTarget.checked)} />{' '}
        <span>{t('add.all')}</span>
      </label>
      <div class="add-buttons">
        {running ? (
          <Button onClick={stop}>{t('add.stop')}</Button>
        ) : (
          <Button kind="primary" disabled={!chosen} onClick={() => void start(chosen, all)}>
            2. {t('add.probe')}
          </Button>
        )}
        {cancel && (
          <Button
            kind="quiet"
            onClick={() => {
              stop();
              done();
            }}
          >
            {t('cancel')}
          </Button>
        )}
      </div>
      {error && <Notice tone="alarm" title={error} />}
      {running && (
        <div role="status">
          <progress value={state.progress ?? undefined} max={1} aria-label={t('add.probing')} />
          <p class="small quiet">{state.step ?? t('add.probing')}</p>
        </div>
      )}
      {state && state.state !== 'running' && state.found.length === 0 && (
        <Notice tone="warning" title={t('add.nothing')}>
          {state.message || t('add.nothing_text')}
        </Notice>
      )}
      {state && state.found.length > 0 && (
        <div>
          <h3>3. {t('add.found')}</h3>
          {state.found.map((found) => (
            <FoundForm key={`${found.protocol}${found.address}`} found={found} done={done} />
          ))}
        </div>
      )}
    </div>
  );
}
