// SPDX-License-Identifier: Apache-2.0
// What only the page of a service asks for; loaded with it.
import { API, withSession } from './client';
import { query } from './query';
import type { IncidentDetail, IncidentPage, LogLines } from './types';

/** Empty: of all services, of every kind. */
export interface IncidentFilter {
  service: string;
  kind: string;
}

const inPath = encodeURIComponent;

export const incidents = {
  list: (filter: IncidentFilter, limit: number, cursor: string | null) =>
    withSession<IncidentPage>('GET', `/incidents${query({ ...filter, limit, cursor })}`),
  one: (id: string) => withSession<IncidentDetail>('GET', `/incidents/${inPath(id)}`),
  /** Lines of the containers before the present one. */
  previousLog: (service: string, tail: number) =>
    withSession<LogLines>(
      'GET',
      `/services/${inPath(service)}/logs${query({ previous: 'true', tail })}`,
    ),
  logDownloadUrl: (service: string) => `${API}/services/${inPath(service)}/logs/download`,
};
