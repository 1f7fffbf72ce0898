// SPDX-License-Identifier: Apache-2.0
// What the form of a group and the form of one list element share: edits, rows (advanced ones folded away), errors of the gateway.
import type { FormError } from '../../api/client.ts';
import { t } from '../../lib/i18n.ts';
import { check, type Item, type Row, type Settings } from '../../lib/schema.ts';
import { SettingField } from './field.tsx';

export interface RowsProps {
  group: string;
  /** What stands before a setting's name in keys: "mqtt." or "pack.boat.". */
  prefix: string;
  rows: Readonly<Record<string, Row>>;
  values: Item;
  edits: Item;
  settings: Settings;
  errors: readonly FormError[];
  fixed?: readonly string[];
  onEdit: (name: string, value: unknown) => void;
  onReset?: (name: string) => void;
}

/** Something that was typed can't be sent. */
export const invalid = (rows: Readonly<Record<string, Row>>, edits: Item): boolean =>
  Object.entries(edits).some(([name, value]) => rows[name] !== undefined && value !== null && check(rows[name]!, value) !== '');

const idsOf = (settings: Settings, list: string) =>
  ((settings.values[list] as readonly Item[] | undefined) ?? []).map((item) => String(item.id));

export function Rows(props: RowsProps) {
  const { rows, values, edits, settings, prefix } = props;
  const field = (name: string) => {
    const key = prefix + name;
    return (
      <SettingField
        key={name}
        group={props.group}
        name={name}
        row={rows[name]!}
        value={name in edits ? edits[name] : values[name]}
        edited={name in edits}
        origin={settings.origin?.[key]}
        where={settings.where?.[key]}
        secretSet={settings.secrets?.includes(key)}
        error={props.errors.find((error) => error.key === key)?.message}
        fixed={props.fixed?.includes(name)}
        {...(rows[name]!['x-refers-to'] ? { choices: idsOf(settings, rows[name]!['x-refers-to']) } : {})}
        onChange={(value) => props.onEdit(name, value)}
        {...(props.onReset ? { onReset: () => props.onReset!(name) } : {})}
      />
    );
  };
  const names = Object.keys(rows);
  const advanced = names.filter((name) => rows[name]!['x-advanced']);
  const wrongInside = props.errors.some((error) => advanced.some((name) => error.key === prefix + name));
  return (
    <>
      {names.filter((name) => !rows[name]!['x-advanced']).map(field)}
      {advanced.length > 0 && (
        <details class="advanced" open={wrongInside}>
          <summary>{t('settings.advanced')}</summary>
          <div class="form">{advanced.map(field)}</div>
        </details>
      )}
    </>
  );
}
