// SPDX-License-Identifier: Apache-2.0
// A report of one pack to print or keep as PDF: identity, values, cells, alarms, findings, statistics.
import { api } from '../api/client.ts';
import type { Findings } from '../api/types.ts';
import { FIELDS, Field } from '../gen/fields.ts';
import { fieldLabel, fieldText, longDate, millivolts, number, timeOfDay, join } from '../lib/format.ts';
import { t, word } from '../lib/i18n.ts';
import { cellsOf } from '../lib/values.ts';
import { branding, packs } from '../store.ts';
import { Button, Card, PageHead, Skeleton } from '../ui/basics.tsx';
import { useLoad } from '../ui/load.ts';
import { chosenPack, PackChips } from '../ui/packs.tsx';
import '../styles/report.css';
import { findingText } from './history/findings.tsx';
import { statisticRows } from './history/statistics.tsx';
import { alarmName } from './status/alarms.tsx';
import { NoPacks } from './status/none.tsx';

const Rows = ({ rows }: { rows: readonly (readonly [string, string])[] }) => (
  <dl class="report-rows">
    {rows.map(([name, value]) => (
      <div key={name}>
        <dt>{name}</dt>
        <dd class="num">{value}</dd>
      </div>
    ))}
  </dl>
);

export function ReportPage() {
  const pack = chosenPack();
  const id = pack ? encodeURIComponent(pack.id) : null;
  const findings = useLoad(id && `f ${id}`, (abort) => api<Findings>(`/packs/${id}/findings`, { signal: abort }));
  const statistics = useLoad(id && `s ${id}`, (abort) =>
    api<Record<string, number | string | null>>(`/packs/${id}/statistics`, { signal: abort }),
  );
  if (packs.value !== null && !pack) return <NoPacks />;
  if (!pack) return <Skeleton height={480} class="card" />;
  const view = cellsOf(pack);
  const now = new Date();
  const singles = FIELDS.filter((field) => field.count === 1 && field.key in pack.fields);
  return (
    <div class="report">
      <PageHead title={t('report.title', { name: pack.name || pack.id })}>
        <Button icon="print" kind="primary" onClick={() => print()}>
          {t('report.print')}
        </Button>
      </PageHead>
      <PackChips />
      <p class="quiet">
        {branding.value.name} · {longDate(now)}, {timeOfDay(now)} · {pack.protocol}, {pack.bus} #{pack.address}
      </p>
      <Card title={t('category.identity')}>
        <Rows
          rows={Object.entries(pack.info)
            .filter(([, value]) => value)
            .map(([key, value]) => [word(key.replace(/_/g, ' ')), value] as const)}
        />
      </Card>
      <Card title={t('details.title')}>
        <Rows rows={singles.map((field) => [word(field.label), fieldText(field, pack.fields[field.key])] as const)} />
      </Card>
      <Card title={`${fieldLabel(Field.cellVoltage)}, V`} aside={<span>Δ {join(millivolts(view.delta))}</span>}>
        <ol class="report-cells">
          {view.cells.map((cell) => (
            <li key={cell.number}>
              <span class="quiet">{cell.number}</span> <span class="num">{number(cell.voltage, 3)}</span>{' '}
              {cell.highest ? '▲' : cell.lowest ? '▼' : ''}
            </li>
          ))}
        </ol>
      </Card>
      <Card title={t('alarms')}>{pack.alarms.length === 0 ? t('alarms.none') : pack.alarms.map(alarmName).join(', ')}</Card>
      {findings.data && (
        <Card title={t('findings.title')}>
          {findings.data.findings.length === 0 ? (
            t('findings.none')
          ) : (
            <ul class="report-findings">
              {findings.data.findings.map((finding) => (
                <li key={`${finding.key}${finding.cell}`}>{findingText(finding)}</li>
              ))}
            </ul>
          )}
        </Card>
      )}
      {statistics.data && (
        <Card title={t('stats.title')}>
          <Rows rows={statisticRows(statistics.data)} />
        </Card>
      )}
    </div>
  );
}
