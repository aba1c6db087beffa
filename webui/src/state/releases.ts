// SPDX-License-Identifier: Apache-2.0
import { useEffect } from 'preact/hooks';
import { releases, type TaggedPlan } from '../api/releases';
import type { Incident, ReleaseList, Upgrade } from '../api/types';
import { type Asked, useAsked } from './asked';

/** Somebody else may have added one. */
const EVERY_MS = 30_000;
/** Figures of the moment, such as the backlog. */
const PLAN_EVERY_MS = 15_000;

/** Another one as soon as an upgrade begins, ends, or is on its way back. */
export function upgradeSign({ operation, state, finished }: Upgrade): string {
  return `${operation} ${state} ${finished}`;
}

function useAgain<T>(asked: Asked<T>, sign: string): Asked<T> {
  useEffect(() => {
    if (asked.value) void asked.again();
  }, [sign]);
  return asked;
}

export function useReleases(sign: string): Asked<ReleaseList> {
  return useAgain(useAsked(releases.list, EVERY_MS), sign);
}

/** What was seen when upgrades were not kept. */
export function useFailures(sign: string): Asked<Incident[]> {
  return useAgain(
    useAsked(async () => (await releases.failures()).incidents, null),
    sign,
  );
}

export function usePlan(id: string, sign: string): Asked<TaggedPlan> {
  return useAgain(
    useAsked(() => releases.plan(id), PLAN_EVERY_MS, id),
    sign,
  );
}
