// SPDX-License-Identifier: Apache-2.0
// Tests of the way out.
import type { SinkSettings } from '../derive/setup';
import { withSession } from './client';
import type { SinkList, SinkTest } from './types';

/** The gateway itself takes up to half a minute for it. */
const TEST_MS = 40_000;

export const sinks = {
  list: () => withSession<SinkList>('GET', '/sinks'),
  test: (name: string) =>
    withSession<SinkTest>('POST', `/sinks/${encodeURIComponent(name)}/test`, undefined, {
      timeoutMs: TEST_MS,
    }),
  /** Settings that are not in use; nothing is kept. */
  tryOut: (settings: SinkSettings) =>
    withSession<SinkTest>('POST', '/sinks/test', settings, { timeoutMs: TEST_MS }),
};
