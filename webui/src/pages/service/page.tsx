// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { incidents } from '../../api/incidents';
import type { Incident, Service, Session, State } from '../../api/types';
import { mayAdminister, mayOperate } from '../../parts/asked';
import { Title } from '../../parts/basics';
import { useRange } from '../../parts/range';
import { type Asked, firstPages, type Pages, useAsked } from '../../state/asked';
import { adoptOperations } from '../../state/operations';
import { Charts } from './charts';
import { Hardening, Numbers, Reach, WhatItRuns } from './facts';
import { Head, ProgressStrip, WhatIsWrong } from './head';
import { IncidentList } from './incidents';
import { LimitsCard } from './limits';
import { LogCard } from './log';

const INCIDENTS_MS = 10_000;
const PAGE_SIZE = 50;
const SHOWN = 4;
const MORE = 20;

/** Read anew at once where the service ends, starts or changes its health. */
function useIncidents(service: Service, pages: number): Asked<Pages<Incident>> {
  const { name, health, restarts, container, since } = service;
  const asked = useAsked(
    () =>
      firstPages(pages, async (cursor) => {
        const page = await incidents.list(name, PAGE_SIZE, cursor);
        return { items: page.incidents, next: page.next };
      }),
    INCIDENTS_MS,
    name,
  );
  useEffect(() => {
    if (asked.value) void asked.again();
  }, [health, restarts, container?.id, since, pages]);
  return asked;
}

function NoService({ name }: { name: string }): JSX.Element {
  return (
    <header class="headline">
      <p class="crumbs">
        <a href="/services">Services</a>
      </p>
      <Title>There is no service “{name}”.</Title>
      <p class="sub">
        <a href="/services">See what there is</a>
      </p>
    </header>
  );
}

function Content({
  service,
  state,
  session,
}: {
  service: Service;
  state: State;
  session: Session;
}): JSX.Element {
  const range = useRange();
  const [shown, setShown] = useState(SHOWN);
  const asked = useIncidents(service, Math.max(1, Math.ceil(shown / PAGE_SIZE)));
  useEffect(() => void adoptOperations(), []);
  return (
    <>
      <Head service={service} mayOperate={mayOperate(session)} />
      <ProgressStrip service={service} />
      <WhatIsWrong service={service} />
      <div class="stack service-stack">
        <Charts service={service} range={range} incidents={asked.value?.items ?? []} />
        <IncidentList
          asked={asked}
          at={state.at}
          shown={shown}
          onMore={() => setShown(shown + MORE)}
        />
        <LogCard service={service.name} container={service.container?.id ?? null} />
        <div class="halves">
          <div class="stack">
            <LimitsCard service={service} mayChange={mayAdminister(session)} />
            <WhatItRuns service={service} state={state} />
          </div>
          <div class="stack">
            <Reach service={service} />
            <Hardening service={service} />
            {!service.own && <Numbers service={service} at={state.at} />}
          </div>
        </div>
      </div>
    </>
  );
}

export function ServicePage({
  state,
  session,
  name,
}: {
  state: State;
  session: Session;
  name: string;
}): JSX.Element {
  const service = state.services.find((s) => s.name === name);
  if (!service) return <NoService name={name} />;
  return <Content service={service} state={state} session={session} />;
}
