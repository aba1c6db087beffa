// SPDX-License-Identifier: Apache-2.0
import { useEffect } from 'preact/hooks';
import { alarms } from '../api/alarms';
import type { Alarm, AlarmCounts } from '../api/types';
import { type Asked, firstPages, type Pages, useAsked } from './asked';

/** How often and when last changes without any event. */
const EVERY_MS = 15_000;

const LARGEST_PAGE = 500;

/** All that the gateway has kept, the newest first. */
export async function wholeAlarms(which: 'active' | 'all', kind: string): Promise<Alarm[]> {
  const all: Alarm[] = [];
  let cursor: string | null = null;
  do {
    const page = await alarms.list(which, kind, LARGEST_PAGE, cursor);
    all.push(...page.alarms);
    cursor = page.next;
  } while (cursor !== null);
  return all;
}

/** The newest alarms; read anew as soon as their number, or how many are seen, is another one. */
export function useAlarms(
  which: 'active' | 'all',
  counts: AlarmCounts | undefined,
  size: number,
  pages = 1,
  kind = '',
): Asked<Pages<Alarm>> {
  const asked = useAsked(
    () =>
      firstPages(pages, async (cursor) => {
        const page = await alarms.list(which, kind, size, cursor);
        return { items: page.alarms, next: page.next };
      }),
    EVERY_MS,
    `${which} ${kind}`,
  );
  const { active, unacknowledged, worst } = counts ?? {};
  useEffect(() => {
    if (asked.value) void asked.again();
  }, [active, unacknowledged, worst, pages]);
  return asked;
}
