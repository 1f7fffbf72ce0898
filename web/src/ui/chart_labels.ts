// SPDX-License-Identifier: Apache-2.0
// Names at the ends of lines.
import type uPlot from 'uplot';

export interface Label {
  text: string;
  color: string;
  /** Which column of the plot's data it belongs to. */
  column: number;
}

/** Where a label goes so that it does not lie on one that is there already: beside it, on the side where it would be. */
export function apart(wanted: number, placed: number[], gap: number): number {
  const other = placed.find((one) => Math.abs(one - wanted) < gap);
  const y = other === undefined ? wanted : wanted > other ? other + gap : other - gap;
  placed.push(y);
  return y;
}

export function drawLabels(plot: uPlot, labels: readonly Label[]): void {
  const { ctx } = plot;
  const ratio = devicePixelRatio || 1;
  ctx.save();
  ctx.font = `600 ${12 * ratio}px system-ui, sans-serif`;
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'left';
  const placed: number[] = [];
  for (const { text, color, column } of labels) {
    const values = plot.data[column] as (number | null)[];
    let i = values.length - 1;
    while (i >= 0 && (values[i] === null || values[i] === undefined)) --i;
    if (i < 0) continue;
    const x = Math.min(plot.valToPos(plot.data[0][i]!, 'x', true), plot.bbox.left + plot.bbox.width) + 4 * ratio;
    ctx.fillStyle = color;
    ctx.fillText(text, x, apart(plot.valToPos(values[i]!, 'y', true), placed, 13 * ratio));
  }
  ctx.restore();
}
