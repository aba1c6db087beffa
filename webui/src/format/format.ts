// SPDX-License-Identifier: Apache-2.0
// Numbers and times as people say them. The exact value belongs into a title beside it.
import { units } from '../text/units';

/** Between a number and its unit; a line never breaks there. */
const NB = '\u00a0';
const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;
const STEP = 1024;
const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

const grouped = new Intl.NumberFormat(units.numbers, { maximumFractionDigits: 0 });

function short(value: number): string {
  return value < 9.95 && value !== Math.round(value) ? value.toFixed(1) : grouped.format(value);
}

function byteUnit(bytes: number): number {
  let unit = 0;
  for (let rest = Math.abs(bytes); rest >= STEP && unit < BYTE_UNITS.length - 1; unit++)
    rest /= STEP;
  return unit;
}

/** 8808038 → "8.4 MB" */
export function bytes(value: number): string {
  const unit = byteUnit(value);
  return `${short(value / STEP ** unit)}${NB}${BYTE_UNITS[unit]}`;
}

/** 8808038, 67108864 → "8.4 of 64 MB"; below 1 the used part has a unit of its own. */
export function bytesOf(used: number, total: number): string {
  const unit = byteUnit(total);
  const part = used / STEP ** unit;
  if (used > 0 && part < 1) return units.of(bytes(used), bytes(total));
  return units.of(short(part), bytes(total));
}

/** 1204318 → "1,204,318" */
export function count(value: number): string {
  return grouped.format(value);
}

/** 1204318 → "1.2 M", 950 → "950", 12400 → "12.4 k" */
export function countShort(value: number): string {
  if (value < 10_000) return count(value);
  const [size, letter] =
    value < 999_500 ? [1e3, 'k'] : value < 999_500_000 ? [1e6, 'M'] : [1e9, 'G'];
  const part = value / size;
  return `${part < 99.95 ? part.toFixed(1) : Math.round(part)}${NB}${letter}`;
}

/** Records a second: 154.2 → "154/s", 0.04 → "2/min" */
export function rate(perSecond: number): string {
  if (perSecond > 0 && perSecond < 0.1)
    return units.aMinute(short(Math.max(perSecond * MINUTE, 0.1)));
  return units.aSecond(perSecond >= 10_000 ? countShort(perSecond) : short(perSecond));
}

export function percent(value: number): string {
  return units.percent(value > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value));
}

/** For an axis: 2.5 → "2.5 %", 5 → "5 %" */
export function percentShort(value: number): string {
  return units.percent(Number(value.toFixed(1)));
}

/** The two largest units at most: "14 s", "6 min", "2 h 10 min", "19 days". */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < MINUTE) return units.seconds(s);
  if (s < HOUR) return units.minutes(Math.floor(s / MINUTE));
  if (s < 2 * DAY) {
    const minutes = Math.floor((s % HOUR) / MINUTE);
    const hours = units.hours(Math.floor(s / HOUR));
    return minutes ? `${hours} ${units.minutes(minutes)}` : hours;
  }
  return units.days(count(Math.floor(s / DAY)));
}

/** Seconds between two RFC 3339 times, never negative; null where one is missing. */
export function secondsBetween(from: string | null, to: string): number | null {
  if (!from) return null;
  const seconds = (Date.parse(to) - Date.parse(from)) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : null;
}

const clock = new Intl.DateTimeFormat(units.times, { timeStyle: 'medium' });
const day = new Intl.DateTimeFormat(units.times, { dateStyle: 'medium' });

/** Local time of day, "12:03:11". */
export function timeOfDay(time: string | number): string {
  return clock.format(new Date(time));
}

const named = new Intl.DateTimeFormat(units.times, { weekday: 'short', day: 'numeric' });

/** "Tue 24" */
export function weekday(time: string | number): string {
  return named.format(new Date(time));
}

/** Local time of day with the date where it is not today's. */
export function timeNear(time: string, now: string): string {
  const date = day.format(new Date(time));
  return date === day.format(new Date(now)) ? timeOfDay(time) : `${date}, ${timeOfDay(time)}`;
}

/** "24 Nov 2026" */
export function date(time: string): string {
  return day.format(new Date(time));
}

/** sha256:0c1d… short enough for a table, still long enough to compare. */
export function shortDigest(digest: string): string {
  const hex = digest.replace(/^sha256:/, '');
  return hex.length > 12 ? hex.slice(0, 12) : hex;
}
