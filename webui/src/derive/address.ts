// SPDX-License-Identifier: Apache-2.0
// Addresses of pages, and what they name.

export interface IncidentAddress {
  /** Null for the list of all. */
  incident: string | null;
}

export interface ServiceAddress {
  service: string;
  /** Null for the service itself. */
  incident: string | null;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Null where the path is not that of a service. */
export function serviceAddress(path: string): ServiceAddress | null {
  const [, service, incident] =
    /^\/services\/([^/]+)(?:\/incidents\/([^/]+))?\/?$/.exec(path) ?? [];
  if (service === undefined) return null;
  return { service: decoded(service), incident: incident === undefined ? null : decoded(incident) };
}

export function serviceOf(path: string): string | null {
  return serviceAddress(path)?.service ?? null;
}

/** Of incidents whatever they belong to; null where the path is not theirs. */
export function incidentAddress(path: string): IncidentAddress | null {
  const [all, incident] = /^\/incidents(?:\/([^/]+))?\/?$/.exec(path) ?? [];
  if (all === undefined) return null;
  return { incident: incident === undefined ? null : decoded(incident) };
}

/** service: empty where it belongs to none. */
export function incidentPath(service: string, id: string): string {
  const place = service ? `/services/${encodeURIComponent(service)}` : '';
  return `${place}/incidents/${encodeURIComponent(id)}`;
}
