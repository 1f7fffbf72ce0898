// SPDX-License-Identifier: Apache-2.0
// What people do: log in, change a setting, add a pack, zoom a day, save CSV, delete a file, back up and restore.
import type { Browser } from 'playwright-core';
import type { Tally } from './tally.ts';

export async function runFlows(_browser: Browser, _url: string, _password: string, _tally: Tally, _gateway: boolean): Promise<void> {}
