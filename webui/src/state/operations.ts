// SPDX-License-Identifier: Apache-2.0
// What was asked of a service, until it is done and seen to be done.
import { signal } from '@preact/signals';
import { api, errorText, isApiError, NO_ANSWER } from '../api/client';
import type { Action, Operation, Service, ServiceName } from '../api/types';
import { shell } from '../text';
import { state } from './live';

export interface Progress {
  action: Action;
  /** Null until the gateway has taken it. */
  operation: string | null;
  /** settling: the engine has done its part, the service is not yet back at its work. */
  phase: 'working' | 'settling' | 'done' | 'failed';
  detail: string;
  startedMs: number;
  endedMs: number | null;
}

export const progress = signal<Partial<Record<ServiceName, Progress>>>({});

const POLL_MS = 700;
const SETTLE_MS = 60_000;
const SHOW_DONE_MS = 10_000;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function put(service: ServiceName, change: Partial<Progress>): void {
  const old = progress.value[service];
  if (old) progress.value = { ...progress.value, [service]: { ...old, ...change } };
}

export function dismiss(service: ServiceName): void {
  const { [service]: _, ...others } = progress.value;
  progress.value = others;
}

function find(name: ServiceName): Service | undefined {
  return state.value?.services.find((s) => s.name === name);
}

function settled(name: ServiceName, action: Action, sinceBefore: string | null): boolean {
  const service = find(name);
  if (!service) return false;
  if (action === 'stop') return service.state === 'stopped' || service.state === 'absent';
  return service.health === 'healthy' && (action === 'start' || service.since !== sinceBefore);
}

function isOpen({ state }: Operation): boolean {
  return state === 'queued' || state === 'running';
}

async function follow(
  name: ServiceName,
  action: Action,
  operation: Operation,
  since: string | null,
): Promise<void> {
  let now = operation;
  while (isOpen(now)) {
    put(name, { detail: now.detail, operation: now.id });
    await pause(POLL_MS);
    now = await api.operation(now.id).catch(() => now);
  }
  if (now.state === 'failed') {
    put(name, { phase: 'failed', detail: now.detail, endedMs: Date.now() });
    return;
  }
  put(name, { phase: 'settling', detail: '' });
  const giveUp = Date.now() + SETTLE_MS;
  while (!settled(name, action, since) && Date.now() < giveUp) await pause(POLL_MS / 2);
  const done = settled(name, action, since);
  const still = find(name)?.reason ?? '';
  put(name, {
    phase: done ? 'done' : 'failed',
    detail: done ? '' : still || shell.answers.notBackYet,
    endedMs: Date.now(),
  });
  if (!done) return;
  const mine = progress.value[name];
  setTimeout(() => progress.value[name] === mine && dismiss(name), SHOW_DONE_MS);
}

function begin(name: ServiceName, action: Action): void {
  progress.value = {
    ...progress.value,
    [name]: {
      action,
      operation: null,
      phase: 'working',
      detail: '',
      startedMs: Date.now(),
      endedMs: null,
    },
  };
}

/** What was asked for may be under way although its answer was lost: the browser breaks off what it is
 * loading when the network changes, as it does when a container ends on the same machine. */
async function command(name: ServiceName, action: Action): Promise<Operation> {
  try {
    return await api.command(name, action);
  } catch (error) {
    if (!isApiError(error, NO_ANSWER)) throw error;
    const { operations } = await api.operations(10);
    const [newest] = operations.filter((one) => one.service === name);
    if (newest?.kind === action && isOpen(newest)) return newest;
    throw error;
  }
}

export async function ask(name: ServiceName, action: Action): Promise<void> {
  const since = find(name)?.since ?? null;
  begin(name, action);
  try {
    await follow(name, action, await command(name, action), since);
  } catch (error) {
    put(name, { phase: 'failed', detail: errorText(error), endedMs: Date.now() });
  }
}

/** Why it goes on all the same; empty where it ends, which is seen as any end is. */
export async function giveUp(name: ServiceName): Promise<string> {
  const id = progress.value[name]?.operation;
  if (!id) return '';
  try {
    await api.giveUp(id);
    return '';
  } catch (error) {
    return errorText(error);
  }
}

/** Takes up what somebody has begun elsewhere, or before this page was loaded. */
export async function adoptOperations(): Promise<void> {
  const { operations } = await api.operations(10).catch(() => ({ operations: [] as Operation[] }));
  for (const operation of operations) {
    const { service, kind } = operation;
    if (!service || kind === 'upgrade' || kind === 'rollback' || kind === 'check') continue;
    if (!isOpen(operation) || progress.value[service]) continue;
    begin(service, kind);
    void follow(service, kind, operation, find(service)?.since ?? null);
  }
}

export function busy(name: ServiceName): boolean {
  const phase = progress.value[name]?.phase;
  return phase === 'working' || phase === 'settling';
}
