// SPDX-License-Identifier: Apache-2.0
// Which colour and which word a state has. The word always stands beside the colour.
import type { Sentence, Service, Uplink } from '../api/types';

/** move: it is being worked at. */
export type Tone = 'ok' | 'warn' | 'bad' | 'off' | 'move';

export interface Mark {
  tone: Tone;
  word: string;
}

const HEALTH: Record<Service['health'], Mark> = {
  healthy: { tone: 'ok', word: 'healthy' },
  starting: { tone: 'warn', word: 'starting' },
  degraded: { tone: 'warn', word: 'degraded' },
  waiting: { tone: 'warn', word: 'waiting' },
  unreachable: { tone: 'bad', word: 'no answer' },
  stopped: { tone: 'off', word: 'stopped' },
  failed: { tone: 'bad', word: 'failed' },
};

const ON_THE_WAY: Partial<Record<Service['state'], string>> = {
  pulling: 'getting its image',
  creating: 'being created',
  starting: 'starting',
  stopping: 'stopping',
  backoff: 'waits to restart',
};

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
  unset: { tone: 'off', word: 'not set' },
  idle: { tone: 'ok', word: 'ready' },
  delivering: { tone: 'ok', word: 'delivering' },
  away: { tone: 'warn', word: 'away' },
  refused: { tone: 'bad', word: 'refuses' },
  unknown: { tone: 'off', word: 'not known' },
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
