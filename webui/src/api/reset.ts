// SPDX-License-Identifier: Apache-2.0
import { withSession } from './client';
import type { Reset } from './types';

/** What becomes of what the services have stored. */
export type DataChoice = 'keep' | 'wipe';

export const factoryReset = {
  /** What it would take away. */
  look: () => withSession<Reset>('GET', '/gateway/reset'),
  begin: (data: DataChoice, gateway: string) =>
    withSession<Reset>('POST', '/gateway/reset', { data, gateway }),
};
