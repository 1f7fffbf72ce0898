// SPDX-License-Identifier: Apache-2.0
// The temperatures of a pack: every single one of the table's category, then the probes.
import { Card, Value } from '../../ui/basics.tsx';
import type { Pack } from '../../api/types.ts';
import { FIELDS, Field } from '../../gen/fields.ts';
import { temperature } from '../../lib/format.ts';
import { t, word } from '../../lib/i18n.ts';
import { num, numbers } from '../../lib/values.ts';

const kSummaries: readonly string[] = [Field.temperatureMin, Field.temperatureMax];

export function TempsCard({ pack }: { pack: Pack }) {
  const probes = numbers(pack, Field.temperature);
  const singles = FIELDS.filter(
    (field) => field.category === 'temps' && field.count === 1 && field.key in pack.fields && !kSummaries.includes(field.key),
  );
  if (probes.length === 0 && singles.length === 0) return null;
  return (
    <Card title={t('temps.title')}>
      <ul class="tiles">
        {probes.map(
          (value, i) =>
            value !== null && (
              <li key={i}>
                <span class="tile-label">{t('temps.probe', { n: i + 1 })}</span>
                <Value shown={temperature(value)} />
              </li>
            ),
        )}
        {singles.map((field) => (
          <li key={field.key}>
            <span class="tile-label">{word(field.label)}</span>
            <Value shown={temperature(num(pack, field.key))} />
          </li>
        ))}
      </ul>
    </Card>
  );
}
