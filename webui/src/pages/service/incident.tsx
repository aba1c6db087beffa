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
import { service as serviceText } from '../../text';
import { LogLines } from './log-lines';

const text = serviceText.incident;

const HEIGHT = 148;
const CPU_MIN_PERCENT = 5;

function Crumbs({ name, service }: { name: string; service: Service | undefined }): JSX.Element {
  return (
    <p class="crumbs">
      {service ? (
        <a href={`/services/${encodeURIComponent(name)}`}>{service.title}</a>
      ) : (
        <a href="/incidents">{text.incidents}</a>
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
      <Card title={text.beforeIt}>
        <p class="quiet">{text.nothingWasMeasuredOfTheTime}</p>
      </Card>
    );
  const { times, memory, cpu, spanS } = curve;
  const most = service?.limits.memory_bytes ?? 0;
  const same = { times, span: spanS, height: HEIGHT, newest: text.atItsEnd };
  return (
    <Card title={text.beforeIt} aside={<span class="aside">{text.theLast(duration(spanS))}</span>}>
      <div class="charts" data-testid="curve">
        <Chart
          {...same}
          label={text.memoryBeforeIt}
          lines={[{ name: text.memory, values: memory, color: '--accent', fill: '--accent-bg' }]}
          format={bytes}
          steps="bytes"
          {...(most > 0 ? { limit: { value: most, name: text.limit(bytes(most)) } } : {})}
        />
        <Chart
          {...same}
          label={text.cpuBeforeIt}
          lines={[{ name: text.cpu, values: cpu, color: '--accent', fill: '--accent-bg' }]}
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
    <Card title={text.whatIsKnown}>
      <Facts>
        <Fact name={text.when}>
          <span title={incident.at}>{timeNear(incident.at, at)}</span>
        </Fact>
        {often && <Fact name={text.howOften}>{often}</Fact>}
        {exit_code !== null && <Fact name={text.exitCode}>{exitText(exit_code)}</Fact>}
        {ended && <Fact name={text.killedForLackOfMemory}>{oom_killed ? text.yes : text.no}</Fact>}
        {uptime_s !== null && <Fact name={text.hadRunFor}>{duration(uptime_s)}</Fact>}
        {incident.service && <Fact name={text.restartsSoFar}>{count(restarts)}</Fact>}
        {image && (
          <>
            <Fact name={text.version}>{image.tag}</Fact>
            <Fact name={text.digest}>
              <Copyable
                value={image.digest}
                shown={shortDigest(image.digest)}
                label={text.digest2}
              />
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
              <Card title={text.itsLastLines}>
                {incident.log.length === 0 ? (
                  <p class="quiet">{text.nothingWasKeptOfItsLog}</p>
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
        <Title>{gone ? text.thisIncidentIsNotKeptAny : text.anIncident}</Title>
        {gone && <p class="sub">{text.theNewest200AreKept}</p>}
      </header>
      {!gone && <Trouble asked={asked} />}
      <Loading asked={asked} />
    </>
  );
}
