// SPDX-License-Identifier: Apache-2.0
// Incidents whatever they belong to: also those of networks and volumes.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { State } from '../../api/types';
import { Title } from '../../parts/basics';
import { useIncidents } from '../../state/incidents';
import { IncidentList } from './incidents';

const SHOWN = 20;

export function AllIncidents({ state }: { state: State }): JSX.Element {
  const [shown, setShown] = useState(SHOWN);
  const sign = state.services.map((s) => `${s.health} ${s.restarts}`).join();
  const asked = useIncidents('', shown, sign);
  return (
    <>
      <header class="headline">
        <p class="crumbs">
          <a href="/services">Services</a>
        </p>
        <Title>What went wrong, and what was done.</Title>
        <p class="sub">
          Deaths of services, and what was changed by hand. The newest 200 are kept.
        </p>
      </header>
      <IncidentList
        asked={asked}
        at={state.at}
        shown={shown}
        services={state.services}
        empty="None so far."
        onMore={() => setShown(shown + SHOWN)}
      />
    </>
  );
}
