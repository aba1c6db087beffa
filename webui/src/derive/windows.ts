// SPDX-License-Identifier: Apache-2.0
// When upgrades may begin, as people write it: a line a window, "sat sun 02:00–05:00" or "mon–fri 22:30–04:00".
import type { UpgradePatch } from '../api/types';
import { releases } from '../text';

const words = releases.windowWords;

export type Window = NonNullable<UpgradePatch['windows']>[number];
type Day = NonNullable<Window['days']>[number];

const DAYS: readonly Day[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const LINE = /^(.*?)\s*\b(\d{1,2}:\d\d)\s*[–-]\s*(\d{1,2}:\d\d)$/;
const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;

/** Of days that follow each other the first and the last. */
function daysText(days: readonly Day[]): string {
  if (days.length === 0 || days.length === DAYS.length) return words.everyDay;
  const at = days.map((day) => DAYS.indexOf(day));
  const name = (i: number | undefined) => words.days[i ?? 0] ?? '';
  const inARow = at.length > 2 && at.every((one, i) => one === (at[0] ?? 0) + i);
  return inARow ? `${name(at[0])}–${name(at.at(-1))}` : at.map(name).join(' ');
}

export function windowText({ days = [], from, to }: Window): string {
  return `${daysText(days)} ${from}–${to}`;
}

function dayAt(text: string): number {
  return words.days.findIndex((name) => text.toLowerCase().startsWith(name));
}

/** Null where one of them is none. */
function daysOf(text: string): Day[] | null {
  if (text === '' || text.toLowerCase() === words.everyDay) return [];
  const found = new Set<number>();
  for (const part of text.split(/[\s,]+/)) {
    const [first = '', last = first] = part.split(/[–-]/);
    const [a, b] = [dayAt(first), dayAt(last)];
    if (a < 0 || b < 0) return null;
    for (let i = a; i !== b; i = (i + 1) % DAYS.length) found.add(i);
    found.add(b);
  }
  return DAYS.filter((_, i) => found.has(i));
}

function windowOf(line: string): Window | null {
  const [, before = '', from = '', to = ''] = LINE.exec(line.trim()) ?? [];
  const days = daysOf(before.trim());
  const [a, b] = [from.padStart(5, '0'), to.padStart(5, '0')];
  if (!days || !TIME.test(a) || !TIME.test(b)) return null;
  return { ...(days.length > 0 ? { days } : {}), from: a, to: b };
}

/** The windows, or what is wrong with the text. */
export function windowsOf(text: string): Window[] | string {
  const windows: Window[] = [];
  for (const line of text.split('\n').filter((one) => one.trim() !== '')) {
    const window = windowOf(line);
    if (!window) return words.isNoWindow(line.trim());
    windows.push(window);
  }
  return windows;
}
