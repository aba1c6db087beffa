// SPDX-License-Identifier: Apache-2.0
// What only the page of a service asks for; loaded with it.
import { API, withSession } from './client';
import { query } from './query';
import type { IncidentDetail, IncidentPage, LogLines } from './types';

const inPath = encodeURIComponent;

export const incidents = {
  /** service: empty for those of all. */
  list: (service: string, limit: number, cursor: string | null) =>
    withSession<IncidentPage>('GET', `/incidents${query({ service, limit, cursor })}`),
  one: (id: string) => withSession<IncidentDetail>('GET', `/incidents/${inPath(id)}`),
  /** Lines of the containers before the present one. */
  previousLog: (service: string, tail: number) =>
    withSession<LogLines>(
      'GET',
      `/services/${inPath(service)}/logs${query({ previous: 'true', tail })}`,
    ),
  logDownloadUrl: (service: string) => `${API}/services/${inPath(service)}/logs/download`,
};
