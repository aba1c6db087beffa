// SPDX-License-Identifier: Apache-2.0
// Accounts of devices.
import { API, withSession } from './client';
import { query } from './query';
import type {
  DeviceAccount,
  DeviceAccountPage,
  DeviceAccountPatch,
  DeviceAccountRequest,
  DeviceAccountSecret,
  DeviceCertificate,
  DeviceCertificateRequest,
  DeviceImport,
} from './types';

/** A thousand passwords are hashed on a small computer. */
const IMPORT_MS = 90_000;
const PAGE = 50;

const of = (name: string) => `/devices/accounts/${encodeURIComponent(name)}`;

export const CA_URL = `${API}/certificate/ca`;

export const accounts = {
  list: (search: string, cursor: string | null) =>
    withSession<DeviceAccountPage>(
      'GET',
      `/devices/accounts${query({ limit: PAGE, search, cursor })}`,
    ),
  one: (name: string) => withSession<DeviceAccount>('GET', of(name)),
  add: (body: DeviceAccountRequest) =>
    withSession<DeviceAccountSecret>('POST', '/devices/accounts', body),
  change: (name: string, patch: DeviceAccountPatch) =>
    withSession<DeviceAccount>('PATCH', of(name), patch, {
      headers: { 'Content-Type': 'application/merge-patch+json' },
    }),
  rotate: (name: string) => withSession<DeviceAccountSecret>('POST', `${of(name)}/password`),
  issue: (name: string, body: DeviceCertificateRequest) =>
    withSession<DeviceCertificate>('POST', `${of(name)}/certificate`, body),
  takeCertificate: (name: string) => withSession<void>('DELETE', `${of(name)}/certificate`),
  remove: (name: string) => withSession<void>('DELETE', of(name)),
  importCsv: (file: Blob) =>
    withSession<DeviceImport>('POST', '/devices/accounts/import', file, {
      headers: { 'Content-Type': 'text/csv' },
      timeoutMs: IMPORT_MS,
    }),
  /** As PEM: by which devices know the broker. */
  ca: () =>
    withSession<string>('GET', '/certificate/ca', undefined, { take: (answer) => answer.text() }),
};
