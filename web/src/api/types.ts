// SPDX-License-Identifier: Apache-2.0
// The shapes of the API that the pages use; mock/README.md describes them.

export type Quality = 'good' | 'held' | 'stale' | 'implausible' | 'asleep';
export type Scalar = number | boolean | string | null;
export type FieldValue = Scalar | readonly Scalar[];
export type Severity = 'info' | 'hint' | 'warning' | 'alarm';
export type Role = 'viewer' | 'operator' | 'admin';

export interface Alarm {
  key: string;
  severity: Severity;
  text?: string;
  cell?: number | null;
  value?: number | null;
  since?: string | null;
}

export interface Pack {
  id: string;
  name: string;
  protocol: string;
  bus: string;
  address: number;
  quality: Quality;
  age_s: number | null;
  time: string | null;
  fields: Readonly<Record<string, FieldValue>>;
  alarms: readonly Alarm[];
  info: Readonly<Record<string, string>>;
  commands?: readonly string[];
}

export interface Session {
  user: string | null;
  role: Role | null;
  csrf: string;
  default_password?: boolean;
  login_required?: boolean;
}

export interface Service {
  key: string;
  state: 'active' | 'off' | 'sleeping' | 'error';
  message?: string;
}

export interface System {
  version: string;
  uptime_s: number;
  time: string;
  time_set?: boolean;
  timezone?: string;
  hostname?: string;
  demo?: boolean;
  demo_password?: string;
  first_run?: boolean;
  commands_enabled?: boolean;
  default_password?: boolean;
  restart_needed?: readonly string[];
  memory_bytes?: number;
  disk_free_bytes?: number;
  services?: readonly Service[];
  ui?: { layout?: string; language?: string; temperature_unit?: string; clock?: string };
}

/** What came of trying a service. */
export interface Trial {
  ok: boolean;
  key: string;
  message: string;
  params: Readonly<Record<string, string>>;
}

export interface Branding {
  name: string;
  accent: string;
  accent_dark: string;
  logo: string | null;
  footer: string;
}

export interface LinkStats {
  requests: number;
  replies: number;
  success_pct: number | null;
  timeouts: number;
  bad_checks: number;
  truncated: number;
  bytes_skipped: number;
  echoes: number;
  rejected: number;
  unconfirmed: number;
  latency_ms?: { bounds: readonly number[]; counts: readonly number[]; median: number | null; p95: number | null };
}

export interface Hint {
  key: string;
  severity: Severity;
  text: string;
}

export interface BusPack {
  id: string;
  address: number;
  protocol: string;
  quality: Quality;
  accepted?: boolean;
  stats: LinkStats;
  hints?: readonly Hint[];
}

export interface Bus {
  id: string;
  link: string;
  role: 'master' | 'listener';
  state: 'open' | 'opening' | 'closed' | 'failed';
  message?: string;
  polls_per_s?: number | null;
  stats: LinkStats;
  hints?: readonly Hint[];
  packs: readonly BusPack[];
}

export interface Envelope {
  min: readonly (number | null)[];
  avg: readonly (number | null)[];
  max: readonly (number | null)[];
}

export interface HistoryAnswer {
  from: number | string;
  to: number | string;
  step_s: number;
  t: readonly number[];
  series: Readonly<Record<string, Envelope | readonly Envelope[]>>;
}

export interface Day {
  date: string;
  kwh_in?: number | null;
  kwh_out?: number | null;
  soc_min?: number | null;
  soc_min_at?: number | null;
  soc_max?: number | null;
  soc_max_at?: number | null;
  cell_min?: number | null;
  cell_min_number?: number | null;
  cell_max?: number | null;
  cell_max_number?: number | null;
  delta_max?: number | null;
  temperature_min?: number | null;
  temperature_max?: number | null;
  hours_full?: number | null;
  cycles?: number | null;
}

export interface EnergyPeriod {
  period: string;
  kwh_in: number | null;
  kwh_out: number | null;
  efficiency_pct?: number | null;
  cycles?: number | null;
}

export interface Finding {
  key: string;
  severity: Severity;
  cell: number | null;
  score?: number;
  params?: Readonly<Record<string, number | string>>;
  text: string;
  chart?: { from: string | number; to: string | number; fields?: readonly string[]; cells?: readonly number[] } | null;
}

export interface Findings {
  computed: string | null;
  based_on_days: number;
  findings: readonly Finding[];
}

export interface StorageTier {
  key: string;
  label?: string;
  retention_days: number | null;
  size_limit_mb?: number | null;
  used_bytes: number;
  from?: string | null;
  to?: string | null;
  lasts_days?: number | null;
}

export interface HistoryStorage {
  tiers: readonly StorageTier[];
  used_bytes: number;
  free_bytes: number;
  written_bytes_per_day: number | null;
  message?: string;
}

export interface LogEvent {
  id: number | string;
  time: string;
  end?: string | null;
  type: string;
  severity: Severity;
  pack?: string | null;
  key?: string;
  text: string;
  cell?: number | null;
  value?: number | string | null;
  unit?: string;
  worst?: number | null;
  user?: string | null;
  origin?: string | null;
}

export interface FileInfo {
  name: string;
  kind: string;
  size: number;
  modified: string;
  pack?: string | null;
}

export interface CommandResult {
  id?: string | number;
  pack?: string;
  command?: string;
  result: 'done' | 'refused' | 'unverified' | 'timeout';
  message?: string;
  value?: Scalar;
}

export interface Port {
  link: string;
  name: string;
  used_by: string | null;
}

export interface ProbeFound {
  protocol: string;
  address: number;
  baud?: number;
  link: string;
  cells?: number | null;
  pack_voltage?: number | null;
  model?: string | null;
  known_as?: string | null;
}

export interface ProbeState {
  id?: string;
  state: 'running' | 'done' | 'failed';
  progress?: number | null;
  step?: string;
  found: readonly ProbeFound[];
  message?: string;
}
