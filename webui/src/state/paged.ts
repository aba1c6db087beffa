// SPDX-License-Identifier: Apache-2.0
import { useRef, useState } from 'preact/hooks';
import { type Asked, useAsked } from './asked';

export interface Paged<T> {
  asked: Asked<T>;
  /** The newest that is known: the one before while another is on its way. */
  page: T | null;
  /** The first is 0. */
  number: number;
  /** Null where there is no such page, and while one is on its way. */
  forward: (() => void) | null;
  back: (() => void) | null;
}

const START: readonly string[] = [];

/** One page of a long list at a time, however long it is. key: another list, from its beginning. */
export function usePaged<T extends { next: string | null }>(
  load: (cursor: string | null) => Promise<T>,
  everyMs: number | null,
  key: string,
): Paged<T> {
  const [way, setWay] = useState({ key, cursors: START });
  const cursors = way.key === key ? way.cursors : START;
  const cursor = cursors.at(-1) ?? null;
  const asked = useAsked(
    () => load(cursor),
    everyMs,
    JSON.stringify([key, cursors.length, cursor]),
  );
  const kept = useRef<T | null>(null);
  if (asked.value !== null) kept.current = asked.value;
  const page = kept.current;
  const here = asked.value !== null;
  const next = page?.next ?? null;
  const go = (to: readonly string[]) => () => setWay({ key, cursors: to });
  return {
    asked,
    page,
    number: cursors.length,
    forward: here && next !== null ? go([...cursors, next]) : null,
    back: cursors.length > 0 ? go(cursors.slice(0, -1)) : null,
  };
}
