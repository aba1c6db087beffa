// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { changedText, trialText } from '../src/derive/revision';

describe('a revision of the configuration', () => {
  it('says what it changed, and of a secret only that it did', () => {
    const of = (before: unknown, after: unknown) => changedText({ path: '/x', before, after });
    expect(of(50, 2000)).toBe('50 → 2000');
    expect(of(null, { filter: 'a' })).toBe('nothing → {"filter":"a"}');
    expect(of('***', '***')).toBe('another secret');
    expect(of('a', 'b'.repeat(500)).length).toBeLessThan(140);
  });

  it('says where it would go back to while it is watched', () => {
    const trial = { good: 7, seconds: 60, remaining_s: 12, waiting: '' };
    expect(trialText({ current: 8, trial: null, revisions: [] })).toBe('');
    expect(trialText({ current: 8, trial, revisions: [] })).toMatch(
      /^Revision 8 is watched, 12\ss to go. Where .*, revision 7 comes back by itself\.$/,
    );
    const sick = { ...trial, good: 0, waiting: "'buffer': stuck" };
    expect(trialText({ current: 8, trial: sick, revisions: [] })).toMatch(
      /Now: 'buffer': stuck\. .*, the defaults comes? back/,
    );
  });
});
