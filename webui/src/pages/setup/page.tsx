// SPDX-License-Identifier: Apache-2.0
import '../../style/forms.css';
import '../../style/setup.css';
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { configuration } from '../../api/config';
import { network } from '../../api/network';
import type { State } from '../../api/types';
import { canSetTime, zoneHere } from '../../derive/network';
import { firstMessage } from '../../derive/overview';
import { baselineOf, type First, firstOf, NO_BASELINE } from '../../derive/setup';
import { count, duration, timeOfDay } from '../../format/format';
import { Headline, mayAdminister } from '../../parts/asked';
import { Card, Copyable, Status } from '../../parts/basics';
import { ZoneForm } from '../../parts/zone-form';
import { useAsked } from '../../state/asked';
import { setupText as text } from '../../text';
import type { PageProps } from '../props';
import { UplinkStep } from './uplink';

/** Less may be the way that a reading takes. */
const CLOCK_GAP_S = 10;

function Clock({ state }: { state: State }): JSX.Element {
  const { clock_synced: synced, time, host } = state.gateway;
  const gap = (Date.parse(time) - Date.now()) / 1000;
  const off = Math.abs(gap) > CLOCK_GAP_S;
  const zone = zoneHere();
  const machine = useAsked(network.read, null);
  return (
    <Card
      title={text.clock}
      aside={
        <Status tone={off ? 'warn' : synced ? 'ok' : 'off'}>
          {synced ? text.clockSynced : text.clockNotSynced}
        </Status>
      }
    >
      <p>
        <span title={time}>
          {off
            ? text.clockOff(duration(Math.abs(gap)), gap < 0)
            : text.clockRight(timeOfDay(time), zone)}
        </span>
      </p>
      <p class="quiet">{text.zoneHint}</p>
      {machine.value && canSetTime(machine.value) ? (
        <ZoneForm now={machine.value} withServers={false} onSet={() => void machine.again()} />
      ) : (
        <p class="quiet">{text.ownZone(host.clock.zone)}</p>
      )}
    </Card>
  );
}

interface Seen extends First {
  /** Seconds from power-on to there; null where that was not seen. */
  counted: number | null;
}

/** How far the first message is, and when it got there while somebody looked on. */
function useFirst(state: State): Seen {
  const seen = useRef({ baseline: NO_BASELINE, counted: null as number | null });
  const { before } = seen.current.baseline;
  const first = firstOf(state, before);
  if (first.taken === 0)
    seen.current.baseline = baselineOf(seen.current.baseline, state.buffer.accepted, Date.now());
  if (first.arrived && before !== null) seen.current.counted ??= state.gateway.host.uptime_s;
  return { ...first, counted: seen.current.counted };
}

function FirstMessage({ state, first }: { state: State; first: Seen }): JSX.Element {
  const { taken, arrived, counted } = first;
  const records = (n: number) => text.records(n, count(n));
  const open = useAsked(configuration.read, null).value?.config.broker.anonymous ?? true;
  return (
    <Card title={text.first}>
      <p class="quiet above">{text.firstLead}</p>
      <div class="empty">
        <Copyable value={firstMessage(state.gateway)} label={text.command} />
      </div>
      {!open && (
        <p class="quiet">
          {text.accounts} <a href="/devices">{text.devices}</a>
        </p>
      )}
      <p class="first-state" role="status" data-testid="first-state">
        {arrived ? (
          <Status tone="ok">{text.arrived(records(taken))}</Status>
        ) : taken > 0 ? (
          <Status tone="move">{text.taken(records(taken))}</Status>
        ) : (
          <Status tone="off">{text.waiting}</Status>
        )}
      </p>
      {counted !== null && <p class="quiet">{text.counted(duration(counted))}</p>}
    </Card>
  );
}

/** After the claim: what is left to do until data reaches the cloud. */
export function SetupPage({ state, session }: PageProps): JSX.Element {
  const first = useFirst(state);
  const done = first.arrived;
  if (!mayAdminister(session))
    return (
      <Headline
        tone="off"
        eyebrow={text.eyebrow}
        title={text.onlyAdmin}
        detail={<a href="/">{text.overview}</a>}
      />
    );
  return (
    <div class="setup">
      <Headline
        tone={done ? 'ok' : 'move'}
        eyebrow={text.eyebrow}
        title={done ? text.titleDone : text.title(state.gateway.name)}
        detail={done ? text.leadDone : text.lead}
      />
      <Card title={text.uplink}>
        <UplinkStep />
      </Card>
      <FirstMessage state={state} first={first} />
      <Clock state={state} />
      <p>
        <a class={done ? 'button primary' : 'button'} href="/">
          {done ? text.overview : text.later}
        </a>
      </p>
    </div>
  );
}
