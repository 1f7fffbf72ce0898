// SPDX-License-Identifier: Apache-2.0
// The forms of a list of tables (buses, packs): one fold for each element, one more to add one.
import { useState } from 'preact/hooks';
import { t } from '../../lib/i18n.ts';
import { rowsOf, type Item } from '../../lib/schema.ts';
import { Button, Card } from '../../ui/basics.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { invalid, Rows } from './form.tsx';
import { SaidNotice, useSave, type GroupProps } from './group.tsx';

interface OneProps extends GroupProps {
  item: Item | null;
  close?: () => void;
}

function OneForm({ name, group, settings, again, item, close }: OneProps) {
  const [edits, setEdits] = useState<Item>({});
  const [asking, setAsking] = useState(false);
  const { errors, said, setSaid, busy, save } = useSave(again);
  const rows = rowsOf(group);
  const id = String(item?.id ?? edits.id ?? '');
  const defaults = Object.fromEntries(Object.entries(rows).map(([key, row]) => [key, row.default]));
  const missing = item === null && (group.items?.required ?? ['id']).some((key) => !edits[key]);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (await save({ [name]: [{ ...edits, id }] })) {
      setEdits({});
      close?.();
    }
  };
  return (
    <form class="form" noValidate onSubmit={(event) => void submit(event)}>
      <Rows
        group={name}
        prefix={`${name}.${id}.`}
        rows={rows}
        values={item ?? defaults}
        edits={edits}
        settings={settings}
        errors={errors}
        fixed={item ? ['id'] : []}
        onEdit={(key, value) => {
          setSaid(null);
          setEdits({ ...edits, [key]: value });
        }}
      />
      <SaidNotice said={said} />
      <div class="form-buttons">
        <Button type="submit" kind="primary" disabled={Object.keys(edits).length === 0 || missing || busy || invalid(rows, edits)}>
          {t('settings.submit')}
        </Button>
        {item && (
          <Button kind="danger" icon="trash" onClick={() => setAsking(true)}>
            {t('settings.remove')}
          </Button>
        )}
      </div>
      {asking && (
        <Dialog title={t('settings.remove_ask', { name: id })} onClose={() => setAsking(false)}>
          <p>{t('settings.remove_text')}</p>
          <div class="dialog-buttons">
            <Button onClick={() => setAsking(false)}>{t('cancel')}</Button>
            <Button
              kind="danger"
              onClick={() => {
                setAsking(false);
                void save({ [name]: [{ id, remove: true }] });
              }}
            >
              {t('settings.remove')}
            </Button>
          </div>
        </Dialog>
      )}
    </form>
  );
}

export function ListForm(props: GroupProps) {
  const [adding, setAdding] = useState(false);
  const items = (props.settings.values[props.name] as readonly Item[] | undefined) ?? [];
  return (
    <Card
      title={props.title}
      aside={
        <Button icon="plus" onClick={() => setAdding(!adding)}>
          {t('settings.add')}
        </Button>
      }
    >
      {props.help && <p class="quiet settings-help">{props.help}</p>}
      {adding && (
        <div class="list-item new">
          <OneForm {...props} item={null} close={() => setAdding(false)} />
        </div>
      )}
      {items.map((item) => (
        <details key={String(item.id)} class="list-item">
          <summary>
            <strong>{String(item.name || item.id)}</strong>
          </summary>
          <OneForm {...props} item={item} />
        </details>
      ))}
      {items.length === 0 && !adding && <p class="quiet">{t('settings.none')}</p>}
    </Card>
  );
}
