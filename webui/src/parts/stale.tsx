// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { timeNear } from '../format/format';
import { Notice } from './basics';

/** What is known of containers may be old, while what it is about may have changed. */
export function StaleNotice({
  since,
  at,
}: {
  since: string | null;
  at: string;
}): JSX.Element | null {
  if (!since) return null;
  return (
    <div role="status" data-testid="stale">
      <Notice tone="warn" title="Docker does not answer.">
        What is shown here was seen {timeNear(since, at)}. What ran then is left to run.
      </Notice>
    </div>
  );
}
