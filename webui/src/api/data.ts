// SPDX-License-Identifier: Apache-2.0
// What only the pages of the record path ask for; loaded with them.
import { API, withSession } from './client';
import { query } from './query';
import type {
  Buffer,
  DropRequest,
  DryRunResult,
  Lane,
  QuarantineChoice,
  QuarantinePage,
  RecordPage,
  RuleList,
  Rules,
} from './types';

export interface RecordFilter {
  topic: string;
  lane: Lane | '';
}

export const data = {
  buffer: () => withSession<Buffer>('GET', '/buffer'),
  records: (filter: RecordFilter, order: 'newest' | 'oldest', cursor: string | null) =>
    withSession<RecordPage>('GET', `/buffer/records${query({ ...filter, order, cursor })}`),
  exportUrl: (filter: RecordFilter, from: string, to: string) =>
    `${API}/buffer/export${query({ ...filter, from, to })}`,
  drop: (body: DropRequest) => withSession<{ dropped: number }>('POST', '/buffer/drop', body),
  quarantine: (cursor: string | null) =>
    withSession<QuarantinePage>('GET', `/quarantine${query({ cursor })}`),
  quarantineDo: (what: 'replay' | 'drop', choice: QuarantineChoice) =>
    withSession<{ count: number }>('POST', `/quarantine/${what}`, choice),
  rules: () => withSession<RuleList>('GET', '/rules'),
  dryRun: (rules: Rules) => withSession<DryRunResult>('POST', '/rules/dry-run', { rules }),
};
