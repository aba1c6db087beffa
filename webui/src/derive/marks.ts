// SPDX-License-Identifier: Apache-2.0
// Events as marks on a chart: where each stands, and which are so near to each other that they are one.

import { service } from '../text';
import type { Tone } from './tone';

const words = service.marksWords;

export interface Event {
  id: string;
  /** Seconds since 1970. */
  time: number;
  tone: Tone;
  text: string;
  href: string;
}

export interface Mark {
  key: string;
  /** 0 at the left edge, 1 at the right one. */
  place: number;
  count: number;
  tone: Tone;
  text: string;
  href: string;
}

/** Of the width: as near as that, two marks cannot be told apart by a finger. */
const NEAR = 0.03;
const WORST: Tone[] = ['bad', 'warn', 'off', 'ok'];

function worse(a: Tone, b: Tone): Tone {
  return WORST.indexOf(a) <= WORST.indexOf(b) ? a : b;
}

/**
 * several: where a mark of more than one event leads to. What is newer than the newest point, which
 * may be a minute old, stands at the edge.
 */
export function marksOf(
  events: readonly Event[],
  end: number,
  span: number,
  several: string,
): Mark[] {
  const marks: Mark[] = [];
  const inside = events.filter(({ time }) => time >= end - span);
  for (const event of [...inside].sort((a, b) => a.time - b.time)) {
    const place = Math.min(1, (event.time - (end - span)) / span);
    const near = marks.at(-1);
    if (near && place - near.place < NEAR) {
      near.count++;
      near.tone = worse(near.tone, event.tone);
      near.text = words.incidentsTheLast(near.count, event.text);
      near.href = several;
    } else marks.push({ ...event, key: event.id, place, count: 1 });
  }
  return marks;
}
