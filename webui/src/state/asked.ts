// SPDX-License-Identifier: Apache-2.0
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { isApiError, NO_ANSWER } from '../api/client';
import { retryDelay } from './retry';
import { visitor } from './session';

export interface Asked<T> {
  /** The newest answer; stays while newer ones fail. */
  value: T | null;
  /** Why the newest try failed; null where it did not. */
  error: unknown;
  again: () => Promise<void>;
}

/** Asks at once, then again and again while the page is looked at, or only until there is an answer
 * (everyMs null). key: another one asks anew. */
export function useAsked<T>(load: () => Promise<T>, everyMs: number | null, key = ''): Asked<T> {
  const [answer, setAnswer] = useState<{ value: T | null; error: unknown }>({
    value: null,
    error: null,
  });
  const newest = useRef(load);
  const turn = useRef(0);
  const silent = useRef(true); // the gateway has not answered yet, or not the last time
  newest.current = load;

  const again = useCallback(async () => {
    const mine = ++turn.current;
    try {
      const value = await newest.current();
      silent.current = false;
      if (mine === turn.current) setAnswer({ value, error: null });
    } catch (error) {
      silent.current = isApiError(error, NO_ANSWER);
      if (mine === turn.current) setAnswer((old) => ({ ...old, error }));
    }
  }, []);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let gone = false;
    let tries = 0;
    silent.current = true;
    const round = async () => {
      if (document.visibilityState === 'visible' && visitor.peek().kind === 'member') await again();
      if (gone) return;
      if (everyMs !== null) timer = setTimeout(round, everyMs);
      else if (silent.current) timer = setTimeout(round, retryDelay(tries++, Math.random()));
    };
    setAnswer({ value: null, error: null });
    void round();
    return () => {
      gone = true;
      turn.current++;
      clearTimeout(timer);
    };
  }, [key, everyMs, again]);

  return { ...answer, again };
}

export interface Pages<T> {
  items: T[];
  /** Where to go on; null where that is all. */
  next: string | null;
}

/** So many pages of a list as one, each asked for with the cursor that the one before gave. */
export async function firstPages<T>(
  pages: number,
  load: (cursor: string | null) => Promise<Pages<T>>,
): Promise<Pages<T>> {
  let all = await load(null);
  for (let n = 1; n < pages && all.next !== null; n++) {
    const { items, next } = await load(all.next);
    all = { items: [...all.items, ...items], next };
  }
  return all;
}
