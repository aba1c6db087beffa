// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { configFrom, differences, secretsWritten } from '../src/derive/difference';

describe('two configurations', () => {
  it('differ in the values that are others, by their places', () => {
    expect(
      differences(
        { name: 'a', buffer: { window_ms: 50, max: 1 }, rules: [{ f: 'x' }, { f: 'y' }] },
        { name: 'a', buffer: { window_ms: 99, max: 1 }, rules: [{ f: 'z' }] },
      ),
    ).toEqual([
      { path: '/buffer/window_ms', before: 50, after: 99 },
      { path: '/rules/0/f', before: 'x', after: 'z' },
      { path: '/rules/1', before: { f: 'y' }, after: null },
    ]);
  });

  it('differ where one has what the other has not, or another kind of value', () => {
    expect(differences({ a: 1 }, { b: 2 })).toEqual([
      { path: '/a', before: 1, after: null },
      { path: '/b', before: null, after: 2 },
    ]);
    expect(differences({ a: [1] }, { a: { x: 1 } })).toHaveLength(1);
    expect(differences({ 'a/b~c': 1 }, { 'a/b~c': 2 })[0]?.path).toBe('/a~1b~0c');
  });

  it('are the same where nothing is another', () => {
    const one = { a: [1, { b: null }], c: '***' };
    expect(differences(one, structuredClone(one))).toEqual([]);
  });
});

describe('a file', () => {
  it('says which secrets it would write anew, and not what they are', () => {
    const now = { sinks: [{ name: 'a', token: '***' }], registry: { password: '***', user: 'x' } };
    const file = { sinks: [{ name: 'a', token: '***' }], registry: { password: 'new', user: 'y' } };
    expect(secretsWritten(now, file)).toEqual([
      { path: '/registry/password', before: '***', after: '***' },
    ]);
  });

  it('is a configuration or is refused with a reason', () => {
    expect(configFrom('{"name":"x"}')).toEqual({ document: { name: 'x' } });
    expect(configFrom('[]')).toEqual({ error: expect.stringContaining('begins with {') });
    expect(configFrom('hello')).toEqual({ error: expect.stringContaining('This is no JSON') });
  });
});
