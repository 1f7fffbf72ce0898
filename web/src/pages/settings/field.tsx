// SPDX-License-Identifier: Apache-2.0
// One setting of a form, as its row of the schema says.
import { useId, useState } from 'preact/hooks';
import { number } from '../../lib/format.ts';
import { t, tt, word } from '../../lib/i18n.ts';
import { check, choiceText, parse, typeOf, type Row } from '../../lib/schema.ts';

export interface FieldProps {
  group: string;
  name: string;
  row: Row;
  value: unknown;
  /** Changed by the person, not saved yet. */
  edited: boolean;
  origin?: string;
  where?: string;
  secretSet?: boolean;
  /** What the gateway said about it. */
  error?: string;
  fixed?: boolean;
  /** Ids of the list that it refers to. */
  choices?: readonly string[];
  onChange: (value: unknown) => void;
  /** Takes the saved value away. */
  onReset?: () => void;
}

function Origin({ origin, where, onReset }: Pick<FieldProps, 'origin' | 'where' | 'onReset'>) {
  if (!origin || origin === 'default') return null;
  return (
    <span class="origin small quiet">
      {tt(`origin.${origin}`, origin)}
      {where && origin !== 'saved' ? ` ${where.replace(/^environment /, '')}` : ''}
      {origin === 'saved' && onReset && (
        <button type="button" class="link" onClick={onReset}>
          {t('settings.reset')}
        </button>
      )}
    </span>
  );
}

function Secret({
  id,
  value,
  secretSet,
  forgettable,
  described,
  onChange,
}: {
  id: string;
  value: string;
  secretSet: boolean;
  /** It was saved here; what a file or the environment says cannot be forgotten. */
  forgettable: boolean;
  described: string;
  onChange: (value: unknown) => void;
}) {
  const [shown, setShown] = useState(false);
  return (
    <>
      <input
        id={id}
        type={(shown ? 'text' : 'password') as 'password'}
        autocomplete="new-password"
        value={value}
        placeholder={secretSet ? t('settings.secret_set') : ''}
        aria-describedby={described}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
      <span class="secret-tools">
        <label class="check">
          <input type="checkbox" checked={shown} onChange={(event) => setShown(event.currentTarget.checked)} />{' '}
          <span>{t('settings.show')}</span>
        </label>
        {forgettable && (
          <button type="button" class="link" onClick={() => onChange(null)}>
            {t('settings.forget')}
          </button>
        )}
      </span>
    </>
  );
}

export function SettingField(props: FieldProps) {
  const { group, name, row, value, onChange } = props;
  const id = useId();
  const [text, setText] = useState<string | null>(null);
  const type = typeOf(row);
  const choices = row.enum ?? props.choices;
  const label = word(row.title ?? name);
  const help = row.description ? word(row.description) : '';
  const wrong = props.edited && !(row['x-secret'] && value === null) ? check(row, value) : '';
  const message = wrong || props.error || '';
  const forced = props.origin === 'environment' || props.origin === 'command line';
  const described = `${id}-help`;

  const notes = (
    <span id={described} class="field-notes">
      {message && (
        <span class="field-error" role="alert">
          {message}
        </span>
      )}
      {help && <span class="small quiet">{help}</span>}
      {row['x-restart'] && <span class="small quiet">{t('settings.restart')}</span>}
      {forced && <span class="small tone-warning">{t('settings.forced')}</span>}
      <Origin origin={props.origin} where={props.where} onReset={props.onReset} />
    </span>
  );

  if (type === 'boolean') {
    return (
      <div class="setting bool">
        <label class="check">
          <input
            type="checkbox"
            checked={Boolean(value)}
            disabled={props.fixed}
            aria-describedby={described}
            onChange={(event) => onChange(event.currentTarget.checked)}
          />
          <span>{label}</span>
        </label>
        {notes}
      </div>
    );
  }

  return (
    <div class="setting field">
      <label for={id}>
        {label}
        {row['x-unit'] && <span class="quiet"> ({word(row['x-unit'])})</span>}
      </label>
      {row['x-secret'] ? (
        <Secret
          id={id}
          value={props.edited ? String(value ?? '') : ''}
          secretSet={(props.secretSet ?? false) && !(props.edited && value === null)}
          forgettable={(props.secretSet ?? false) && props.origin === 'saved' && !(props.edited && value === null)}
          described={described}
          onChange={onChange}
        />
      ) : choices ? (
        <select
          id={id}
          value={String(value ?? '')}
          disabled={props.fixed}
          aria-describedby={described}
          onChange={(event) => onChange(event.currentTarget.value)}
        >
          {!choices.includes(String(value ?? '')) && <option value={String(value ?? '')}>{String(value ?? '')}</option>}
          {choices.map((choice) => (
            <option key={choice} value={choice}>
              {choiceText(group, name, choice)}
            </option>
          ))}
        </select>
      ) : (
        <input
          id={id}
          value={text ?? String(value ?? '')}
          disabled={props.fixed}
          inputMode={type === 'integer' ? 'numeric' : type === 'number' ? 'decimal' : 'text'}
          spellcheck={false}
          autocapitalize="off"
          aria-invalid={message !== ''}
          aria-describedby={described}
          onInput={(event) => {
            setText(event.currentTarget.value);
            onChange(parse(row, event.currentTarget.value));
          }}
          onBlur={() => setText(null)}
          {...(type === 'integer' && row.minimum !== undefined && row.maximum !== undefined
            ? { title: `${number(row.minimum)} – ${number(row.maximum)}` }
            : {})}
        />
      )}
      {notes}
    </div>
  );
}
