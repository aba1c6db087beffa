// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClaimState, Session } from '../src/api/types';

const claim: ClaimState = { claimed: true, name: 'press-hall-3', fingerprint: 'SHA256:AA' };
const member: Session = { user: 'admin', role: 'admin', expires: '2026-11-28T03:00:00Z' };
const gateway = vi.hoisted(() => ({ session: null as unknown }));

vi.mock('../src/api/client', () => ({
  api: {
    session: () => Promise.resolve(gateway.session),
    claimState: () => Promise.resolve(claim),
  },
  whenUnauthorized: () => {},
}));

const { findOut, visitor } = await import('../src/state/session');

const why = () => (visitor.value.kind === 'stranger' ? visitor.value.why : visitor.value.kind);

describe('why nobody is here', () => {
  beforeEach(async () => {
    gateway.session = member;
    await findOut();
    gateway.session = null;
  });

  it('is that the session has ended, where only that is known', async () => {
    await findOut('expired');
    expect(why()).toBe('expired');
  });

  it.each([
    ['before', ['left', 'expired']],
    ['after', ['expired', 'left']],
  ] as const)('is that somebody left, told %s a tab was refused', async (_, told) => {
    await Promise.all(told.map((one) => findOut(one)));
    expect(why()).toBe('left');
    await findOut('expired');
    expect(why()).toBe('left');
  });

  it('is told anew of the next session', async () => {
    await findOut('left');
    gateway.session = member;
    await findOut();
    expect(why()).toBe('member');
    gateway.session = null;
    await findOut('expired');
    expect(why()).toBe('expired');
  });
});
