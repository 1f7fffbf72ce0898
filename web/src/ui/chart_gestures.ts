// SPDX-License-Identifier: Apache-2.0
// Fingers and wheel on a chart: two fingers zoom and pan, one finger moves the crosshair, shift-drag pans, ctrl-wheel zooms.
import type uPlot from 'uplot';
import type { Range } from '../lib/range.ts';

interface Held {
  current: Range;
}

const at = (plot: uPlot, x: number) => {
  const box = plot.over.getBoundingClientRect();
  return Math.min(1, Math.max(0, (x - box.left) / box.width));
};

/** Where a pinch that began with fingers at a0, b0 (parts of the width) and is now at a1, b1 leaves the range. */
export function pinched(from: number, to: number, a0: number, b0: number, a1: number, b1: number): [number, number] {
  const width = to - from;
  const scale = Math.min(20, Math.max(0.05, Math.abs(b0 - a0) / Math.max(0.02, Math.abs(b1 - a1))));
  const anchor = from + (width * (a0 + b0)) / 2;
  const start = anchor - ((a1 + b1) / 2) * width * scale;
  return [start, start + width * scale];
}

function touches(plot: uPlot, range: Held): () => void {
  let pinch: { from: number; to: number; a: number; b: number } | null = null;
  const start = (event: TouchEvent) => {
    if (event.touches.length === 2) {
      const { from, to } = range.current;
      pinch = { from, to, a: at(plot, event.touches[0]!.clientX), b: at(plot, event.touches[1]!.clientX) };
    }
    move(event);
  };
  const move = (event: TouchEvent) => {
    const box = plot.over.getBoundingClientRect();
    if (event.touches.length === 1 && !pinch) {
      plot.setCursor({ left: event.touches[0]!.clientX - box.left, top: event.touches[0]!.clientY - box.top });
    } else if (event.touches.length === 2 && pinch) {
      event.preventDefault();
      const [from, to] = pinched(
        pinch.from,
        pinch.to,
        pinch.a,
        pinch.b,
        at(plot, event.touches[0]!.clientX),
        at(plot, event.touches[1]!.clientX),
      );
      range.current.set(from, to);
    }
  };
  const end = (event: TouchEvent) => {
    if (event.touches.length < 2) pinch = null;
  };
  plot.over.addEventListener('touchstart', start, { passive: true });
  plot.over.addEventListener('touchmove', move, { passive: false });
  plot.over.addEventListener('touchend', end);
  return () => {
    plot.over.removeEventListener('touchstart', start);
    plot.over.removeEventListener('touchmove', move);
    plot.over.removeEventListener('touchend', end);
  };
}

function mouse(plot: uPlot, range: Held): () => void {
  const wheel = (event: WheelEvent) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    range.current.zoom(event.deltaY > 0 ? 1.25 : 0.8, at(plot, event.clientX));
  };
  const down = (event: MouseEvent) => {
    if (!event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const { from, to } = range.current;
    const first = at(plot, event.clientX);
    const drag = (moved: MouseEvent) => {
      const shift = (first - at(plot, moved.clientX)) * (to - from);
      range.current.set(from + shift, to + shift);
    };
    const up = () => {
      removeEventListener('mousemove', drag);
      removeEventListener('mouseup', up);
    };
    addEventListener('mousemove', drag);
    addEventListener('mouseup', up);
  };
  plot.over.addEventListener('wheel', wheel, { passive: false });
  plot.over.addEventListener('mousedown', down, { capture: true });
  return () => {
    plot.over.removeEventListener('wheel', wheel);
    plot.over.removeEventListener('mousedown', down, { capture: true });
  };
}

export function attachGestures(plot: uPlot, range: Held): () => void {
  const ends = [touches(plot, range), mouse(plot, range)];
  return () => ends.forEach((end) => end());
}
