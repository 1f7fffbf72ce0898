// SPDX-License-Identifier: Apache-2.0
// "JK style": dark, a half-circle gauge with a needle between volts and amps, a list of values, numbered cell chips in three columns.
import '../../styles/classic.css';
import type { LivePack } from '../../store.ts';
import { now } from '../../store.ts';
import { Field } from '../../gen/fields.ts';
import { fieldInfo, fieldLabel, fieldShown, kMissing, longDate, number, timeOfDay } from '../../lib/format.ts';
import { t } from '../../lib/i18n.ts';
import { cellsOf, flag, num } from '../../lib/values.ts';
import { Value } from '../../ui/basics.tsx';
import { DetailsCard } from './details.tsx';
import { alarmName } from './alarms.tsx';
import { TroubleBanner } from './trouble.tsx';

const kRows: readonly string[] = [
  Field.power,
  Field.cellAverageVoltage,
  Field.cellDeltaVoltage,
  Field.soc,
  Field.remainingCapacity,
  Field.socMaxToday,
  Field.socMaxTodayAt,
  Field.cycles,
  Field.temperatureMax,
  Field.mosTemperature,
  Field.heartbeat,
];

const point = (part: number, radius: number): [number, number] => {
  const angle = Math.PI * (1 - part);
  return [110 + radius * Math.cos(angle), 112 - radius * Math.sin(angle)];
};

function Gauge({ soc }: { soc: number | null }) {
  const part = Math.min(1, Math.max(0, (soc ?? 0) / 100));
  const [nx, ny] = point(part, 62);
  return (
    <svg class="jk-gauge" viewBox="0 0 220 132" aria-hidden="true">
      <path class="track" d="M20 112a90 90 0 0 1 180 0" pathLength="100" />
      <path class="arc" d="M20 112a90 90 0 0 1 180 0" pathLength="100" stroke-dasharray={`${part * 100} 100`} />
      {[0, 25, 50, 75, 100].map((tick) => {
        const [x1, y1] = point(tick / 100, 78);
        const [x2, y2] = point(tick / 100, 72);
        return <line key={tick} class="tick" x1={x1} y1={y1} x2={x2} y2={y2} />;
      })}
      {soc !== null && <line class="needle" x1="110" y1="112" x2={nx} y2={ny} />}
      <circle class="hub" cx="110" cy="112" r="6" />
    </svg>
  );
}

const Head = ({ label, on }: { label: string; on: boolean | null }) => (
  <li>
    <span>{label}</span>
    <strong class={on === null ? 'none' : on ? 'yes' : 'no'}>{on === null ? kMissing : on ? t('on') : t('off')}</strong>
  </li>
);

export function JkView({ pack }: { pack: LivePack }) {
  const view = cellsOf(pack);
  const soc = num(pack, Field.soc);
  return (
    <>
      <TroubleBanner pack={pack} />
      <section class={`card jk ${pack.quality === 'good' ? '' : 'is-old'}`} data-theme="dark" aria-label={pack.name}>
        <ul class="jk-head">
          <Head label={t('switch.charge')} on={flag(pack, Field.chargeMos)} />
          <Head label={t('switch.discharge')} on={flag(pack, Field.dischargeMos)} />
          <li>
            <span>{t('alarms')}</span>
            <strong class={pack.alarms.length ? 'no' : ''}>
              {pack.alarms.length ? pack.alarms.map(alarmName).join(', ') : t('alarms.none')}
            </strong>
          </li>
        </ul>
        <div class="jk-dial">
          <Value class="big" shown={{ text: number(num(pack, Field.packVoltage), 2), unit: 'V' }} />
          <div class="jk-middle">
            <Gauge soc={soc} />
            <strong class="jk-soc">
              <span class={soc === null ? 'none' : ''}>{soc === null ? kMissing : number(soc)}</span> %
            </strong>
            <span class="quiet">{pack.name}</span>
          </div>
          <Value class="big" shown={{ text: number(num(pack, Field.current), 1, true), unit: 'A' }} />
        </div>
        <p class="jk-date quiet">
          {longDate(now.value)} · {timeOfDay(now.value)}
        </p>
        <div class="jk-body">
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
          </dl>
          <ol class="jk-cells">
            {view.cells.map((cell) => (
              <li key={cell.number} class={cell.highest ? 'highest' : cell.lowest ? 'lowest' : ''}>
                <span>{cell.number}</span>
                <strong>{cell.voltage === null ? kMissing : number(cell.voltage, 3)}</strong>
                {(cell.highest || cell.lowest) && <span class="sr">{cell.highest ? t('cells.highest') : t('cells.lowest')}</span>}
              </li>
            ))}
          </ol>
        </div>
      </section>
      <DetailsCard pack={pack} />
    </>
  );
}
