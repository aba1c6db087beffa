// SPDX-License-Identifier: Apache-2.0
// A request that needs the password once more waits here until somebody has typed it.
import { signal } from '@preact/signals';
import { whenPasswordNeeded } from '../api/client';

/** Who waits for the password; null for nobody. */
export const waiting = signal<((shown: boolean) => void) | null>(null);

whenPasswordNeeded(() => {
  waiting.value?.(false);
  return new Promise((resolve) => {
    waiting.value = resolve;
  });
});

/** Lets the request go on, or fail. */
export function decide(shown: boolean): void {
  const done = waiting.value;
  waiting.value = null;
  done?.(shown);
}
