// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { type Heard, hear, NOTHING_HEARD, type StreamEvent } from '../src/derive/events';
import { eventReader } from '../src/derive/sse';
import { stateWith } from './fixture';
import { Gateway } from './gateway';
import { chance } from './random';

const state = (id: string, at = '2026-11-24T03:00:00.000Z'): StreamEvent => ({
  id,
  name: 'state',
  data: JSON.stringify(stateWith({ at })),
});
const change = (id: string): StreamEvent => ({ id, name: 'change', data: '{}' });
const heardOf = (...events: StreamEvent[]) => events.reduce(hear, NOTHING_HEARD);

describe('a stream that comes in pieces', () => {
  const text =
    'retry: 2000\n\nid: a-1\nevent: state\ndata: {"x":"ä€😀"}\n\n: still here\n\n' +
    'event: missed\ndata: {"reason":\ndata: "too_old"}\n\nid: a-2\nevent: change\ndata:{}\n\nid: a-3\nevent: state\ndata: {"cut';
  const events = [
    { id: 'a-1', name: 'state', data: '{"x":"ä€😀"}' },
    { id: null, name: 'missed', data: '{"reason":\n"too_old"}' },
    { id: 'a-2', name: 'change', data: '{}' },
  ];

  it('gives the same events wherever its bytes are cut, and none that is not whole', () => {
    const bytes = new TextEncoder().encode(text);
    for (let seed = 0; seed < 200; seed++) {
      const random = chance(seed);
      const got: StreamEvent[] = [];
      const read = eventReader((event) => got.push(event));
      const decoder = new TextDecoder();
      for (let at = 0; at < bytes.length; ) {
        const end = at + 1 + random.below(seed % 2 ? 3 : 40);
        read(decoder.decode(bytes.slice(at, end), { stream: true }));
        at = end;
      }
      expect(got, `seed ${seed}`).toEqual(events);
    }
  });
});

describe('what a tab knows', () => {
  it('is the newest picture, and no gap where all was told', () => {
    const { lastId, gaps, happened } = heardOf(state('a-3'), change('a-4'), state('a-4'));
    expect({ lastId, gaps, happened }).toEqual({ lastId: 'a-4', gaps: 0, happened: 1 });
  });

  it('does not count what is told again by another tab', () => {
    const before = heardOf(state('a-3'), change('a-4'), state('a-4', '2026-11-24T03:00:02Z'));
    expect(hear(before, change('a-4'))).toBe(before);
    expect(hear(before, state('a-3'))).toBe(before);
  });

  it('has a gap, once, with the picture after what was missed', () => {
    const missed = heardOf(state('a-3'), { id: null, name: 'missed', data: '{}' });
    expect(missed.gaps).toBe(0);
    const fresh = hear(missed, state('b-0'));
    expect(fresh).toMatchObject({ gaps: 1, happened: 1, missed: false, lastId: 'b-0' });
    expect(hear(fresh, state('b-0')).gaps).toBe(1);
  });

  it('has one too where a number was jumped over, or no reading came for a while', () => {
    expect(heardOf(state('a-3'), change('a-5'), state('a-5')).gaps).toBe(1);
    expect(heardOf(state('a-3'), state('a-4')).gaps).toBe(1);
    expect(heardOf(state('a-3'), state('a-3', '2026-11-24T03:00:30Z')).gaps).toBe(1);
  });

  it('is right after any cuts, restarts and repeats: each change was told once, or there is a gap', () => {
    for (let seed = 0; seed < 300; seed++) {
      const random = chance(seed);
      const gateway = new Gateway();
      let heard: Heard = NOTHING_HEARD;
      let follow = gateway.follow('');
      let truth = 0; // changes since the first picture
      let restarts = 0;
      const take = (events: StreamEvent[]) => {
        for (const event of events) {
          heard = hear(heard, event);
          if (random.below(10) === 0) heard = hear(heard, event); // told twice
        }
      };
      take(follow());
      for (let step = 0; step < 60; step++) {
        gateway.pass(1000 + random.below(1000));
        const what = random.below(20);
        if (what < 8) {
          const some = 1 + random.below(4);
          for (let i = 0; i < some; i++) gateway.change();
          truth += some;
        } else if (what === 8) {
          gateway.restart();
          restarts++;
          follow = gateway.follow(heard.lastId);
        } else if (what === 9) {
          gateway.pass(20_000);
          follow = gateway.follow(heard.lastId);
        } else if (what < 12) {
          take(follow().slice(0, random.below(3))); // cut in the middle
          follow = gateway.follow(heard.lastId);
        } else take(follow());
      }
      take(follow());
      const { id, at } = gateway.picture;
      const about = `seed ${seed}`;
      expect(heard.lastId, about).toBe(id);
      expect(heard.state?.at, about).toBe(at);
      expect(heard.missed, about).toBe(false);
      if (heard.gaps === 0) expect(heard.happened, about).toBe(truth);
      if (restarts > 0) expect(heard.gaps, about).toBeGreaterThan(0);
    }
  }, 60_000);
});
