// SPDX-License-Identifier: Apache-2.0
// Incidents whatever they belong to: also those of networks and volumes.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { query } from '../../api/query';
import type { State } from '../../api/types';
import { incidentKinds } from '../../derive/incident';
import { Title } from '../../parts/basics';
import { Select } from '../../parts/select';
import { useIncidents } from '../../state/incidents';
import { IncidentList } from './incidents';

const SHOWN = 20;

export function AllIncidents({ state }: { state: State }): JSX.Element {
  const [shown, setShown] = useState(SHOWN);
  const sign = state.services.map((s) => `${s.health} ${s.restarts}`).join();
  const { path, query: given, route } = useLocation();
  const filter = { service: given['service'] ?? '', kind: given['kind'] ?? '' };
  const choose = (change: Partial<typeof filter>) => {
    setShown(SHOWN);
    route(path + query({ ...filter, ...change }), true);
  };
  const asked = useIncidents(filter, shown, sign);
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
      <div class="filters">
        <Select
          label="Service"
          options={state.services.map((s) => [s.name, s.title] as const)}
          value={filter.service}
          onChoose={(service) => choose({ service })}
        />
        <Select
          label="Kind"
          options={incidentKinds}
          value={filter.kind}
          onChoose={(kind) => choose({ kind })}
        />
      </div>
      <IncidentList
        asked={asked}
        at={state.at}
        shown={shown}
        services={state.services}
        empty={filter.service || filter.kind ? 'No incident is like that.' : 'None so far.'}
        onMore={() => setShown(shown + SHOWN)}
      />
    </>
  );
}
