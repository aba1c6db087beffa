// SPDX-License-Identifier: Apache-2.0
// What a service is made of, what it may reach, and what it may not.
import type { ComponentChildren, JSX } from 'preact';
import type { Mount, Service, State } from '../../api/types';
import { exitText } from '../../derive/incident';
import { hardeningRows, numberText } from '../../derive/service-text';
import { bytes, count, shortDigest, timeNear } from '../../format/format';
import { Card, Copyable, Fact, Facts, Status } from '../../parts/basics';
import { service as serviceText } from '../../text';
import { units } from '../../text/units';

const words = serviceText.facts;

function lastEnd({ oom_killed, exit_code }: Service): string {
  if (oom_killed) return words.killedForLackOfMemory;
  return exit_code === null ? words.never : words.exitCode(exitText(exit_code));
}

function Links({ names, services }: { names: string[]; services: Service[] }): JSX.Element {
  if (names.length === 0) return <>{words.none}</>;
  const title = (name: string) => services.find((s) => s.name === name)?.title ?? name;
  return (
    <>
      {names.map((name, i) => [
        i > 0 && ', ',
        <a href={`/services/${name}`} key={name}>
          {title(name)}
        </a>,
      ])}
    </>
  );
}

export function WhatItRuns({ service, state }: { service: Service; state: State }): JSX.Element {
  const { image, container, since, depends_on } = service;
  const needing = state.services.filter((s) => s.depends_on.includes(service.name));
  return (
    <Card title={words.whatItRuns}>
      <Facts>
        {image && (
          <>
            <Fact name={words.image}>
              <Copyable
                value={`${image.repository}@${image.digest}`}
                shown={image.repository}
                label={words.image2}
              />
            </Fact>
            <Fact name={words.version}>{image.tag}</Fact>
            <Fact name={words.digest}>
              <Copyable
                value={image.digest}
                shown={shortDigest(image.digest)}
                label={words.digest2}
              />
            </Fact>
            <Fact name={words.imageId}>
              <Copyable value={image.id} shown={shortDigest(image.id)} label={words.imageId2} />
            </Fact>
          </>
        )}
        {container && (
          <Fact name={words.container}>
            <Copyable value={container.name} label={words.containerName} />
          </Fact>
        )}
        <Fact name={words.started}>
          {since ? <span title={since}>{timeNear(since, state.at)}</span> : '–'}
        </Fact>
        <Fact name={words.restarts}>{count(service.restarts)}</Fact>
        <Fact name={words.lastEnd}>{lastEnd(service)}</Fact>
        <Fact name={words.startsAfter}>
          <Links names={depends_on} services={state.services} />
        </Fact>
        {needing.length > 0 && (
          <Fact name={words.neededBy}>
            <Links names={needing.map((s) => s.name)} services={state.services} />
          </Fact>
        )}
      </Facts>
    </Card>
  );
}

const KIND: Record<Mount['kind'], string> = {
  volume: words.volume,
  bind: words.folder,
  tmpfs: words.inMemory,
};

function mountNote({ kind, read_only, size_bytes }: Mount): string {
  const parts = [
    KIND[kind],
    read_only && 'read-only',
    size_bytes && words.atMost(bytes(size_bytes)),
  ];
  return parts.filter(Boolean).join(', ');
}

function Lines({ children }: { children: ComponentChildren[] }): JSX.Element {
  return <ul class="lines">{children}</ul>;
}

export function Reach({ service }: { service: Service }): JSX.Element {
  const { mounts, ports, networks } = service;
  return (
    <Card title={words.whatItReaches}>
      <h3>{words.mounts}</h3>
      {mounts.length === 0 ? (
        <p class="quiet">{words.none2}</p>
      ) : (
        <Lines>
          {mounts.map((mount) => (
            <li key={mount.path}>
              <code class="breaks">{mount.path}</code>
              <span class="quiet">{mountNote(mount)}</span>
              {mount.source && <code class="source breaks">{mount.source}</code>}
            </li>
          ))}
        </Lines>
      )}
      <h3>{words.ports}</h3>
      {ports.length === 0 ? (
        <p class="quiet">{words.noneIsOpenToTheOutside}</p>
      ) : (
        <Lines>
          {ports.map((port) => (
            <li key={port.host}>
              <code class="breaks">{port.host}</code>
              <span class="quiet">{words.toInside(port.container)}</span>
            </li>
          ))}
        </Lines>
      )}
      <h3>{words.networks}</h3>
      <p class="quiet">{networks.join(', ') || words.none2}</p>
    </Card>
  );
}

export function Hardening({ service }: { service: Service }): JSX.Element {
  const { relaxations } = service.limits;
  return (
    <Card
      title={words.hardening}
      aside={
        relaxations.length === 0 ? (
          <Status tone="ok">{words.asStrictAsByDefault}</Status>
        ) : (
          <Status tone="warn">
            {relaxations.length === 1 ? words.n1Relaxation : words.relaxations(relaxations.length)}
          </Status>
        )
      }
    >
      {relaxations.length > 0 && (
        <ul class="relaxations" data-testid="relaxations">
          {relaxations.map((one) => (
            <li key={one} class="breaks">
              {one}
            </li>
          ))}
        </ul>
      )}
      <Facts>
        {hardeningRows(service).map(({ name, text, weak }) => (
          <Fact name={name} key={name}>
            {weak ? <Status tone="warn">{text}</Status> : text}
          </Fact>
        ))}
      </Facts>
    </Card>
  );
}

function numberShown(kind: string, value: number, at: string): string {
  if (kind === 'bytes') return bytes(value);
  if (kind === 'ms') return units.milliseconds(count(value));
  if (kind === 'time') return value ? timeNear(new Date(value).toISOString(), at) : '–';
  if (kind === 'status') return value ? String(value) : '–';
  return count(value);
}

export function Numbers({ service, at }: { service: Service; at: string }): JSX.Element {
  const rows = Object.entries(service.numbers).flatMap(([name, value]) => {
    const text = numberText(name);
    return text ? [{ name, text, value }] : [];
  });
  return (
    <Card title={words.whatItCounts}>
      {rows.length === 0 ? (
        <p class="quiet">{words.itHasNotSaidAnythingYet}</p>
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
