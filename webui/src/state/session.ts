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

type Why = 'new' | 'expired' | 'left';

const CHANNEL = 'holdfast-visitor';
let others: BroadcastChannel | null = null;

/** All tabs of a browser have one session: what one does to it, the others follow. */
export function followOthers(): () => void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = ({ data }: MessageEvent<Why>) => void findOut(data);
  others = channel;
  return () => {
    channel.close();
    others = null;
  };
}

/** Somebody has logged out. A tab that is refused for it, and may hear of it only later, need not tell another reason. */
let left = false;

export async function findOut(why: Why = 'new'): Promise<void> {
  clearTimeout(retry);
  left ||= why === 'left';
  try {
    const [session, claim] = await Promise.all([api.session(), api.claimState()]);
    if (session) arrived(session);
    else if (claim.claimed)
      visitor.value = { kind: 'stranger', claim, why: left && why === 'expired' ? 'left' : why };
    else visitor.value = { kind: 'unclaimed', claim };
  } catch (error) {
    if (visitor.value.kind === 'member') return;
    visitor.value = { kind: 'away', error };
    retry = setTimeout(findOut, RETRY_MS);
  }
}

function changed(why: Why): void {
  others?.postMessage(why);
  void findOut(why);
}

function arrived(session: Session): void {
  left = false;
  visitor.value = { kind: 'member', session };
}

export function welcome(session: Session): void {
  arrived(session);
  others?.postMessage('new');
}

export async function leave(): Promise<void> {
  await api.logout();
  changed('left');
}

let another = false;

/** The gateway is about to become another one: what is open here is not to be gone on with. */
export function willBeAnother(): void {
  another = true;
}

/** The gateway knows this session no more. */
export function expired(): void {
  if (visitor.value.kind !== 'member') return;
  changed(another ? 'new' : 'expired');
  another = false;
}

whenUnauthorized(expired);
