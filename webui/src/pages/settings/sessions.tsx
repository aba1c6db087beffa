// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import type { SessionInfo } from '../../api/types';
import { agoText } from '../../derive/access';
import { timeNear } from '../../format/format';
import { Status } from '../../parts/basics';
import { settings } from '../../text';

const text = settings.sessions;

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
  if (sessions.length === 0) return <p class="quiet">{text.noneIsOpen}</p>;
  return (
    <ul class="entries">
      {sessions.map((session) => (
        <li key={session.id} data-testid="session" data-user={session.user}>
          <div class="entry-what">
            <p class="entry-head">
              <b class="breaks">{session.address ?? text.addressNotKnown}</b>
              {session.current && <Status tone="ok">{text.thisOne}</Status>}
            </p>
            <p class="quiet">
              <span title={session.used}>{text.used(agoText(session.used, at))}</span>,{' '}
              <span title={session.created}>{text.opened(timeNear(session.created, at))}</span>
            </p>
          </div>
          {!session.current && (
            <button
              type="button"
              class="button small"
              disabled={busy}
              onClick={() => onEnd(session)}
            >
              {text.endIt}
              <span class="unseen">
                {text.sessionOfFrom(session.user, session.address ?? text.anAddressNotKnown)}
              </span>
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}
