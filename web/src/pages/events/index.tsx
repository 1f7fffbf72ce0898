// SPDX-License-Identifier: Apache-2.0
// Events: a log that can be filtered by pack, kind and day; the newest first, new ones come in by themselves.
import { useEffect, useState } from 'preact/hooks';
import { api } from '../../api/client.ts';
import type { LogEvent } from '../../api/types.ts';
import { alarmValue } from '../status/alarms.tsx';
import { ALARMS } from '../../gen/alarms.ts';
import { duration, isoDay, longDate, number, timeOfDay } from '../../lib/format.ts';
import { t, tt, word, type TextKey } from '../../lib/i18n.ts';
import { go, query, withQuery } from '../../lib/router.ts';
import { lastEvent, packById, packs } from '../../store.ts';
import { Button, Card, Empty, Notice, PageHead, Skeleton } from '../../ui/basics.tsx';
import { Icon, type IconName } from '../../ui/icons.tsx';
import { errorText } from '../../ui/load.ts';
import '../../styles/events.css';

const kTypes = ['alarm', 'link', 'command', 'setting', 'system'] as const;
const kIcons: Readonly<Record<string, IconName>> = {
  alarm: 'warning',
  link: 'bus',
  command: 'bolt',
  setting: 'settings',
  system: 'status',
};
const kPage = 50;

/** Sentences of the gateway that carry a name or a number. */
const kSentences: readonly (readonly [RegExp, TextKey])[] = [
  [/^bus (?<bus>\S+): line open$/, 'event.line_open'],
  [/^bus (?<bus>\S+): (?<why>.+)$/, 'event.line_failed'],
  [/^bmsgate (?<version>\S+) started$/, 'event.started'],
  [/^bmsgate stopped$/, 'event.stopped'],
  [/^(?<keys>.+) changed by (?<user>\S+) from (?<address>\S+)$/, 'event.changed'],
];

export function eventText(event: LogEvent): string {
  if (event.type === 'alarm' && event.key && event.key !== 'other') return word(ALARMS[event.key] ?? event.text);
  for (const [pattern, key] of kSentences) {
    const found = pattern.exec(event.text);
    if (found) return t(key, found.groups);
  }
  return tt(`event.${event.type}.${event.key ?? ''}`, event.text || event.key || event.type);
}

function details(event: LogEvent): string {
  const amount = (value: LogEvent['value']) =>
    typeof value !== 'number'
      ? value
      : event.type === 'alarm'
        ? alarmValue({ key: event.key ?? '', value })
        : `${number(value, 1)}${event.unit ? ` ${event.unit}` : ''}`;
  const span = event.end ? (Date.parse(event.end) - Date.parse(event.time)) / 1000 : null;
  return [
    event.pack && (packById(event.pack)?.name ?? event.pack),
    event.cell && `${t('cell')} ${event.cell}`,
    amount(event.value),
    typeof event.worst === 'number' && event.worst !== event.value && t('events.worst', { value: amount(event.worst) ?? '' }),
    span !== null && span > 0 && t('events.lasted', { time: duration(span) }),
    event.type === 'alarm' && !event.end && t('events.ongoing'),
    event.user && `${event.user}${event.origin ? `, ${event.origin}` : ''}`,
  ]
    .filter(Boolean)
    .join(' · ');
}

const Line = ({ event }: { event: LogEvent }) => (
  <li class={`event ${event.severity}`}>
    <time class="num quiet" dateTime={event.time}>
      {timeOfDay(event.time)}
    </time>
    <Icon name={kIcons[event.type] ?? 'events'} size={20} />
    <span>
      <strong>{eventText(event)}</strong>
      {(event.severity === 'alarm' || event.severity === 'warning') && (
        <span class="event-severity"> {tt(`severity.${event.severity}`, event.severity)}</span>
      )}
      <span class="event-details quiet">{details(event)}</span>
    </span>
  </li>
);

interface Filter {
  pack: string;
  type: string;
  day: string;
}

function routeOf({ pack, type, day }: Filter, before: LogEvent['id'] | null): string {
  const search = new URLSearchParams({ limit: String(kPage) });
  if (pack) search.set('pack', pack);
  if (type) search.set('type', type);
  if (day) {
    const start = new Date(`${day}T00:00:00`).getTime() / 1000;
    search.set('from', String(start));
    search.set('to', String(start + 86400));
  }
  if (before !== null) search.set('before', String(before));
  return `/events?${search.toString()}`;
}

function useEvents(filter: Filter) {
  const [list, setList] = useState<LogEvent[] | null>(null);
  const [more, setMore] = useState(false);
  const [error, setError] = useState('');
  const key = routeOf(filter, null);
  const load = async (before: LogEvent['id'] | null) => {
    try {
      const page = await api<LogEvent[]>(routeOf(filter, before));
      setList((known) => (before === null ? page : [...(known ?? []), ...page]));
      setMore(page.length === kPage);
      setError('');
    } catch (failure) {
      setError(errorText(failure));
    }
  };
  useEffect(() => void load(null), [key, lastEvent.value]);
  return { list, more, error, next: () => load(list?.at(-1)?.id ?? null) };
}

export function EventsPage() {
  const filter: Filter = { pack: query.value.get('pack') ?? '', type: query.value.get('type') ?? '', day: query.value.get('day') ?? '' };
  const { list, more, error, next } = useEvents(filter);
  const choose = (name: keyof Filter, value: string) => go(withQuery({ [name]: value || null }), true);
  const byDay = new Map<string, LogEvent[]>();
  for (const event of list ?? []) {
    const day = isoDay(new Date(event.time));
    byDay.set(day, [...(byDay.get(day) ?? []), event]);
  }
  return (
    <>
      <PageHead title={t('nav.events')} />
      <div class="filters">
        <label class="field">
          <span>{t('events.pack')}</span>
          <select value={filter.pack} onChange={(event) => choose('pack', event.currentTarget.value)}>
            <option value="">{t('events.all')}</option>
            {(packs.value ?? []).map((pack) => (
              <option key={pack.id} value={pack.id}>
                {pack.name || pack.id}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          <span>{t('events.kind')}</span>
          <select value={filter.type} onChange={(event) => choose('type', event.currentTarget.value)}>
            <option value="">{t('events.all')}</option>
            {kTypes.map((type) => (
              <option key={type} value={type}>
                {t(`events.${type}`)}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          <span>{t('range.day')}</span>
          <input type="date" value={filter.day} max={isoDay(Date.now())} onChange={(event) => choose('day', event.currentTarget.value)} />
        </label>
      </div>
      {error && (
        <Notice tone="alarm" title={t('error.events')}>
          {error}
        </Notice>
      )}
      {list === null ? (
        !error && <Skeleton height={480} class="card" />
      ) : list.length === 0 ? (
        <Card>
          <Empty title={t('events.none')}>{t('events.none_text')}</Empty>
        </Card>
      ) : (
        [...byDay].map(([day, events]) => (
          <Card key={day} title={longDate(new Date(`${day}T12:00:00`))} class="event-day">
            <ol>
              {events.map((event) => (
                <Line key={event.id} event={event} />
              ))}
            </ol>
          </Card>
        ))
      )}
      {more && (
        <div>
          <Button onClick={() => void next()}>{t('events.more')}</Button>
        </div>
      )}
    </>
  );
}
