// SPDX-License-Identifier: Apache-2.0
// What a tab has heard of the event stream, one event after the other, whichever tab reads it.
import type { State } from '../api/types';

/** One event as it came. id: where to go on; null where it has none. */
export interface StreamEvent {
  id: string | null;
  name: string;
  data: string;
}

export interface Heard {
  /** Of the newest event that had one; "" before the first. */
  lastId: string;
  /** The newest picture of everything. */
  state: State | null;
  /** Grows with each change that was told, or may have been missed. */
  happened: number;
  /** Grows with the first picture after readings or changes that nobody told of. */
  gaps: number;
  /** Something was missed, and no picture has come since. */
  missed: boolean;
}

export const NOTHING_HEARD: Heard = {
  lastId: '',
  state: null,
  happened: 0,
  gaps: 0,
  missed: false,
};

/** The gateway sends a picture every 2 s. */
const READING_GAP_MS = 5000;

interface Place {
  start: string;
  n: number;
}

/** An id is the start of holdfastd and the number of the newest change that it covers. */
function placeOf(id: string): Place | null {
  const [, start = '', n = ''] = /^([0-9a-f]+)-(\d+)$/.exec(id) ?? [];
  return start ? { start, n: Number(n) } : null;
}

/** How many changes lie between two ids; null where that cannot be told. */
function between(before: string, now: string): number | null {
  const [from, to] = [placeOf(before), placeOf(now)];
  return from && to && from.start === to.start ? to.n - from.n : null;
}

function afterChange(heard: Heard, id: string): Heard {
  const steps = between(heard.lastId, id);
  if (steps !== null && steps <= 0) return heard; // a new reader was told again what all have heard
  const missed = heard.missed || (heard.lastId !== '' && steps !== 1);
  return { ...heard, lastId: id, happened: heard.happened + 1, missed };
}

function afterState(heard: Heard, id: string, data: string): Heard {
  const steps = between(heard.lastId, id);
  if (steps !== null && steps < 0) return heard; // older than what all have heard
  const state = JSON.parse(data) as State;
  const pause = heard.state ? Date.parse(state.at) - Date.parse(heard.state.at) : 0;
  const gap =
    heard.missed || (heard.lastId !== '' && steps !== 0) || Math.abs(pause) > READING_GAP_MS;
  return {
    lastId: id,
    state,
    happened: heard.happened + (gap ? 1 : 0),
    gaps: heard.gaps + (gap ? 1 : 0),
    missed: false,
  };
}

/** What is known after one more event. */
export function hear(heard: Heard, { id, name, data }: StreamEvent): Heard {
  if (name === 'missed') return { ...heard, missed: true };
  if (id === null) return heard;
  if (name === 'change') return afterChange(heard, id);
  return name === 'state' ? afterState(heard, id, data) : heard;
}
