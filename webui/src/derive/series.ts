// SPDX-License-Identifier: Apache-2.0
// What the charts draw: the gateway's history, continued by the event stream.
import type { History, State } from '../api/types';

export const WINDOW_S = 600;

export interface Series {
  intervalS: number;
  /** Seconds since 1970, ascending. */
  times: number[];
  /** By name, each as long as times; null where not known. */
  values: Record<string, (number | null)[]>;
}

export const NO_SERIES: Series = { intervalS: 1, times: [], values: {} };

export function fromHistory(history: History): Series {
  const length = Math.max(0, ...Object.values(history.series).map((v) => v.length));
  if (!history.end || length === 0) return { ...NO_SERIES, intervalS: history.interval_s };
  const end = Date.parse(history.end) / 1000;
  const times = Array.from({ length }, (_, i) => end - (length - 1 - i) * history.interval_s);
  const values: Series['values'] = {};
  for (const [name, list] of Object.entries(history.series))
    values[name] = [...new Array<null>(length - list.length).fill(null), ...list];
  return { intervalS: history.interval_s, times, values };
}

function reading(state: State): Record<string, number | null> {
  const known = state.buffer.state !== 'unknown';
  const point: Record<string, number | null> = {
    'buffer.held': known ? state.buffer.held : null,
    'buffer.in_per_s': known ? state.buffer.in_per_s : null,
    'buffer.out_per_s': known ? state.buffer.out_per_s : null,
    'host.cpu_percent': state.gateway.host.cpu_percent,
    'host.memory_bytes': state.gateway.host.memory_used_bytes,
  };
  for (const service of state.services) {
    point[`${service.name}.memory_bytes`] = service.usage?.memory_bytes ?? null;
    point[`${service.name}.cpu_percent`] = service.usage?.cpu_percent ?? null;
  }
  return point;
}

/** Adds a reading where the last one is an interval old; forgets what has left the window. */
export function append(series: Series, state: State): Series {
  const at = Date.parse(state.at) / 1000;
  const last = series.times.at(-1);
  if (last !== undefined && at - last < series.intervalS * 0.75) return series;

  const from = series.times.findIndex((t) => t >= at - WINDOW_S);
  const keep = from < 0 ? series.times.length : from;
  const times = [...series.times.slice(keep), at];
  const point = reading(state);
  const values: Series['values'] = {};
  for (const name of new Set([...Object.keys(series.values), ...Object.keys(point)])) {
    const old = series.values[name]?.slice(keep) ?? new Array<null>(times.length - 1).fill(null);
    values[name] = [...old, point[name] ?? null];
  }
  return { intervalS: series.intervalS, times, values };
}

export function highest(values: (number | null)[]): number | null {
  let top: number | null = null;
  for (const v of values) if (v !== null && (top === null || v > top)) top = v;
  return top;
}
