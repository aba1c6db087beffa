// SPDX-License-Identifier: Apache-2.0
// The event stream: one State after the other, and whether they still come.
import { signal } from '@preact/signals';
import { api } from '../api/client';
import type { State } from '../api/types';
import { retryDelay } from './retry';
import { findOut } from './session';

export type Connection =
  | { kind: 'connecting' }
  | { kind: 'live' }
  /** nextTry: milliseconds since 1970 by the browser's clock; null while a try is under way. */
  | { kind: 'lost'; nextTry: number | null };

export const state = signal<State | null>(null);
export const connection = signal<Connection>({ kind: 'connecting' });
/** Grows with each stream that has begun; what was missed in between must be read anew. */
export const streams = signal(0);

/** The daemon takes a new reading every 2 s. A phone that changed its network gets no error at all. */
const SILENCE_MS = 10_000;
/** A daemon that restarts is back sooner than that: not worth a word. */
const GRACE_MS = 1500;
const RELOADED_KEY = 'holdfast-reloaded-for';

let source: EventSource | null = null;
let attempt = 0;
let silence: ReturnType<typeof setTimeout> | undefined;
let next: ReturnType<typeof setTimeout> | undefined;
let grace: ReturnType<typeof setTimeout> | undefined;
let firstVersion: string | null = null;

function close(): void {
  clearTimeout(silence);
  clearTimeout(next);
  source?.close();
  source = null;
}

/** After an upgrade the page in this tab belongs to the old program. */
function reloadIfUpgraded(version: string): void {
  firstVersion ??= version;
  if (version === firstVersion || sessionStorage.getItem(RELOADED_KEY) === version) return;
  sessionStorage.setItem(RELOADED_KEY, version);
  location.reload();
}

function receive(data: string): void {
  const reading = JSON.parse(data) as State;
  clearTimeout(grace);
  grace = undefined;
  attempt = 0;
  state.value = reading;
  if (connection.value.kind !== 'live') connection.value = { kind: 'live' };
  reloadIfUpgraded(reading.gateway.version);
  expectMore();
}

function expectMore(): void {
  clearTimeout(silence);
  silence = setTimeout(lose, SILENCE_MS);
}

function showLost(nextTry: number | null): void {
  if (connection.value.kind === 'lost') connection.value = { kind: 'lost', nextTry };
}

function lose(): void {
  close();
  grace ??= setTimeout(() => {
    connection.value = { kind: 'lost', nextTry: null };
  }, GRACE_MS);
  const delay = retryDelay(attempt++, Math.random());
  next = setTimeout(connect, delay);
  showLost(Date.now() + delay);
  // The stream does not say why it was refused. A session that has ended shows here.
  void findOut('expired');
}

function connect(): void {
  close();
  showLost(null);
  const mine = new EventSource(api.eventsUrl);
  let fresh = true;
  source = mine;
  mine.addEventListener('state', (event) => {
    receive((event as MessageEvent<string>).data);
    if (fresh) streams.value++;
    fresh = false;
  });
  mine.addEventListener('error', lose);
  expectMore();
}

export function retryNow(): void {
  attempt = 0;
  connect();
}

function wake(): void {
  if (document.visibilityState === 'visible' && connection.value.kind === 'lost') retryNow();
}

export function startLive(): () => void {
  connection.value = { kind: 'connecting' };
  attempt = 0;
  connect();
  document.addEventListener('visibilitychange', wake);
  window.addEventListener('online', wake);
  window.addEventListener('offline', lose);
  return () => {
    document.removeEventListener('visibilitychange', wake);
    window.removeEventListener('online', wake);
    window.removeEventListener('offline', lose);
    close();
    clearTimeout(grace);
    grace = undefined;
    state.value = null;
  };
}
