// SPDX-License-Identifier: Apache-2.0
// Plain sentences about cells that differ from the others, worst first, each with the chart that shows it.
import type { Finding, Findings } from '../../api/types.ts';
import { number } from '../../lib/format.ts';
import { t, tt } from '../../lib/i18n.ts';
import { Card } from '../../ui/basics.tsx';
import { Icon } from '../../ui/icons.tsx';

export function findingText(finding: Finding): string {
  const params = Object.fromEntries(
    Object.entries(finding.params ?? {}).map(([key, value]) => [key, typeof value === 'number' ? number(value, decimalsOf(value)) : value]),
  );
  const known = tt(`finding.${finding.key}`, '', params);
  return known && !known.includes('{') ? known : finding.text;
}

const decimalsOf = (value: number) => (Number.isInteger(value) || Math.abs(value) >= 10 ? 0 : 1);

const secondsOf = (time: string | number) => Math.floor(typeof time === 'number' ? time : Date.parse(time) / 1000);

function chartLink(pack: string, finding: Finding): string {
  const [from, to] = [secondsOf(finding.chart!.from), secondsOf(finding.chart!.to)];
  const cells = finding.chart!.fields?.includes('cell_voltage') !== false;
  const cell = finding.cell ? `&cell=${finding.cell}` : '';
  return `/${cells ? 'battery' : 'monitor'}?pack=${encodeURIComponent(pack)}&from=${from}&to=${to}${cell}`;
}

export function FindingsCard({ pack, findings }: { pack: string; findings: Findings }) {
  return (
    <Card title={t('findings.title')} aside={<span class="quiet">{t('findings.based', { days: number(findings.based_on_days) })}</span>}>
      {findings.findings.length === 0 ? (
        <p class="finding-none">
          <Icon name="check" size={20} /> {t('findings.none')}
        </p>
      ) : (
        <ol class="findings">
          {findings.findings.map((finding) => (
            <li
              key={`${finding.key}${finding.cell}`}
              class={finding.severity === 'alarm' ? 'alarm' : finding.severity === 'warning' ? 'warning' : ''}
            >
              <span class="finding-cell">{finding.cell ? `#${finding.cell}` : <Icon name="warning" size={18} />}</span>
              <span class="finding-text">{findingText(finding)}</span>
              {finding.chart && (
                <a class="button" href={chartLink(pack, finding)}>
                  <Icon name="chart" size={18} /> <span>{t('findings.show')}</span>
                </a>
              )}
            </li>
          ))}
        </ol>
      )}
      <p class="small quiet">{t('findings.note')}</p>
    </Card>
  );
}
