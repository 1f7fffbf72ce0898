// SPDX-License-Identifier: Apache-2.0
// Made from core/command.def by scripts/gen.ts. Do not edit.

export interface CommandInfo {
  key: string;
  label: string;
  argument: 'switch' | 'percent' | 'none';
  min: number;
  max: number;
  warning: string;
}

export const COMMANDS: readonly CommandInfo[] = [
  { key: 'charge_mos', label: 'Charge MOS', argument: 'switch', min: 0, max: 1, warning: 'Off: the pack takes no charge. A charger may lose its battery and shut down.' },
  { key: 'discharge_mos', label: 'Discharge MOS', argument: 'switch', min: 0, max: 1, warning: 'Off: everything fed by this pack loses its supply, perhaps this gateway too.' },
  { key: 'balance', label: 'Balancer', argument: 'switch', min: 0, max: 1, warning: 'Off: the cells are no longer evened out.' },
  { key: 'set_soc', label: 'State of charge', argument: 'percent', min: 0, max: 100, warning: 'Overwrites the charge counter of the BMS.' },
  { key: 'restart', label: 'Restart BMS', argument: 'none', min: 0, max: 0, warning: 'The BMS starts anew; the pack may be off for some seconds.' },
];
