// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Service, Session, State } from '../../api/types';
import { mayAdminister, mayOperate } from '../../parts/asked';
import { Title } from '../../parts/basics';
import { useRange } from '../../parts/range';
import { StaleNotice } from '../../parts/stale';
import { useIncidents } from '../../state/incidents';
import { adoptOperations } from '../../state/operations';
import { service as serviceText } from '../../text';
import { Charts } from './charts';
import { Hardening, Numbers, Reach, WhatItRuns } from './facts';
import { Head, ProgressStrip, WhatIsWrong } from './head';
import { IncidentList } from './incidents';
import { LimitsCard } from './limits';
import { LogCard } from './log';

const text = serviceText.page;

const SHOWN = 4;
const MORE = 20;

function NoService({ name }: { name: string }): JSX.Element {
  return (
    <header class="headline">
      <p class="crumbs">
        <a href="/services">{text.services}</a>
      </p>
      <Title>{text.thereIsNoService(name)}</Title>
      <p class="sub">
        <a href="/services">{text.seeWhatThereIs}</a>
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
  const { name, health, restarts, container, since } = service;
  // Where it ends, starts or changes its health there may be another one.
  const asked = useIncidents(
    { service: name, kind: '' },
    shown,
    `${health} ${restarts} ${container?.id} ${since}`,
  );
  useEffect(() => void adoptOperations(), []);
  return (
    <>
      <Head service={service} mayOperate={mayOperate(session)} />
      <ProgressStrip service={service} mayOperate={mayOperate(session)} />
      <StaleNotice since={service.stale_since} at={state.at} />
      <WhatIsWrong service={service} />
      <div class="stack service-stack">
        <Charts service={service} range={range} incidents={asked.value?.items ?? []} />
        <IncidentList
          asked={asked}
          at={state.at}
          shown={shown}
          empty={text.noneWhereItEndsByItself}
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
