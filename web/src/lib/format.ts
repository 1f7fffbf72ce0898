// SPDX-License-Identifier: Apache-2.0
// The one place where values become words: numbers, units, times, ages. Missing is "–", never 0.
import type { FieldValue, Scalar } from '../api/types.ts';
import { FIELDS, Field, type FieldInfo } from '../gen/fields.ts';
import { shownLanguage, t, tt, word } from './i18n.ts';
import { clock12, fahrenheit } from './prefs.ts';

export const kMissing = '–';
const kMinus = '\u2212';
const kNarrow = '\u202f'; // narrow no-break space between a number and its unit

const kLocales = { en: 'en-GB', it: 'it-IT', de: 'de-DE' } as const;
export const locale = () => kLocales[shownLanguage()];

const cache = new Map<string, Intl.NumberFormat>();
function numberFormat(decimals: number): Intl.NumberFormat {
  const name = locale() + decimals;
  let format = cache.get(name);
  if (!format) {
    format = new Intl.NumberFormat(locale(), {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
      useGrouping: 'min2' as never,
    });
    cache.set(name, format);
  }
  return format;
}

const byKey = new Map(FIELDS.map((field) => [field.key, field]));
export const fieldInfo = (key: string): FieldInfo | undefined => byKey.get(key);
export const fieldLabel = (key: string): string => word(byKey.get(key)?.label ?? key);

/** A number with a fixed count of decimals, true minus, the locale's comma. `signed` puts a plus before what is above zero. */
export function number(value: number | null | undefined, decimals = 0, signed = false): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return kMissing;
  const text = numberFormat(decimals).format(value).replace('-', kMinus);
  if (/^\u2212[0.,]+$/.test(text)) return text.slice(1);
  return signed && value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

export interface Shown {
  text: string;
  unit: string;
}

const missing = (unit = ''): Shown => ({ text: kMissing, unit });

/** Watts as people say them: 996 W, 1.24 kW. */
export function power(watts: number | null | undefined, signed = false): Shown {
  if (watts === null || watts === undefined) return missing('W');
  return Math.abs(watts) >= 1000 ? { text: number(watts / 1000, 2, signed), unit: 'kW' } : { text: number(watts, 0, signed), unit: 'W' };
}

/** Volts between cells are said in millivolts. */
export function millivolts(volts: number | null | undefined, signed = false): Shown {
  return volts === null || volts === undefined ? missing('mV') : { text: number(volts * 1000, 0, signed), unit: 'mV' };
}

export const toTemperature = (celsius: number) => (fahrenheit.value ? celsius * 1.8 + 32 : celsius);
export const temperatureUnit = () => (fahrenheit.value ? '°F' : '°C');
export function temperature(celsius: number | null | undefined, decimals = 1): Shown {
  return celsius === null || celsius === undefined
    ? missing(temperatureUnit())
    : { text: number(toTemperature(celsius), decimals), unit: temperatureUnit() };
}

export const join = ({ text, unit }: Shown): string => (unit === '' || text === kMissing ? text : `${text}${kNarrow}${unit}`);

const kSigned: readonly string[] = [Field.current, Field.power, Field.balanceCurrent];
const kAsMillivolts: readonly string[] = [Field.cellDeltaVoltage];

/** A value along an axis: as many decimals as the steps of the axis need. */
export function axisText(field: FieldInfo, value: number, step: number): string {
  const big = field.key === Field.power && step >= 100;
  const factor = kAsMillivolts.includes(field.key) ? 1000 : big ? 0.001 : 1;
  const decimals = [0, 1, 2].find((places) => Number.isInteger(Number((step * factor * 10 ** places).toPrecision(9)))) ?? 3;
  if (field.unit === '°C') return join(temperature(value, decimals));
  return join({ text: number(value * factor, decimals), unit: kAsMillivolts.includes(field.key) ? 'mV' : big ? 'kW' : field.unit });
}

/** One value of a field as people are shown it. */
export function fieldShown(field: FieldInfo, value: Scalar | undefined): Shown {
  if (value === null || value === undefined) return missing(field.kind === 'number' && field.unit !== 's' ? field.unit : '');
  if (field.kind === 'bool') return { text: value ? t('on') : t('off'), unit: '' };
  if (field.kind === 'state') return { text: tt(`state.${value}`, String(value)), unit: '' };
  if (field.kind === 'clock') return { text: clockText(value), unit: '' };
  if (typeof value !== 'number') return { text: String(value), unit: '' };
  if (field.unit === '°C') return temperature(value, field.precision);
  if (field.unit === 's') return { text: duration(value), unit: '' };
  if (field.key === Field.power) return power(value, true);
  if (kAsMillivolts.includes(field.key)) return millivolts(value);
  return { text: number(value, field.precision, kSigned.includes(field.key)), unit: field.unit };
}

export function fieldText(field: FieldInfo, value: FieldValue | undefined): string {
  if (Array.isArray(value)) return value.map((one: Scalar) => fieldShown(field, one).text).join(' · ');
  return join(fieldShown(field, value as Scalar | undefined));
}

/** Minutes since midnight as a time of day. */
export function clockOf(minutes: number): string {
  const hours = Math.floor(minutes / 60) % 24;
  const rest = String(Math.floor(minutes % 60)).padStart(2, '0');
  return clock12.value ? `${hours % 12 || 12}:${rest}${kNarrow}${hours < 12 ? 'am' : 'pm'}` : `${String(hours).padStart(2, '0')}:${rest}`;
}

function clockText(value: Scalar): string {
  if (typeof value === 'number') return clockOf(value);
  const [hours, minutes] = String(value).split(':').map(Number);
  return hours === undefined || minutes === undefined || Number.isNaN(hours + minutes) ? String(value) : clockOf(hours * 60 + minutes);
}

/** 1 h 40 min, 3 d 4 h, 12 s. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return kMissing;
  const s = Math.max(0, Math.round(seconds));
  const unit = (n: number, key: 'unit.d' | 'unit.h' | 'unit.min' | 'unit.s') => `${number(n)}${kNarrow}${t(key)}`;
  if (s < 60) return unit(s, 'unit.s');
  const minutes = Math.round(s / 60);
  if (minutes < 60) return unit(minutes, 'unit.min');
  if (minutes < 48 * 60)
    return minutes % 60 ? `${unit(Math.floor(minutes / 60), 'unit.h')} ${unit(minutes % 60, 'unit.min')}` : unit(minutes / 60, 'unit.h');
  const hours = Math.round(minutes / 60);
  return hours < 240 && hours % 24
    ? `${unit(Math.floor(hours / 24), 'unit.d')} ${unit(hours % 24, 'unit.h')}`
    : unit(Math.round(hours / 24), 'unit.d');
}

const asDate = (time: string | number | Date) => (typeof time === 'number' ? new Date(time) : time instanceof Date ? time : new Date(time));

function dateFormat(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(locale(), { hour12: options.hour ? clock12.value : undefined, ...options });
}

export const timeOfDay = (time: string | number | Date, seconds = false) =>
  dateFormat({ hour: '2-digit', minute: '2-digit', ...(seconds ? { second: '2-digit' as const } : {}) }).format(asDate(time));
export const shortDate = (time: string | number | Date) =>
  dateFormat({ weekday: 'short', day: 'numeric', month: 'short' }).format(asDate(time));
export const longDate = (time: string | number | Date) =>
  dateFormat({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }).format(asDate(time));
export const monthName = (time: string | number | Date, year = true) =>
  dateFormat({ month: 'long', ...(year ? { year: 'numeric' as const } : {}) }).format(asDate(time));
export const shortMonth = (time: string | number | Date) => dateFormat({ month: 'short' }).format(asDate(time));
export const weekdays = () => [...Array(7).keys()].map((day) => dateFormat({ weekday: 'narrow' }).format(new Date(2024, 0, 1 + day)));

/** "14:02" today, "Sat, 21 Nov, 14:02" before. */
export function when(time: string | number | Date, now: number = Date.now(), seconds = false): string {
  const date = asDate(time);
  if (Number.isNaN(date.getTime())) return kMissing;
  return new Date(now).toDateString() === date.toDateString()
    ? timeOfDay(date, seconds)
    : `${shortDate(date)}, ${timeOfDay(date, seconds)}`;
}

/** The clock of another place, with its zone: "Sun, 22 Nov, 14:02 (Europe/Rome)". In UTC where the browser does not know the zone. */
export function clockIn(zone: string, time: string | number | Date): string {
  const read = (timeZone: string) => {
    const options = { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', timeZone } as const;
    return `${dateFormat(options).format(asDate(time))} (${timeZone})`;
  };
  try {
    return read(zone);
  } catch {
    return read('UTC');
  }
}

/** Local day as the API names it: 2026-11-22. */
export function isoDay(time: number | Date): string {
  const date = asDate(time);
  return `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, '0')}-${String(date.getDate()).padStart(2, '0')}`;
}

export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return kMissing;
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let n = value;
  let i = 0;
  while (n >= 1000 && i < units.length - 1) {
    n /= 1000;
    ++i;
  }
  return `${number(n, i === 0 || n >= 100 ? 0 : 1)}${kNarrow}${units[i]}`;
}
