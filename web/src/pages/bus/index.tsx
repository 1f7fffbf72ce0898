// SPDX-License-Identifier: Apache-2.0
// Bus: how well each line and pack answers, in figures and in plain words; what goes over the line; and a way to add a pack.
import { useEffect, useState } from 'preact/hooks';
import { api, mayAdmin, session } from '../../api/client.ts';
import type { Bus, BusPack, Hint, LinkStats } from '../../api/types.ts';
import { number } from '../../lib/format.ts';
import { t, tt } from '../../lib/i18n.ts';
import { buses, loadBuses, packById } from '../../store.ts';
import { Button, Card, Empty, Notice, PageHead, Skeleton } from '../../ui/basics.tsx';
import { Icon } from '../../ui/icons.tsx';
import { errorText } from '../../ui/load.ts';
import { Dot } from '../../ui/packs.tsx';
import '../../styles/bus.css';
import { AddPack } from './add.tsx';
import { Traffic } from './traffic.tsx';

const kCounters = ['timeouts', 'bad_checks', 'truncated', 'bytes_skipped', 'echoes', 'rejected', 'unconfirmed'] as const;
const hintText = (hint: Hint) => tt(`hint.${hint.key}`, hint.text);
const percent = (value: number | null | undefined) =>
  number(value, value !== null && value !== undefined && value < 100 && value > 90 ? 2 : 0);

function Hints({ hints }: { hints: readonly Hint[] | undefined }) {
  if (!hints?.length) return null;
  return (
    <ul class="hints">
      {hints.map((hint) => (
        <li key={hint.key} class={hint.severity}>
          <Icon name={hint.severity === 'warning' ? 'warning' : 'check'} size={18} /> {hintText(hint)}
        </li>
      ))}
    </ul>
  );
}

function Latency({ stats }: { stats: LinkStats }) {
  const { latency_ms: latency } = stats;
  if (!latency || latency.counts.every((n) => n === 0)) return null;
  const most = Math.max(...latency.counts);
  const names = [...latency.bounds.map((bound) => `< ${bound}`), `≥ ${latency.bounds.at(-1)}`];
  return (
    <div class="latency">
      <h3>
        {t('bus.latency')} · {t('bus.median', { ms: number(latency.median) })}
      </h3>
      <ol class="latency-bars" aria-label={t('bus.latency')}>
        {latency.counts.map((n, i) => (
          <li key={i} title={`${names[i]} ms: ${number(n)}`}>
            <i style={{ height: `${n === 0 ? 0 : Math.max(4, (Math.log1p(n) / Math.log1p(most)) * 100)}%` }} />
            <span class="sr">
              {names[i]} ms: {number(n)}
            </span>
          </li>
        ))}
      </ol>
      <p class="latency-names small quiet" aria-hidden="true">
        <span>{names[0]} ms</span>
        <span>{names.at(-1)} ms</span>
      </p>
    </div>
  );
}

function PackRow({ bus, pack }: { bus: Bus; pack: BusPack }) {
  const name = packById(pack.id)?.name ?? pack.id;
  return (
    <tr>
      <th scope="row">
        <Dot kind={pack.quality === 'good' ? 'live' : pack.quality} /> <a href={`/?pack=${encodeURIComponent(pack.id)}`}>{name}</a>
        {pack.accepted === false && mayAdmin() && <Accept bus={bus.id} pack={pack} />}
      </th>
      <td data-label={t('pack.protocol')}>{pack.protocol}</td>
      <td data-label={t('bus.address')} class="num">
        {pack.address}
      </td>
      <td data-label={`${t('bus.success')} %`} class="num">
        {percent(pack.stats.success_pct)}
      </td>
      <td data-label={`${t('bus.answer')} ms`} class="num">
        {number(pack.stats.latency_ms?.median)}
      </td>
      <td data-label={t('bus.timeouts')} class="num">
        {number(pack.stats.timeouts)}
      </td>
      <td data-label={t('bus.bad_checks')} class="num">
        {number(pack.stats.bad_checks)}
      </td>
    </tr>
  );
}

function Accept({ bus, pack }: { bus: string; pack: BusPack }) {
  const [error, setError] = useState('');
  const accept = async () => {
    try {
      await api('/settings', { method: 'PATCH', body: { pack: [{ id: pack.id, bus, protocol: pack.protocol, address: pack.address }] } });
      await loadBuses();
    } catch (failure) {
      setError(errorText(failure));
    }
  };
  return (
    <>
      {' '}
      <Button onClick={() => void accept()}>{t('bus.accept')}</Button> {error}
    </>
  );
}

function BusCard({ bus }: { bus: Bus }) {
  const [watching, setWatching] = useState(false);
  const tone = bus.state === 'open' ? 'live' : bus.state === 'opening' ? 'held' : 'alarm';
  return (
    <Card
      class="bus-card"
      title={
        <>
          <Dot kind={tone} /> {bus.id}
        </>
      }
      aside={
        <span class="quiet">
          {t(`bus.${bus.role}`)} · {t(`bus.state.${bus.state}`)}
        </span>
      }
    >
      <p class="bus-link quiet">{bus.link}</p>
      {bus.message && bus.state !== 'open' && <Notice tone="alarm" title={bus.message} />}
      <Hints
        hints={[
          ...(bus.hints ?? []),
          ...bus.packs.flatMap((pack) =>
            (pack.hints ?? []).map((hint) => ({ ...hint, text: `${packById(pack.id)?.name ?? pack.id}: ${hint.text}` })),
          ),
        ]}
      />
      <div class="bus-figures">
        <div>
          <ul class="tiles">
            <li>
              <span class="value big">
                <span class="num">{percent(bus.stats.success_pct)}</span>
                <span class="unit"> %</span>
              </span>
              <span class="tile-label">{t('bus.success')}</span>
            </li>
            <li>
              <span class="value big">
                <span class="num">{number(bus.polls_per_s, 1)}</span>
              </span>
              <span class="tile-label">{t('bus.polls')}</span>
            </li>
          </ul>
          <ul class="tiles counters">
            {kCounters
              .filter((key) => bus.stats[key] > 0)
              .map((key) => (
                <li key={key}>
                  <span class="num">{number(bus.stats[key])}</span>
                  <span class="tile-label">{t(`bus.${key}`)}</span>
                </li>
              ))}
          </ul>
        </div>
        <Latency stats={bus.stats} />
      </div>
      <div class="table-box" tabIndex={0} role="region" aria-label={`${bus.id}: ${t('packs')}`}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t('bus.pack')}</th>
              <th scope="col">{t('pack.protocol')}</th>
              <th scope="col">{t('bus.address')}</th>
              <th scope="col">{t('bus.success')} %</th>
              <th scope="col">{t('bus.answer')} ms</th>
              <th scope="col">{t('bus.timeouts')}</th>
              <th scope="col">{t('bus.bad_checks')}</th>
            </tr>
          </thead>
          <tbody>
            {bus.packs.map((pack) => (
              <PackRow key={`${pack.id}${pack.address}`} bus={bus} pack={pack} />
            ))}
          </tbody>
        </table>
      </div>
      <div class="bus-buttons">
        <Button icon="eye" pressed={watching} onClick={() => setWatching(!watching)}>
          {t('bus.watch')}
        </Button>
        {mayAdmin() && (
          <a class="button" href={`/api/v1/buses/${encodeURIComponent(bus.id)}/capture?seconds=600`} download={`${bus.id}.capture`}>
            <Icon name="download" size={18} />
            <span>{t('bus.capture')}</span>
          </a>
        )}
      </div>
      {watching && <Traffic bus={bus.id} />}
    </Card>
  );
}

export function BusPage() {
  const [error, setError] = useState('');
  const [adding, setAdding] = useState(false);
  useEffect(() => {
    const load = () =>
      loadBuses().then(
        () => setError(''),
        (failure: unknown) => setError(errorText(failure)),
      );
    void load();
    const timer = setInterval(() => document.visibilityState === 'visible' && void load(), 5000);
    return () => clearInterval(timer);
  }, [session.value?.user]);
  return (
    <>
      <PageHead title={t('nav.bus')}>
        <Button icon="plus" kind="primary" onClick={() => setAdding(true)}>
          {t('add.title')}
        </Button>
      </PageHead>
      {adding && (
        <Card title={t('add.title')}>
          <AddPack done={() => setAdding(false)} />
        </Card>
      )}
      {error && (
        <Notice tone="alarm" title={t('error.buses')}>
          {error}
        </Notice>
      )}
      {buses.value === null ? (
        !error && <Skeleton height={420} class="card" />
      ) : buses.value.length === 0 ? (
        <Card>
          <Empty title={t('bus.none')}>{t('none.text')}</Empty>
        </Card>
      ) : (
        buses.value.map((bus) => <BusCard key={bus.id} bus={bus} />)
      )}
    </>
  );
}
