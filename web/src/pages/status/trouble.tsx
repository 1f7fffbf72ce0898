// SPDX-License-Identifier: Apache-2.0
// "BMS data error": a pack that is not heard, since when, the likely cause and what to do.
import { useEffect } from 'preact/hooks';
import type { Hint } from '../../api/types.ts';
import { duration } from '../../lib/format.ts';
import { t, tt } from '../../lib/i18n.ts';
import { ageOf, buses, loadBuses, type LivePack } from '../../store.ts';
import { Notice } from '../../ui/basics.tsx';

export const hintText = (hint: Hint) => tt(`hint.${hint.key}`, hint.text);

export function TroubleBanner({ pack }: { pack: LivePack }) {
  const bad = pack.quality !== 'good';
  useEffect(() => {
    if (bad && buses.peek() === null) void loadBuses().catch(() => undefined);
  }, [bad]);
  if (!bad) return null;
  if (pack.quality === 'asleep') return <Notice title={t('trouble.asleep')}>{t('trouble.asleep_text')}</Notice>;
  const bus = buses.value?.find((one) => one.id === pack.bus);
  const hints = [...(bus?.packs.find((one) => one.id === pack.id)?.hints ?? []), ...(bus?.hints ?? [])];
  const age = ageOf(pack);
  const cause =
    bus?.state === 'failed' || bus?.state === 'closed'
      ? t('trouble.link', { bus: bus.id })
      : hints[0]
        ? hintText(hints[0])
        : t('trouble.check');
  return (
    <Notice tone={pack.quality === 'held' ? 'warning' : 'alarm'} title={t('trouble.title')} action={<a href="/bus">{t('nav.bus')}</a>}>
      {age === null
        ? t('trouble.never')
        : t(pack.quality === 'implausible' ? 'trouble.implausible' : 'trouble.since', { age: duration(age) })}{' '}
      {cause}
    </Notice>
  );
}
