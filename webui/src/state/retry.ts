// SPDX-License-Identifier: Apache-2.0
const DELAY_MIN_MS = 500;
const DELAY_MAX_MS = 15_000;

/** How long to wait after so many tries in vain. random: 0 to 1, so that not all come back at once. */
export function retryDelay(tries: number, random: number): number {
  const most = Math.min(DELAY_MAX_MS, DELAY_MIN_MS * 2 ** tries);
  return most / 2 + (most / 2) * random;
}
