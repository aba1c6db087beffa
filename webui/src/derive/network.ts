// SPDX-License-Identifier: Apache-2.0
// The machine's network as somebody fills it in, and back as the gateway takes it.
import { isApiError } from '../api/client';
import type { Network, NetworkChange } from '../api/types';

export interface LinkForm {
  name: string;
  fixed: boolean;
  address: string;
  router: string;
  dns: string;
}

type Interface = NonNullable<Network['network']>['interfaces'][number];

const words = (text: string) => text.split(/[\s,]+/).filter((word) => word !== '');

/** One for each interface that can be changed; the one without a name is of all that have none of their own. */
export function linkForms({ links, network }: Network): LinkForm[] {
  const set = network?.interfaces ?? [];
  return links
    .filter(({ managed }) => managed)
    .map(({ name }) => {
      const one = set.find((i) => i.name === name) ?? set.find((i) => i.name === undefined);
      return {
        name,
        fixed: one?.address !== undefined,
        address: one?.address ?? '',
        router: one?.router ?? '',
        dns: (one?.dns ?? []).join(' '),
      };
    });
}

export function changeOf(forms: readonly LinkForm[]): NetworkChange {
  const interfaces = forms.map(({ name, fixed, address, router, dns }): Interface => {
    if (!fixed) return { name };
    const servers = words(dns);
    return {
      name,
      address: address.trim(),
      ...(router.trim() ? { router: router.trim() } : {}),
      ...(servers.length > 0 ? { dns: servers } : {}),
    };
  });
  return { network: { interfaces } };
}

/** Also where the network is managed elsewhere. */
export function canSetTime({ managed, time }: Network): boolean {
  return managed || time !== null;
}

/** None are those of the system; null are as they are. */
export function timeOf(zone: string, servers: string | null): NetworkChange {
  return { time: { zone, ...(servers === null ? {} : { servers: words(servers) }) } };
}

const PLACE = /^\/(?:network\/interfaces|time)\/(\d+\/\w+|\w+)/;

/** By the id of its field, "0/address" or "zone"; empty where the refusal has no place here. */
export function refusedFields(error: unknown): Record<string, string> {
  const fields: Record<string, string> = {};
  if (!isApiError(error)) return fields;
  for (const { pointer, detail } of error.errors) {
    const id = PLACE.exec(pointer)?.[1];
    const text = detail.startsWith(`${pointer}: `) ? detail.slice(pointer.length + 2) : detail;
    if (id) fields[id] = text.replace(/[.]$/, '');
  }
  return fields;
}

export function timeZones(): string[] {
  return ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')];
}

/** Of the browser. */
export function zoneHere(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
