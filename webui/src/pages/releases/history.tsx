// SPDX-License-Identifier: Apache-2.0
// The upgrades so far: how each ended, and why.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Incident, PastUpgrade } from '../../api/types';
import { incidentPath } from '../../derive/address';
import { sentence } from '../../derive/incident';
import { gapsText, incidentOf, pastMark } from '../../derive/release';
import type { TitleOf } from '../../derive/upgrade';
import { count, duration, secondsBetween, timeNear } from '../../format/format';
import { Card, Status } from '../../parts/basics';
import { releases } from '../../text';

const text = releases.history;

const SHOWN = 8;

function Item({
  past,
  at,
  titleOf,
  incident,
}: {
  past: PastUpgrade;
  at: string;
  titleOf: TitleOf;
  incident: Incident | null;
}): JSX.Element {
  const mark = pastMark(past);
  const took = secondsBetween(past.started, past.finished) ?? 0;
  const gaps = gapsText(past, titleOf);
  return (
    <li data-testid="past" data-outcome={past.outcome}>
      <p class="past-head">
        <span class="breaks">
          {past.from.name} → <strong>{past.release.name}</strong>
        </span>
        <Status tone={mark.tone}>{mark.word}</Status>
      </p>
      {past.reason && (
        <p class="past-reason breaks">
          {sentence(past.reason)}{' '}
          {incident && (
            <a class="in-text" href={incidentPath(incident.service, incident.id)}>
              {text.whatWasSeen}
              <span class="unseen"> {text.of(past.release.name)}</span>
            </a>
          )}
        </p>
      )}
      <p class="quiet">
        <span title={past.finished}>{timeNear(past.finished, at)}</span>
        {text.byTook(past.actor, duration(took))}
      </p>
      {gaps && <p class="quiet breaks">{gaps}</p>}
    </li>
  );
}

export function HistoryCard({
  history,
  failures,
  at,
  titleOf,
}: {
  history: PastUpgrade[];
  failures: Incident[];
  at: string;
  titleOf: TitleOf;
}): JSX.Element {
  const [all, setAll] = useState(false);
  const hidden = history.length - SHOWN;
  return (
    <Card
      title={text.upgradesSoFar}
      aside={history.length > 0 && <span class="aside">{text.newestFirst}</span>}
    >
      {history.length === 0 ? (
        <p class="quiet">{text.noneYetEachOneEndsWith}</p>
      ) : (
        <ul class="past">
          {(all ? history : history.slice(0, SHOWN)).map((past) => (
            <Item
              key={past.id}
              past={past}
              at={at}
              titleOf={titleOf}
              incident={incidentOf(past, failures)}
            />
          ))}
        </ul>
      )}
      {hidden > 0 && !all && (
        <button type="button" class="button small more" onClick={() => setAll(true)}>
          {text.more(count(hidden))}
        </button>
      )}
    </Card>
  );
}
