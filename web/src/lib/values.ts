// SPDX-License-Identifier: Apache-2.0
// Reads typed values out of a pack; missing is null.
import type { Pack, Scalar, Severity } from '../api/types.ts';
import { Field } from '../gen/fields.ts';

export type State = 'idle' | 'charging' | 'discharging';

export function num(pack: Pick<Pack, 'fields'>, key: string): number | null {
  const value = pack.fields[key];
  return typeof value === 'number' ? value : null;
}

export function flag(pack: Pick<Pack, 'fields'>, key: string): boolean | null {
  const value = pack.fields[key];
  return typeof value === 'boolean' ? value : value === 1 ? true : value === 0 ? false : null;
}

export function list(pack: Pick<Pack, 'fields'>, key: string): readonly Scalar[] {
  const value = pack.fields[key];
  return Array.isArray(value) ? (value as readonly Scalar[]) : [];
}

export const numbers = (pack: Pick<Pack, 'fields'>, key: string): readonly (number | null)[] =>
  list(pack, key).map((value) => (typeof value === 'number' ? value : null));

export const flags = (pack: Pick<Pack, 'fields'>, key: string): readonly boolean[] =>
  list(pack, key).map((value) => value === true || value === 1);

/** What a pack does, by what it says itself, else by the sign of its current. */
export function stateOf(pack: Pick<Pack, 'fields'>): State | null {
  const said = pack.fields[Field.state];
  if (said === 'charging' || said === 'discharging' || said === 'idle') return said;
  const current = num(pack, Field.current);
  return current === null ? null : current > 0.05 ? 'charging' : current < -0.05 ? 'discharging' : 'idle';
}

const kRank: Record<Severity, number> = { alarm: 3, warning: 2, hint: 1, info: 0 };
export const bySeverity = (a: { severity: Severity }, b: { severity: Severity }) => kRank[b.severity] - kRank[a.severity];

/** The worst that a pack complains about, as a number to sort by; a pack that is not heard ranks above a warning. */
export function trouble(pack: Pack): number {
  const worst = pack.alarms.reduce((rank, alarm) => Math.max(rank, kRank[alarm.severity] ?? 0), 0);
  return Math.max(worst * 2, pack.quality === 'good' ? 0 : pack.quality === 'asleep' ? 1 : 5);
}

export interface CellView {
  number: number;
  voltage: number | null;
  deviation: number | null;
  highest: boolean;
  lowest: boolean;
  balancing: boolean;
}

export interface CellsView {
  cells: readonly CellView[];
  average: number | null;
  delta: number | null;
  /** Half the height of the picture, V: grows in steps so that the picture does not breathe. */
  scale: number;
}

const kScales = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2];

export function cellsOf(pack: Pick<Pack, 'fields'>): CellsView {
  const voltages = numbers(pack, Field.cellVoltage);
  const known = voltages.filter((voltage): voltage is number => voltage !== null);
  const balancing = flags(pack, Field.balancingCell);
  if (known.length === 0) {
    return {
      cells: voltages.map((voltage, i) => ({ number: i + 1, voltage, deviation: null, highest: false, lowest: false, balancing: false })),
      average: null,
      delta: null,
      scale: kScales[0]!,
    };
  }
  const average = known.reduce((sum, voltage) => sum + voltage, 0) / known.length;
  const high = Math.max(...known);
  const low = Math.min(...known);
  const first = (value: number) => voltages.indexOf(value);
  const highest = num(pack, Field.cellMaxNumber) ?? first(high) + 1;
  const lowest = num(pack, Field.cellMinNumber) ?? first(low) + 1;
  const widest = Math.max(high - average, average - low);
  return {
    cells: voltages.map((voltage, i) => ({
      number: i + 1,
      voltage,
      deviation: voltage === null ? null : voltage - average,
      highest: high > low && i + 1 === highest,
      lowest: high > low && i + 1 === lowest,
      balancing: balancing[i] ?? false,
    })),
    average: num(pack, Field.cellAverageVoltage) ?? average,
    delta: num(pack, Field.cellDeltaVoltage) ?? high - low,
    scale: kScales.find((scale) => widest <= scale) ?? widest,
  };
}
