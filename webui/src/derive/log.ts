// SPDX-License-Identifier: Apache-2.0
import type { LogLine } from '../api/types';
import { service } from '../text';
import type { Tone } from './tone';

const words = service.logWords;

export interface NumberedLine extends LogLine {
  id: number;
}

/**
 * The tail that a connection starts with, of at most so many lines, overlaps what is there: says of
 * each line that comes, in turn, whether it is new. Whether it belongs to the tail is told by its
 * time and never by when it came: on a slow box that may be late.
 */
export function newOnes(known: readonly LogLine[], most: number): (line: LogLine) => boolean {
  const last = known.findLast((line) => line.time !== null)?.time ?? null;
  const atLast = new Map<string, number>();
  for (let i = known.length - 1; i >= 0 && known[i]?.time === last; i--) {
    const text = known[i]?.text ?? '';
    atLast.set(text, (atLast.get(text) ?? 0) + 1);
  }
  let overlap = last === null ? 0 : most;
  return ({ time, text }) => {
    if (overlap === 0 || last === null || time === null) return true;
    overlap = time > last ? 0 : overlap - 1;
    if (time !== last) return time > last;
    const left = atLast.get(text) ?? 0;
    atLast.set(text, left - 1);
    return left <= 0;
  };
}

export function lineTone(text: string): Tone | null {
  if (/\blevel=(error|crit|fatal)\b|^\S+ error\b|\berror:/i.test(text)) return 'bad';
  if (/\blevel=warn(ing)?\b|\bwarning:/i.test(text)) return 'warn';
  return null;
}

/** Without the time that a service writes itself: it stands beside the line. */
export function withoutTime(text: string): string {
  return text.replace(/^time=\S+ /, '');
}

/** Where search occurs in text, as pieces; odd ones are the hits. */
export function pieces(text: string, search: string): string[] {
  if (!search) return [text];
  const out: string[] = [];
  const low = text.toLowerCase();
  const wanted = search.toLowerCase();
  let from = 0;
  for (let at = low.indexOf(wanted); at >= 0; at = low.indexOf(wanted, from)) {
    out.push(text.slice(from, at), text.slice(at, at + wanted.length));
    from = at + wanted.length;
  }
  out.push(text.slice(from));
  return out;
}

/** What a line must at least be. */
export const LEVELS = {
  all: words.allLines,
  warn: words.warningsAndErrors,
  error: words.errors,
} as const;
export type Level = keyof typeof LEVELS;

function isLevel(text: string, level: Level): boolean {
  if (level === 'all') return true;
  const tone = lineTone(text);
  return tone === 'bad' || (level === 'warn' && tone === 'warn');
}

export function linesLike(
  lines: readonly NumberedLine[],
  search: string,
  level: Level,
): readonly NumberedLine[] {
  const wanted = search.toLowerCase();
  if (!wanted && level === 'all') return lines;
  return lines.filter(
    ({ text }) => isLevel(text, level) && withoutTime(text).toLowerCase().includes(wanted),
  );
}
