// SPDX-License-Identifier: Apache-2.0
import { useEffect } from 'preact/hooks';
import { type IncidentFilter, incidents } from '../api/incidents';
import type { Incident } from '../api/types';
import { type Asked, firstPages, type Pages, useAsked } from './asked';
import { happened } from './live';

const EVERY_MS = 10_000;
const PAGE_SIZE = 50;

/** Enough of the newest to show so many. sign: read anew as soon as it is another. */
export function useIncidents(
  filter: IncidentFilter,
  shown: number,
  sign: string,
): Asked<Pages<Incident>> {
  const pages = Math.max(1, Math.ceil(shown / PAGE_SIZE));
  const asked = useAsked(
    () =>
      firstPages(pages, async (cursor) => {
        const page = await incidents.list(filter, PAGE_SIZE, cursor);
        return { items: page.incidents, next: page.next };
      }),
    EVERY_MS,
    `${filter.service} ${filter.kind}`,
  );
  const changes = happened.value;
  useEffect(() => {
    if (asked.value) void asked.again();
  }, [sign, pages, changes]);
  return asked;
}
