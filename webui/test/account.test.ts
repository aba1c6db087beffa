// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { publishLine, sampleTopic, topicsOf } from '../src/derive/account';

const FIELD = { address: '192.0.2.7', port: 1883 };

describe('the account of a device', () => {
  it('has a topic to try', () => {
    expect(sampleTopic({ name: 'd7', publish: ['sensors/%u/#', 'x'] })).toBe('sensors/d7/test');
    expect(sampleTopic({ name: 'd7', publish: ['+/%u/temp'] })).toBe('any/d7/temp');
    expect(sampleTopic({ name: 'd7', publish: [] })).toBe('sensors/d7');
  });

  it('has a line for a shell', () => {
    expect(publishLine({ name: 'd7', publish: ['sensors/%u/#'] }, 'abc', FIELD)).toBe(
      'mosquitto_pub -h 192.0.2.7 -p 1883 -i d7 -u d7 -P abc -q 1 -t sensors/d7/test -m 21.5',
    );
  });

  it('can have any password', () => {
    expect(publishLine({ name: 'd7', publish: ['x'] }, "it's $HOME", FIELD)).toContain(
      `-P 'it'\\''s $HOME' `,
    );
  });

  it('has topics as they are typed', () => {
    expect(topicsOf('  a/%u/#   b ')).toEqual(['a/%u/#', 'b']);
    expect(topicsOf('')).toEqual([]);
  });
});
