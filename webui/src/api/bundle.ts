// SPDX-License-Identifier: Apache-2.0
// A bundle of several GB goes in pieces; where the connection breaks, it goes on where the gateway is.
import { isApiError, NO_ANSWER, withSession } from './client';
import type { Bundle } from './types';

const PATH = '/releases/bundle';
const PIECE = 4 * 1024 * 1024;
/** The gateway takes no more of a piece than Docker unpacks meanwhile. */
const PIECE_MS = 10 * 60_000;
const POLL_MS = 500;
/** As long as the gateway waits for the next byte. */
const PATIENCE_MS = 5 * 60_000;
const CONFLICT = 409;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export function isComing({ state }: Bundle): boolean {
  return state === 'head' || state === 'images';
}

/** Whether the same question may be answered in a moment. */
function mayPass(error: unknown): boolean {
  return isApiError(error, NO_ANSWER) || isApiError(error, CONFLICT);
}

async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (const since = Date.now(); ; ) {
    try {
      return await ask();
    } catch (error) {
      if (!isApiError(error, NO_ANSWER) || Date.now() - since > PATIENCE_MS) throw error;
      await pause(2 * POLL_MS);
    }
  }
}

const look = () => withSession<Bundle>('GET', PATH);

async function send(file: Blob, offset: number): Promise<void> {
  await withSession<void>('PATCH', PATH, file.slice(offset, offset + PIECE), {
    headers: { 'Upload-Offset': `${offset}` },
    timeoutMs: PIECE_MS,
  });
}

/** The one that is on its way where it may be this file, else a new one. */
async function begin(file: Blob): Promise<Bundle> {
  const now = await patiently(look);
  if (isComing(now) && now.length === file.size) return now;
  return withSession<Bundle>('POST', PATH, undefined, {
    headers: { 'Upload-Length': `${file.size}` },
  });
}

export const bundles = {
  look,
  giveUp: () => withSession<void>('DELETE', PATH),
  /** Until the gateway has it, or has refused it. What ends it is in the answer. */
  upload: async (file: Blob, onProgress: (now: Bundle) => void): Promise<Bundle> => {
    let now = await begin(file);
    while (isComing(now)) {
      onProgress(now);
      if (now.offset < now.length) {
        await send(file, now.offset).catch(async (error) => {
          if (!mayPass(error) && isComing(await patiently(look))) throw error;
          await pause(POLL_MS);
        });
      } else {
        await pause(POLL_MS);
      }
      now = await patiently(look);
    }
    onProgress(now);
    return now;
  },
};
