// SPDX-License-Identifier: Apache-2.0
// The audit log: what of it is shown, by day, and as a file.
import type { AuditEntry } from '../api/types';
import { count, date } from '../format/format';
import { settings } from '../text';
import { csv } from './csv';
import { changedText } from './revision';

const words = settings.auditWords;

export interface AuditFilter {
  who: string;
  text: string;
  /** What came of it; empty for all. */
  result: string;
  /** Local days, such as 2026-11-24; empty for any. */
  from: string;
  to: string;
}

const DAY_MS = 86_400_000;

/** When a local day begins; empty where it is none. */
function beginOf(day: string, later = 0): string {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return '';
  const noon = new Date(Date.parse(`${day}T12:00:00`) + later * DAY_MS);
  return new Date(noon.getFullYear(), noon.getMonth(), noon.getDate()).toISOString();
}

/** As the gateway filters: the last day is wanted whole. */
export function auditQuery({ who, text, result, from, to }: AuditFilter) {
  return { who, text: text.trim(), result, from: beginOf(from), to: beginOf(to, 1) };
}

/** A newer reading of the newest, and what was read before. Where they do not meet, some between were
 * not seen: only the newer ones are kept, and their end is where to go on. */
export function joined(
  fresh: readonly AuditEntry[],
  old: readonly AuditEntry[],
): { entries: AuditEntry[]; meet: boolean } {
  const known = new Set(old.map(({ id }) => id));
  const meet = old.length === 0 || fresh.some(({ id }) => known.has(id));
  if (!meet) return { entries: [...fresh], meet };
  return { entries: [...fresh.filter(({ id }) => !known.has(id)), ...old], meet };
}

/** The gateway has a sign for whoever it could not know. */
export function whoText(who: string): string {
  return who === '?' ? words.notKnown : who;
}

export interface Day {
  title: string;
  entries: AuditEntry[];
}

/** In their order; what has no time belongs to the day that it stands in. */
export function byDay(entries: readonly AuditEntry[]): Day[] {
  const days: Day[] = [];
  for (const entry of entries) {
    const title = entry.at === null ? (days.at(-1)?.title ?? words.timeNotKnown) : date(entry.at);
    const day = days.at(-1);
    if (day?.title === title) day.entries.push(entry);
    else days.push({ title, entries: [entry] });
  }
  return days;
}

/** What did not come about, and why; empty for what was done. */
export function resultText({ result, problem }: AuditEntry): string {
  if (result === 'done') return '';
  const why = problem?.replace(/^.*#/, '').replaceAll('-', ' ');
  return why ? words.because(words.results[result], why) : words.results[result];
}

export const auditResults = Object.entries(words.results);

/** The values that an entry changed, a line each. */
export function changeLines({ changes, omitted }: AuditEntry): string[] {
  const lines = changes.map((change) => `${change.path}: ${changedText(change)}`);
  return omitted > 0 ? [...lines, words.more(count(omitted))] : lines;
}

export function auditCsv(entries: readonly AuditEntry[]): string {
  const lines = entries.map((entry) => {
    const { id, at, who, from, what, result, problem } = entry;
    return [
      id,
      at ?? '',
      who,
      from ?? '',
      what,
      result,
      problem ?? '',
      changeLines(entry).join('\n'),
    ];
  });
  return csv([['id', 'at', 'who', 'from', 'what', 'result', 'problem', 'changes'], ...lines]);
}
