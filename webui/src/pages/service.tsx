// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Action, Service, State } from '../api/types';
import { actionTitle, consequence, numberText, PROGRESS, purpose } from '../derive/service-text';
import { serviceMark } from '../derive/tone';
import { bytes, count, duration, percent, shortDigest, timeNear } from '../format/format';
import { Card, Copyable, Fact, Facts, Notice, Status, Title } from '../parts/basics';
import { Chart } from '../parts/chart';
import { Confirm } from '../parts/confirm';
import { Icon } from '../parts/icon';
import { LogCard } from '../parts/logs';
import { series } from '../state/history';
import { connection } from '../state/live';
import { adoptOperations, ask, busy, dismiss, progress } from '../state/operations';

function useTick(running: boolean): void {
  const [, set] = useState(0);
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => set((n) => n + 1), 1000);
    return () => clearInterval(timer);
  }, [running]);
}

function ProgressStrip({ service }: { service: Service }): JSX.Element {
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
        {running ? duration(seconds) : `after ${duration(Math.max(1, seconds))}`}
      </span>
      {!running && (
        <button
          type="button"
          class="icon-button"
          aria-label="Close this message"
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
          Start
        </button>
      ) : (
        <>
          <button type="button" class="button" disabled={off} onClick={() => setAsked('restart')}>
            Restart
          </button>
          <button type="button" class="button" disabled={off} onClick={() => setAsked('stop')}>
            Stop
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

function Head({ service }: { service: Service }): JSX.Element {
  const mark = serviceMark(service);
  const time =
    service.health === 'healthy' && service.uptime_s !== null
      ? `, up for ${duration(service.uptime_s)}`
      : '';
  return (
    <header class="headline with-actions">
      <div>
        <p class="crumbs">
          <a href="/services">Services</a>
        </p>
        <Title>{service.title}</Title>
        <p class="eyebrow" data-testid="health" data-health={service.health}>
          <Status tone={mark.tone}>
            {mark.word}
            {time}
          </Status>
        </p>
        <p class="sub">{purpose(service.name)}</p>
      </div>
      <Actions service={service} />
    </header>
  );
}

function WhatIsWrong({ service }: { service: Service }): JSX.Element | null {
  if (!service.reason && !service.advice) return null;
  const { tone } = serviceMark(service);
  const reason = service.reason || 'It needs a look.';
  return (
    <Notice
      tone={tone === 'ok' ? 'warn' : tone}
      title={reason.charAt(0).toUpperCase() + reason.slice(1)}
    >
      {service.advice}
    </Notice>
  );
}

function Charts({ service }: { service: Service }): JSX.Element {
  const { times, values } = series.value;
  const { limits, usage } = service;
  const throttled = usage && usage.throttled_percent >= 1;
  return (
    <div class="halves">
      <Card title="Memory">
        <Chart
          label={`Memory of ${service.title}`}
          times={times}
          lines={[
            {
              name: 'used',
              values: values[`${service.name}.memory`] ?? [],
              color: '--accent',
              fill: '--accent-bg',
            },
          ]}
          limit={{ value: limits.memory_bytes, name: `limit ${bytes(limits.memory_bytes)}` }}
          format={bytes}
          steps="bytes"
          height={148}
        />
      </Card>
      <Card
        title="CPU"
        aside={
          throttled && <Status tone="warn">throttled {percent(usage.throttled_percent)}</Status>
        }
      >
        <Chart
          label={`CPU of ${service.title}, of one core`}
          times={times}
          lines={[
            {
              name: 'of one core',
              values: values[`${service.name}.cpu`] ?? [],
              color: '--accent',
              fill: '--accent-bg',
            },
          ]}
          format={percent}
          atLeast={5}
          height={148}
        />
      </Card>
    </div>
  );
}

function numberShown(kind: string, value: number, at: string): string {
  if (kind === 'bytes') return bytes(value);
  if (kind === 'ms') return `${count(value)}\u00a0ms`;
  if (kind === 'time') return value ? timeNear(new Date(value).toISOString(), at) : '–';
  if (kind === 'status') return value ? String(value) : '–';
  return count(value);
}

function Numbers({ service, at }: { service: Service; at: string }): JSX.Element {
  const rows = Object.entries(service.numbers).flatMap(([name, value]) => {
    const text = numberText(name);
    return text ? [{ name, text, value }] : [];
  });
  return (
    <Card title="What it counts">
      {rows.length === 0 ? (
        <p class="quiet">It has not said anything yet.</p>
      ) : (
        <Facts>
          {rows.map(({ name, text, value }) => (
            <Fact name={text.title} key={name}>
              {numberShown(text.kind, value, at)}
            </Fact>
          ))}
        </Facts>
      )}
    </Card>
  );
}

function lastEnd(service: Service): string {
  if (service.oom_killed) return 'killed for lack of memory';
  return service.exit_code === null ? '–' : `exit code ${service.exit_code}`;
}

function WhatItRuns({ service, at }: { service: Service; at: string }): JSX.Element {
  const { image, container, limits, since } = service;
  return (
    <Card title="What it runs">
      <Facts>
        {image && (
          <>
            <Fact name="Image">
              <Copyable
                value={`${image.repository}@${image.digest}`}
                shown={image.repository}
                label="image"
              />
            </Fact>
            <Fact name="Version">{image.tag}</Fact>
            <Fact name="Digest">
              <Copyable value={image.digest} shown={shortDigest(image.digest)} label="digest" />
            </Fact>
            <Fact name="Image id">
              <Copyable value={image.id} shown={shortDigest(image.id)} label="image id" />
            </Fact>
          </>
        )}
        {container && (
          <Fact name="Container">
            <Copyable value={container.name} label="container name" />
          </Fact>
        )}
        <Fact name="Started">{since ? <span title={since}>{timeNear(since, at)}</span> : '–'}</Fact>
        <Fact name="Restarts">{count(service.restarts)}</Fact>
        <Fact name="Last end">{lastEnd(service)}</Fact>
        <Fact name="Limits">
          {bytes(limits.memory_bytes)}, {limits.cpus} {limits.cpus === 1 ? 'core' : 'cores'},{' '}
          {count(limits.pids)} threads
        </Fact>
        <Fact name="User">{service.user}</Fact>
        <Fact name="Root file system">
          {service.read_only ? 'read-only' : <Status tone="warn">writable</Status>}
        </Fact>
        <Fact name="Ports">
          {service.ports.map((p) => `${p.host} → ${p.container}`).join(', ') || 'none'}
        </Fact>
        <Fact name="Volumes">
          {service.volumes.map((v) => `${v.name} → ${v.path}`).join(', ') || 'none'}
        </Fact>
        <Fact name="Networks">{service.networks.join(', ') || 'none'}</Fact>
      </Facts>
    </Card>
  );
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

export function ServicePage({ state, name }: { state: State; name: string }): JSX.Element {
  const service = state.services.find((s) => s.name === name);
  useEffect(() => void adoptOperations(), []);
  if (!service) return <NoService name={name} />;
  return (
    <>
      <Head service={service} />
      <ProgressStrip service={service} />
      <WhatIsWrong service={service} />
      <Charts service={service} />
      <LogCard service={service.name} container={service.container?.id ?? null} />
      <div class="halves">
        <WhatItRuns service={service} at={state.at} />
        <Numbers service={service} at={state.at} />
      </div>
    </>
  );
}
