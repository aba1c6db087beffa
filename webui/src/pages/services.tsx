// SPDX-License-Identifier: Apache-2.0
import '../style/services.css';
import type { JSX } from 'preact';
import type { Service } from '../api/types';
import { inPathOrder } from '../derive/path';
import { purpose } from '../derive/service-text';
import { serviceMark } from '../derive/tone';
import { bytesOf, count, duration, percent, rate } from '../format/format';
import { Bar, OwnMark, Status, Title } from '../parts/basics';
import { Icon, serviceIcon } from '../parts/icon';
import { StaleNotice } from '../parts/stale';
import { service as serviceText } from '../text';
import type { PageProps } from './props';

const text = serviceText.services;

function headline(services: Service[]): string {
  if (services.length === 0) return text.noServicesYet;
  const bad = services.filter((s) => s.health !== 'healthy');
  if (bad.length === 0) return text.allServicesDoTheirWork(services.length);
  if (bad.length === 1) return text.needsALook(bad[0]?.title ?? '');
  return text.ofServicesNeedALook(bad.length, services.length);
}

function Item({ service }: { service: Service }): JSX.Element {
  const mark = serviceMark(service);
  const { usage, limits } = service;
  return (
    <li class="card service-item">
      <div class="service-what">
        <h2>
          <Icon name={serviceIcon(service)} size={20} />
          <a href={`/services/${service.name}`}>{service.title}</a>
          {service.own && <OwnMark />}
        </h2>
        <Status tone={mark.tone}>{mark.word}</Status>
        <p class="quiet">{service.reason || purpose(service.name)}</p>
        {service.advice && <p class="quiet">{service.advice}</p>}
      </div>
      <dl class="service-numbers">
        <div>
          <dt>{text.memory}</dt>
          <dd>
            {usage ? bytesOf(usage.memory_bytes, limits.memory_bytes) : '–'}
            <Bar part={usage ? usage.memory_bytes / limits.memory_bytes : 0} label={text.memory} />
          </dd>
        </div>
        <div>
          <dt>{text.cpu}</dt>
          <dd>{usage ? percent(usage.cpu_percent) : '–'}</dd>
        </div>
        <div>
          <dt>{text.inOut}</dt>
          <dd>{service.own ? '–' : `${rate(service.rates.in)}, ${rate(service.rates.out)}`}</dd>
        </div>
        <div>
          <dt>{text.upFor}</dt>
          <dd>{service.uptime_s === null ? '–' : duration(service.uptime_s)}</dd>
        </div>
        <div>
          <dt>{text.restarts}</dt>
          <dd>{count(service.restarts)}</dd>
        </div>
        <div>
          <dt>{text.version}</dt>
          <dd class="long">{service.image?.tag ?? '–'}</dd>
        </div>
      </dl>
    </li>
  );
}

export function ServicesPage({ state }: PageProps): JSX.Element {
  const { services, release } = state;
  const worst =
    services.map(serviceMark).find((m) => m.tone === 'bad') ??
    services.map(serviceMark).find((m) => m.tone !== 'ok');
  return (
    <>
      <header class="headline">
        <p class="eyebrow">
          <Status tone={services.length === 0 ? 'off' : (worst?.tone ?? 'ok')}>
            {text.services}
          </Status>
        </p>
        <Title>{headline(services)}</Title>
        <p class="sub">
          {release ? text.release(release.name, release.version) : text.thereIsNoReleaseSoThere}
        </p>
        <p class="sub">
          <a href="/incidents">{text.whatWentWrongLately}</a>
        </p>
      </header>
      <StaleNotice since={state.gateway.engine.stale_since} at={state.at} />
      <ul class="service-list">
        {inPathOrder(services).map((s) => (
          <Item service={s} key={s.name} />
        ))}
      </ul>
    </>
  );
}
