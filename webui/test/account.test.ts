// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { inFull, sampleTopic, topicsOf } from '../src/derive/account';

describe('the account of a device', () => {
  it('has a topic to try', () => {
    expect(sampleTopic({ name: 'd7', publish: ['sensors/%u/#', 'x'] })).toBe('sensors/d7/test');
    expect(sampleTopic({ name: 'd7', publish: ['+/%u/temp'] })).toBe('any/d7/temp');
    expect(sampleTopic({ name: 'd7', publish: [] })).toBeNull();
  });

  it('has topics with its name in them', () => {
    expect(inFull('a/%u/%u', 'd7')).toBe('a/d7/d7');
    expect(inFull('a/%u', '$&')).toBe('a/$&');
  });

  it('has topics as they are typed', () => {
    expect(topicsOf('  a/%u/#   b ')).toEqual(['a/%u/#', 'b']);
    expect(topicsOf('')).toEqual([]);
  });
});
