// SPDX-License-Identifier: Apache-2.0
// A small curve without axes (SVG, no library): min/max band and average, gaps stay gaps.
import type { Envelope } from '../api/types.ts';

interface Box {
  width: number;
  height: number;
  low: number;
  high: number;
}

/** The line of a series in a box; a null lifts the pen. */
export function linePath(values: readonly (number | null)[], { width, height, low, high }: Box): string {
  const span = high - low || 1;
  const step = width / Math.max(1, values.length - 1);
  let path = '';
  let pen = false;
  values.forEach((value, i) => {
    if (value === null) {
      pen = false;
      return;
    }
    path += `${pen ? 'L' : 'M'}${(i * step).toFixed(1)} ${(height - ((value - low) / span) * height).toFixed(1)}`;
    pen = true;
  });
  return path;
}

/** The area between a series and a level, one closed piece per run of values. */
export function areaPath(values: readonly (number | null)[], level: number, box: Box): string {
  const y = box.height - ((level - box.low) / (box.high - box.low || 1)) * box.height;
  const step = box.width / Math.max(1, values.length - 1);
  let path = '';
  let start = -1;
  for (let i = 0; i <= values.length; ++i) {
    const inside = i < values.length && values[i] !== null && values[i] !== undefined;
    if (inside && start < 0) start = i;
    if (!inside && start >= 0) {
      const line = linePath(values.slice(start, i), { ...box, width: (i - 1 - start) * step });
      path += `M${(start * step).toFixed(1)} ${y.toFixed(1)}${shift(line, start * step)}L${((i - 1) * step).toFixed(1)} ${y.toFixed(1)}Z`;
      start = -1;
    }
  }
  return path;
}

const shift = (line: string, dx: number) => line.replace(/[ML](-?[\d.]+) /g, (_, x: string) => `L${(Number(x) + dx).toFixed(1)} `);

const known = (values: readonly (number | null)[]) => values.filter((value): value is number => value !== null);

export function Spark({
  series,
  zero = false,
  class: extra = '',
  height = 44,
}: {
  series: Envelope;
  zero?: boolean;
  class?: string;
  height?: number;
}) {
  const width = 300;
  const all = [...known(series.min), ...known(series.max), ...known(series.avg), ...(zero ? [0] : [])];
  if (all.length === 0) return <svg class={`spark ${extra}`} viewBox={`0 0 ${width} ${height}`} height={height} aria-hidden="true" />;
  const low = Math.min(...all);
  const high = Math.max(...all);
  const pad = (high - low || 1) * 0.06;
  const box = { width, height, low: low - pad, high: high + pad };
  const up = series.avg.map((value) => (value === null ? null : Math.max(0, value)));
  const down = series.avg.map((value) => (value === null ? null : Math.min(0, value)));
  return (
    <svg class={`spark ${extra}`} viewBox={`0 0 ${width} ${height}`} height={height} preserveAspectRatio="none" aria-hidden="true">
      {zero ? (
        <>
          <path class="area charging" d={areaPath(up, 0, box)} />
          <path class="area discharging" d={areaPath(down, 0, box)} />
        </>
      ) : (
        <path class="line" d={linePath(series.avg, box)} />
      )}
    </svg>
  );
}
