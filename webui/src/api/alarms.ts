// SPDX-License-Identifier: Apache-2.0
import { withSession } from './client';
import { query } from './query';
import type { Alarm, AlarmPage } from './types';

export const alarms = {
  list: (state: 'active' | 'all', kind: string, limit: number, cursor: string | null = null) =>
    withSession<AlarmPage>('GET', `/alarms${query({ state, kind, limit, cursor })}`),
  acknowledge: (id: string) =>
    withSession<Alarm>('POST', `/alarms/${encodeURIComponent(id)}/acknowledge`),
};
