// SPDX-License-Identifier: Apache-2.0
// Everything that a pack says, as a loop over the field table: a new datum shows up here by itself.
import { Card, Value } from '../../ui/basics.tsx';
import type { Pack, Scalar } from '../../api/types.ts';
import { FIELDS, type Category, type FieldInfo } from '../../gen/fields.ts';
import { fieldShown } from '../../lib/format.ts';
import { t, word } from '../../lib/i18n.ts';

const kGroups: readonly Category[] = ['main', 'cells', 'temps', 'switch', 'energy', 'detail'];

function Row({ field, pack }: { field: FieldInfo; pack: Pack }) {
  const value = pack.fields[field.key];
  return (
    <div class={Array.isArray(value) ? 'wide' : ''}>
      <dt>{word(field.label)}</dt>
      <dd>
        {Array.isArray(value) ? (
          <span class="many">
            {value.map((one: Scalar, i) => (
              <span key={i} class="one">
                <span class="index">{i + 1}</span> <Value shown={{ ...fieldShown(field, one), unit: '' }} />
              </span>
            ))}
            {field.unit && <span class="unit">{fieldShown(field, 0).unit}</span>}
          </span>
        ) : (
          <Value shown={fieldShown(field, value as Scalar)} />
        )}
      </dd>
    </div>
  );
}

export function DetailsCard({ pack, open = false }: { pack: Pack; open?: boolean }) {
  const groups = kGroups.map((group) => ({
    group,
    fields: FIELDS.filter((field) => field.category === group && field.key in pack.fields),
  }));
  const info = Object.entries(pack.info ?? {});
  return (
    <Card class="details-card">
      <details open={open}>
        <summary>
          <h2>{t('details.title')}</h2>
        </summary>
        <div class="detail-groups">
          {groups
            .filter(({ fields }) => fields.length > 0)
            .map(({ group, fields }) => (
              <div key={group} class="detail-group">
                <h3>{t(`category.${group}`)}</h3>
                <dl class="rows">
                  {fields.map((field) => (
                    <Row key={field.key} field={field} pack={pack} />
                  ))}
                </dl>
              </div>
            ))}
          <div class="detail-group">
            <h3>{t('category.identity')}</h3>
            <dl class="rows">
              {info.map(([key, value]) => (
                <div key={key}>
                  <dt>{word(key.replace(/_/g, ' '))}</dt>
                  <dd>{value}</dd>
                </div>
              ))}
              <div>
                <dt>{t('pack.protocol')}</dt>
                <dd>{pack.protocol}</dd>
              </div>
              <div>
                <dt>{t('pack.bus')}</dt>
                <dd>
                  {pack.bus} · {t('pack.address')} {pack.address}
                </dd>
              </div>
            </dl>
          </div>
        </div>
      </details>
    </Card>
  );
}
