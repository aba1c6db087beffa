// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import type { Incident } from '../../api/types';
import { incidentPath } from '../../derive/address';
import { incidentMark, sentence } from '../../derive/incident';
import { count, timeNear } from '../../format/format';
import { Loading, Trouble } from '../../parts/asked';
import { Card, Status } from '../../parts/basics';
import type { Asked, Pages } from '../../state/asked';

function Item({ incident, at }: { incident: Incident; at: string }): JSX.Element {
  const mark = incidentMark(incident);
  return (
    <li data-testid="incident" data-kind={incident.kind}>
      <time dateTime={incident.at} title={incident.at}>
        {timeNear(incident.at, at)}
      </time>
      <Status tone={mark.tone}>{mark.word}</Status>
      <div class="incident-what">
        <a class="breaks" href={incidentPath(incident.service, incident.id)}>
          {sentence(incident.found)}
        </a>
        {incident.done && <p class="quiet breaks">{sentence(incident.done)}</p>}
      </div>
    </li>
  );
}

export function IncidentList({
  asked,
  at,
  shown,
  onMore,
}: {
  asked: Asked<Pages<Incident>>;
  at: string;
  /** So many to begin with. */
  shown: number;
  onMore: () => void;
}): JSX.Element {
  const items = asked.value?.items ?? [];
  const hidden = items.length - shown;
  return (
    <div id="incidents">
      <Card
        title="Incidents"
        class="incidents-card"
        aside={items.length > 0 && <span class="aside">newest first</span>}
      >
        <Trouble asked={asked} />
        <Loading asked={asked} />
        {asked.value && items.length === 0 && (
          <p class="quiet">
            None. Where it ends by itself, runs out of memory, stops working or is changed by hand,
            it stands here with its last log lines.
          </p>
        )}
        <ul class="incidents">
          {items.slice(0, shown).map((incident) => (
            <Item key={incident.id} incident={incident} at={at} />
          ))}
        </ul>
        {(hidden > 0 || asked.value?.next) && (
          <button type="button" class="button small more" onClick={onMore}>
            {hidden > 0 ? `${count(hidden)} more` : 'Older ones'}
          </button>
        )}
      </Card>
    </div>
  );
}
