// SPDX-License-Identifier: Apache-2.0
import { useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { api } from '../api/client';
import type { HistoryRange, State } from '../api/types';
import { append, fromHistory, NO_SERIES, type Series } from '../derive/series';
import { gaps, state } from './live';

/** The long ranges change slowly, and are long to send. */
const REFRESH_MS: Partial<Record<HistoryRange, number>> = { '6h': 30_000, '3d': 120_000 };

export interface Measured {
  series: Series;
  /** Why the newest did not come; null where it did. What came before stays. */
  error: unknown;
}

/** Series of one range: read anew whenever there may be a gap, and continued in between. */
export function useSeries(range: HistoryRange, names: readonly string[]): Measured {
  const measured = useSignal<Measured>({ series: NO_SERIES, error: null });
  const turn = useRef(0);
  const key = `${range} ${names.join()}`;

  const load = async () => {
    const mine = ++turn.current;
    try {
      const series = fromHistory(await api.history(range, names), names);
      if (mine === turn.current) measured.value = { series, error: null };
    } catch (error) {
      if (mine === turn.current) measured.value = { ...measured.peek(), error };
    }
  };

  useEffect(() => {
    const stop = gaps.subscribe(() => void load());
    const every = REFRESH_MS[range];
    const timer = every && setInterval(() => document.hidden || void load(), every);
    return () => {
      stop();
      clearInterval(timer);
      turn.current++;
    };
  }, [key]);

  const before = useRef<State | null>(null);
  useSignalEffect(() => {
    const now = state.value;
    const { series, error } = measured.peek();
    if (now && series !== NO_SERIES && series.range === '10m')
      measured.value = { series: append(series, now, before.current), error };
    before.current = now;
  });

  return measured.value;
}
