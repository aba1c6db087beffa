// SPDX-License-Identifier: Apache-2.0
// Chance that comes again with the same seed (mulberry32), for property tests.
export interface Chance {
  /** 0 ≤ x < 1 */
  next: () => number;
  /** 0 ≤ x < below, whole. */
  below: (below: number) => number;
}

export function chance(seed: number): Chance {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return { next, below: (below) => Math.floor(next() * below) };
}
