// SPDX-License-Identifier: Apache-2.0
// The big answer: how full, what is it doing. An arc for the SOC, coloured by state, the state as a word inside.
import { kMissing, number } from '../../lib/format.ts';
import { t, tt } from '../../lib/i18n.ts';
import type { State } from '../../lib/values.ts';

const kRadius = 88;
const kRound = 2 * Math.PI * kRadius;

export function Ring({ soc, state, note }: { soc: number | null; state: State | null; note: string }) {
  const part = Math.min(100, Math.max(0, soc ?? 0)) / 100;
  const words = state ? t(`state.${state}`) : t('state.unknown');
  return (
    <div class={`ring ${state ?? 'unknown'}`}>
      <svg viewBox="0 0 208 208" aria-hidden="true">
        <circle class="ring-track" cx="104" cy="104" r={kRadius} />
        {part > 0 && (
          <circle
            class="ring-arc"
            cx="104"
            cy="104"
            r={kRadius}
            stroke-dasharray={`${part * kRound} ${kRound}`}
            transform="rotate(-90 104 104)"
          />
        )}
      </svg>
      <div class="ring-text">
        <span class="ring-soc">
          <span class="sr">{tt('field.soc', 'State of charge')} </span>
          <span class={`num ${soc === null ? 'none' : ''}`}>{soc === null ? kMissing : number(soc)}</span>
          <span class="unit"> %</span>
        </span>
        <span class="ring-state">{words}</span>
        <span class="ring-note">{note}</span>
      </div>
    </div>
  );
}
