// SPDX-License-Identifier: Apache-2.0
// Who may come in, by what, and what was done: asked for by the settings, and loaded with them.
import { API, withSession } from './client';
import { query } from './query';
import type {
  AuditPage,
  Certificate,
  CertificateRequest,
  NewToken,
  SessionList,
  TokenList,
  TokenRequest,
  User,
  UserList,
  UserPatch,
  UserRequest,
} from './types';

const user = (name: string) => `/users/${encodeURIComponent(name)}`;

export const users = {
  list: async () => (await withSession<UserList>('GET', '/users')).users,
  one: (name: string) => withSession<User>('GET', user(name)),
  add: (body: UserRequest) => withSession<User>('POST', '/users', body),
  change: (name: string, patch: UserPatch) =>
    withSession<User>('PATCH', user(name), patch, {
      headers: { 'Content-Type': 'application/merge-patch+json' },
    }),
  remove: (name: string) => withSession<void>('DELETE', user(name)),
  setOwnPassword: (current: string, fresh: string) =>
    withSession<void>('POST', '/password', { current, new: fresh }),
};

export const sessions = {
  list: async () => (await withSession<SessionList>('GET', '/sessions')).sessions,
  end: (id: string) => withSession<void>('DELETE', `/sessions/${encodeURIComponent(id)}`),
  /** One's own, but the one that asks. */
  endOthers: () => withSession<void>('DELETE', '/sessions'),
};

export const tokens = {
  list: async () => (await withSession<TokenList>('GET', '/tokens')).tokens,
  add: (body: TokenRequest) => withSession<NewToken>('POST', '/tokens', body),
  revoke: (id: string) => withSession<void>('DELETE', `/tokens/${encodeURIComponent(id)}`),
};

export const certificate = {
  read: () => withSession<Certificate>('GET', '/certificate'),
  replace: (body: CertificateRequest) => withSession<Certificate>('PUT', '/certificate', body),
  backToOwn: () => withSession<Certificate>('DELETE', '/certificate'),
};

/** What is empty lets everything through; times are RFC 3339, `to` is the first one not wanted. */
export interface AuditQuery {
  who: string;
  text: string;
  result: string;
  from: string;
  to: string;
}

export const audit = {
  list: (filter: AuditQuery, limit: number, cursor: string | null) =>
    withSession<AuditPage>('GET', `/audit${query({ ...filter, limit, cursor })}`),
};

export const diagnosticsUrl = `${API}/diagnostics`;
