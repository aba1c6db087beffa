// SPDX-License-Identifier: Apache-2.0
// The configuration, always together with the tag of the revision that it is.
import { withSession } from './client';
import { query } from './query';
import type { Config, ConfigDocument, ConfigPatch, RevisionDiff, RevisionList } from './types';

export interface Revision {
  config: Config;
  tag: string;
}

async function withTag(
  method: 'GET' | 'PATCH' | 'POST' | 'PUT',
  path: string,
  body?: ConfigPatch | ConfigDocument,
  match?: string,
): Promise<Revision> {
  let tag = '';
  const config = await withSession<Config>(method, path, body, {
    headers: {
      ...(match ? { 'If-Match': match } : {}),
      ...(method === 'PATCH' ? { 'Content-Type': 'application/merge-patch+json' } : {}),
    },
    onTag: (given) => {
      tag = given;
    },
  });
  return { config, tag };
}

export const configuration = {
  read: () => withTag('GET', '/config'),
  /** Says what a change would do. */
  tryOut: (patch: ConfigPatch, tag: string) =>
    withTag('PATCH', `/config${query({ dry_run: 'true' })}`, patch, tag),
  change: (patch: ConfigPatch, tag: string) => withTag('PATCH', '/config', patch, tag),
  /** Says what it would be with all of this in its place. */
  tryWhole: (whole: ConfigDocument, tag: string) =>
    withTag('PUT', `/config${query({ dry_run: 'true' })}`, whole, tag),
  replace: (whole: ConfigDocument, tag: string) => withTag('PUT', '/config', whole, tag),
  revisions: () => withSession<RevisionList>('GET', '/config/revisions'),
  /** How it differs from another one. */
  diff: (n: number, from: number) =>
    withSession<RevisionDiff>('GET', `/config/revisions/${n}/diff${query({ from })}`),
  restore: (n: number, tag: string) =>
    withTag('POST', `/config/revisions/${n}/restore`, undefined, tag),
};
