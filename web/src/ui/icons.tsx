// SPDX-License-Identifier: Apache-2.0
// Line icons, 24 × 24, drawn for these pages. They never stand alone: a word goes with each.
const kPaths = {
  status: 'M4 14a8 8 0 1 1 16 0M12 14l4-5M7 19h10',
  battery: 'M3 8h15v9H3zM21 11v3M7 11v3M11 11v3',
  monitor: 'M3 17l5-6 4 3 5-8 4 5M3 21h18',
  history: 'M4 5h16v15H4zM4 10h16M9 5V3M15 5V3M8 14h2M14 14h2M8 17h2',
  events: 'M12 4a6 6 0 0 1 6 6v4l2 3H4l2-3v-4a6 6 0 0 1 6-6zM10 20h4',
  bus: 'M4 7h16M4 17h16M8 7v10M16 7v10M12 3v4M12 17v4',
  settings: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 5v4M9 15v4',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  plus: 'M12 5v14M5 12h14',
  left: 'M15 5l-7 7 7 7',
  right: 'M9 5l7 7-7 7',
  zoomIn: 'M11 5a6 6 0 1 1 0 12 6 6 0 0 1 0-12zM20 20l-4.5-4.5M11 8v6M8 11h6',
  zoomOut: 'M11 5a6 6 0 1 1 0 12 6 6 0 0 1 0-12zM20 20l-4.5-4.5M8 11h6',
  download: 'M12 4v11M7 11l5 5 5-5M5 20h14',
  upload: 'M12 20V9M7 13l5-5 5 5M5 4h14',
  trash: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13',
  warning: 'M12 4l9 16H3zM12 10v4M12 17h.01',
  check: 'M5 13l4 4L19 7',
  lock: 'M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3',
  print: 'M7 9V4h10v5M7 17H4v-7h16v7h-3M7 14h10v6H7z',
  chart: 'M4 4v16h16M8 16l3-5 3 2 4-7',
  eye: 'M2 12s4-6 10-6 10 6 10 6-4 6-10 6-10-6-10-6zM12 9a3 3 0 1 1 0 6 3 3 0 0 1 0-6z',
  user: 'M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM4 21a8 8 0 0 1 16 0',
  up: 'M6 15l6-6 6 6',
  down: 'M6 9l6 6 6-6',
  bolt: 'M13 3L5 14h6l-1 7 8-11h-6z',
  thermometer: 'M10 14V5a2 2 0 0 1 4 0v9a4 4 0 1 1-4 0z',
} as const;

export type IconName = keyof typeof kPaths;

export const Icon = ({ name, size = 22 }: { name: IconName; size?: number }) => (
  <svg class="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    <path d={kPaths[name]} />
  </svg>
);
