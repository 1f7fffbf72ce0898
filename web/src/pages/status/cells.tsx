// SPDX-License-Identifier: Apache-2.0
// The cells as bars round their average, with the highest, the lowest and those being balanced marked; below, each as a number.
import { Card, Value } from '../../ui/basics.tsx';
import { fieldLabel, kMissing, millivolts, number } from '../../lib/format.ts';
import { t } from '../../lib/i18n.ts';
import { Field } from '../../gen/fields.ts';
import type { Pack } from '../../api/types.ts';
import { cellsOf, type CellsView, type CellView } from '../../lib/values.ts';

const toneOf = (cell: CellView) => `${cell.balancing ? 'balancing' : ''} ${cell.highest ? 'highest' : cell.lowest ? 'lowest' : ''}`;

export function CellBars({ view, height = 104 }: { view: CellsView; height?: number }) {
  const half = height / 2;
  return (
    <div class="cell-bars" aria-hidden="true" style={{ height: `${height}px` }}>
      <span class="cell-axis" />
      {view.cells.map((cell) => {
        const size = cell.deviation === null ? 0 : Math.max(2, Math.min(1, Math.abs(cell.deviation) / view.scale) * (half - 4));
        const up = (cell.deviation ?? 0) >= 0;
        return (
          <span key={cell.number} class="cell-slot">
            <i
              class={`cell-bar ${toneOf(cell)} ${cell.deviation === null ? 'none' : ''}`}
              style={{ height: `${size}px`, transform: `translateY(${up ? half - size : half}px)` }}
            />
          </span>
        );
      })}
    </div>
  );
}

const markOf = (cell: CellView) =>
  [cell.highest && t('cells.highest'), cell.lowest && t('cells.lowest'), cell.balancing && t('cells.balancing')].filter(Boolean).join(', ');

export function CellsCard({ pack }: { pack: Pack }) {
  const view = cellsOf(pack);
  if (view.cells.length === 0) return null;
  const millis = view.scale * 1000;
  return (
    <Card
      class="cells-card"
      title={t('cells.title')}
      aside={
        <span class="quiet">
          {t('cells.average')} <Value shown={{ text: number(view.average, 3), unit: 'V' }} /> · Δ <Value shown={millivolts(view.delta)} />
        </span>
      }
    >
      <div class="cell-picture">
        <CellBars view={view} />
        <span class="cell-scale" aria-hidden="true">
          <span>+{number(millis)} mV</span>
          <span>{number(-millis)} mV</span>
        </span>
      </div>
      <ol class="cell-grid">
        {view.cells.map((cell) => (
          <li key={cell.number} class={`${toneOf(cell)} ${cell.voltage === null ? 'none' : ''}`}>
            <span class="cell-number">
              <span class="sr">{t('cell')} </span>
              {cell.number}
            </span>
            <span class="num">{cell.voltage === null ? kMissing : number(cell.voltage, 3)}</span>
            <span class="cell-mark" aria-hidden="true">
              {cell.highest ? '▲' : cell.lowest ? '▼' : ''}
              {cell.balancing ? '⇄' : ''}
            </span>
            <span class="sr">V {markOf(cell)}</span>
          </li>
        ))}
      </ol>
      <p class="legend" aria-hidden="true">
        <span class="highest">▲ {t('cells.highest')}</span>
        <span class="lowest">▼ {t('cells.lowest')}</span>
        <span class="balancing">⇄ {t('cells.balancing')}</span>
        <span class="legend-end">{fieldLabel(Field.cellVoltage)}, V</span>
      </p>
    </Card>
  );
}
