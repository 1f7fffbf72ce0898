// SPDX-License-Identifier: Apache-2.0
// Builds the pages into dist/ with hashed names; `npm run dev` passes /api on to a gateway or the mock (BMSGATE_URL).
import { defineConfig } from 'vitest/config';

const gateway = process.env.BMSGATE_URL ?? 'http://127.0.0.1:8099';

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2022',
    cssCodeSplit: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
    // What the first view needs comes in one piece; charts and the other pages when they are asked for.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            {
              name: 'core',
              test: /node_modules\/(preact|@preact)|src\/(lib|api|gen|store|lang\/en|app|main|pages\/status\/(?!jk|daly)|ui\/(?!chart|range_bar|chip))/,
            },
          ],
        },
      },
    },
  },
  server: { proxy: { '/api': gateway, '/healthz': gateway } },
  test: { environment: 'happy-dom', include: ['tests/**/*.test.{ts,tsx}'], env: { TZ: 'Europe/Rome' } },
});
