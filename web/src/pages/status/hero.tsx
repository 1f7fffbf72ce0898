// SPDX-License-Identifier: Apache-2.0
// The first card of Status: ring, volts, amps, watts, and the flow as a bar to either side of rest.
import type { ComponentChildren } from 'preact';
import { Value } from '../../ui/basics.tsx';
import { duration, number, power, type Shown } from '../../lib/format.ts';
import { t } from '../../lib/i18n.ts';
import type { State } from '../../lib/values.ts';
import { Ring } from './ring.tsx';

export interface HeroData {
  soc: number | null;
  state: State | null;
  voltage: number | null;
  current: number | null;
  watts: number | null;
  timeToFull: number | null;
  timeToEmpty: number | null;
  /** What counts as full flow, W: half the capacity in an hour. */
  fullFlow: number | null;
  /** kWh: in place of volts and amps where packs of different voltage are seen as one. */
  stored?: number | null;
}

/** A guess is not said to the minute when it is hours away. */
const about = (seconds: number) =>
  duration(seconds > 36000 ? Math.round(seconds / 3600) * 3600 : seconds > 7200 ? Math.round(seconds / 600) * 600 : seconds);

export function etaText({ soc, state, timeToFull, timeToEmpty }: Pick<HeroData, 'soc' | 'state' | 'timeToFull' | 'timeToEmpty'>): string {
  if (state === 'charging' && soc !== null && soc >= 99.95) return t('eta.is_full');
  if (state === 'charging' && timeToFull !== null) return t('eta.full', { time: about(timeToFull) });
  if (state === 'discharging' && timeToEmpty !== null) return t('eta.empty', { time: about(timeToEmpty) });
  return '';
}

function Flow({ watts, full }: { watts: number | null; full: number | null }) {
  const part = watts === null || !full ? 0 : Math.min(1, Math.sqrt(Math.abs(watts) / full));
  const kind = watts === null || watts === 0 ? '' : watts > 0 ? 'charging' : 'discharging';
  return (
    <div class="flow" aria-hidden="true">
      <span class="flow-end">{t('flow.out')}</span>
      <span class="flow-bar">
        <i class={kind} style={{ width: `${part * 50}%`, [kind === 'discharging' ? 'right' : 'left']: '50%' }} />
      </span>
      <span class="flow-end">{t('flow.in')}</span>
    </div>
  );
}

function Big({ label, shown }: { label: string; shown: Shown }) {
  return (
    <li>
      <Value shown={shown} class="big" />
      <span class="tile-label">{label}</span>
    </li>
  );
}

export function Hero({ data, children }: { data: HeroData; children?: ComponentChildren }) {
  return (
    <section class="card hero" aria-label={t('nav.status')}>
      <Ring soc={data.soc} state={data.state} note={etaText(data)} />
      <ul class="trio">
        {data.stored === undefined ? (
          <>
            <Big label={t('voltage')} shown={{ text: number(data.voltage, 2), unit: 'V' }} />
            <Big label={t('current')} shown={{ text: number(data.current, 1, true), unit: 'A' }} />
          </>
        ) : (
          <Big label={t('stored')} shown={{ text: number(data.stored, 1), unit: 'kWh' }} />
        )}
        <Big label={t('power')} shown={power(data.watts, true)} />
      </ul>
      <Flow watts={data.watts} full={data.fullFlow} />
      {children}
    </section>
  );
}
