// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import type { SessionInfo } from '../../api/types';
import { agoText } from '../../derive/access';
import { timeNear } from '../../format/format';
import { Status } from '../../parts/basics';

export function SessionList({
  sessions,
  at,
  busy,
  onEnd,
}: {
  sessions: readonly SessionInfo[];
  at: string;
  busy: boolean;
  onEnd: (session: SessionInfo) => void;
}): JSX.Element {
  if (sessions.length === 0) return <p class="quiet">None is open.</p>;
  return (
    <ul class="entries">
      {sessions.map((session) => (
        <li key={session.id} data-testid="session" data-user={session.user}>
          <div class="entry-what">
            <p class="entry-head">
              <b class="breaks">{session.address ?? 'Address not known'}</b>
              {session.current && <Status tone="ok">this one</Status>}
            </p>
            <p class="quiet">
              <span title={session.used}>Used {agoText(session.used, at)}</span>,{' '}
              <span title={session.created}>opened {timeNear(session.created, at)}</span>
            </p>
          </div>
          {!session.current && (
            <button
              type="button"
              class="button small"
              disabled={busy}
              onClick={() => onEnd(session)}
            >
              End it
              <span class="unseen">
                : session of {session.user} from {session.address ?? 'an address not known'}
              </span>
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}
