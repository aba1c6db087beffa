// SPDX-License-Identifier: Apache-2.0
// Numbers in forms: people type them in a unit of theirs, the gateway takes them in its own measure.

import { parts } from '../text';

const words = parts.unitsWords;

export interface Unit {
  /** What one unit is in the gateway's own measure. */
  size: number;
  /** In the gateway's own measure. */
  min: number;
  max: number;
  unit: string;
}

export const MB = 1024 ** 2;

function rounded(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}

export function inUnit(value: number, { size }: Unit): string {
  return rounded(value / size);
}

function typed(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text.trim().replace(',', '.'));
}

/** In the gateway's own measure. */
export function fromUnit(text: string, { size }: Unit): number {
  return typed(text) * size;
}

/** Why it cannot be taken; null where it can. */
export function wrongNumber(text: string, limits: Unit): string | null {
  const { size, min, max, unit } = limits;
  const own = fromUnit(text, limits);
  if (!Number.isFinite(own)) return words.isNotANumber;
  return own < min || own > max
    ? words.goesFromTo(rounded(min / size), rounded(max / size), unit).trim()
    : null;
}
