// SPDX-License-Identifier: Apache-2.0
// What the buffer's numbers mean: is data safe, when is it full, when drained, what is missing.
import type {
  Books,
  Buffer,
  BufferDetail,
  Device,
  Flash,
  Sink,
  State,
  WhenFull,
} from '../api/types';
import { bytes, count, countShort, duration, secondsBetween } from '../format/format';
import type { Mark, Tone } from './tone';

export interface Answer {
  tone: Tone;
  eyebrow: string;
  title: string;
  detail: string;
}

/** What has just come in is not a backlog. */
export const BACKLOG_S = 10;

function records(n: number): string {
  return n === 1 ? '1 record' : `${countShort(n)} records`;
}

function outlook(buffer: Buffer): string {
  if (buffer.drain_s !== null) return `All delivered in about ${duration(buffer.drain_s)}.`;
  if (buffer.full_s !== null) return `Room for about ${duration(buffer.full_s)} more at this rate.`;
  return '';
}

function waiting({ quarantined }: Buffer): string {
  return quarantined > 0
    ? ` ${countShort(quarantined)} in quarantine, where they wait for you.`
    : '';
}

const FULL: Record<WhenFull, string> = {
  hold: 'Messages wait in the broker, whose queue is bounded.',
  drop_oldest: 'The oldest records are given up for new ones.',
  drop_lower_first: 'The oldest records of the lowest lane are given up for new ones.',
};

/** The page's first line. At 99 % no new block may fit. */
export function dataAnswer(state: State, detail: BufferDetail | null): Answer {
  const { buffer } = state;
  const age = secondsBetween(buffer.oldest, state.at) ?? 0;
  const part = buffer.disk_limit_bytes ? buffer.disk_bytes / buffer.disk_limit_bytes : 0;
  if (buffer.state === 'unknown')
    return {
      tone: 'off',
      eyebrow: 'Not known',
      title: 'The buffer has not spoken yet.',
      detail: 'What is on its disk stays there.',
    };
  if (part >= 0.99 && buffer.held > 0)
    return {
      tone: 'bad',
      eyebrow: 'Full',
      title: 'There is no room for new records.',
      detail: detail ? FULL[detail.policy] : '',
    };
  if (buffer.state === 'degraded')
    return {
      tone: 'warn',
      eyebrow: 'Degraded',
      title: 'The buffer needs a look.',
      detail: buffer.reason,
    };
  const held = `${records(buffer.held)} held, the oldest for ${duration(age)}.${waiting(buffer)}`;
  if (buffer.held > 0 && age > BACKLOG_S)
    return {
      tone: buffer.drain_s === null ? 'warn' : 'ok',
      eyebrow: buffer.drain_s === null ? 'Holding' : 'Draining',
      title: `What is held is safe. ${outlook(buffer)}`.trim(),
      detail: held,
    };
  if (buffer.accepted === 0)
    return { tone: 'off', eyebrow: 'Empty', title: 'No record has come yet.', detail: '' };
  return {
    tone: 'ok',
    eyebrow: 'Delivering',
    title: 'Records leave as they come.',
    detail: `${countShort(buffer.delivered)} delivered.${waiting(buffer)}`,
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
  full: 'no room left',
  age: 'older than the limit',
  disk: 'to leave disk space free',
  damage: 'damaged on disk',
  person: 'given up by a person',
  quarantine: 'given up from the quarantine',
};

export function dropReason(reason: BufferDetail['dropped'][number]['reason']): string {
  return REASON[reason] ?? reason;
}

const SINK: Record<Sink['state'], Mark> = {
  idle: { tone: 'ok', word: 'ready' },
  delivering: { tone: 'ok', word: 'delivering' },
  away: { tone: 'warn', word: 'away' },
  refused: { tone: 'bad', word: 'refuses' },
  'half-open': { tone: 'warn', word: 'trying again' },
  unset: { tone: 'off', word: 'not set' },
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
        ? '> 100 years'
        : years < 1
          ? '< 1 year'
          : `≈ ${Math.round(years)} ${Math.round(years) === 1 ? 'year' : 'years'}`;
    return { value, text: 'expected for a new card' };
  }
  if (flash.rated_endurance_bytes === null)
    return { value: 'not known', text: 'set the rated endurance of the card' };
  return { value: 'not known yet', text: 'it needs a longer time to measure' };
}

export function perDay(value: number | null): string {
  return value === null ? 'not known yet' : `${bytes(value)} a day`;
}

/** Silent for so many of its own intervals, and not for less than a minute. */
const SILENT_INTERVALS = 5;
const SILENT_MIN_S = 60;
/** Where one message is all there was, there is no interval. */
const SILENT_ALONE_S = 600;

export function isSilent(device: Device, at: string): boolean {
  const quiet = secondsBetween(device.last_seen, at);
  if (quiet === null) return false;
  const span = secondsBetween(device.first_seen, device.last_seen ?? at) ?? 0;
  if (device.messages < 2) return quiet > SILENT_ALONE_S;
  const interval = span / (device.messages - 1);
  return quiet > Math.max(SILENT_MIN_S, interval * SILENT_INTERVALS);
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
    const more = raw.length > HEX_MAX ? ` … ${count(raw.length)} bytes` : '';
    return shown.join(' ') + more;
  } catch {
    return base64;
  }
}

export function payloadOf(value: Carrier | null, pretty = false): Payload {
  const whole = wholePayload(value, pretty);
  if (!value?.cut) return whole;
  const size = value.size === undefined ? '' : ` ${count(value.size)} bytes`;
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
  return seconds < 1 ? 'just now' : `${duration(seconds)} ago`;
}
