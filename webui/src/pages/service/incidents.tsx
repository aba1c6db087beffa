// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import type { Incident, Service } from '../../api/types';
import { incidentPath } from '../../derive/address';
import { incidentMark, sentence, timesText } from '../../derive/incident';
import { count, timeNear } from '../../format/format';
import { Loading, Trouble } from '../../parts/asked';
import { Card, Status } from '../../parts/basics';
import type { Asked, Pages } from '../../state/asked';
import { service as serviceText } from '../../text';

const text = serviceText.incidents;

function Item({
  incident,
  at,
  whose,
}: {
  incident: Incident;
  at: string;
  whose: string | null;
}): JSX.Element {
  const mark = incidentMark(incident);
  const often = timesText(incident, at);
  return (
    <li data-testid="incident" data-kind={incident.kind}>
      <time dateTime={incident.at} title={incident.at}>
        {timeNear(incident.at, at)}
      </time>
      <Status tone={mark.tone}>{mark.word}</Status>
      <div class="incident-what">
        <a class="breaks" href={incidentPath(incident.service, incident.id)}>
          {sentence(whose ? `${whose}: ${incident.found}` : incident.found)}
        </a>
        {often && <p class="quiet">{often}</p>}
        {incident.done && <p class="quiet breaks">{sentence(incident.done)}</p>}
      </div>
    </li>
  );
}

export function IncidentList({
  asked,
  at,
  shown,
  services,
  empty,
  onMore,
}: {
  asked: Asked<Pages<Incident>>;
  at: string;
  /** Where they are of several: each is then said to be whose. */
  services?: Service[];
  empty: string;
  /** So many to begin with. */
  shown: number;
  onMore: () => void;
}): JSX.Element {
  const items = asked.value?.items ?? [];
  const whose = ({ service }: Incident) =>
    services ? (services.find((s) => s.name === service)?.title ?? service) : null;
  const hidden = items.length - shown;
  return (
    <div id="incidents">
      <Card
        title={text.incidents}
        class="incidents-card"
        aside={items.length > 0 && <span class="aside">{text.newestFirst}</span>}
      >
        <Trouble asked={asked} />
        <Loading asked={asked} />
        {asked.value && items.length === 0 && <p class="quiet">{empty}</p>}
        <ul class="incidents">
          {items.slice(0, shown).map((incident) => (
            <Item key={incident.id} incident={incident} at={at} whose={whose(incident)} />
          ))}
        </ul>
        {(hidden > 0 || asked.value?.next) && (
          <button type="button" class="button small more" onClick={onMore}>
            {hidden > 0 ? text.more(count(hidden)) : text.olderOnes}
          </button>
        )}
      </Card>
    </div>
  );
}
