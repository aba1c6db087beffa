// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { windowsOf, windowText } from '../src/derive/windows';

describe('windows for upgrades', () => {
  it.each([
    ['sat sun 02:00–05:00', { days: ['sat', 'sun'], from: '02:00', to: '05:00' }],
    [
      'mon–fri 22:30–04:00',
      { days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '22:30', to: '04:00' },
    ],
    ['every day 02:00–05:00', { from: '02:00', to: '05:00' }],
  ])('are written as they are read: %s', (text, window) => {
    expect(windowsOf(text)).toEqual([window]);
    expect(windowText(window as Parameters<typeof windowText>[0])).toBe(text);
  });

  it('are taken as people type them', () => {
    expect(windowsOf('2:00 - 5:00\n\nSaturday, Sunday 0:00-0:00')).toEqual([
      { from: '02:00', to: '05:00' },
      { days: ['sat', 'sun'], from: '00:00', to: '00:00' },
    ]);
    expect(windowsOf('fri-mon 1:00-2:00')).toEqual([
      { days: ['mon', 'fri', 'sat', 'sun'], from: '01:00', to: '02:00' },
    ]);
    expect(windowsOf(' \n')).toEqual([]);
  });

  it.each(['at night', 'sat', 'day 02:00–05:00', '25:00–26:00', '02:00'])(
    '%s is none, and named',
    (text) => {
      expect(windowsOf(text)).toContain(`“${text}”`);
    },
  );
});
