// SPDX-License-Identifier: Apache-2.0
// Who publishes, as the processor remembers it.
import { withSession } from './client';
import { query } from './query';
import type { Device, DevicePage } from './types';

const PAGE = 50;
const LARGEST_PAGE = 500;

export interface DeviceFilter {
  search: string;
  /** Only those that are. */
  quiet?: boolean;
}

const list = ({ search, quiet }: DeviceFilter, cursor: string | null, limit = PAGE) =>
  withSession<DevicePage>(
    'GET',
    `/devices${query({ limit, search, cursor, quiet: quiet ? 'true' : '' })}`,
  );

export const devices = {
  list,
  /** The one of exactly this name; device is null where nothing was heard of it. */
  named: async (name: string): Promise<{ device: Device | null }> => {
    const { devices: some } = await list({ search: name }, null, LARGEST_PAGE);
    return { device: some.find(({ device }) => device === name) ?? null };
  },
};
