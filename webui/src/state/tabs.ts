// SPDX-License-Identifier: Apache-2.0
// All tabs of a browser hear one event stream: the tab that holds a lock reads it and tells the others.
//
// Not a SharedWorker: where somebody has accepted the gateway's own certificate, Chromium lets that count for
// pages and not for workers.
import type { StreamEvent } from '../derive/events';
import { type Link, type Listener, type Reader, SILENCE_MS } from './stream';

const NAME = 'holdfast-events';
/** Whoever reads sees silence first, and says so. */
const PATIENCE_MS = SILENCE_MS + 3000;
/** A tab that reads answers at once. */
const HELLO_MS = 3000;

/** term grows with each reader, so that the last words of one who was replaced count no more. */
export type Message =
  | { kind: 'event'; term: number; event: StreamEvent }
  | { kind: 'link'; term: number; link: Link }
  /** Somebody has just come: what is the newest? */
  | { kind: 'hello' }
  | { kind: 'retry' };

/** Of a browser, as far as is needed here. */
export interface Surroundings {
  locks: Pick<LockManager, 'request'>;
  channel: () => Pick<BroadcastChannel, 'postMessage' | 'close' | 'onmessage'>;
  visible: () => boolean;
}

export interface Tab {
  retry: () => void;
  /** Somebody looks at this tab again. */
  wake: () => void;
  stop: () => void;
}

export function surroundings(): Surroundings {
  return {
    locks: navigator.locks,
    channel: () => new BroadcastChannel(NAME),
    visible: () => document.visibilityState === 'visible',
  };
}

/** Joins the tabs that hear the stream; read begins to read it, where that falls to this tab. */
export function joinTabs(
  listener: Listener,
  read: (listener: Listener) => Reader,
  { locks, channel: open, visible }: Surroundings = surroundings(),
): Tab {
  const channel = open();
  let reader: Reader | null = null;
  let term = 0;
  let newest: StreamEvent | null = null;
  let link: Link = { kind: 'connecting' };
  let stopped = false;
  let place = new AbortController(); // in the queue for the lock
  let release: () => void = () => {};
  let patience: ReturnType<typeof setTimeout> | undefined;
  let overdue = false;

  const tell = (message: Message) => channel.postMessage(message);

  const expectMore = (ms = PATIENCE_MS) => {
    overdue = false;
    clearTimeout(patience);
    if (!reader && !stopped) patience = setTimeout(missing, ms);
  };
  const take = (event: StreamEvent) => {
    if (event.name === 'state') newest = event;
    listener.event(event);
    expectMore();
  };
  const show = (now: Link) => {
    link = now;
    listener.link(now);
    const wait = now.kind === 'lost' && now.nextTry !== null ? now.nextTry - Date.now() : 0;
    expectMore(Math.max(0, wait) + PATIENCE_MS);
  };

  const lead = () => {
    const mine = ++term;
    clearTimeout(patience);
    reader = read({
      ...listener,
      event: (event) => {
        take(event);
        tell({ kind: 'event', term: mine, event });
      },
      link: (now) => {
        show(now);
        tell({ kind: 'link', term: mine, link: now });
      },
    });
    return reader;
  };
  const leave = () => {
    reader?.stop();
    reader = null;
    release();
  };
  /** Reads for as long as the lock is held. */
  const queue = (steal: boolean) => {
    place.abort();
    place = new AbortController();
    let mine: Reader | null = null;
    const held = () =>
      new Promise<void>((done) => {
        if (stopped) return done();
        release = done;
        mine = lead();
      });
    locks.request(NAME, steal ? { steal } : { signal: place.signal }, held).catch(() => {
      // This place in the queue was given up, or the lock taken away.
      if (stopped || mine === null || mine !== reader) return;
      leave();
      queue(false);
      expectMore();
    });
  };
  /** Nothing has come from the tab that reads: it may be frozen, or its connection dead. */
  const missing = () => {
    if (reader) return;
    overdue = true;
    if (visible()) queue(true);
  };

  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    switch (data.kind) {
      case 'retry':
        reader?.retry();
        return;
      case 'hello':
        if (!reader) return;
        if (newest) tell({ kind: 'event', term, event: newest });
        tell({ kind: 'link', term, link });
        return;
      default:
        if (data.term < term || (reader && data.term === term)) return;
        term = data.term;
        if (data.kind === 'event') take(data.event);
        else show(data.link);
    }
  };

  tell({ kind: 'hello' });
  queue(false);
  expectMore(HELLO_MS);
  return {
    retry: () => (reader ? reader.retry() : tell({ kind: 'retry' })),
    wake: () => {
      if (overdue) missing();
    },
    stop: () => {
      stopped = true;
      clearTimeout(patience);
      place.abort();
      leave();
      channel.close();
    },
  };
}
