// SPDX-License-Identifier: Apache-2.0
// Accounts of devices.
import { withSession } from './client';
import { query } from './query';
import type {
  DeviceAccount,
  DeviceAccountPage,
  DeviceAccountPatch,
  DeviceAccountRequest,
  DeviceAccountSecret,
  DeviceImport,
} from './types';

/** A thousand passwords are hashed on a small computer. */
const IMPORT_MS = 90_000;

const of = (name: string) => `/devices/accounts/${encodeURIComponent(name)}`;

export const accounts = {
  list: (cursor: string | null) =>
    withSession<DeviceAccountPage>('GET', `/devices/accounts${query({ limit: 200, cursor })}`),
  add: (body: DeviceAccountRequest) =>
    withSession<DeviceAccountSecret>('POST', '/devices/accounts', body),
  change: (name: string, patch: DeviceAccountPatch) =>
    withSession<DeviceAccount>('PATCH', of(name), patch, {
      headers: { 'Content-Type': 'application/merge-patch+json' },
    }),
  rotate: (name: string) => withSession<DeviceAccountSecret>('POST', `${of(name)}/password`),
  remove: (name: string) => withSession<void>('DELETE', of(name)),
  importCsv: (file: Blob) =>
    withSession<DeviceImport>('POST', '/devices/accounts/import', file, {
      headers: { 'Content-Type': 'text/csv' },
      timeoutMs: IMPORT_MS,
    }),
};
