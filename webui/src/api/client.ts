// SPDX-License-Identifier: Apache-2.0
import { shell } from '../text';
import { query } from './query';
import type {
  Action,
  ClaimRequest,
  ClaimState,
  History,
  HistoryRange,
  Operation,
  OperationList,
  Problem,
  ReleaseList,
  ServiceName,
  Session,
} from './types';

const text = shell.answers;

export const API = '/api/v1';

const TIMEOUT_MS = 15_000;
const AGAIN_MS = 500;
export const NO_ANSWER = 0;

/** A refused or failed request. `status` is 0 where the gateway did not answer at all. */
export class ApiError extends Error {
  readonly status: number;
  readonly errors: NonNullable<Problem['errors']>;
  /** What kind of problem, where the status does not say it all. */
  readonly type: string;
  /** Seconds to wait before trying again; null where the gateway did not say. */
  readonly retryAfter: number | null;

  constructor(
    status: number,
    detail: string,
    errors: Problem['errors'],
    retryAfter: number | null,
    type = 'about:blank',
  ) {
    super(detail);
    this.name = 'ApiError';
    this.status = status;
    this.errors = errors ?? [];
    this.retryAfter = retryAfter;
    this.type = type;
  }
}

export function isApiError(error: unknown, status?: number): error is ApiError {
  return error instanceof ApiError && (status === undefined || error.status === status);
}

/** What to tell a person about any error. */
export function errorText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}

let onUnauthorized: () => void = () => {};

/** Called whenever a request that needs a session is answered with 401. */
export function whenUnauthorized(handler: () => void): void {
  onUnauthorized = handler;
}

let onPasswordNeeded: () => Promise<boolean> = async () => false;

/** Called where a request needs the password shown once more; true: it was, ask again. */
export function whenPasswordNeeded(handler: () => Promise<boolean>): void {
  onPasswordNeeded = handler;
}

const PASSWORD_NEEDED = '/api/docs/problems#password-needed';

async function toError(response: Response): Promise<ApiError> {
  const seconds = Number.parseInt(response.headers.get('Retry-After') ?? '', 10);
  const retryAfter = Number.isFinite(seconds) ? seconds : null;
  try {
    const problem = (await response.json()) as Partial<Problem>;
    const detail = problem.detail || problem.title || text.other(response.status);
    return new ApiError(response.status, detail, problem.errors, retryAfter, problem.type);
  } catch {
    return new ApiError(response.status, text.other(response.status), undefined, retryAfter);
  }
}

async function reach(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch {
    throw new ApiError(NO_ANSWER, text.none, undefined, null);
  }
}

/** Asks once more: a browser breaks off what it is loading when the network changes under it, which
 * it does several times in a row. */
async function twice<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!isApiError(error, NO_ANSWER)) throw error;
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    return ask();
  }
}

const read = <T>(path: string) => twice(() => request<T>('GET', path));

/** Whether it may be asked twice. */
function changesNothing(method: Method, path: string): boolean {
  return method === 'GET' || /\/(plan|dry-run|test)$|[?&]dry_run=true/.test(path);
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

interface Extra {
  headers?: Record<string, string>;
  timeoutMs?: number;
  /** Is given the answer's ETag. */
  onTag?: (tag: string) => void;
  /** What becomes of an answer that is no JSON. */
  take?: (answer: Response) => Promise<unknown>;
}

async function request<T>(
  method: Method,
  path: string,
  body?: unknown,
  { headers = {}, timeoutMs = TIMEOUT_MS, onTag, take }: Extra = {},
): Promise<T> {
  const init: RequestInit = {
    method,
    credentials: 'same-origin',
    cache: 'no-store',
    signal: AbortSignal.timeout(timeoutMs),
    headers,
  };
  if (body instanceof Blob) {
    init.headers = { 'Content-Type': 'application/octet-stream', ...headers };
    init.body = body;
  } else if (body !== undefined) {
    init.headers = { 'Content-Type': 'application/json', ...headers };
    init.body = JSON.stringify(body);
  }
  const response = await reach(API + path, init);
  if (!response.ok) throw await toError(response);
  onTag?.(response.headers.get('ETag') ?? '');
  if (take) return (await take(response)) as T;
  return (response.status === 204 ? undefined : await response.json()) as T;
}

export async function withSession<T>(
  method: Method,
  path: string,
  body?: unknown,
  extra?: Extra,
): Promise<T> {
  try {
    const ask = () => request<T>(method, path, body, extra);
    return await (changesNothing(method, path) ? twice(ask) : ask());
  } catch (error) {
    if (isApiError(error, 401)) onUnauthorized();
    if (!isApiError(error, 403) || error.type !== PASSWORD_NEEDED) throw error;
    if (!(await onPasswordNeeded())) throw error;
    return request<T>(method, path, body, extra);
  }
}

const inPath = encodeURIComponent;

export const api = {
  claimState: () => read<ClaimState>('/claim'),
  claim: (body: ClaimRequest) => request<Session>('POST', '/claim', body),
  /** Null where nobody is logged in. */
  session: async (): Promise<Session | null> => {
    try {
      return await read<Session>('/session');
    } catch (error) {
      if (isApiError(error, 401)) return null;
      throw error;
    }
  },
  login: (user: string, password: string) => request<Session>('POST', '/login', { user, password }),
  prove: (password: string) => request<void>('POST', '/session/reauth', { password }),
  logout: () => request<void>('POST', '/logout'),
  history: (range: HistoryRange, names: readonly string[]) =>
    withSession<History>('GET', `/history${query({ range, series: names.join() })}`),
  command: (service: ServiceName, action: Action) =>
    withSession<Operation>('POST', `/services/${inPath(service)}/${action}`),
  operation: (id: string) => withSession<Operation>('GET', `/operations/${inPath(id)}`),
  releases: () => withSession<ReleaseList>('GET', '/releases'),
  giveUp: (id: string) => withSession<Operation>('POST', `/operations/${inPath(id)}/cancel`),
  operations: (limit: number) => withSession<OperationList>('GET', `/operations?limit=${limit}`),
  logStreamUrl: (service: string, tail: number) =>
    `${API}/services/${inPath(service)}/logs?follow=true&tail=${tail}`,
  eventsUrl: `${API}/events`,
};
