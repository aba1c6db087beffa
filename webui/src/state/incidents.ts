// SPDX-License-Identifier: Apache-2.0
import { useEffect } from 'preact/hooks';
import { incidents } from '../api/incidents';
import type { Incident } from '../api/types';
import { type Asked, firstPages, type Pages, useAsked } from './asked';

const EVERY_MS = 10_000;
const PAGE_SIZE = 50;

/** Enough of the newest to show so many. service: empty for all. sign: read anew as soon as it is another. */
export function useIncidents(service: string, shown: number, sign: string): Asked<Pages<Incident>> {
  const pages = Math.max(1, Math.ceil(shown / PAGE_SIZE));
  const asked = useAsked(
    () =>
      firstPages(pages, async (cursor) => {
        const page = await incidents.list(service, PAGE_SIZE, cursor);
        return { items: page.incidents, next: page.next };
      }),
    EVERY_MS,
    service,
  );
  useEffect(() => {
    if (asked.value) void asked.again();
  }, [sign, pages]);
  return asked;
}
