// SPDX-License-Identifier: Apache-2.0
// Who publishes, as the processor remembers it.
import { withSession } from './client';
import { query } from './query';
import type { Device, DevicePage } from './types';

const PAGE = 50;
const LARGEST_PAGE = 500;

const list = (search: string, cursor: string | null, limit = PAGE) =>
  withSession<DevicePage>('GET', `/devices${query({ limit, search, cursor })}`);

export const devices = {
  list,
  /** All that are remembered, of at most 10,000. */
  all: async (search: string): Promise<DevicePage> => {
    let page = await list(search, null, LARGEST_PAGE);
    const all = [...page.devices];
    while (page.next !== null) {
      page = await list(search, page.next, LARGEST_PAGE);
      all.push(...page.devices);
    }
    return { ...page, devices: all };
  },
  /** The one of exactly this name; device is null where nothing was heard of it. */
  named: async (name: string): Promise<{ device: Device | null }> => {
    const { devices: some } = await list(name, null, LARGEST_PAGE);
    return { device: some.find(({ device }) => device === name) ?? null };
  },
};
