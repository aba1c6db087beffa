// SPDX-License-Identifier: Apache-2.0
// One State after the other, and whether they still come.
import { batch, signal } from '@preact/signals';
import { api } from '../api/client';
import type { State } from '../api/types';
import { type Heard, hear, NOTHING_HEARD } from '../derive/events';
import { first } from './first';
import { expired } from './session';
import { type Link, readStream } from './stream';
import { joinTabs, type Tab } from './tabs';

export const state = signal<State | null>(null);
export const connection = signal<Link>({ kind: 'connecting' });
/** Grows whenever readings were missed: what was measured meanwhile must be read anew. */
export const gaps = signal(0);
/** Grows with each change at the gateway, such as the end of a container. */
export const happened = signal(0);

const RELOADED_KEY = 'holdfast-reloaded-for';

let heard: Heard = NOTHING_HEARD;
let tab: Tab | null = null;
let firstVersion: string | null = null;

/** After an upgrade the page in this tab belongs to the old program. */
function reloadIfUpgraded(version: string): void {
  firstVersion ??= version;
  if (version === firstVersion || sessionStorage.getItem(RELOADED_KEY) === version) return;
  sessionStorage.setItem(RELOADED_KEY, version);
  location.reload();
}

function know(now: Heard): void {
  heard = now;
  batch(() => {
    first.value = null;
    state.value = now.state;
    gaps.value = now.gaps;
    happened.value = now.happened;
  });
  if (now.state) reloadIfUpgraded(now.state.gateway.version);
}

export function retryNow(): void {
  tab?.retry();
}

function wake(): void {
  if (document.visibilityState !== 'visible') return;
  tab?.wake();
  if (connection.value.kind === 'lost') retryNow();
}

/** Before somebody else is here. */
export function forget(): void {
  know(NOTHING_HEARD);
}

/** Goes on where it was stopped. */
export function startLive(): () => void {
  connection.value = { kind: 'connecting' };
  tab = joinTabs(
    {
      event: (event) => know(hear(heard, event)),
      link: (link) => {
        connection.value = link;
      },
      refused: expired,
      lastId: () => heard.lastId,
    },
    (listener) => readStream(api.eventsUrl, listener),
  );
  document.addEventListener('visibilitychange', wake);
  return () => {
    document.removeEventListener('visibilitychange', wake);
    tab?.stop();
    tab = null;
  };
}
