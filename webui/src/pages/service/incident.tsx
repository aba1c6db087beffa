// SPDX-License-Identifier: Apache-2.0
// One incident: what was found, what was done, and what is kept of the time before.
import type { JSX } from 'preact';
import { isApiError } from '../../api/client';
import { incidents } from '../../api/incidents';
import type { IncidentDetail, Service, State } from '../../api/types';
import { curveOf, exitText, incidentMark, sentence, timesText } from '../../derive/incident';
import {
  bytes,
  count,
  duration,
  percent,
  percentShort,
  shortDigest,
  timeNear,
} from '../../format/format';
import { Loading, Trouble } from '../../parts/asked';
import { Card, Copyable, Fact, Facts, Status, Title } from '../../parts/basics';
import { Chart } from '../../parts/chart';
import { useAsked } from '../../state/asked';
import { LogLines } from './log-lines';

const HEIGHT = 148;
const CPU_MIN_PERCENT = 5;

function Crumbs({ name, service }: { name: string; service: Service | undefined }): JSX.Element {
  return (
    <p class="crumbs">
      {service ? (
        <a href={`/services/${encodeURIComponent(name)}`}>{service.title}</a>
      ) : (
        <a href="/incidents">Incidents</a>
      )}
    </p>
  );
}

function CurveCard({
  incident,
  service,
}: {
  incident: IncidentDetail;
  service: Service | undefined;
}): JSX.Element {
  const curve = curveOf(incident);
  if (!curve)
    return (
      <Card title="Before it">
        <p class="quiet">Nothing was measured of the time before it.</p>
      </Card>
    );
  const { times, memory, cpu, spanS } = curve;
  const most = service?.limits.memory_bytes ?? 0;
  const same = { times, span: spanS, height: HEIGHT, newest: 'at its end' };
  return (
    <Card title="Before it" aside={<span class="aside">the last {duration(spanS)}</span>}>
      <div class="charts" data-testid="curve">
        <Chart
          {...same}
          label="Memory before it"
          lines={[{ name: 'memory', values: memory, color: '--accent', fill: '--accent-bg' }]}
          format={bytes}
          steps="bytes"
          {...(most > 0 ? { limit: { value: most, name: `limit ${bytes(most)}` } } : {})}
        />
        <Chart
          {...same}
          label="CPU before it"
          lines={[{ name: 'CPU', values: cpu, color: '--accent', fill: '--accent-bg' }]}
          format={percent}
          axis={percentShort}
          atLeast={CPU_MIN_PERCENT}
        />
      </div>
    </Card>
  );
}

function FactsCard({ incident, at }: { incident: IncidentDetail; at: string }): JSX.Element {
  const { exit_code, oom_killed, uptime_s, restarts, image, kind } = incident;
  const often = timesText(incident, at);
  const ended = kind === 'exit' || kind === 'oom' || kind === 'crash_loop';
  return (
    <Card title="What is known">
      <Facts>
        <Fact name="When">
          <span title={incident.at}>{timeNear(incident.at, at)}</span>
        </Fact>
        {often && <Fact name="How often">{often}</Fact>}
        {exit_code !== null && <Fact name="Exit code">{exitText(exit_code)}</Fact>}
        {ended && <Fact name="Killed for lack of memory">{oom_killed ? 'yes' : 'no'}</Fact>}
        {uptime_s !== null && <Fact name="Had run for">{duration(uptime_s)}</Fact>}
        {incident.service && <Fact name="Restarts so far">{count(restarts)}</Fact>}
        {image && (
          <>
            <Fact name="Version">{image.tag}</Fact>
            <Fact name="Digest">
              <Copyable value={image.digest} shown={shortDigest(image.digest)} label="digest" />
            </Fact>
          </>
        )}
      </Facts>
    </Card>
  );
}

function Detail({
  incident,
  state,
  service,
}: {
  incident: IncidentDetail;
  state: State;
  service: Service | undefined;
}): JSX.Element {
  const mark = incidentMark(incident);
  return (
    <>
      <header class="headline" data-testid="incident-detail">
        <Crumbs name={incident.service} service={service} />
        <p class="eyebrow">
          <Status tone={mark.tone}>
            {mark.word}, {timeNear(incident.at, state.at)}
          </Status>
        </p>
        <Title>{sentence(incident.found)}</Title>
        {incident.done && <p class="sub">{sentence(incident.done)}</p>}
      </header>
      <div class="columns">
        <div class="stack">
          {incident.service === '' ? null : (
            <>
              <CurveCard incident={incident} service={service} />
              <Card title="Its last lines">
                {incident.log.length === 0 ? (
                  <p class="quiet">Nothing was kept of its log.</p>
                ) : (
                  <LogLines lines={incident.log} />
                )}
              </Card>
            </>
          )}
        </div>
        <FactsCard incident={incident} at={state.at} />
      </div>
    </>
  );
}

export function IncidentPage({
  state,
  name,
  id,
}: {
  state: State;
  name: string;
  id: string;
}): JSX.Element {
  const service = state.services.find((s) => s.name === name);
  const asked = useAsked(() => incidents.one(id), null, id);
  if (asked.value) return <Detail incident={asked.value} state={state} service={service} />;
  const gone = isApiError(asked.error, 404) || isApiError(asked.error, 400);
  return (
    <>
      <header class="headline">
        <Crumbs name={name} service={service} />
        <Title>{gone ? 'This incident is not kept any more.' : 'An incident'}</Title>
        {gone && <p class="sub">The newest 200 are kept.</p>}
      </header>
      {!gone && <Trouble asked={asked} />}
      <Loading asked={asked} />
    </>
  );
}
