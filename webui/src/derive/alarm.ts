// SPDX-License-Identifier: Apache-2.0
// What an alarm is about, in words, and which of them come first.
import { query } from '../api/query';
import type { Alarm, AlarmCounts, Service } from '../api/types';
import { count, duration, secondsBetween } from '../format/format';
import { shell } from '../text';
import { csv } from './csv';
import type { Mark, Tone } from './tone';

const text = shell.alarmWords;

const KIND: Record<Alarm['kind'], string> = {
  service_unhealthy: text.notDoingItsWork,
  crash_loop: text.crashLoop,
  out_of_memory: text.outOfMemory,
  limit_not_enforced: text.limitNotEnforced,
  overcommit: text.limitsExceedTheMachine,
  disk_full: text.diskNearlyFull,
  inodes_full: text.nearlyTooManyFiles,
  memory_pressure: text.memoryIsShort,
  temperature: text.tooWarm,
  flash_wear: text.flashIsWorn,
  flash_rate: text.muchIsWrittenToFlash,
  messages_dropped: text.messagesDropped,
  records_dropped: text.recordsDropped,
  quarantine: text.recordsInQuarantine,
  uplink_away: text.uplinkAway,
  uplink_refused: text.uplinkRefuses,
  device_silent: text.deviceSilent,
  clock_unsynchronised: text.clockNotSynchronised,
  engine_unreachable: text.dockerDoesNotAnswer,
  store_recovered: text.ownDataRecovered,
  drift: text.changedByHand,
  engine_setup: text.dockerSetUpOtherwise,
  anonymous_devices: text.openToAnyDevice,
  certificate_ends: text.certificateEnds,
};

/** All there are, by their titles. */
export const KINDS = (Object.entries(KIND) as [Alarm['kind'], string][]).sort((a, b) =>
  a[1].localeCompare(b[1]),
);

export function kindTitle(kind: Alarm['kind']): string {
  return KIND[kind] ?? kind.replaceAll('_', ' ');
}

const SEVERITY: Record<Alarm['severity'], Mark> = {
  bad: { tone: 'bad', word: text.serious },
  warn: { tone: 'warn', word: text.warning },
};

export function alarmMark({ severity, cleared }: Alarm): Mark {
  return cleared ? { tone: 'off', word: text.over } : SEVERITY[severity];
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
  return { title: subject || text.thisGateway, href: PLACE[kind] ?? null };
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
  const long = text.for(duration(secondsBetween(raised, cleared ?? at) ?? 0));
  return times > 1 ? text.times(long, count(times)) : long;
}

function many(n: number): string {
  return n === 1 ? text.oneAlarm : text.alarms(count(n));
}

export function alarmsCsv(list: readonly Alarm[]): string {
  const rows = list.map((one) => [
    ...[one.id, one.severity, one.kind, one.subject, one.raised, one.last, one.cleared ?? ''],
    ...[String(one.count), one.acknowledged?.by ?? '', one.acknowledged?.at ?? '', one.cause],
  ]);
  return csv([
    [
      ...['id', 'severity', 'kind', 'subject', 'raised', 'last', 'cleared', 'count'],
      ...['acknowledged_by', 'acknowledged_at', 'cause'],
    ],
    ...rows,
  ]);
}

/** The page's first line. */
export function alarmsAnswer({ active, unacknowledged, worst }: AlarmCounts): {
  tone: Tone;
  eyebrow: string;
  title: string;
} {
  if (active === 0) return { tone: 'ok', eyebrow: text.noAlarm, title: text.nothingNeedsYou };
  const tone = worst ?? 'warn';
  const eyebrow = tone === 'bad' ? text.serious2 : text.warning2;
  if (unacknowledged === 0)
    return {
      tone,
      eyebrow,
      title: active === 1 ? text.oneAlarmAndItIsSeen : text.allSeenTo(many(active)),
    };
  return {
    tone,
    eyebrow,
    title: text.forSomebody(many(unacknowledged), unacknowledged === 1 ? text.waits : text.wait),
  };
}
