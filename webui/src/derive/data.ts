// SPDX-License-Identifier: Apache-2.0
// What the buffer's numbers mean: is data safe, when is it full, when drained, what is missing.
import type { Books, Buffer, BufferDetail, Flash, Sink, State, WhenFull } from '../api/types';
import { bytes, count, countShort, duration, secondsBetween } from '../format/format';
import { data } from '../text';
import type { Mark, Tone } from './tone';

const words = data.dataWords;

export interface Answer {
  tone: Tone;
  eyebrow: string;
  title: string;
  detail: string;
}

/** What has just come in is not a backlog. */
export const BACKLOG_S = 10;

function records(n: number): string {
  return n === 1 ? words.oneRecord : words.records(countShort(n));
}

function outlook(buffer: Buffer): string {
  if (buffer.drain_s !== null) return words.allDeliveredInAbout(duration(buffer.drain_s));
  if (buffer.full_s !== null) return words.roomForAboutMoreAtThis(duration(buffer.full_s));
  return '';
}

function waiting({ quarantined }: Buffer): string {
  return quarantined > 0 ? words.inQuarantineWhereTheyWaitFor(countShort(quarantined)) : '';
}

const FULL: Record<WhenFull, string> = {
  hold: words.messagesWaitInTheBrokerWhose,
  drop_oldest: words.theOldestRecordsAreGivenUp,
  drop_lower_first: words.theOldestRecordsOfTheLowest,
};

/** The page's first line. At 99 % no new block may fit. */
export function dataAnswer(state: State, detail: BufferDetail | null): Answer {
  const { buffer } = state;
  const age = secondsBetween(buffer.oldest, state.at) ?? 0;
  const part = buffer.disk_limit_bytes ? buffer.disk_bytes / buffer.disk_limit_bytes : 0;
  if (buffer.state === 'unknown')
    return {
      tone: 'off',
      eyebrow: words.notKnown,
      title: words.theBufferHasNotSpokenYet,
      detail: words.whatIsOnItsDiskStays,
    };
  if (part >= 0.99 && buffer.held > 0)
    return {
      tone: 'bad',
      eyebrow: words.full,
      title: words.thereIsNoRoomForNew,
      detail: detail ? FULL[detail.policy] : '',
    };
  if (buffer.state === 'degraded')
    return {
      tone: 'warn',
      eyebrow: words.degraded,
      title: words.theBufferNeedsALook,
      detail: buffer.reason,
    };
  const held = words.heldTheOldestFor(records(buffer.held), duration(age), waiting(buffer));
  if (buffer.held > 0 && age > BACKLOG_S)
    return {
      tone: buffer.drain_s === null ? 'warn' : 'ok',
      eyebrow: buffer.drain_s === null ? words.holding : words.draining,
      title: words.whatIsHeldIsSafe(outlook(buffer)).trim(),
      detail: held,
    };
  if (buffer.accepted === 0)
    return { tone: 'off', eyebrow: words.empty, title: words.noRecordHasComeYet, detail: '' };
  return {
    tone: 'ok',
    eyebrow: words.delivering,
    title: words.recordsLeaveAsTheyCome,
    detail: words.delivered(countShort(buffer.delivered), waiting(buffer)),
  };
}

export interface BookPart {
  name: 'delivered' | 'held' | 'dropped' | 'quarantined';
  records: number;
  /** Of all that was accepted, 0 to 1. */
  share: number;
}

/** off: what is missing from the books, or too much in them; 0 where they balance. */
export function bookParts(books: Books): { parts: BookPart[]; off: number } {
  const names = ['delivered', 'held', 'quarantined', 'dropped'] as const;
  const sum = names.reduce((total, name) => total + books[name], 0);
  const whole = Math.max(books.accepted, sum);
  const parts = names.map((name) => ({
    name,
    records: books[name],
    share: whole ? books[name] / whole : 0,
  }));
  return { parts, off: books.accepted - sum };
}

const REASON: Record<BufferDetail['dropped'][number]['reason'], string> = {
  full: words.noRoomLeft,
  age: words.olderThanTheLimit,
  disk: words.toLeaveDiskSpaceFree,
  damage: words.damagedOnDisk,
  person: words.givenUpByAPerson,
  quarantine: words.givenUpFromTheQuarantine,
};

export function dropReason(reason: BufferDetail['dropped'][number]['reason']): string {
  return REASON[reason] ?? reason;
}

const SINK: Record<Sink['state'], Mark> = {
  idle: { tone: 'ok', word: words.ready },
  delivering: { tone: 'ok', word: words.delivering2 },
  away: { tone: 'warn', word: words.away },
  refused: { tone: 'bad', word: words.refuses },
  'half-open': { tone: 'warn', word: words.tryingAgain },
  unset: { tone: 'off', word: words.notSet },
};

export function sinkMark(sink: Sink): Mark {
  return SINK[sink.state] ?? { tone: 'off', word: sink.state };
}

export interface LifeAnswer {
  value: string;
  text: string;
}

/** How long the card lasts, or what is missing to say it. */
export function cardLife(flash: Flash): LifeAnswer {
  if (flash.expected_years !== null) {
    const years = flash.expected_years;
    const value =
      years >= 100
        ? words.yearsOver100
        : years < 1
          ? words.yearsBelow1
          : words.years(Math.round(years));
    return { value, text: words.expectedForANewCard };
  }
  if (flash.rated_endurance_bytes === null)
    return { value: words.notKnown2, text: words.setTheRatedEnduranceOfThe };
  return { value: words.notKnownYet, text: words.itNeedsALongerTimeTo };
}

export function perDay(value: number | null): string {
  return value === null ? words.notKnownYet : words.aDay(bytes(value));
}

export interface Payload {
  kind: 'JSON' | 'text' | 'bytes' | 'nothing';
  text: string;
}

interface Carrier {
  payload?: unknown;
  text?: string;
  base64?: string;
  /** Only the beginning is there. */
  cut?: boolean;
  /** Bytes of the whole, where they are known. */
  size?: number;
}

const HEX_MAX = 64;

function hex(base64: string): string {
  try {
    const raw = atob(base64);
    const shown = [...raw.slice(0, HEX_MAX)].map((c) =>
      c.charCodeAt(0).toString(16).padStart(2, '0'),
    );
    const more = raw.length > HEX_MAX ? ` …${words.bytes(count(raw.length))}` : '';
    return shown.join(' ') + more;
  } catch {
    return base64;
  }
}

export function payloadOf(value: Carrier | null, pretty = false): Payload {
  const whole = wholePayload(value, pretty);
  if (!value?.cut) return whole;
  const size = value.size === undefined ? '' : words.bytes(count(value.size));
  return { ...whole, text: `${whole.text} …${size}` };
}

function wholePayload(value: Carrier | null, pretty: boolean): Payload {
  if (value?.base64 !== undefined) return { kind: 'bytes', text: hex(value.base64) };
  if (value?.text !== undefined) return { kind: 'text', text: value.text };
  if (value && 'payload' in value)
    return { kind: 'JSON', text: JSON.stringify(value.payload, null, pretty ? 2 : undefined) };
  return { kind: 'nothing', text: '' };
}

export function ageText(seconds: number | null): string {
  if (seconds === null) return '–';
  return seconds < 1 ? words.justNow : words.ago(duration(seconds));
}
