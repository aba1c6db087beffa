// SPDX-License-Identifier: Apache-2.0
// What only the Releases page asks for; loaded with it.
import { api, isApiError, NO_ANSWER, withSession } from './client';
import { query } from './query';
import type {
  IncidentPage,
  KnownRelease,
  KnownReleaseDetail,
  Operation,
  Plan,
  ReleaseList,
  Upgrade,
} from './types';

/** Together with the tag that an apply of just this must carry. */
export interface TaggedPlan {
  plan: Plan;
  tag: string;
}

const POLL_MS = 500;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const at = (id: string) => `/releases/${encodeURIComponent(id)}`;

async function askPlan(id: string): Promise<TaggedPlan> {
  let tag = '';
  const plan = await withSession<Plan>('POST', `${at(id)}/plan`, undefined, {
    onTag: (given) => {
      tag = given;
    },
  });
  return { plan, tag };
}

/** For what may be asked twice: the browser breaks off what it is loading when the network changes. */
async function twice<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!isApiError(error, NO_ANSWER)) throw error;
    return ask();
  }
}

/** The answer may be lost in the same way although it has begun. */
async function begin(send: Promise<Operation>, isMine: (now: Upgrade) => boolean): Promise<void> {
  try {
    await send;
  } catch (error) {
    if (!isApiError(error, NO_ANSWER)) throw error;
    if (!isMine(await releases.upgrade())) throw error;
  }
}

export const releases = {
  list: () => withSession<ReleaseList>('GET', '/releases'),
  one: (id: string) => withSession<KnownReleaseDetail>('GET', at(id)),
  upgrade: () => withSession<Upgrade>('GET', '/releases/upgrade'),
  /** Those of upgrades that were not kept. */
  failures: () =>
    withSession<IncidentPage>('GET', `/incidents${query({ kind: 'upgrade', limit: 200 })}`),
  plan: (id: string) => twice(() => askPlan(id)),
  /** One that is known already stays as it is. */
  add: (release: string, signature: string | null) =>
    twice(() =>
      withSession<KnownRelease>(
        'POST',
        '/releases',
        signature === null ? { release } : { release, signature },
      ),
    ),
  /** Ends when the registry has been asked. */
  check: async (onBegun: (operation: string) => void) => {
    let now = await withSession<Operation>('POST', '/releases/check');
    onBegun(now.id);
    while (now.finished === null) {
      await pause(POLL_MS);
      now = await twice(() => api.operation(now.id));
    }
    return now;
  },
  forget: (id: string) => withSession<void>('DELETE', at(id)),
  /** allowOlder: also where its counter is below the highest one that has run. */
  apply: (id: string, tag: string, allowOlder: boolean) =>
    begin(
      withSession<Operation>(
        'POST',
        `${at(id)}/apply`,
        { allow_older: allowOlder },
        {
          headers: { 'If-Match': tag },
        },
      ),
      (now) => now.release?.id === id && now.finished === null,
    ),
  /** Goes back to what ran before, as soon as it can. The answer may be lost although it does. */
  giveUp: async ({ operation }: Upgrade) => {
    if (operation === null) return;
    try {
      await api.giveUp(operation);
    } catch (error) {
      if (!isApiError(error, NO_ANSWER)) throw error;
      const now = await releases.upgrade();
      if (now.operation === operation && now.finished === null && now.state !== 'rolling_back')
        throw error;
    }
  },
  /** Also gives up what is under way. */
  rollBack: () =>
    begin(
      withSession<Operation>('POST', '/releases/rollback'),
      (now) => now.state === 'rolling_back' || (now.kind === 'rollback' && now.finished === null),
    ),
};
