// SPDX-License-Identifier: Apache-2.0
import type { Incident, IncidentDetail } from '../api/types';
import { count, timeNear } from '../format/format';
import { parts } from '../text';
import { incidentPath } from './address';
import type { Event } from './marks';
import { timesUntil } from './series';
import type { Mark } from './tone';

const words = parts.incidentWords;

const KIND: Record<Incident['kind'], Mark> = {
  exit: { tone: 'warn', word: words.ended },
  oom: { tone: 'bad', word: words.outOfMemory },
  crash_loop: { tone: 'bad', word: words.crashLoop },
  unhealthy: { tone: 'warn', word: words.notAtItsWork },
  drift: { tone: 'warn', word: words.changedByHand },
  upgrade: { tone: 'bad', word: words.releaseNotKept },
};

export function incidentMark({ kind }: Incident): Mark {
  return KIND[kind] ?? { tone: 'warn', word: kind };
}

/** To choose from. */
export const incidentKinds = Object.entries(KIND).map(
  ([kind, { word }]) => [kind, word.charAt(0).toUpperCase() + word.slice(1)] as const,
);

/** As a sentence. */
export function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return first === '' || /[.!?]$/.test(first) ? first : `${first}.`;
}

/** How often, where it was more than once. */
export function timesText({ times, last }: Incident, now: string): string {
  return times > 1 ? words.timesTheLast(count(times), timeNear(last, now)) : '';
}

const SIGNAL_BASE = 128;
const SIGNALS: Record<number, string> = {
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  13: 'SIGPIPE',
  15: 'SIGTERM',
};

/** 139 → "139, SIGSEGV" */
export function exitText(code: number | null): string {
  if (code === null) return '–';
  const signal = SIGNALS[code - SIGNAL_BASE];
  return signal ? `${code}, ${signal}` : String(code);
}

export function eventOf(incident: Incident): Event {
  return {
    id: incident.id,
    time: Date.parse(incident.at) / 1000,
    tone: incidentMark(incident).tone,
    text: sentence(incident.found),
    href: incidentPath(incident.service, incident.id),
  };
}

export interface Curve {
  times: number[];
  memory: (number | null)[];
  cpu: (number | null)[];
  spanS: number;
}

/** Null where nothing was measured. */
export function curveOf({ curve }: IncidentDetail): Curve | null {
  const { interval_s, end, memory_bytes, cpu_percent } = curve;
  const length = Math.max(memory_bytes.length, cpu_percent.length);
  if (!end || length < 2) return null;
  const padded = (list: (number | null)[]) => [
    ...new Array<null>(length - list.length).fill(null),
    ...list,
  ];
  return {
    times: timesUntil(end, interval_s, length),
    memory: padded(memory_bytes),
    cpu: padded(cpu_percent),
    spanS: length * interval_s,
  };
}
