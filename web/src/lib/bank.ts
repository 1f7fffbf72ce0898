// SPDX-License-Identifier: Apache-2.0
// All packs seen as one: capacity-weighted SOC, sums, the weakest cell, and what was left out and why.
import type { Pack, Quality } from '../api/types.ts';
import { Field } from '../gen/fields.ts';
import { num, numbers, stateOf, type State } from './values.ts';

export interface Bank {
  total: number;
  online: number;
  soc: number | null;
  voltage: number | null;
  current: number | null;
  power: number | null;
  remaining: number | null;
  capacity: number | null;
  state: State | null;
  timeToFull: number | null;
  timeToEmpty: number | null;
  weakest: { pack: string; name: string; cell: number; voltage: number } | null;
  delta: { pack: string; name: string; volts: number } | null;
  temperatures: { min: number; max: number } | null;
  leftOut: readonly { pack: string; name: string; reason: Quality | 'no_soc' }[];
  /** Packs of very different voltage are no parallel bank: sums of current and a common voltage would mean nothing. */
  parallel: boolean;
  /** kWh in the packs that count. */
  stored: number | null;
  /** Each pack's part of the power, 0…1, signed against the whole. */
  shares: readonly { pack: string; name: string; watts: number; part: number }[];
}

const sum = (values: readonly (number | null)[]) => {
  const known = values.filter((value): value is number => value !== null);
  return known.length ? known.reduce((total, value) => total + value, 0) : null;
};

export function bankOf(packs: readonly Pack[]): Bank {
  const usable = packs.filter((pack) => pack.quality === 'good' || pack.quality === 'held');
  const weights = usable.map((pack) => ({
    pack,
    soc: num(pack, Field.soc),
    weight: capacityOf(pack) * (num(pack, Field.packVoltage) ?? 0),
  }));
  const weighted = weights.filter((one) => one.soc !== null && one.weight > 0);
  const weight = weighted.reduce((total, one) => total + one.weight, 0);
  const voltages = usable.map((pack) => num(pack, Field.packVoltage)).filter((volts): volts is number => volts !== null);
  const parallel = voltages.length > 0 && Math.max(...voltages) - Math.min(...voltages) <= 0.1 * Math.max(...voltages);
  const current = parallel ? sum(usable.map((pack) => num(pack, Field.current))) : null;
  const power = sum(usable.map((pack) => num(pack, Field.power)));
  const state: State | null =
    power === null
      ? null
      : usable.every((pack) => stateOf(pack) === 'idle') || Math.abs(power) < 3
        ? 'idle'
        : power > 0
          ? 'charging'
          : 'discharging';
  const stored = sum(weighted.map((one) => (one.weight * one.soc!) / 100));
  return {
    total: packs.length,
    online: packs.filter((pack) => pack.quality === 'good').length,
    soc: weight > 0 ? weighted.reduce((total, one) => total + one.soc! * one.weight, 0) / weight : null,
    voltage: parallel ? voltages.reduce((total, volts) => total + volts, 0) / voltages.length : null,
    current,
    power,
    remaining: parallel ? sum(usable.map((pack) => num(pack, Field.remainingCapacity))) : null,
    capacity: parallel ? sum(usable.map((pack) => capacityOf(pack) || null)) : null,
    state,
    timeToFull: state === 'charging' && stored !== null && power ? ((weight - stored) / power) * 3600 : null,
    timeToEmpty: state === 'discharging' && stored !== null && power ? (stored / -power) * 3600 : null,
    weakest: extreme(usable, (pack) =>
      numbers(pack, Field.cellVoltage).reduce<{ cell: number; value: number } | null>(
        (low, voltage, i) => (voltage !== null && (low === null || voltage < low.value) ? { cell: i + 1, value: voltage } : low),
        null,
      ),
    ),
    delta: widest(usable),
    temperatures: span(usable),
    leftOut: [
      ...packs.filter((pack) => !usable.includes(pack)).map((pack) => ({ pack: pack.id, name: pack.name, reason: pack.quality })),
      ...weights
        .filter((one) => !weighted.includes(one))
        .map((one) => ({ pack: one.pack.id, name: one.pack.name, reason: 'no_soc' as const })),
    ],
    parallel,
    stored: stored === null ? null : stored / 1000,
    shares: sharesOf(usable),
  };
}

function sharesOf(packs: readonly Pack[]): Bank['shares'] {
  const watts = packs.map((pack) => num(pack, Field.power) ?? 0);
  const whole = watts.reduce((total, one) => total + Math.abs(one), 0);
  return whole < 3 ? [] : packs.map((pack, i) => ({ pack: pack.id, name: pack.name, watts: watts[i]!, part: Math.abs(watts[i]!) / whole }));
}

/** Where a BMS names no capacity, what is left and the SOC tell it. */
export function capacityOf(pack: Pick<Pack, 'fields'>): number {
  const [remaining, soc] = [num(pack, Field.remainingCapacity), num(pack, Field.soc)];
  const guessed = remaining !== null && soc !== null && soc >= 2 ? (remaining / soc) * 100 : 0;
  return num(pack, Field.fullCapacity) ?? num(pack, Field.nominalCapacity) ?? guessed;
}

function extreme(packs: readonly Pack[], lowest: (pack: Pack) => { cell: number; value: number } | null): Bank['weakest'] {
  let found: Bank['weakest'] = null;
  for (const pack of packs) {
    const low = lowest(pack);
    if (low && (!found || low.value < found.voltage)) found = { pack: pack.id, name: pack.name, cell: low.cell, voltage: low.value };
  }
  return found;
}

function widest(packs: readonly Pack[]): Bank['delta'] {
  let found: Bank['delta'] = null;
  for (const pack of packs) {
    const volts = num(pack, Field.cellDeltaVoltage);
    if (volts !== null && (!found || volts > found.volts)) found = { pack: pack.id, name: pack.name, volts };
  }
  return found;
}

function span(packs: readonly Pack[]): Bank['temperatures'] {
  const all = packs
    .flatMap((pack) => [num(pack, Field.temperatureMin), num(pack, Field.temperatureMax)])
    .filter((t): t is number => t !== null);
  return all.length ? { min: Math.min(...all), max: Math.max(...all) } : null;
}
