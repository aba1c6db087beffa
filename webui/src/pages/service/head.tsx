// SPDX-License-Identifier: Apache-2.0
// How a service is, why, and what can be done: to know, and to press.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Action, Service } from '../../api/types';
import { sentence } from '../../derive/incident';
import { actionTitle, consequence, PROGRESS, purpose } from '../../derive/service-text';
import { serviceMark } from '../../derive/tone';
import { duration } from '../../format/format';
import { Notice, OwnMark, Status, Title } from '../../parts/basics';
import { Confirm } from '../../parts/confirm';
import { Icon } from '../../parts/icon';
import { connection } from '../../state/live';
import { ask, busy, dismiss, giveUp, progress } from '../../state/operations';
import { service as serviceText } from '../../text';

const text = serviceText.head;

function useTick(running: boolean): void {
  const [, set] = useState(0);
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => set((n) => n + 1), 1000);
    return () => clearInterval(timer);
  }, [running]);
}

/** A start that still fetches or waits can be given up: it stays stopped. The gateway says where it is too late. */
function GiveUp({ service }: { service: Service }): JSX.Element {
  const [asked, setAsked] = useState(false);
  const [refused, setRefused] = useState('');
  const send = async () => {
    setAsked(true);
    setRefused(await giveUp(service.name));
    setAsked(false);
  };
  return (
    <>
      {refused && <span class="error-text">{refused}</span>}
      <button type="button" class="button small" disabled={asked} onClick={() => void send()}>
        {asked ? text.givingItUp : text.giveItUp}
      </button>
    </>
  );
}

export function ProgressStrip({
  service,
  mayOperate,
}: {
  service: Service;
  mayOperate: boolean;
}): JSX.Element {
  const now = progress.value[service.name];
  const running = busy(service.name);
  useTick(running);
  if (!now) return <div role="status" />;
  const tone = now.phase === 'done' ? 'ok' : now.phase === 'failed' ? 'bad' : 'off';
  const seconds = ((now.endedMs ?? Date.now()) - now.startedMs) / 1000;
  return (
    <div
      role="status"
      class={`progress tone-${tone}`}
      data-testid="progress"
      data-phase={now.phase}
    >
      {running && <span class="spinner" aria-hidden="true" />}
      <strong>{PROGRESS[now.action][now.phase]}</strong>
      {now.detail && <span class="breaks">{now.detail}</span>}
      <span class="quiet" aria-hidden={running}>
        {running ? duration(seconds) : text.after(duration(Math.max(1, seconds)))}
      </span>
      {mayOperate && now.phase === 'working' && now.action === 'start' && now.operation && (
        <GiveUp service={service} />
      )}
      {!running && (
        <button
          type="button"
          class="icon-button"
          aria-label={text.closeThisMessage}
          onClick={() => dismiss(service.name)}
        >
          <Icon name="cross" size={18} />
        </button>
      )}
    </div>
  );
}

function Actions({ service }: { service: Service }): JSX.Element {
  const [asked, setAsked] = useState<Action | null>(null);
  const off = busy(service.name) || connection.value.kind !== 'live';
  const stopped = service.desired === 'stopped';
  return (
    <div class="actions">
      {stopped ? (
        <button
          type="button"
          class="button primary"
          disabled={off}
          onClick={() => ask(service.name, 'start')}
        >
          {text.start}
        </button>
      ) : (
        <>
          <button type="button" class="button" disabled={off} onClick={() => setAsked('restart')}>
            {text.restart}
          </button>
          <button type="button" class="button" disabled={off} onClick={() => setAsked('stop')}>
            {text.stop}
          </button>
        </>
      )}
      {asked && (
        <Confirm
          title={`${actionTitle(asked, service.title)}?`}
          confirm={actionTitle(asked, service.title)}
          danger={asked === 'stop'}
          onConfirm={() => ask(service.name, asked)}
          onClose={() => setAsked(null)}
        >
          {consequence(asked, service.name).map((line) => (
            <p key={line}>{line}</p>
          ))}
        </Confirm>
      )}
    </div>
  );
}

export function Head({
  service,
  mayOperate,
}: {
  service: Service;
  mayOperate: boolean;
}): JSX.Element {
  const mark = serviceMark(service);
  const time =
    service.health === 'healthy' && service.uptime_s !== null
      ? text.upFor(duration(service.uptime_s))
      : '';
  return (
    <header class="headline with-actions">
      <div>
        <p class="crumbs">
          <a href="/services">{text.services}</a>
        </p>
        <Title>{service.title}</Title>
        <p class="eyebrow" data-testid="health" data-health={service.health}>
          <Status tone={mark.tone}>
            {mark.word}
            {time}
          </Status>
          {service.own && <OwnMark />}
        </p>
        <p class="sub">{purpose(service.name)}</p>
      </div>
      {mayOperate && <Actions service={service} />}
    </header>
  );
}

export function WhatIsWrong({ service }: { service: Service }): JSX.Element | null {
  if (!service.reason && !service.advice) return null;
  const { tone } = serviceMark(service);
  return (
    <div data-testid="reason">
      <Notice
        tone={tone === 'ok' ? 'warn' : tone}
        title={sentence(service.reason || text.itNeedsALook)}
      >
        {service.advice}
      </Notice>
    </div>
  );
}
