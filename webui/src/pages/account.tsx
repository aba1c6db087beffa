// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { errorText } from '../api/client';
import type { Session, State } from '../api/types';
import { timeNear } from '../format/format';
import { Card, Copyable, Fact, Facts, Title } from '../parts/basics';
import { Fingerprint } from '../parts/fingerprint';
import { leave } from '../state/session';

export function Account({ session, state }: { session: Session; state: State }): JSX.Element {
  const [problem, setProblem] = useState('');
  const { gateway } = state;
  const logOut = () => {
    setProblem('');
    leave().catch((error) => setProblem(errorText(error)));
  };
  return (
    <>
      <header class="headline with-actions">
        <div>
          <Title>Account</Title>
          <p class="sub">
            Logged in as {session.user}, until {timeNear(session.expires, state.at)}.
          </p>
        </div>
        <div class="actions">
          <button type="button" class="button" onClick={logOut}>
            Log out
          </button>
        </div>
      </header>
      {problem && (
        <p class="error-text" role="alert">
          {problem}
        </p>
      )}
      <div class="stack">
        <Card title="This gateway">
          <Facts>
            <Fact name="Name">
              <span class="breaks">{gateway.name}</span>
            </Fact>
            <Fact name="Id, part of every record">
              <Copyable value={gateway.id} label="gateway id" />
            </Fact>
            <Fact name="Devices publish to (MQTT)">
              <Copyable
                value={`${gateway.field.address}:${gateway.field.port}`}
                label="address for devices"
              />
            </Fact>
            <Fact name="Interface for programs">
              <a href="/api/docs" target="_blank" rel="noreferrer">
                Reference
              </a>
              {', '}
              <a href="/api/v1/openapi.yaml" target="_blank" rel="noreferrer">
                openapi.yaml
              </a>
            </Fact>
          </Facts>
        </Card>
        <Card title="Certificate">
          <p class="quiet">
            The browser warns because this gateway made its certificate itself. It is the right one
            if the browser shows the same fingerprint:
          </p>
          <Fingerprint value={gateway.fingerprint} />
        </Card>
      </div>
    </>
  );
}
