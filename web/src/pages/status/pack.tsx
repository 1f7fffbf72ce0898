// SPDX-License-Identifier: Apache-2.0
// One pack, our own layout: state, cells, the last day, then everything else.
import type { LivePack } from '../../store.ts';
import { Field } from '../../gen/fields.ts';
import { capacityOf } from '../../lib/bank.ts';
import { number } from '../../lib/format.ts';
import { t } from '../../lib/i18n.ts';
import { num, stateOf } from '../../lib/values.ts';
import { Value } from '../../ui/basics.tsx';
import { AlarmsCard } from './alarms.tsx';
import { CellsCard } from './cells.tsx';
import { DetailsCard } from './details.tsx';
import { Hero, type HeroData } from './hero.tsx';
import { SwitchesCard } from './switches.tsx';
import { TempsCard } from './temps.tsx';
import { TodayCard } from './today.tsx';
import { TroubleBanner } from './trouble.tsx';

export function heroOf(pack: LivePack): HeroData {
  const capacity = capacityOf(pack) || null;
  const voltage = num(pack, Field.packVoltage);
  return {
    soc: num(pack, Field.soc),
    state: stateOf(pack),
    voltage,
    current: num(pack, Field.current),
    watts: num(pack, Field.power),
    timeToFull: num(pack, Field.timeToFull),
    timeToEmpty: num(pack, Field.timeToEmpty),
    fullFlow: capacity !== null && voltage !== null ? (capacity * voltage) / 2 : null,
  };
}

export function PackView({ pack }: { pack: LivePack }) {
  const old = pack.quality !== 'good';
  return (
    <>
      <TroubleBanner pack={pack} />
      <div class={`status-cols ${old ? 'is-old' : ''}`}>
        <div class="status-col">
          <Hero data={heroOf(pack)}>
            <p class="hero-foot">
              <span>
                <Value shown={{ text: number(num(pack, Field.remainingCapacity), 1), unit: 'Ah' }} /> <span class="quiet">{t('of')}</span>{' '}
                <Value shown={{ text: number(capacityOf(pack) || null, 0), unit: 'Ah' }} />
              </span>
              {num(pack, Field.cycles) !== null && (
                <span>
                  <span class="num">{number(num(pack, Field.cycles))}</span> <span class="quiet">{t('cycles')}</span>
                </span>
              )}
            </p>
          </Hero>
          <AlarmsCard pack={pack} />
        </div>
        <div class="status-col">
          <CellsCard pack={pack} />
          <TempsCard pack={pack} />
        </div>
        <div class="status-col">
          <SwitchesCard pack={pack} />
          <TodayCard pack={pack.id} />
        </div>
      </div>
      <DetailsCard pack={pack} />
    </>
  );
}
