// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { curveOf, nearest, stepsTo, timesInside } from '../src/derive/sketch';

describe('a small curve', () => {
  const frame = { from: 100, span: 10, top: 4, width: 100, height: 40 };

  it('goes from the left edge to the right one, and from the bottom to the top', () => {
    expect(curveOf([100, 105, 110], [0, 4, 2], frame)).toEqual({
      line: 'M0 40L50 0L100 20',
      area: 'M0 40L50 0L100 20L100 40L0 40Z',
    });
  });

  it('has a gap where nothing is known', () => {
    expect(curveOf([100, 101, 102, 103], [1, null, 1, 1], frame).line).toBe('M0 30M20 30L30 30');
  });

  it('leaves out what is older, and may be empty', () => {
    expect(curveOf([90, 100], [1, 1], frame).line).toBe('M0 30');
    expect(curveOf([], [], frame)).toEqual({ line: '', area: '' });
  });

  it('has steps that people count in', () => {
    expect(stepsTo(11.2, 3)).toEqual([0, 5, 10]);
    expect(stepsTo(1, 2)).toEqual([0, 0.5, 1]);
    expect(stepsTo(0.3, 3)).toEqual([0, 0.1, 0.2, 0.3]);
    expect(stepsTo(1_345_000, 3)).toEqual([0, 500_000, 1_000_000]);
    expect(stepsTo(7, 0)).toEqual([0]);
  });

  it('knows the round times that are inside', () => {
    expect(timesInside(100, 300, 120)).toEqual([120, 240, 360]);
    expect(timesInside(120, 0, 120)).toEqual([120]);
    expect(timesInside(121, 50, 120)).toEqual([]);
  });

  it('finds what is under the pointer', () => {
    expect(nearest([10, 20, 30], 24)).toBe(1);
    expect(nearest([10, 20, 30], 99)).toBe(2);
    expect(nearest([], 1)).toBeNull();
  });
});
