// SPDX-License-Identifier: Apache-2.0
// Alarms by name, worst first, with the cell and the value; when there is none, since when.
import type { Alarm, LogEvent, Pack } from '../../api/types.ts';
import { api } from '../../api/client.ts';
import { ALARMS } from '../../gen/alarms.ts';
import { Field } from '../../gen/fields.ts';
import { fieldInfo, fieldShown, join, number, when } from '../../lib/format.ts';
import { t, tt, word } from '../../lib/i18n.ts';
import { bySeverity } from '../../lib/values.ts';
import { now } from '../../store.ts';
import { Icon } from '../../ui/icons.tsx';
import { useLoad } from '../../ui/load.ts';

export const alarmName = (alarm: Pick<Alarm, 'key' | 'text'>) =>
  word(alarm.key === 'other' ? (alarm.text ?? ALARMS.other!) : (ALARMS[alarm.key] ?? alarm.text ?? alarm.key));

/** Which field an alarm's value is of, by the word its key begins with: its unit and decimals are those of the table. */
const kAbout: readonly (readonly [RegExp, string])[] = [
  [/^cell_delta/, Field.cellDeltaVoltage],
  [/^cell_[ou]v/, Field.cellVoltage],
  [/^pack_[ou]v/, Field.packVoltage],
  [/_oc$|^short_circuit|^current/, Field.current],
  [/_[ou]t$|^temp/, Field.temperatureMax],
  [/^soc_/, Field.soc],
];

export function alarmValue({ key, value }: Pick<Alarm, 'key' | 'value'>): string {
  if (typeof value !== 'number') return '';
  const about = kAbout.find(([pattern]) => pattern.test(key));
  return about ? join(fieldShown(fieldInfo(about[1])!, value)) : number(value, 1);
}

export function AlarmLine({ alarm }: { alarm: Alarm }) {
  const tone = alarm.severity === 'alarm' ? 'alarm' : alarm.severity === 'warning' ? 'warning' : 'info';
  return (
    <li class={`alarm-line ${tone}`}>
      <Icon name="warning" size={20} />
      <span class="alarm-name">
        <strong>{alarmName(alarm)}</strong>
        <span class="quiet">
          {tt(`severity.${alarm.severity}`, alarm.severity)}
          {alarm.cell ? ` · ${t('cell')} ${alarm.cell}` : ''}
          {alarmValue(alarm) && ` · ${alarmValue(alarm)}`}
          {alarm.since ? ` · ${t('since', { time: when(alarm.since, now.peek()) })}` : ''}
        </span>
      </span>
    </li>
  );
}

export function AlarmsCard({ pack }: { pack: Pack }) {
  const quiet = pack.alarms.length === 0;
  const last = useLoad(quiet ? pack.id : null, (abort) =>
    api<LogEvent[]>(`/events?pack=${encodeURIComponent(pack.id)}&type=alarm&limit=1`, { signal: abort }),
  );
  if (!quiet) {
    return (
      <section class="card alarms" aria-label={t('alarms')}>
        <ul class="alarm-list">
          {[...pack.alarms].sort(bySeverity).map((alarm) => (
            <AlarmLine key={`${alarm.key}${alarm.cell ?? ''}`} alarm={alarm} />
          ))}
        </ul>
      </section>
    );
  }
  const ended = last.data?.[0]?.end ?? last.data?.[0]?.time;
  return (
    <section class="card alarms none" aria-label={t('alarms')}>
      <a class="alarm-none" href={`/events?pack=${encodeURIComponent(pack.id)}`}>
        <Icon name="check" size={20} />
        {ended ? t('alarms.none_since', { time: when(ended, now.peek()) }) : t('alarms.none')}
      </a>
    </section>
  );
}
