// SPDX-License-Identifier: Apache-2.0
// Reads the event stream, and begins anew for as long as it is wanted.
import type { StreamEvent } from '../derive/events';
import { eventReader } from '../derive/sse';
import { retryDelay } from './retry';

export type Link =
  | { kind: 'connecting' }
  | { kind: 'live' }
  /** nextTry: milliseconds since 1970 by the browser's clock; null while a try is under way. */
  | { kind: 'lost'; nextTry: number | null };

/** The daemon takes a new reading every 2 s. A phone that changed its network gets no error at all. */
export const SILENCE_MS = 10_000;
/** A daemon that restarts is back sooner than that: not worth a word. */
const GRACE_MS = 1500;
const UNAUTHORIZED = 401;

export interface Listener {
  event: (event: StreamEvent) => void;
  link: (link: Link) => void;
  /** The session has ended. */
  refused: () => void;
  /** Where to go on: the id of the newest event that anybody here has heard. */
  lastId: () => string;
}

export interface Reader {
  /** Now, and not after the next pause. */
  retry: () => void;
  stop: () => void;
}

/** Gives the events of one answer; ends when it does. Not an EventSource: that one cannot go on where another
 * tab was, and does not say why it was refused. */
async function readOnce(url: string, listener: Listener, signal: AbortSignal): Promise<void> {
  const id = listener.lastId();
  const answer = await fetch(url, {
    signal,
    cache: 'no-store',
    credentials: 'same-origin',
    headers: { Accept: 'text/event-stream', ...(id && { 'Last-Event-ID': id }) },
  });
  if (answer.status === UNAUTHORIZED) listener.refused();
  if (!answer.ok || !answer.body) return;
  const reader = answer.body.getReader();
  const text = new TextDecoder();
  const take = eventReader((event) => signal.aborted || listener.event(event));
  for (let piece = await reader.read(); !piece.done; piece = await reader.read())
    take(text.decode(piece.value, { stream: true }));
}

export function readStream(url: string, listener: Listener): Reader {
  let current = new AbortController();
  let attempt = 0;
  let link: Link = { kind: 'connecting' };
  let silence: ReturnType<typeof setTimeout> | undefined;
  let next: ReturnType<typeof setTimeout> | undefined;
  let grace: ReturnType<typeof setTimeout> | undefined;

  const show = (now: Link) => {
    link = now;
    listener.link(now);
  };
  const close = () => {
    clearTimeout(silence);
    clearTimeout(next);
    current.abort();
  };
  const lose = () => {
    close();
    const delay = retryDelay(attempt++, Math.random());
    const nextTry = Date.now() + delay;
    next = setTimeout(connect, delay);
    if (link.kind === 'lost') show({ kind: 'lost', nextTry });
    else grace ??= setTimeout(() => show({ kind: 'lost', nextTry: null }), GRACE_MS);
  };
  const expectMore = () => {
    clearTimeout(silence);
    silence = setTimeout(lose, SILENCE_MS);
  };
  const heard = (event: StreamEvent) => {
    listener.event(event);
    expectMore();
    if (event.name !== 'state') return;
    attempt = 0;
    clearTimeout(grace);
    grace = undefined;
    if (link.kind !== 'live') show({ kind: 'live' });
  };
  const connect = () => {
    close();
    if (link.kind === 'lost') show({ kind: 'lost', nextTry: null });
    const mine = new AbortController();
    current = mine;
    const over = () => mine.signal.aborted || lose();
    readOnce(url, { ...listener, event: heard }, mine.signal).then(over, over);
    expectMore();
  };

  const retry = () => {
    attempt = 0;
    connect();
  };
  const back = () => link.kind === 'live' || retry();

  window.addEventListener('offline', lose);
  window.addEventListener('online', back);
  connect();
  return {
    retry,
    stop: () => {
      window.removeEventListener('offline', lose);
      window.removeEventListener('online', back);
      clearTimeout(grace);
      close();
    },
  };
}
