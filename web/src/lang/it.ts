// SPDX-License-Identifier: Apache-2.0
import { en, type Texts } from './en.ts';
export const texts: Texts = en;
export const words: Record<string, string> = {};
