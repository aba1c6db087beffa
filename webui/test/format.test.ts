// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import {
  bytes,
  bytesOf,
  count,
  countShort,
  duration,
  percent,
  rate,
  secondsBetween,
} from '../src/format/format';

const plain = (text: string) => text.replaceAll('\u00a0', ' ');
const MB = 1024 ** 2;

describe('format', () => {
  it('sizes have the unit in which they are short', () => {
    expect([0, 1023, 1536, 8.4 * MB, 64 * MB, 28 * 1024 * MB].map((n) => plain(bytes(n)))).toEqual([
      '0 B',
      '1,023 B',
      '1.5 kB',
      '8.4 MB',
      '64 MB',
      '28 GB',
    ]);
  });

  it('a part shares the unit of the whole, unless it would vanish in it', () => {
    expect(plain(bytesOf(8.4 * MB, 64 * MB))).toBe('8.4 of 64 MB');
    expect(plain(bytesOf(61 * MB, 1024 * MB))).toBe('61 MB of 1 GB');
    expect(plain(bytesOf(0, 64 * MB))).toBe('0 of 64 MB');
  });

  it('large counts are grouped where exact and short where not', () => {
    expect(count(1204318)).toBe('1,204,318');
    expect([950, 9999, 12400, 999_499, 999_500, 1204318].map((n) => plain(countShort(n)))).toEqual([
      '950',
      '9,999',
      '12.4 k',
      '999 k',
      '1.0 M',
      '1.2 M',
    ]);
  });

  it('rates below one in ten seconds are told by the minute', () => {
    expect([0, 0.04, 0.4, 12.5, 154.2].map((n) => rate(n))).toEqual([
      '0/s',
      '2.4/min',
      '0.4/s',
      '13/s',
      '154/s',
    ]);
  });

  it('durations have at most two units', () => {
    expect([-3, 14, 400, 7200, 7800, 47 * 3600, 19 * 86400].map((s) => plain(duration(s)))).toEqual(
      ['0 s', '14 s', '6 min', '2 h', '2 h 10 min', '47 h', '19 days'],
    );
  });

  it('percent shows a tenth where it matters', () => {
    expect([0, 0.04, 2.13, 9.96, 57.4].map((n) => plain(percent(n)))).toEqual([
      '0 %',
      '0.0 %',
      '2.1 %',
      '10 %',
      '57 %',
    ]);
  });

  it('no time is no duration, and a clock that went back is none below zero', () => {
    expect(secondsBetween(null, '2026-11-24T03:01:33Z')).toBeNull();
    expect(secondsBetween('2026-11-24T03:01:30Z', '2026-11-24T03:01:33Z')).toBe(3);
    expect(secondsBetween('2026-11-24T03:01:36Z', '2026-11-24T03:01:33Z')).toBe(0);
  });
});
