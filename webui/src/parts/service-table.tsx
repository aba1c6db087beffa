// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import type { Service } from '../api/types';
import { serviceMark } from '../derive/tone';
import { bytesOf, count, percent } from '../format/format';
import { Bar, Status } from './basics';

function Memory({ service }: { service: Service }): JSX.Element {
  const { usage, limits } = service;
  if (!usage) return <span class="quiet">–</span>;
  return (
    <span title={`${count(usage.memory_bytes)} of ${count(limits.memory_bytes)} bytes`}>
      {bytesOf(usage.memory_bytes, limits.memory_bytes)}
      <Bar part={usage.memory_bytes / limits.memory_bytes} label="Memory" />
    </span>
  );
}

function Row({ service }: { service: Service }): JSX.Element {
  const mark = serviceMark(service);
  return (
    <tr data-testid={`row-${service.name}`}>
      <th scope="row">
        <a href={`/services/${service.name}`}>{service.title}</a>
      </th>
      <td class="state">
        <Status tone={mark.tone}>{mark.word}</Status>
        {service.reason && <span class="reason">{service.reason}</span>}
      </td>
      <td class="number memory">
        <Memory service={service} />
      </td>
      <td class="number">{service.usage ? percent(service.usage.cpu_percent) : '–'}</td>
    </tr>
  );
}

export function ServiceTable({ services }: { services: Service[] }): JSX.Element {
  if (services.length === 0) return <p class="quiet">None yet. They come with the release.</p>;
  return (
    <table class="services">
      <thead class="unseen">
        <tr>
          <th scope="col">Service</th>
          <th scope="col">State</th>
          <th scope="col">Memory of its limit</th>
          <th scope="col">CPU</th>
        </tr>
      </thead>
      <tbody>
        {services.map((s) => (
          <Row service={s} key={s.name} />
        ))}
      </tbody>
    </table>
  );
}
