// SPDX-License-Identifier: Apache-2.0
// Which colour and which word a state has. The word always stands beside the colour.
import type { Sentence, Service, Uplink } from '../api/types';
import { markText } from '../text';

/** move: it is being worked at. */
export type Tone = 'ok' | 'warn' | 'bad' | 'off' | 'move';

export interface Mark {
  tone: Tone;
  word: string;
}

const HEALTH: Record<Service['health'], Mark> = {
  healthy: { tone: 'ok', word: markText.health.healthy },
  starting: { tone: 'warn', word: markText.health.starting },
  degraded: { tone: 'warn', word: markText.health.degraded },
  waiting: { tone: 'warn', word: markText.health.waiting },
  unreachable: { tone: 'bad', word: markText.health.unreachable },
  stopped: { tone: 'off', word: markText.health.stopped },
  failed: { tone: 'bad', word: markText.health.failed },
};

const ON_THE_WAY: Partial<Record<Service['state'], string>> = markText.onTheWay;

export function serviceMark(service: Service): Mark {
  const mark = HEALTH[service.health];
  if (service.health === 'starting' || service.health === 'stopped') {
    const word = ON_THE_WAY[service.state];
    if (word) return { tone: 'warn', word };
  }
  if (service.health === 'stopped' && service.desired === 'running')
    return { ...mark, tone: 'bad' };
  return mark;
}

const UPLINK: Record<Uplink['state'], Mark> = {
  unset: { tone: 'off', word: markText.uplink.unset },
  idle: { tone: 'ok', word: markText.uplink.idle },
  delivering: { tone: 'ok', word: markText.uplink.delivering },
  away: { tone: 'warn', word: markText.uplink.away },
  refused: { tone: 'bad', word: markText.uplink.refused },
  unknown: { tone: 'off', word: markText.uplink.unknown },
};

export function uplinkMark(uplink: Uplink): Mark {
  return UPLINK[uplink.state];
}

/**
 * Changes only when the sentence says something else, not when a number in it counts on: a screen
 * reader is told of each new key.
 */
export function announcementKey(sentence: Sentence): string {
  return `${sentence.level} ${sentence.eyebrow} ${sentence.title}`
    .replace(/[\d,.]+/g, '#')
    .replace(/# (s|min|h|days)\b( # min)?/g, '#')
    .replace(/# # behind#/, '#');
}
