// SPDX-License-Identifier: Apache-2.0
// Who is here: decides between claim, login and the dashboard itself.
import { signal } from '@preact/signals';
import { api, whenUnauthorized } from '../api/client';
import type { ClaimState, Session } from '../api/types';

export type Visitor =
  | { kind: 'unknown' }
  | { kind: 'away'; error: unknown }
  | { kind: 'unclaimed'; claim: ClaimState }
  | { kind: 'stranger'; claim: ClaimState; why: 'new' | 'expired' | 'left' }
  | { kind: 'member'; session: Session };

export const visitor = signal<Visitor>({ kind: 'unknown' });

const RETRY_MS = 3000;
let retry: ReturnType<typeof setTimeout> | undefined;

export async function findOut(why: 'new' | 'expired' | 'left' = 'new'): Promise<void> {
  clearTimeout(retry);
  try {
    const [session, claim] = await Promise.all([api.session(), api.claimState()]);
    if (session) visitor.value = { kind: 'member', session };
    else if (claim.claimed) visitor.value = { kind: 'stranger', claim, why };
    else visitor.value = { kind: 'unclaimed', claim };
  } catch (error) {
    if (visitor.value.kind === 'member') return;
    visitor.value = { kind: 'away', error };
    retry = setTimeout(findOut, RETRY_MS);
  }
}

export function welcome(session: Session): void {
  visitor.value = { kind: 'member', session };
}

export async function leave(): Promise<void> {
  await api.logout();
  await findOut('left');
}

whenUnauthorized(() => {
  if (visitor.value.kind === 'member') void findOut('expired');
});
