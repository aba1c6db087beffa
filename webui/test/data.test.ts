// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { query } from '../src/api/query';
import type { BufferDetail, Config, Flash } from '../src/api/types';
import { bookParts, cardLife, dataAnswer, payloadOf } from '../src/derive/data';
import { fieldOf, formOf, parseRules, patchOf } from '../src/derive/settings';
import { stateWith } from './fixture';

const EARLIER = '2026-11-24T01:01:34.000Z';

function stateWithBuffer(change: Partial<ReturnType<typeof stateWith>['buffer']>) {
  return stateWith({ buffer: { ...stateWith().buffer, ...change } });
}

describe('the first line', () => {
  it('says that records leave as they come', () => {
    expect(dataAnswer(stateWith(), null)).toMatchObject({ tone: 'ok', eyebrow: 'Delivering' });
  });

  it('says that what is held is safe, and for how long there is room', () => {
    const state = stateWithBuffer({ held: 1200, oldest: EARLIER, full_s: 19 * 86_400 });
    const answer = dataAnswer(state, null);
    expect(answer).toMatchObject({ tone: 'warn', eyebrow: 'Holding' });
    expect(answer.title).toMatch(/safe.*19\sdays/);
    expect(answer.detail).toMatch(/1,200 records held, the oldest for 2\sh/);
  });

  it('says when a backlog will be gone', () => {
    const state = stateWithBuffer({ held: 1200, oldest: EARLIER, drain_s: 360 });
    expect(dataAnswer(state, null)).toMatchObject({ tone: 'ok', eyebrow: 'Draining' });
    expect(dataAnswer(state, null).title).toMatch(/about 6\smin/);
  });

  it('says what happens to new records when it is full', () => {
    const state = stateWithBuffer({ held: 9, disk_bytes: 65_000, disk_limit_bytes: 65_536 });
    const detail = { policy: 'drop_oldest' } as BufferDetail;
    expect(dataAnswer(state, detail)).toMatchObject({ tone: 'bad', eyebrow: 'Full' });
    expect(dataAnswer(state, detail).detail).toContain('oldest records are given up');
  });

  it('does not claim anything of a buffer that is silent or unwell', () => {
    expect(dataAnswer(stateWithBuffer({ state: 'unknown' }), null).tone).toBe('off');
    const unwell = stateWithBuffer({ state: 'degraded', reason: 'the disk is read-only' });
    expect(dataAnswer(unwell, null).detail).toBe('the disk is read-only');
  });

  it('does not forget the quarantine while all else is delivered', () => {
    expect(dataAnswer(stateWithBuffer({ quarantined: 3 }), null).detail).toContain(
      '3 in quarantine',
    );
  });
});

describe('books', () => {
  const books = { accepted: 10, delivered: 5, held: 3, dropped: 1, quarantined: 1 };

  it('balance, and their shares add up to one', () => {
    const { parts, off } = bookParts(books);
    expect(off).toBe(0);
    expect(parts.reduce((sum, part) => sum + part.share, 0)).toBeCloseTo(1);
  });

  it('say by how much they do not balance', () => {
    expect(bookParts({ ...books, accepted: 12 }).off).toBe(2);
    expect(bookParts({ ...books, accepted: 9 }).off).toBe(-1);
  });

  it('are empty on a new gateway', () => {
    const none = { accepted: 0, delivered: 0, held: 0, dropped: 0, quarantined: 0 };
    expect(bookParts(none).parts.map((part) => part.share)).toEqual([0, 0, 0, 0]);
  });
});

describe('the card', () => {
  const flash = { expected_years: 21.2, rated_endurance_bytes: 1e13 } as Flash;

  it('lives for so many years, or says what is missing', () => {
    expect(cardLife(flash).value).toBe('≈ 21 years');
    expect(cardLife({ ...flash, expected_years: 0.4 }).value).toBe('< 1 year');
    expect(cardLife({ ...flash, expected_years: 1 }).value).toBe('≈ 1 year');
    expect(cardLife({ ...flash, expected_years: null }).text).toContain('longer');
    const unrated = { ...flash, expected_years: null, rated_endurance_bytes: null };
    expect(cardLife(unrated).text).toContain('set the rated endurance');
  });
});

describe('a payload', () => {
  it('is shown as what it is', () => {
    expect(payloadOf({ payload: { t: 21.5 } })).toEqual({ kind: 'JSON', text: '{"t":21.5}' });
    expect(payloadOf({ payload: null }).text).toBe('null');
    expect(payloadOf({ text: '<b>' })).toEqual({ kind: 'text', text: '<b>' });
    expect(payloadOf({ base64: 'AAH/' })).toEqual({ kind: 'bytes', text: '00 01 ff' });
    expect(payloadOf({ text: 'a', cut: true, size: 2000 }).text).toBe('a … 2,000 bytes');
    expect(payloadOf(null).kind).toBe('nothing');
  });

  it('is cut where it is long, and says how long it is', () => {
    expect(payloadOf({ base64: btoa('x'.repeat(1000)) }).text).toMatch(/78 … 1,000 bytes$/);
  });

  it('says that it was cut before', () => {
    expect(payloadOf({ text: 'begin', cut: true }).text).toBe('begin …');
  });

  it('is shown as it came where it is no base64', () => {
    expect(payloadOf({ base64: '*' }).text).toBe('*');
  });
});

describe('settings', () => {
  const config = {
    buffer: {
      window_ms: 50,
      max_bytes: 1_073_741_825,
      max_age_s: 90_000,
      keep_free_bytes: 134_217_728,
      when_full: 'hold',
      rated_endurance_bytes: 0,
    },
  } as Config;
  const form = formOf(config);

  it('are shown in units that people use', () => {
    expect(form).toMatchObject({ window_ms: '50', max_bytes: '1024', max_age_s: '1.042' });
  });

  it('send only what was changed, so that nothing else is rounded', () => {
    expect(patchOf({ ...form, window_ms: '1000' }, form).patch).toEqual({ window_ms: 1000 });
    expect(patchOf({ ...form, max_age_s: '0,5' }, form).patch).toEqual({ max_age_s: 43_200 });
    expect(patchOf({ ...form, when_full: 'drop_oldest' }, form).patch).toEqual({
      when_full: 'drop_oldest',
    });
    expect(patchOf(form, form).patch).toEqual({});
  });

  it('refuse what is no number or out of range, by field', () => {
    const { patch, errors } = patchOf({ ...form, window_ms: '5001', max_bytes: 'lots' }, form);
    expect(patch).toEqual({});
    expect(errors).toEqual({ window_ms: 'goes from 0 to 5000 ms', max_bytes: 'is not a number' });
    expect(patchOf({ ...form, max_bytes: '' }, form).errors.max_bytes).toBeDefined();
    expect(patchOf({ ...form, keep_free_bytes: '-1' }, form).errors.keep_free_bytes).toBeDefined();
  });

  it('find the field of a refusal', () => {
    expect(fieldOf('/buffer/window_ms')).toBe('window_ms');
    expect(fieldOf('/buffer/when_full')).toBe('when_full');
    expect(fieldOf('/sinks/0/url')).toBeNull();
  });
});

describe('rules', () => {
  it('are a list, and none where nothing is written', () => {
    expect(parseRules('[{"filter":"a/#"}]').rules).toEqual([{ filter: 'a/#' }]);
    expect(parseRules('  \n').rules).toEqual([]);
  });

  it('say what is wrong with the text', () => {
    expect(parseRules('{"filter":"a"}').error).toContain('begin with [');
    expect(parseRules('[\n{"filter" "a"}\n]').error).toMatch(/no JSON.*line 2/);
  });
});

describe('a query', () => {
  it('leaves out what is not given and escapes the rest', () => {
    expect(query({ topic: 'a/+/#', lane: '', cursor: null })).toBe('?topic=a%2F%2B%2F%23');
    expect(query({ topic: '' })).toBe('');
  });
});
