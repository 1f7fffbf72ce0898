// SPDX-License-Identifier: Apache-2.0
// All packs as one, then each as a card, the troubled first.
import { bankOf, capacityOf } from '../../lib/bank.ts';
import { Field } from '../../gen/fields.ts';
import { millivolts, number, power, temperature } from '../../lib/format.ts';
import { t, tt } from '../../lib/i18n.ts';
import { cellsOf, num, stateOf, trouble } from '../../lib/values.ts';
import type { LivePack } from '../../store.ts';
import { Card, Value } from '../../ui/basics.tsx';
import { Dot, dotOf, Freshness } from '../../ui/packs.tsx';
import { AlarmLine } from './alarms.tsx';
import { CellBars } from './cells.tsx';
import { etaText, Hero } from './hero.tsx';

function PackCard({ pack }: { pack: LivePack }) {
  const soc = num(pack, Field.soc);
  const state = stateOf(pack);
  const eta = etaText({ soc, state, timeToFull: num(pack, Field.timeToFull), timeToEmpty: num(pack, Field.timeToEmpty) });
  return (
    <a class={`card pack-card ${pack.quality === 'good' ? '' : 'is-old'}`} href={`/?pack=${encodeURIComponent(pack.id)}`}>
      <span class="pack-card-head">
        <Dot kind={dotOf(pack)} />
        <strong>{pack.name || pack.id}</strong>
        <Freshness pack={pack} />
      </span>
      <span class="pack-card-main">
        <Value shown={{ text: number(soc), unit: '%' }} class="big" />
        <span class={`soc-bar ${state ?? ''}`} aria-hidden="true">
          <i style={{ width: `${soc ?? 0}%` }} />
        </span>
      </span>
      <span class="pack-card-state">
        <span class={`state-word ${state ?? ''}`}>{state ? t(`state.${state}`) : t('state.unknown')}</span> <span class="quiet">{eta}</span>
      </span>
      <span class="pack-card-row">
        <Value shown={{ text: number(num(pack, Field.packVoltage), 2), unit: 'V' }} />
        <Value shown={{ text: number(num(pack, Field.current), 1, true), unit: 'A' }} />
        <Value shown={power(num(pack, Field.power), true)} />
      </span>
      <CellBars view={cellsOf(pack)} height={44} />
      <span class="pack-card-row quiet">
        <span>
          Δ <Value shown={millivolts(num(pack, Field.cellDeltaVoltage))} />
        </span>
        <Value shown={temperature(num(pack, Field.temperatureMax))} />
      </span>
      {pack.alarms.length > 0 && (
        <ul class="alarm-list">
          {pack.alarms.slice(0, 2).map((alarm) => (
            <AlarmLine key={alarm.key + (alarm.cell ?? '')} alarm={alarm} />
          ))}
        </ul>
      )}
    </a>
  );
}

export function BankView({ packs }: { packs: readonly LivePack[] }) {
  const bank = bankOf(packs);
  const sorted = [...packs].sort((a, b) => trouble(b) - trouble(a));
  const fullFlow = packs.reduce((watts, pack) => watts + (capacityOf(pack) * (num(pack, Field.packVoltage) ?? 0)) / 2, 0);
  return (
    <div class="bank">
      <div class="bank-top">
        <Hero
          data={{
            soc: bank.soc,
            state: bank.state,
            voltage: bank.voltage,
            current: bank.current,
            watts: bank.power,
            timeToFull: bank.timeToFull,
            timeToEmpty: bank.timeToEmpty,
            fullFlow,
            ...(bank.parallel ? {} : { stored: bank.stored }),
          }}
        />
        <Card
          title={t('bank')}
          class="bank-facts"
          aside={
            <span class={bank.online < bank.total ? 'tone-warning' : 'quiet'}>
              {t('bank.online', { n: bank.online, total: bank.total })}
            </span>
          }
        >
          <dl class="rows">
            <div>
              <dt>{t('bank.charge')}</dt>
              <dd>
                <Value shown={{ text: number(bank.stored, 1), unit: 'kWh' }} />
                {bank.parallel && (
                  <>
                    {' · '}
                    <Value shown={{ text: number(bank.remaining, 0), unit: 'Ah' }} /> {t('of')}{' '}
                    <Value shown={{ text: number(bank.capacity, 0), unit: 'Ah' }} />
                  </>
                )}
              </dd>
            </div>
            <div>
              <dt>{t('bank.weakest')}</dt>
              <dd>
                {bank.weakest ? (
                  <a href={`/?pack=${encodeURIComponent(bank.weakest.pack)}`}>
                    {bank.weakest.name} · {t('cell')} {bank.weakest.cell} ·{' '}
                    <Value shown={{ text: number(bank.weakest.voltage, 3), unit: 'V' }} />
                  </a>
                ) : (
                  '–'
                )}
              </dd>
            </div>
            <div>
              <dt>{t('bank.spread')}</dt>
              <dd>
                {bank.delta ? (
                  <a href={`/?pack=${encodeURIComponent(bank.delta.pack)}`}>
                    {bank.delta.name} · <Value shown={millivolts(bank.delta.volts)} />
                  </a>
                ) : (
                  '–'
                )}
              </dd>
            </div>
            <div>
              <dt>{t('temps.title')}</dt>
              <dd>
                {bank.temperatures ? (
                  <>
                    {temperature(bank.temperatures.min).text} … <Value shown={temperature(bank.temperatures.max)} />
                  </>
                ) : (
                  '–'
                )}
              </dd>
            </div>
            <div>
              <dt>{t('bank.left_out')}</dt>
              <dd>
                {bank.leftOut.length === 0
                  ? t('bank.nothing')
                  : bank.leftOut.map((one) => `${one.name} (${tt(`leftout.${one.reason}`, one.reason)})`).join(', ')}
              </dd>
            </div>
          </dl>
          {bank.shares.length > 1 && (
            <div class="shares">
              <h3>{t('bank.shares')}</h3>
              <ul>
                {bank.shares.map((share) => (
                  <li key={share.pack}>
                    <span>{share.name}</span>
                    <span class={`soc-bar ${share.watts > 0 ? 'charging' : 'discharging'}`} aria-hidden="true">
                      <i style={{ width: `${share.part * 100}%` }} />
                    </span>
                    <Value shown={power(share.watts, true)} />
                  </li>
                ))}
              </ul>
            </div>
          )}
          {!bank.parallel && bank.total > 1 && bank.online > 0 && <p class="quiet small">{t('bank.not_parallel')}</p>}
        </Card>
      </div>
      <div class="pack-grid">
        {sorted.map((pack) => (
          <PackCard key={pack.id} pack={pack} />
        ))}
      </div>
    </div>
  );
}
