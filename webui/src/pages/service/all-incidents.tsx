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
import { service as serviceText } from '../../text';
import { IncidentList } from './incidents';

const text = serviceText.allIncidents;

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
          <a href="/services">{text.services}</a>
        </p>
        <Title>{text.whatWentWrongAndWhatWas}</Title>
        <p class="sub">{text.deathsOfServicesAndWhatWas}</p>
      </header>
      <div class="filters">
        <Select
          label={text.service}
          options={state.services.map((s) => [s.name, s.title] as const)}
          value={filter.service}
          onChoose={(service) => choose({ service })}
        />
        <Select
          label={text.kind}
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
        empty={filter.service || filter.kind ? text.noIncidentIsLikeThat : text.noneSoFar}
        onMore={() => setShown(shown + SHOWN)}
      />
    </>
  );
}
