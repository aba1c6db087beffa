// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { LogLine } from '../src/api/types';
import { claimErrors, formatSetupCode } from '../src/derive/claim';
import { linesLike, lineTone, newOnes, pieces, withoutTime } from '../src/derive/log';
import { passwordStrength } from '../src/derive/password';
import { inPathOrder, pathOf } from '../src/derive/path';
import { append, fromHistory, rollingMean, SPAN_S } from '../src/derive/series';
import { consequence, purpose } from '../src/derive/service-text';
import { announcementKey } from '../src/derive/tone';
import { retryDelay } from '../src/state/retry';
import { service, stateWith } from './fixture';

describe('own services', () => {
  it('stand behind those that every gateway has, whatever they are called', () => {
    const own = ['constructor', 'broker', 'adapter', 'buffer'].map((name) => service(name));
    expect(inPathOrder(own).map((s) => s.name)).toEqual([
      'broker',
      'buffer',
      'constructor',
      'adapter',
    ]);
    expect(purpose('constructor')).toBe(purpose('adapter'));
    expect(consequence('restart', 'constructor')).toHaveLength(2);
  });
});

describe('path', () => {
  it('flows from end to end where all is well', () => {
    expect(pathOf(stateWith()).links.map((l) => l.kind)).toEqual(Array(5).fill('flow'));
  });

  it('is cut after the buffer, and only there, while the cloud is away', () => {
    const state = stateWith();
    const uplink = { ...state.uplink, state: 'away' as const, last_status: 503, attempt: 23 };
    const { nodes, links } = pathOf({ ...state, uplink });
    expect(links.map((l) => l.kind)).toEqual(['flow', 'flow', 'flow', 'cut', 'cut']);
    expect(links.map((l) => l.text).slice(3)).toEqual(['waiting', 'answers 503']);
    expect(nodes.map((n) => n.tone)).toEqual(['ok', 'ok', 'ok', 'warn', 'ok', 'off']);
  });

  it('is cut on both sides of a service that has failed', () => {
    const state = stateWith();
    state.services[1] = service('processor', { health: 'failed', state: 'failed' });
    const { nodes, links } = pathOf(state);
    expect(links.map((l) => l.kind)).toEqual(['flow', 'cut', 'cut', 'flow', 'flow']);
    expect(links[1]).toMatchObject({ tone: 'bad', text: 'waiting' });
    expect(nodes[2]).toMatchObject({ tone: 'bad', note: 'failed' });
  });

  it('says that devices are not let in yet', () => {
    const state = stateWith();
    state.services[0] = service('broker', { numbers: { open: 0 } });
    expect(pathOf(state).links[0]).toMatchObject({ kind: 'cut', text: 'not let in yet' });
  });

  it('shows all nodes and no alarm where there are no services yet', () => {
    const { nodes, links } = pathOf(stateWith({ services: [] }));
    expect(nodes).toHaveLength(6);
    expect(links.every((l) => l.kind === 'idle')).toBe(true);
  });
});

describe('series', () => {
  const history = {
    range: '10m' as const,
    interval_s: 1 as const,
    end: '2026-11-24T03:01:32.000Z',
    series: { 'buffer.held': [null, 4], 'broker.memory_bytes': [7] },
  };
  const names = ['buffer.held', 'broker.memory_bytes'];
  const later = (ms: number) => new Date(Date.parse(history.end) + ms).toISOString();

  it('aligns series of different length at their end', () => {
    const series = fromHistory(history, names);
    const end = Date.parse(history.end) / 1000;
    expect(series.times).toEqual([end - 1, end]);
    expect(series.values['broker.memory_bytes']).toEqual([null, 7]);
  });

  it('continues with the stream, one value for each interval', () => {
    const once = append(fromHistory(history, names), stateWith(), null);
    expect(once.times).toHaveLength(3);
    expect(once.values['buffer.held']).toEqual([null, 4, 3]);
    expect(once.values['broker.memory_bytes']).toEqual([null, 7, 512]);
    expect(append(once, stateWith(), null)).toBe(once);
  });

  it('begins with the stream where the gateway has nothing yet', () => {
    const empty = fromHistory({ ...history, end: null, series: {} }, names);
    expect(append(empty, stateWith(), null).values['buffer.held']).toEqual([3]);
  });

  it('takes how fast a counter grows from two readings, and nothing from a new container', () => {
    const name = 'broker.net_rx_per_s';
    const start = fromHistory({ ...history, series: { [name]: [0] } }, [name]);
    const with_ = (bytes: number, ms: number) => {
      const state = stateWith({ at: later(ms) });
      const usage = state.services[0]?.usage;
      if (usage) usage.net_rx_bytes = bytes;
      return state;
    };
    const before = with_(1000, 0);
    expect(append(start, with_(5000, 2000), before).values[name]).toEqual([0, 2000]);
    expect(append(start, with_(10, 2000), before).values[name]).toEqual([0, null]);
    expect(append(start, with_(5000, 2000), null).values[name]).toEqual([0, null]);
  });

  it('does not take an unknown buffer for an empty one', () => {
    const state = stateWith();
    const unknown = { ...state, buffer: { ...state.buffer, state: 'unknown' as const } };
    const series = append(fromHistory(history, names), unknown, null);
    expect(series.values['buffer.held']).toEqual([null, 4, null]);
  });

  it('are smoothed without making up what is not known', () => {
    expect(rollingMean([4, 0, null, 8, 0], 2)).toEqual([4, 2, null, 8, 4]);
    expect(rollingMean([], 5)).toEqual([]);
  });

  it('never keeps more than the range', () => {
    let series = fromHistory({ ...history, end: null, series: {} }, names);
    for (let i = 0; i < SPAN_S['10m']; i++)
      series = append(series, stateWith({ at: new Date(i * 2000).toISOString() }), null);
    expect(series.times).toHaveLength(SPAN_S['10m'] / 2 + 1);
    for (const values of Object.values(series.values))
      expect(values).toHaveLength(SPAN_S['10m'] / 2 + 1);
  });
});

describe('log', () => {
  const line = (time: string, text: string): LogLine => ({ time, stream: 'stderr', text });

  it('a tail that overlaps brings only what is new', () => {
    const known = [line('1', 'a'), line('2', 'b'), line('2', 'c')];
    const tail = [line('1', 'a'), line('2', 'b'), line('2', 'c'), line('2', 'c'), line('3', 'd')];
    expect(tail.filter(newOnes(known, 200)).map((l) => l.text)).toEqual(['c', 'd']);
    expect(tail.filter(newOnes([], 200))).toEqual(tail);
  });

  it('after the tail every line is new, also of a clock that was set back', () => {
    const known = [line('5', 'a'), line('6', 'b')];
    const isNew = newOnes(known, 200);
    const lines = [line('5', 'a'), line('6', 'b'), line('7', 'c'), line('3', 'd')];
    expect(lines.filter(isNew).map((l) => l.text)).toEqual(['c', 'd']);
    const short = newOnes(known, 2);
    const back = [line('5', 'a'), line('6', 'b'), line('3', 'd')];
    expect(back.filter(short).map((l) => l.text)).toEqual(['d']);
  });

  it('finds the level in our lines and in mosquitto’s', () => {
    expect(lineTone('level=warn event=slow')).toBe('warn');
    expect(lineTone('level=error event=lost')).toBe('bad');
    expect(lineTone('1700000000: Warning: queue full')).toBe('warn');
    expect(lineTone('level=info error_count=0')).toBeNull();
  });

  it('leaves only lines of a level that have what is searched', () => {
    const texts = ['level=info a', 'level=warn a', 'level=error b', 'error: A'];
    const lines = texts.map((text, id) => ({ ...line('1', text), id }));
    const left = (search: string, level: 'all' | 'warn' | 'error') =>
      linesLike(lines, search, level).map((l) => l.id);
    expect(left('', 'all')).toEqual([0, 1, 2, 3]);
    expect(left('', 'warn')).toEqual([1, 2, 3]);
    expect(left('', 'error')).toEqual([2, 3]);
    expect(left('a', 'error')).toEqual([3]);
  });

  it('leaves out the time that stands beside the line', () => {
    expect(withoutTime('time=2026-11-24T04:33:19.553Z level=info event=ready')).toBe(
      'level=info event=ready',
    );
    expect(withoutTime('uptime=3 event=ready')).toBe('uptime=3 event=ready');
  });

  it('cuts a line at the hits of a search, whatever their case', () => {
    expect(pieces('Ab cab', 'AB')).toEqual(['', 'Ab', ' c', 'ab', '']);
    expect(pieces('a.b', '.')).toEqual(['a', '.', 'b']);
    expect(pieces('abc', '')).toEqual(['abc']);
  });
});

describe('claim', () => {
  it('groups the setup code while it is typed or pasted', () => {
    expect(formatSetupCode('7kq2m9')).toBe('7KQ2-M9');
    expect(formatSetupCode(' 7KQ2-M9XD-4TBF ')).toBe('7KQ2-M9XD-4TBF');
    expect(formatSetupCode('7KQ2-')).toBe('7KQ2');
  });

  it('names what is wrong by field, and nothing where all is right', () => {
    expect(claimErrors('7KQ2-M9XD-4TBF', 'press-hall-3', 'correct horse')).toEqual({});
    expect(Object.keys(claimErrors('', '', ''))).toEqual(['setup_code', 'name', 'password']);
    expect(Object.keys(claimErrors('7KQ2-M9XD-4TBF', 'press.hall', 'correct horse'))).toEqual([
      'name',
    ]);
    expect(claimErrors('7KQ2', 'a', 'correct horse').setup_code).toContain('this one has 4');
  });
});

describe('password strength', () => {
  const level = (password: string, name?: string) =>
    passwordStrength(password, name ? [name] : []).level;

  it('is nothing below the length that is asked for', () => {
    expect(level('aB3$xyzq9')).toBe(0);
  });

  it('is weak for runs, steps and well-known words', () => {
    for (const weak of ['aaaaaaaaaaaaaaaa', '12345678901', 'password12345', 'abcdefghijkl'])
      expect(level(weak), weak).toBe(1);
  });

  it('is weak for the name of the gateway', () => {
    expect(level('pump-station-7', 'pump-station-7')).toBe(1);
  });

  it('is strong for words that do not belong together', () => {
    expect(level('correct horse battery')).toBe(4);
  });
});

describe('connection', () => {
  it('is tried again soon, then less and less often, never at the same moment by all', () => {
    expect(retryDelay(0, 1)).toBeLessThanOrEqual(500);
    expect(retryDelay(50, 1)).toBe(15_000);
    expect(retryDelay(50, 0)).toBe(7500);
  });
});

describe('announcement', () => {
  const say = (eyebrow: string, title: string) =>
    announcementKey({ level: 'warn', eyebrow, title, detail: '' });

  it('is the same while only numbers count on', () => {
    expect(say('Uplink away for 59 s', '1,204 held')).toBe(
      say('Uplink away for 2 h 10 min', '9 held'),
    );
    expect(say('Uplink away for 59 s', 'x')).not.toBe(say('Uplink refused', 'x'));
  });
});
