// SPDX-License-Identifier: Apache-2.0
// A chart over time on uPlot: drag or pinch zooms, shift-drag pans, double click resets, arrow keys and + − do the same. What the crosshair
// meets is told to the page, which shows it in a fixed place. Series are told as min/avg/max; gaps stay gaps.
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import '../styles/chart.css';
import type { Envelope } from '../api/types.ts';
import { dark } from '../lib/prefs.ts';
import type { Range } from '../lib/range.ts';
import { attachGestures } from './chart_gestures.ts';
import { drawLabels, type Label } from './chart_labels.ts';
import { clockChanges, timeLabels } from './chart_time.ts';
import { t } from '../lib/i18n.ts';

export interface ChartSeries {
  key: string;
  data: Envelope;
  /** A colour, or the name of a CSS variable. */
  color: string;
  width?: number;
  shown?: boolean;
  /** Fills towards zero. */
  fill?: boolean;
  /** The envelope as a pale band. */
  band?: boolean;
  /** Written at the end of the line. */
  end?: string;
}

export interface ChartProps {
  label: string;
  times: readonly number[];
  series: readonly ChartSeries[];
  range: Range;
  height: number;
  /** How a value reads on the axis. */
  axis: (value: number, step: number) => string;
  /** The least span of the axis, so that noise does not fill the picture. */
  leastSpan?: number;
  zero?: boolean;
  sync?: string;
  onCursor?: (index: number | null) => void;
}

const cssColor = (element: Element, color: string) =>
  color.startsWith('--') ? getComputedStyle(element).getPropertyValue(color).trim() : color;
const withAlpha = (color: string, alpha: string) => (/^#[0-9a-f]{6}$/i.test(color) ? color + alpha : color);

function yRange(least: number, zero: boolean): uPlot.Scale.Range {
  return (_, low, high) => {
    if (low === null || high === null) return [0, 1];
    let [a, b] = zero ? [Math.min(0, low), Math.max(0, high)] : [low, high];
    const lack = least - (b - a);
    if (lack > 0) [a, b] = [a - lack / 2, b + lack / 2];
    const pad = (b - a) * 0.06;
    return [zero && a === 0 ? 0 : a - pad, zero && b === 0 ? 0 : b + pad];
  };
}

interface Columns {
  data: uPlot.AlignedData;
  series: uPlot.Series[];
  bands: uPlot.Band[];
  labels: Label[];
}

function columnsOf(host: Element, props: ChartProps): Columns {
  const data: (readonly (number | null)[])[] = [props.times];
  const series: uPlot.Series[] = [{}];
  const bands: uPlot.Band[] = [];
  const labels: Columns['labels'] = [];
  for (const one of props.series) {
    const stroke = cssColor(host, one.color);
    const show = one.shown ?? true;
    const points = { show: false };
    if (one.band && show) {
      series.push({ show, stroke: 'transparent', points }, { show, stroke: 'transparent', points });
      data.push(one.data.max, one.data.min);
      bands.push({ series: [data.length - 2, data.length - 1], fill: withAlpha(stroke, '26') });
    }
    series.push({ show, stroke, width: one.width ?? 1.5, points, ...(one.fill ? { fill: withAlpha(stroke, '59'), fillTo: 0 } : {}) });
    data.push(one.data.avg);
    if (one.end && show) labels.push({ text: one.end, color: stroke, column: data.length - 1 });
  }
  return { data: data as uPlot.AlignedData, series, bands, labels };
}

function drawClockChanges(plot: uPlot, from: number, to: number, color: string): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio || 1;
  for (const { at, words } of clockChanges(from, to)) {
    const x = plot.valToPos(at, 'x', true);
    ctx.save();
    ctx.strokeStyle = color;
    ctx.fillStyle = color;
    ctx.setLineDash([4 * ratio, 4 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.font = `${11 * ratio}px system-ui, sans-serif`;
    ctx.fillText(words, x + 4 * ratio, bbox.top + 12 * ratio);
    ctx.restore();
  }
}

function optionsOf(
  host: HTMLElement,
  props: ChartProps,
  columns: Columns,
  cursor: { current: ChartProps['onCursor'] },
  range: { current: Range },
): uPlot.Options {
  const quiet = cssColor(host, '--quiet');
  const line = cssColor(host, '--line');
  const font = '12px system-ui, sans-serif';
  const axis: uPlot.Axis = { stroke: quiet, font, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1, size: 4 } };
  return {
    width: host.clientWidth,
    height: props.height,
    padding: [8, columns.labels.length ? 34 : 8, 0, 0],
    series: columns.series,
    bands: columns.bands,
    legend: { show: false },
    scales: {
      x: { time: true, auto: false, range: () => [range.current.from, range.current.to] },
      y: { range: yRange(props.leastSpan ?? 0, props.zero ?? false) },
    },
    axes: [
      { ...axis, values: (_, splits, __, ___, step) => timeLabels(splits, step), space: 64, size: 46 },
      {
        ...axis,
        values: (_, splits, __, ___, step) => splits.map((value) => props.axis(value, step)),
        size: 66,
        space: props.height < 200 ? 22 : 34,
      },
    ],
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: true, y: false, setScale: false, dist: 8 },
      ...(props.sync ? { sync: { key: props.sync, setSeries: false } } : {}),
      bind: { dblclick: () => () => null },
    },
    hooks: {
      setCursor: [(plot) => cursor.current?.(plot.cursor.idx ?? null)],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width > 8) range.current.set(plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x'));
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
      draw: [(plot) => drawLabels(plot, columns.labels), (plot) => drawClockChanges(plot, range.current.from, range.current.to, quiet)],
    },
  };
}

export function Chart(props: ChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const cursor = useRef(props.onCursor);
  const range = useRef(props.range);
  cursor.current = props.onCursor;
  range.current = props.range;

  // What changes the picture's make-up builds it anew; new data of the same make-up only replace the old.
  const make = JSON.stringify([
    props.series.map((one) => [one.key, one.shown ?? true, one.width, one.band, one.end, one.color, one.fill]),
    props.height,
    props.leastSpan,
    dark.value,
  ]);

  useEffect(() => {
    const element = host.current!;
    const columns = columnsOf(element, props);
    const made = new uPlot(optionsOf(element, props, columns, cursor, range), columns.data, element);
    plot.current = made;
    const detach = attachGestures(made, range);
    const watch = new ResizeObserver(() => {
      if (element.clientWidth && element.clientWidth !== made.width) made.setSize({ width: element.clientWidth, height: props.height });
    });
    watch.observe(element);
    return () => {
      watch.disconnect();
      detach();
      made.destroy();
      plot.current = null;
    };
  }, [make]);

  useEffect(() => {
    if (plot.current) plot.current.setData(columnsOf(host.current!, props).data, true);
  }, [props.times, props.series, props.range.from, props.range.to]);

  const onKey = (event: KeyboardEvent) => {
    const acts: Record<string, () => void> = {
      ArrowLeft: () => props.range.move(-0.2),
      ArrowRight: () => props.range.move(0.2),
      '+': () => props.range.zoom(0.5),
      '=': () => props.range.zoom(0.5),
      '-': () => props.range.zoom(2),
      '0': props.range.reset,
      Home: props.range.reset,
    };
    const act = acts[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  };

  return (
    <div
      ref={host}
      class="chart"
      role="group"
      aria-roledescription={t('chart.role')}
      aria-label={`${props.label}. ${t('chart.keys')}`}
      tabIndex={0}
      style={{ height: `${props.height}px` }}
      onKeyDown={onKey}
      onDblClick={props.range.reset}
    />
  );
}
