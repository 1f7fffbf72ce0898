// SPDX-License-Identifier: Apache-2.0
// "DALY style": light, everything as a list of text, the state as a word in capitals.
import '../../styles/classic.css';
import type { LivePack } from '../../store.ts';
import { Field } from '../../gen/fields.ts';
import { fieldInfo, fieldLabel, fieldShown, kMissing, number } from '../../lib/format.ts';
import { t } from '../../lib/i18n.ts';
import { cellsOf, stateOf } from '../../lib/values.ts';
import { Value } from '../../ui/basics.tsx';
import { alarmName } from './alarms.tsx';
import { DetailsCard } from './details.tsx';
import { TroubleBanner } from './trouble.tsx';

const kRows: readonly string[] = [
  Field.soc,
  Field.packVoltage,
  Field.current,
  Field.power,
  Field.remainingCapacity,
  Field.cellAverageVoltage,
  Field.cellDeltaVoltage,
  Field.cellMaxVoltage,
  Field.cellMinVoltage,
  Field.temperatureMax,
  Field.chargeMos,
  Field.dischargeMos,
  Field.cycles,
  Field.socMaxToday,
  Field.socMaxTodayAt,
];

export function DalyView({ pack }: { pack: LivePack }) {
  const state = stateOf(pack);
  return (
    <>
      <TroubleBanner pack={pack} />
      <section class={`card daly ${pack.quality === 'good' ? '' : 'is-old'}`} data-theme="light" aria-label={pack.name}>
        <p class={`daly-state ${state ?? ''}`}>{t(state === 'idle' ? 'daly.relaxing' : state ? `state.${state}` : 'state.unknown')}</p>
        <dl class="rows">
          {kRows
            .filter((key) => key in pack.fields)
            .map((key) => (
              <div key={key}>
                <dt>{fieldLabel(key)}</dt>
                <dd>
                  <Value shown={fieldShown(fieldInfo(key)!, pack.fields[key] as number)} />
                </dd>
              </div>
            ))}
          <div>
            <dt>{t('alarms')}</dt>
            <dd class={pack.alarms.length ? 'tone-alarm' : ''}>
              {pack.alarms.length ? pack.alarms.map(alarmName).join(', ') : t('alarms.none')}
            </dd>
          </div>
        </dl>
        <h2>{t('cells.title')}</h2>
        <ol class="daly-cells">
          {cellsOf(pack).cells.map((cell) => (
            <li key={cell.number}>
              <span class="quiet">{cell.number}</span> <span class="num">{cell.voltage === null ? kMissing : number(cell.voltage, 3)}</span>
              {cell.highest && (
                <span class="tone-alarm">
                  {' '}
                  ▲<span class="sr">{t('cells.highest')}</span>
                </span>
              )}
              {cell.lowest && (
                <span class="daly-low">
                  {' '}
                  ▼<span class="sr">{t('cells.lowest')}</span>
                </span>
              )}
            </li>
          ))}
        </ol>
      </section>
      <DetailsCard pack={pack} />
    </>
  );
}
