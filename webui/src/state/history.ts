// SPDX-License-Identifier: Apache-2.0
import { effect, signal, untracked } from '@preact/signals';
import { api } from '../api/client';
import { append, fromHistory, NO_SERIES, type Series } from '../derive/series';
import { state, streams } from './live';

export const series = signal<Series>(NO_SERIES);

async function load(): Promise<void> {
  try {
    series.value = fromHistory(await api.history());
  } catch {
    // The charts go on with what the stream brings; the connection's own state is shown elsewhere.
  }
}

/** Follows the stream; reads the whole history anew whenever there may be a gap. */
export function startHistory(): () => void {
  const stopLoading = effect(() => {
    if (streams.value > 0) void load();
  });
  const stopFollowing = effect(() => {
    const reading = state.value;
    if (reading)
      series.value = append(
        untracked(() => series.value),
        reading,
      );
  });
  return () => {
    stopLoading();
    stopFollowing();
    series.value = NO_SERIES;
  };
}
