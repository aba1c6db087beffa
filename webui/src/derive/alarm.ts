// SPDX-License-Identifier: Apache-2.0
// What an alarm is about, in words, and which of them come first.
import { query } from '../api/query';
import type { Alarm, AlarmCounts, Service } from '../api/types';
import { count, duration, secondsBetween } from '../format/format';
import type { Mark, Tone } from './tone';

const KIND: Record<Alarm['kind'], string> = {
  service_unhealthy: 'Not doing its work',
  crash_loop: 'Crash loop',
  out_of_memory: 'Out of memory',
  limit_not_enforced: 'Limit not enforced',
  overcommit: 'Limits exceed the machine',
  disk_full: 'Disk nearly full',
  inodes_full: 'Nearly too many files',
  memory_pressure: 'Memory is short',
  temperature: 'Too warm',
  flash_wear: 'Flash is worn',
  flash_rate: 'Much is written to flash',
  messages_dropped: 'Messages dropped',
  records_dropped: 'Records dropped',
  quarantine: 'Records in quarantine',
  uplink_away: 'Uplink away',
  uplink_refused: 'Uplink refuses',
  device_silent: 'Device silent',
  clock_unsynchronised: 'Clock not synchronised',
  engine_unreachable: 'Docker does not answer',
  store_recovered: 'Own data recovered',
  drift: 'Changed by hand',
  engine_setup: 'Docker set up otherwise',
  anonymous_devices: 'Open to any device',
  certificate_ends: 'Certificate ends',
};

/** All there are, by their titles. */
export const KINDS = (Object.entries(KIND) as [Alarm['kind'], string][]).sort((a, b) =>
  a[1].localeCompare(b[1]),
);

export function kindTitle(kind: Alarm['kind']): string {
  return KIND[kind] ?? kind.replaceAll('_', ' ');
}

const SEVERITY: Record<Alarm['severity'], Mark> = {
  bad: { tone: 'bad', word: 'serious' },
  warn: { tone: 'warn', word: 'warning' },
};

export function alarmMark({ severity, cleared }: Alarm): Mark {
  return cleared ? { tone: 'off', word: 'over' } : SEVERITY[severity];
}

export interface Subject {
  title: string;
  /** Where more of it is shown; null where nowhere. */
  href: string | null;
}

const PLACE: Partial<Record<Alarm['kind'], string>> = {
  anonymous_devices: '/devices/access',
  device_silent: '/devices',
  disk_full: '/data',
  messages_dropped: '/services/broker',
  quarantine: '/data/quarantine',
  records_dropped: '/data',
  uplink_away: '/data',
  uplink_refused: '/data',
};

export function subjectOf({ kind, subject }: Alarm, services: readonly Service[]): Subject {
  const service = services.find((s) => s.name === subject);
  if (service) return { title: service.title, href: `/services/${service.name}` };
  if (kind === 'device_silent' && subject)
    return { title: subject, href: `/devices${query({ search: subject })}` };
  return { title: subject || 'This gateway', href: PLACE[kind] ?? null };
}

function rank(alarm: Alarm): number {
  if (alarm.cleared) return 4;
  return (alarm.acknowledged ? 2 : 0) + (alarm.severity === 'bad' ? 0 : 1);
}

/** What nobody has seen first, the serious before the others, the newest before older ones. */
export function inOrder(alarms: readonly Alarm[]): Alarm[] {
  return [...alarms].sort((a, b) => rank(a) - rank(b) || b.raised.localeCompare(a.raised));
}

export interface AlarmFilter {
  severity: string;
  kind: string;
  subject: string;
}

export function matches(alarm: Alarm, { severity, kind, subject }: AlarmFilter): boolean {
  return (
    (!severity || alarm.severity === severity) &&
    (!kind || alarm.kind === kind) &&
    (!subject || alarm.subject === subject)
  );
}

/** How long, or how long it was; with how often where it was more than once. */
export function spell({ raised, cleared, count: times }: Alarm, at: string): string {
  const long = `for ${duration(secondsBetween(raised, cleared ?? at) ?? 0)}`;
  return times > 1 ? `${long}, ${count(times)} times` : long;
}

function many(n: number): string {
  return n === 1 ? '1 alarm' : `${count(n)} alarms`;
}

/** The page's first line. */
export function alarmsAnswer({ active, unacknowledged, worst }: AlarmCounts): {
  tone: Tone;
  eyebrow: string;
  title: string;
} {
  if (active === 0) return { tone: 'ok', eyebrow: 'No alarm', title: 'Nothing needs you.' };
  const tone = worst ?? 'warn';
  const eyebrow = tone === 'bad' ? 'Serious' : 'Warning';
  if (unacknowledged === 0)
    return {
      tone,
      eyebrow,
      title: active === 1 ? 'One alarm, and it is seen to.' : `${many(active)}, all seen to.`,
    };
  return {
    tone,
    eyebrow,
    title: `${many(unacknowledged)} ${unacknowledged === 1 ? 'waits' : 'wait'} for somebody.`,
  };
}
