// SPDX-License-Identifier: Apache-2.0
// How many bytes the built pages take over the line. Used by the benchmark and the end-to-end tests.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

export const kDist = fileURLToPath(new URL('../dist/', import.meta.url));

/** One file as it is sent: pictures as they are, the rest compressed. */
export const zipped = (path: string) =>
  /\.(png|ico)$/.test(path) ? readFileSync(path).length : gzipSync(readFileSync(path), { level: 9 }).length;

/** All files of the pages together. */
export const everything = () =>
  readdirSync(kDist, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + zipped(`${entry.parentPath}/${entry.name}`), 0);
