// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import type { Service } from '../api/types';
import { inPathOrder } from '../derive/path';
import { serviceMark } from '../derive/tone';
import { bytesOf, count, percent } from '../format/format';
import { shell } from '../text';
import { Bar, OwnMark, Status } from './basics';

const text = shell.serviceRows;

function Memory({ service }: { service: Service }): JSX.Element {
  const { usage, limits } = service;
  if (!usage) return <span class="memory">–</span>;
  return (
    <span
      class="memory"
      title={text.ofBytes(count(usage.memory_bytes), count(limits.memory_bytes))}
    >
      {bytesOf(usage.memory_bytes, limits.memory_bytes)}
      <Bar part={usage.memory_bytes / limits.memory_bytes} label={text.ofItsLimit} />
    </span>
  );
}

function Row({ service }: { service: Service }): JSX.Element {
  const mark = serviceMark(service);
  return (
    <li data-testid={`row-${service.name}`}>
      <span class="name">
        <a href={`/services/${service.name}`}>{service.title}</a>
        {service.own && <OwnMark />}
      </span>
      <span class="state">
        <Status tone={mark.tone}>{mark.word}</Status>
        {service.reason && <span class="reason">{service.reason}</span>}
      </span>
      <span class="use">
        <span class="unseen">{text.memory} </span>
        <Memory service={service} />
        <span class="unseen">{text.cpu} </span>
        <span class="cpu" title={text.cpuOfOneCore}>
          {service.usage ? percent(service.usage.cpu_percent) : '–'}
        </span>
      </span>
    </li>
  );
}

/** A line for each service; two on a phone. */
export function ServiceRows({ services }: { services: Service[] }): JSX.Element {
  if (services.length === 0) return <p class="quiet">{text.noneYetTheyComeWithThe}</p>;
  return (
    <ul class="services">
      {inPathOrder(services).map((s) => (
        <Row service={s} key={s.name} />
      ))}
    </ul>
  );
}
