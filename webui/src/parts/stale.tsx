// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { timeNear } from '../format/format';
import { parts } from '../text';
import { Notice } from './basics';

const text = parts.stale;

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
      <Notice tone="warn" title={text.dockerDoesNotAnswer}>
        {text.whatIsShownHereWasSeen(timeNear(since, at))}
      </Notice>
    </div>
  );
}
