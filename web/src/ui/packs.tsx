// SPDX-License-Identifier: Apache-2.0
// Which pack is looked at (chips with a dot for its state), and how fresh what it says is.
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { LivePack } from '../store.ts';
import { ageOf, packs } from '../store.ts';
import { duration } from '../lib/format.ts';
import { t, tt } from '../lib/i18n.ts';
import { query, withQuery } from '../lib/router.ts';
import { stateOf, trouble } from '../lib/values.ts';

/** How a pack is, in one word for its dot. */
export function dotOf(pack: LivePack): string {
  if (pack.quality !== 'good') return pack.quality;
  const rank = trouble(pack);
  return rank >= 6 ? 'alarm' : rank >= 4 ? 'warning' : (stateOf(pack) ?? 'idle');
}

const dotWord = (dot: string) => tt(`dot.${dot}`, dot);

export function Dot({ kind }: { kind: string }) {
  return (
    <span class={`dot ${kind}`} title={dotWord(kind)}>
      <span class="sr">{dotWord(kind)}</span>
    </span>
  );
}

/** Brings the chosen chip into sight where the row is wider than the screen. */
function keepInSight(row: HTMLElement | null): void {
  const chip = row?.querySelector<HTMLElement>('[aria-current]');
  if (row && chip) row.scrollLeft = Math.max(0, chip.offsetLeft - (row.clientWidth - chip.offsetWidth) / 2);
}

export function PackChips({ bank = false, base }: { bank?: boolean; base?: string }) {
  const row = useRef<HTMLElement>(null);
  const list = packs.value ?? [];
  const chosen = query.value.get('pack') ?? (bank ? null : (list[0]?.id ?? null));
  useLayoutEffect(() => keepInSight(row.current), [chosen, list.length]);
  if (list.length < 2) return null;
  const link = (id: string | null) => withQuery({ pack: id }, base);
  return (
    <nav ref={row} class="pack-chips" aria-label={t('packs')}>
      {bank && (
        <a href={link(null)} aria-current={chosen === null ? 'page' : undefined}>
          {t('bank')}
        </a>
      )}
      {list.map((pack) => (
        <a key={pack.id} href={link(pack.id)} aria-current={chosen === pack.id ? 'page' : undefined}>
          <Dot kind={dotOf(pack)} />
          {pack.name || pack.id}
        </a>
      ))}
    </nav>
  );
}

export const chosenPack = (): LivePack | null => {
  const list = packs.value ?? [];
  return list.find((pack) => pack.id === query.value.get('pack')) ?? list[0] ?? null;
};

/** "live", or how old. Fresh data say no number: nothing flickers while all is well. */
export function Freshness({ pack }: { pack: LivePack }) {
  const age = ageOf(pack);
  const kind = pack.quality === 'good' && age !== null && age > 60 ? 'held' : pack.quality;
  return (
    <span class={`fresh ${kind}`}>
      <span class={`dot ${kind === 'good' ? 'live' : kind}`} aria-hidden="true" />
      <span>
        {tt(`quality.${kind}`, kind)}
        {age !== null && <span class="fresh-age">{duration(age)}</span>}
      </span>
    </span>
  );
}
