// SPDX-License-Identifier: Apache-2.0
// What the charts draw: the gateway's history; the shortest range is continued by the event stream.
import type { History, HistoryRange, Service, State } from '../api/types';
import { units } from '../text/units';

type Values = (number | null)[];

export interface Series {
  range: HistoryRange;
  intervalS: number;
  /** Seconds since 1970, ascending. */
  times: number[];
  /** By name, each as long as times; null where not known. */
  values: Record<string, Values>;
}

const HOUR_S = 3600;
export const SPAN_S: Record<HistoryRange, number> = {
  '10m': 600,
  '6h': 6 * HOUR_S,
  '3d': 72 * HOUR_S,
};
export const SPAN_TEXT: Record<HistoryRange, string> = units.spans;
export const RANGES = Object.keys(SPAN_S) as HistoryRange[];

export function isRange(text: string | undefined): text is HistoryRange {
  return text !== undefined && text in SPAN_S;
}

export const NO_SERIES: Series = { range: '10m', intervalS: 1, times: [], values: {} };

/** Equally spaced times, of which the last is end. */
export function timesUntil(end: string, intervalS: number, length: number): number[] {
  const last = Date.parse(end) / 1000;
  return Array.from({ length }, (_, i) => last - (length - 1 - i) * intervalS);
}

/** names: what is wanted, also where the gateway has nothing of it yet. */
export function fromHistory(history: History, names: readonly string[]): Series {
  const { range, interval_s, end, series } = history;
  const length = end ? Math.max(0, ...Object.values(series).map((v) => v.length)) : 0;
  const values: Series['values'] = {};
  for (const name of names) {
    const list = length > 0 ? (series[name] ?? []) : [];
    values[name] = [...new Array<null>(length - list.length).fill(null), ...list];
  }
  const times = end ? timesUntil(end, interval_s, length) : [];
  return { range, intervalS: interval_s, times, values };
}

type Counter = 'net_rx_bytes' | 'net_tx_bytes' | 'io_read_bytes' | 'io_write_bytes';

const COUNTERS: [series: string, counter: Counter][] = [
  ['net_rx_per_s', 'net_rx_bytes'],
  ['net_tx_per_s', 'net_tx_bytes'],
  ['io_read_per_s', 'io_read_bytes'],
  ['io_write_per_s', 'io_write_bytes'],
];

/** Null where one is missing, or a new container counts from zero. */
function growth(now: number | null, before: number | null | undefined, s: number): number | null {
  if (now === null || before === null || before === undefined || s <= 0) return null;
  return now < before ? null : (now - before) / s;
}

function ofService(service: Service, before: Service | undefined, s: number) {
  const { name, usage } = service;
  const point: Record<string, number | null> = {
    [`${name}.memory_bytes`]: usage?.memory_bytes ?? null,
    [`${name}.cpu_percent`]: usage?.cpu_percent ?? null,
    [`${name}.throttled_percent`]: usage?.throttled_percent ?? null,
  };
  for (const [series, counter] of COUNTERS)
    point[`${name}.${series}`] = growth(usage?.[counter] ?? null, before?.usage?.[counter], s);
  return point;
}

function reading(state: State, before: State | null): Record<string, number | null> {
  const known = state.buffer.state !== 'unknown';
  const seconds = before ? (Date.parse(state.at) - Date.parse(before.at)) / 1000 : 0;
  const point: Record<string, number | null> = {
    'buffer.held': known ? state.buffer.held : null,
    'buffer.in_per_s': known ? state.buffer.in_per_s : null,
    'buffer.out_per_s': known ? state.buffer.out_per_s : null,
  };
  for (const service of state.services)
    Object.assign(
      point,
      ofService(
        service,
        before?.services.find((s) => s.name === service.name),
        seconds,
      ),
    );
  return point;
}

/** Adds a reading where the last one is an interval old; forgets what has left the range. Takes only
 * what the series have; before: the reading before, which tells how fast counters grow. */
export function append(series: Series, state: State, before: State | null): Series {
  const at = Date.parse(state.at) / 1000;
  const last = series.times.at(-1);
  if (last !== undefined && at - last < series.intervalS * 0.75) return series;

  const from = series.times.findIndex((t) => t >= at - SPAN_S[series.range]);
  const keep = from < 0 ? series.times.length : from;
  const times = [...series.times.slice(keep), at];
  const point = reading(state, before);
  const values: Series['values'] = {};
  for (const [name, old] of Object.entries(series.values))
    values[name] = [...old.slice(keep), point[name] ?? null];
  return { ...series, times, values };
}

/** Each value with those before it, as their mean; what is not known stays so. */
export function rollingMean(values: Values, width: number): Values {
  return values.map((value, i) => {
    if (value === null) return null;
    const known = values.slice(Math.max(0, i + 1 - width), i + 1).filter((v) => v !== null);
    return known.reduce((sum, v) => sum + v, 0) / known.length;
  });
}

export function highest(values: Values): number | null {
  let top: number | null = null;
  for (const v of values) if (v !== null && (top === null || v > top)) top = v;
  return top;
}
